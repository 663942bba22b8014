#ifndef CK_HTJ2K_H
#define CK_HTJ2K_H

#include <stddef.h>
#include <stdint.h>

#include "ck_status.h"

/*
 * Decodes one HTJ2K codestream (ITU-T T.814 inside T.800; from SOC, without file-format boxes) to interleaved pixels.
 *
 * No allocation: ck_htj2k_parse states the size of one arena from the headers alone, the caller provides it and may use it again
 * for the next frame. Nothing outside the arena, the output and the caller's structures is written.
 *
 * The codestream is read during all calls and must stay in place, unchanged, until the last of them.
 */

/* Why a stream was declined or an error was raised; stable numbers, for manifests and counts. */
typedef enum {
    CK_REASON_NONE = 0,
    CK_REASON_NOT_A_CODESTREAM = 1, /* does not begin with SOC, SIZ */
    CK_REASON_MARKER = 2,           /* a marker segment is missing, misplaced, too short or out of range */
    CK_REASON_TILE_PART = 3,        /* tile-part header: order, index or length (A.4.2) */
    CK_REASON_PACKET = 4,           /* packet header (B.10) */
    CK_REASON_DATA_END = 5,         /* the data ends before the last needed packet does */
    CK_REASON_BLOCK = 6,            /* a code-block's segments contradict T.814 */
    CK_REASON_PIXEL_LIMIT = 7,
    CK_REASON_ARENA_LIMIT = 8,
    CK_REASON_REDUCTION = 9,        /* fewer decompositions than the reduction asks for, or nothing left of a component */
    CK_REASON_OUTPUT_SIZE = 10,
    CK_REASON_ARENA_SIZE = 11,
    /* Legal, but declined. */
    CK_REASON_PART1_BLOCKS = 16,    /* code-blocks of T.800 Annex D, or a mixture */
    CK_REASON_BLOCK_STYLE = 17,     /* code-block style bits other than HT and vertically causal */
    CK_REASON_ROI = 18,             /* RGN */
    CK_REASON_PACKED_HEADERS = 19,  /* PPM, PPT */
    CK_REASON_EXTENSION = 20,       /* capabilities or markers of other parts */
    CK_REASON_COMPONENTS = 21,      /* more than 4, or a transform over unlike components */
    CK_REASON_PRECISION = 22,       /* more than CK_HTJ2K_MAX_PRECISION bits, or bit budget beyond 32-bit lanes */
    CK_REASON_QUANTIZATION = 23,    /* quantisation style that does not go with the wavelet */
    CK_REASON_PROGRESSIONS = 24,    /* more POC records than CK_HTJ2K_MAX_PROGRESSIONS */
    CK_REASON_HT_SETS = 25          /* a block with more than one HT set */
} ck_htj2k_reason;

enum { CK_HTJ2K_MAX_COMPONENTS = 4, CK_HTJ2K_MAX_PRECISION = 28, CK_HTJ2K_MAX_PROGRESSIONS = 64 };

/* Where and why. -1: does not apply, or not known yet. */
typedef struct {
    ck_htj2k_reason reason;
    int32_t tile;
    int32_t component;
    int32_t resolution;   /* 0: lowest */
    uint64_t byte_offset; /* from SOC: the byte at which reading stopped */
} ck_error_detail;

typedef struct {
    uint64_t max_pixels;      /* of the full image: (Xsiz - XOsiz) * (Ysiz - YOsiz) */
    uint64_t max_arena_nbytes;
} ck_htj2k_limits;

typedef struct {
    uint32_t width, height;    /* of the output, reference grid points, reduced */
    uint32_t components;       /* 1..4 */
    uint8_t bytes_per_sample;  /* 1, 2 or 4: the least that holds the largest precision */
    uint8_t precision[CK_HTJ2K_MAX_COMPONENTS];
    uint8_t is_signed[CK_HTJ2K_MAX_COMPONENTS];
    uint8_t reversible;        /* every tile-component uses the 5/3 wavelet */
    uint8_t colour_transform;  /* at least one tile uses RCT or ICT */
    uint8_t levels_min;        /* fewest decompositions of any tile-component: the largest legal reduction */
    uint32_t tiles;
    uint32_t tile_parts;       /* found; fewer than promised when the data is cut */
    size_t output_nbytes;      /* width * height * components * bytes_per_sample */
    size_t arena_nbytes;       /* 64-byte alignment included: any address will do */
    size_t scratch_nbytes;     /* of each further worker, see ck_htj2k_run_job; 64-aligned */
} ck_htj2k_info;

/* Kernel tables of one CPU feature mask; constant after ck_htj2k_kernels_init, may be shared by threads. */
typedef struct ck_htj2k_kernels ck_htj2k_kernels;
size_t ck_htj2k_kernels_nbytes(void);
void ck_htj2k_kernels_init(ck_htj2k_kernels *kernels, uint32_t cpu_features);

/*
 * Reads all headers. `reduction`: resolutions to leave out, width and height halve (rounding up) for each. `workers`: jobs per
 * step that the caller may run at once (1 for ck_htj2k_decode). CK_ERR_UNSUPPORTED: declined, for another decoder;
 * CK_ERR_LIMIT: more than `limits` allows; the rest are errors of the data. *info is complete only with CK_OK; *detail always.
 */
ck_status ck_htj2k_parse(const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers,
                         const ck_htj2k_limits *limits, ck_htj2k_info *info, ck_error_detail *detail);

/*
 * Whole decoding on the calling thread. Writes info->output_nbytes bytes: rows top to bottom, pixels interleaved by component,
 * little-endian, two's complement where signed; clamped to the precision; a subsampled component is replicated on the reference
 * grid (pixel (x, y) shows sample (floor(x / XRsiz), floor(y / YRsiz)), or the nearest there is). `output` needs no alignment.
 * With any status but CK_OK the output is undefined within its bounds.
 */
ck_status ck_htj2k_decode(const ck_htj2k_kernels *kernels, const uint8_t *data, size_t nbytes, uint32_t reduction,
                          const ck_htj2k_limits *limits, void *arena, size_t arena_nbytes,
                          void *output, size_t output_nbytes, ck_error_detail *detail);

/*
 * The same in steps, for a caller with threads. begin; then, while ck_htj2k_jobs() is not 0: run every job 0..<jobs once, on any
 * threads at once; when all have returned, advance on one thread. Jobs of one step touch disjoint memory.
 */
typedef struct ck_htj2k_decoder ck_htj2k_decoder;
ck_status ck_htj2k_begin(const ck_htj2k_kernels *kernels, const uint8_t *data, size_t nbytes, uint32_t reduction,
                         uint32_t workers, const ck_htj2k_limits *limits, void *arena, size_t arena_nbytes,
                         void *output, size_t output_nbytes, ck_htj2k_decoder **decoder, ck_error_detail *detail);

/*
 * The same for frame after frame in one arena, without parsing first:
 *
 *     decoder = NULL;
 *     for each frame:
 *         status = ck_htj2k_begin_next(decoder, &call, &decoder, &info, &detail);
 *         if status is CK_ERR_ARGUMENT and detail.reason is CK_REASON_ARENA_SIZE or CK_REASON_OUTPUT_SIZE:
 *             *info is complete, as from ck_htj2k_parse: make the arena or the output larger and call again, with NULL for `previous`
 *         jobs and advance as above
 *
 * `previous`: what the last call gave for this very arena (NULL is always right), which nobody has written to since. When that frame had
 * one tile and one layer, and this one has the same main header byte by byte, as many tile-parts (neither with marker segments of their
 * own), the same reduction, workers and limits, and an arena of the same address and size, then headers, geometry and lists of code-blocks are taken over, and only packets are read. Otherwise all is
 * done anew; results never differ. `data` of the frame before is not looked at. *decoder may be NULL after an error, and after some
 * errors it is not: pass on what was given. *info is complete with CK_OK too.
 *
 * An output at a 64-byte boundary is written faster, and so are rows of a multiple of 64 bytes.
 */
typedef struct {
    const ck_htj2k_kernels *kernels;
    const uint8_t *data;
    size_t nbytes;
    uint32_t reduction, workers;
    const ck_htj2k_limits *limits;
    void *arena;
    size_t arena_nbytes;
    void *output;
    size_t output_nbytes;
} ck_htj2k_call;
ck_status ck_htj2k_begin_next(ck_htj2k_decoder *previous, const ck_htj2k_call *call, ck_htj2k_decoder **decoder, ck_htj2k_info *info,
                              ck_error_detail *detail);
/* Did this frame take over headers and geometry? For statistics. */
int ck_htj2k_took_over(const ck_htj2k_decoder *decoder);

/* Jobs of the current step, numbered from 0; there may be more than workers, so let each worker take the next one that is left. */
size_t ck_htj2k_jobs(const ck_htj2k_decoder *decoder);
/* `scratch`: info->scratch_nbytes bytes at a 64-byte boundary, one per running job; NULL means the arena's own (one job only). */
ck_status ck_htj2k_run_job(ck_htj2k_decoder *decoder, size_t job, void *scratch, ck_error_detail *detail);
ck_status ck_htj2k_advance(ck_htj2k_decoder *decoder, ck_error_detail *detail);

/*
 * Checksum of the output on the way, while finished rows are in the cache. `checksum` must be CRC-32 as in gzip (ISA-L's crc32_gzip_refl
 * has this shape): given the sum of the bytes so far (0: none), answers that with `nbytes` more. It is called by jobs, on their threads.
 */
typedef uint32_t (*ck_checksum)(uint32_t initial, const uint8_t *bytes, uint64_t nbytes);
/* Between ck_htj2k_begin and the first job. NULL: none, as after ck_htj2k_begin. */
void ck_htj2k_set_checksum(ck_htj2k_decoder *decoder, ck_checksum checksum);
/*
 * Once the step is CK_STEP_DONE: 1 and the checksum of the whole output, whatever the number of workers; or 0 when rows did not come
 * in order (several tiles side by side) or no checksum was set, and the caller computes it. 0 before the end.
 */
int ck_htj2k_checksum(const ck_htj2k_decoder *decoder, uint32_t *value);

/* What the current step does, for measuring. */
typedef enum { CK_STEP_BLOCKS = 0, CK_STEP_WAVELET, CK_STEP_FINISH, CK_STEP_PACK, CK_STEP_DONE } ck_htj2k_step;
ck_htj2k_step ck_htj2k_current_step(const ck_htj2k_decoder *decoder);

#endif
