#ifndef CK_HT_LANE_H
#define CK_HT_LANE_H

#include <stdint.h>
#include <string.h>

#include "ck_ht_block.h"

/*
 * What is between step 1 and step 2 of one block in flight ("lane").
 *
 * Terms. A quad is 2x2 samples, numbered n = 0..3 down its left, then its right column (T.814 7.3.1). Quads are coded in pairs.
 * A boundary is the seam between two horizontally neighbouring quads; boundary j lies left of quad j. What a quad needs to know
 * of the row above it (7.3.5, 7.3.7) is always an OR or maximum over the four samples nearest to its two boundaries, two samples
 * each, so the row above is kept as one item per boundary.
 */
enum {
    CK_HT_LANES = 32,
    CK_HT_MAX_SIDE = 1024,
    CK_HT_MAX_AREA = 4096,
    CK_HT_MAX_PAIRS = 832,                     /* 820 for 5x819 samples, rounded up for whole vectors */
    CK_HT_CHUNK_PAIRS = 16,                    /* 33 boundaries of a row in one word */
    CK_HT_RECORDS = CK_HT_MAX_PAIRS + 2 * CK_HT_CHUNK_PAIRS, /* room for whole chunks, and to look to the left of the first */
    CK_HT_CHUNK_EVENTS = 48,                   /* MEL events they can use: 32 quads and 16 pairs */
    CK_HT_MAX_CHUNKS = 16,                     /* of a row of 1024 samples */
    CK_HT_VLC_NBYTES = CK_HT_MAX_PAIRS * 4 + 64, /* a pair takes 7 + 7 + 16 bits at most */
    CK_HT_MEL_WORDS = 36,                      /* 1230 quads + 256 pairs of a first row + what the last refill overshoots */
    CK_HT_MAGSGN_DATA = 19456,                 /* > 1230 quads of 4 samples of 31 bits */
    CK_HT_MAGSGN_NBYTES = CK_HT_MAGSGN_DATA + 512 * 16 + 256, /* and one row more: positions are checked once a row */
    CK_HT_MAX_STATES = 6400                    /* samples with a border of one around them */
};

/* Tag of a quad, the high half of a CxtVLC table entry. */
enum {
    CK_TAG_RHO = 0,   /* 4 bits: significance pattern */
    CK_TAG_KNOWN = 4, /* 4 bits: EMB pattern, epsilon^k */
    CK_TAG_ONE = 8,   /* 4 bits: EMB pattern, epsilon^1 */
    CK_TAG_UOFF = 15  /* 1 bit */
};

/* A table entry; its low half, which only step 1 sees, is laid out to need as few operations there as possible. */
enum {
    CK_VLC_INDEX_BITS = 8,      /* of the stream in a table index: one more than the longest codeword, as bytes cost less */
    CK_VLC_LENGTH_MASK = 0x7,   /* codeword length; as bits 3 to 5 are zero, the entry itself serves as a shift count */
    CK_VLC_UOFF_MASK = 0x40,    /* u_off again; the sum of two entries counts them and adds the lengths */
    CK_VLC_SUM_LENGTH = 0xF,
    CK_VLC_SUM_UOFF = 0xC0,
    CK_VLC_ABOVE_MASK = 0x300,  /* what the two boundaries above add to the index */
    CK_VLC_NEXT_MASK = 0x700,   /* what this quad adds to the index of the next one, in place */
    CK_VLC_BOUNDARY = 11,       /* 2 bits: sigma of samples 1 and 3, for the two boundaries below this quad */
    CK_VLC_TAG = 16
};

typedef struct ck_ht_lane {
    /* The block's shape. */
    uint32_t quads_x, quads_y, pairs_x;
    uint32_t limit; /* largest legal U_q */
    uint32_t u_max; /* largest U_q there is, set by step 2 */

    /* MEL: bytes to come, bits on hand (highest first), state, and decoded events as a bit array. */
    const uint8_t *mel_next, *mel_last; /* mel_last: byte Lcup - 2, of which the low nibble belongs to Scup */
    uint64_t mel_bits;
    uint32_t mel_nbits, mel_state, mel_previous;
    uint32_t events_read, events_written;

    uint32_t vlc_position; /* bits used so far */
    uint32_t vlc_nbits;    /* bits there are */
    uint64_t events[CK_HT_MEL_WORDS];

    /* The result, pairs_x per row of quads, no padding between rows: see ck_ht_record. */
    _Alignas(64) uint32_t tags[CK_HT_RECORDS]; /* tag of the first quad | of the second << 16 */
    _Alignas(64) uint16_t raw[CK_HT_RECORDS];  /* U-VLC bits of the pair, undecoded (rows but the first) */
    uint8_t first_u[CK_HT_MAX_SIDE];                    /* u_q of the first row */

    _Alignas(64) uint8_t vlc[CK_HT_VLC_NBYTES]; /* VLC bits, un-stuffed and in reading order, then zeros */
} ck_ht_lane;

/* Where tags and raw bits of pair `pair` of row `y` of quads are. */
static inline size_t ck_ht_record(const ck_ht_lane *lane, uint32_t y, uint32_t pair) {
    return CK_HT_CHUNK_PAIRS + (size_t)y * lane->pairs_x + pair;
}

/* Step 2 of one block. */
typedef struct ck_ht_job {
    ck_ht_lane *lane; /* gets u_max */
    const ck_ht_block *block;
    const uint8_t *magsgn; /* un-stuffed bits and then ones, CK_HT_MAGSGN_NBYTES in all */
    size_t nbits;
    ck_status status; /* CK_OK before; CK_ERR_LIMIT after: this block is for portable C */
    const ck_ht_block *ahead; /* a block of the same kind whose rows are to be asked for meanwhile, or NULL */
} ck_ht_job;

/*
 * The rows of a block are too far apart for the hardware to foresee, and to ask for all of them at once would stop everything else: so
 * while a row of quads is decoded, that row of a later block is asked for.
 */
static inline __attribute__((always_inline)) void ck_ht_prefetch_ahead(const ck_ht_job *job, uint32_t y, size_t size) {
    const ck_ht_block *b = job->ahead;
    if (!b || 2 * y >= b->height) return;
    const char *upper = (const char *)b->out + 2 * y * b->out_stride * size, *lower = upper + b->out_stride * size;
    for (size_t x = 0; x < b->width * size; x += 64) {
        __builtin_prefetch(upper + x, 1, 3);
        __builtin_prefetch(lower + x, 1, 3);
    }
}

/* Whether a value is more than mu with a sign: clean-up pass above plane 0, or half steps. */
static inline int ck_ht_job_is_general(const ck_ht_job *job) {
    return job->block->half_steps || job->block->missing_msbs + 1 != job->block->k_max;
}

static inline uint64_t ck_load64(const void *p) {
    uint64_t x;
    memcpy(&x, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

static inline void ck_store64(void *p, uint64_t x) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    memcpy(p, &x, 8);
}

/* Prepares a lane for a block whose fields and segment lengths have been checked. */
void ck_ht_lane_begin(const ck_ht_dispatch *d, ck_ht_lane *lane, const ck_ht_block *block, uint32_t scup);

/* Makes sure that `needed` events can be read. */
void ck_ht_mel_refill(ck_ht_lane *lane, uint32_t needed);

/* Step 1 of rows `from` to `to` of quads of some lanes. */
typedef void ck_ht_step1_rows(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to);

/* All rows of lanes of falling heights: as many lanes together as have the row. */
static inline void ck_ht_step1_all_rows(ck_ht_lane *lanes, size_t count, ck_ht_step1_rows *rows) {
    for (uint32_t from = 0; count > 0; count--) {
        uint32_t to = lanes[count - 1].quads_y;
        if (to > from) rows(lanes, count, from, to);
        from = to;
    }
}

/* The variants behind ck_ht_dispatch. */
void ck_ht_step1_scalar(ck_ht_lane *lanes, size_t count);
void ck_ht_step1_bmi2(ck_ht_lane *lanes, size_t count);
void ck_ht_step1_gather(ck_ht_lane *lanes, size_t count);
void ck_ht_step1_rows_scalar(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to);
void ck_ht_step1_rows_bmi2(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to);
uint32_t ck_ht_unstuff_vlc_scalar(const uint8_t *first, const uint8_t *scup_byte, uint8_t *out, uint32_t wanted_nbytes);
uint32_t ck_ht_unstuff_vlc_bmi2(const uint8_t *first, const uint8_t *scup_byte, uint8_t *out, uint32_t wanted_nbytes);
size_t ck_ht_unstuff_magsgn_scalar(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes);
size_t ck_ht_unstuff_magsgn_bmi2(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes);
uint32_t ck_ht_unstuff_vlc_avx512(const uint8_t *first, const uint8_t *scup_byte, uint8_t *out, uint32_t wanted_nbytes);
size_t ck_ht_unstuff_magsgn_avx2(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes);
size_t ck_ht_unstuff_magsgn_avx512(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes);
void ck_ht_step2_32_scalar(ck_ht_job *jobs, size_t count);
void ck_ht_step2_16_scalar(ck_ht_job *jobs, size_t count);
void ck_ht_step2_16_avx2(ck_ht_job *jobs, size_t count);
void ck_ht_step2_32_avx2(ck_ht_job *jobs, size_t count);
void ck_ht_step2_16_avx512(ck_ht_job *jobs, size_t count);
void ck_ht_step2_32_avx512(ck_ht_job *jobs, size_t count);
void ck_ht_dispatch_x86(ck_ht_dispatch *d, uint32_t features);

/* SPP and MRP on `image` (half steps, stride = width). `states`: CK_HT_MAX_STATES bytes of scratch. */
void ck_ht_refine(const ck_ht_lane *lane, const ck_ht_block *block, int32_t *image, uint8_t *states);

#endif
