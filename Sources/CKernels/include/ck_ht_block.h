#ifndef CK_HT_BLOCK_H
#define CK_HT_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "ck_status.h"

/*
 * High-throughput block decoding, ITU-T T.814 | ISO/IEC 15444-15 clause 7: clean-up pass, significance propagation pass (SPP)
 * and magnitude refinement pass (MRP) of one HT set.
 *
 * Values. With p = k_max - 1 - missing_msbs the bit plane of the clean-up pass, a sample of magnitude mu (in units of 2^p) is
 * reconstructed in the middle of its uncertainty interval: mu * 2^p + 2^(p-1); where SPP or MRP decoded it, p - 1 takes the place
 * of p. Insignificant samples are 0. Two's complement.
 *   half_steps == 0: unit one quantiser step, the half of the last plane dropped (so p == 0 gives the exact integer: reversible).
 *   half_steps == 1: unit half a quantiser step, so out = +-(2 mu + 1) at p == 0 (irreversible; multiply by delta_b / 2).
 */
typedef struct {
    const uint8_t *data;        /* clean-up segment, then refinement segment: the concatenated packet contributions */
    uint32_t length_cleanup;    /* Lcup */
    uint32_t length_refinement; /* Lref; 0 when only the clean-up pass is there */
    uint8_t passes;             /* 1 clean-up, 2 + SPP, 3 + MRP */
    uint8_t missing_msbs;       /* zero bit planes P of the packet header, < k_max */
    uint8_t k_max;              /* M_b of the subband (T.800 equation E-2), at most CK_HT_MAX_BITS32 */
    uint8_t stripe_causal;      /* vertically stripe-causal context (only SPP looks at it) */
    uint8_t half_steps;         /* see above */
    uint16_t width, height;     /* samples, 1..1024 each, area <= 4096 */
    void *out;                  /* int32_t or int16_t by entry point, aligned to its type */
    size_t out_stride;          /* samples from row to row, >= width; nothing between the rows is written */
    uint8_t magnitude_bits;     /* result: |sample| < 2^(magnitude_bits + 1); <= 2^magnitude_bits where p == 0 and whole steps */
} ck_ht_block;

enum {
    CK_HT_MAX_BITS32 = 30, /* k_max + half_steps of a block must not exceed it */
    CK_HT_MAX_BITS16 = 14  /* the 16-bit entry point answers CK_ERR_LIMIT for a block whose magnitude_bits exceed it */
};

/* One function per stage; filled by ck_ht_dispatch_init and then constant, so that threads may share it. */
typedef struct ck_ht_dispatch ck_ht_dispatch;
struct ck_ht_lane;
struct ck_ht_job;
struct ck_ht_dispatch {
    uint32_t features;
    /* Step 1 (clause 7.3.1-7.3.6: MEL, VLC, U-VLC) of up to lanes_max blocks of equal width and falling heights. */
    void (*step1)(struct ck_ht_lane *lanes, size_t count);
    size_t lanes_max;
    /* Removes the stuffing bits of a VLC stream (7.1.4) and fills up with zeros; returns the number of payload bits. */
    uint32_t (*unstuff_vlc)(const uint8_t *first, const uint8_t *scup_byte, uint8_t *out, uint32_t wanted_nbytes);
    /* Removes the stuffing bits of a MagSgn segment (7.1.2); returns the number of payload bits. */
    size_t (*unstuff_magsgn)(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes);
    /* Step 2 (7.3.7-7.3.8: exponents, MagSgn) into 32 or 16 bits. */
    void (*step2_32)(struct ck_ht_job *jobs, size_t count);
    void (*step2_16)(struct ck_ht_job *jobs, size_t count);
};

/* `features`: ck_cpu_features(), or that masked by a test. */
void ck_ht_dispatch_init(ck_ht_dispatch *d, uint32_t features);

/* Bytes of scratch a decoding call needs, 64-aligned; contents need not be kept or cleared between calls. One per thread. */
size_t ck_ht_scratch_bytes(void);

/*
 * Decodes n blocks of any sizes; faster when many of them are equal in width, whatever their order. status[i] is that of block i;
 * the result is CK_OK or the first status that is not. A block that fails has undefined samples in its rectangle, no others.
 * CK_ERR_TRUNCATED is not used: a cut block shows as CK_ERR_DAMAGED, if at all.
 */
ck_status ck_ht_decode_blocks32(const ck_ht_dispatch *d, ck_ht_block *blocks, size_t n, ck_status *status, void *scratch);

/*
 * The same with int16_t samples. k_max says little here (guard bits and headroom make it 18 to 20 for images of 12 bits that fit
 * easily), so it is the data that decides: a block with magnitude_bits > CK_HT_MAX_BITS16 fails with CK_ERR_LIMIT, and the caller
 * decodes it (or its whole component) with 32 bits. A damaged block may fail with CK_ERR_LIMIT too.
 */
ck_status ck_ht_decode_blocks16(const ck_ht_dispatch *d, ck_ht_block *blocks, size_t n, ck_status *status, void *scratch);

#endif
