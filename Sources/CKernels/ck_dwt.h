/* Kernels of the frame half and the synthesis of one tile-component's rows (T.800 Annex F). */
#ifndef CK_DWT_H
#define CK_DWT_H

#include "ck_ht_block.h"
#include "ck_tile.h"

/* What clamping needs of a component: lo..hi before the level shift, then `shift` is added (G.1). */
typedef struct {
    int32_t lo, hi, shift;
} ck_sample_range;

/* In which type a tile's rows are. */
typedef enum { CK_ROWS_16, CK_ROWS_32, CK_ROWS_FLOAT } ck_row_kind;

/* What 16-bit kernels saw, by lane of the widest vector: sign bits of overflowed lanes, largest and smallest sample. */
typedef struct {
    int16_t over[32], most[32], least[32];
} __attribute__((aligned(64))) ck_row_watch;

/*
 * Two rows on their way through both lifting directions: row e (even) and row e + 1 enter, row e and row e - 1 are finished. Samples
 * are 16 bits wide and the first column is even. What comes out depends on the function:
 *   rows    rows of samples
 *   split   rows of samples where as many even ones as a vector has lanes and as many odd ones take turns
 *   pixels  clamped pixels of one component, in 1 or 2 bytes; row e also as samples
 *   exact   samples that are pixels as they are, in 2 bytes: nothing behind the end of a row is touched
 */
enum { CK_PAIR_ROWS, CK_PAIR_SPLIT, CK_PAIR_PIXELS, CK_PAIR_EXACT };
/* Where in its rows a vector stands: all neighbours inside; the last one, and full; anything else. */
enum { CK_PAIR_INNER, CK_PAIR_LAST, CK_PAIR_END };
typedef struct {
    const int16_t *low[2], *high[2]; /* rows of the bands: [0] LL and HL for row e, [1] LH and HH for row e + 1 */
    uint32_t n_low, n_high;          /* n_high >= 1 */
    int16_t *lifted;                 /* row e - 1 after horizontal synthesis; becomes row e + 1 */
    const int16_t *before;           /* row e - 2, finished; NULL: row e - 1 is not wanted */
    int16_t *even;                   /* becomes row e, finished; may be `before` */
    void *odd_out;                   /* row e - 1; NULL (of pixels and exact): not wanted */
    void *even_out;                  /* pixels: row e; NULL: not wanted */
    ck_row_watch *watch;
} ck_row_pair;

/* Pixels of three rows of 16-bit samples. */
typedef void (*ck_pixels3)(const int16_t *const in[3], const ck_sample_range range[3], uint32_t nbytes, uint32_t n, uint8_t *out,
                           ck_row_watch *watch);

/* One function per stage. Results that say so: non-zero when 16 bits did not hold a sample. */
struct ck_htj2k_kernels {
    ck_ht_dispatch ht;
    struct {
        uint32_t (*horizontal)(const void *low, const void *high, uint32_t n_low, uint32_t n_high, uint32_t odd, void *even, void *out);
        uint32_t (*vertical)(const void *low, const void *h0, const void *h1, const void *before, void *even, void *odd, uint32_t n);
        uint32_t (*rct)(const void *const in[3], void *const out[3], uint32_t n);
    } reversible[2]; /* by ck_row_kind */
    /* 16 bits; where there are two, the second one is for sums that may overflow and must be looked at. */
    void (*pair_rows[2])(const ck_row_pair *p);
    void (*pair_split[2])(const ck_row_pair *p);
    void (*pair_pixels[2])(const ck_row_pair *p, const ck_sample_range *range, uint32_t nbytes);
    void (*pair_exact)(const ck_row_pair *p);
    ck_pixels3 pixels3, pixels3_split, rct_pixels, rct_pixels_split[2];
    struct {
        void (*load)(const int32_t *in, float scale, float *out, uint32_t n);
        void (*horizontal)(float *low, float *high, uint32_t n_low, uint32_t n_high, uint32_t odd, float *out);
        void (*vertical)(const float *low, const float *high_before, const float *high, float *s1, float *d1, float *s2,
                         float *odd, float *even, uint32_t n);
        uint32_t (*ict)(const void *const in[3], void *const out[3], uint32_t n);
        void (*round)(const float *in, const ck_sample_range *range, int32_t *out, uint32_t n);
    } irreversible;
    void (*narrow16)(const int16_t *in, const ck_sample_range *range, void *out, uint32_t nbytes, uint32_t n);
    void (*narrow32)(const int32_t *in, const ck_sample_range *range, void *out, uint32_t nbytes, uint32_t n);
    void (*interleave3)(const void *const in[3], uint32_t nbytes, uint32_t n, uint8_t *out);
};

/*
 * Rows of one resolution of one tile-component, two at a time from the top. The horizontal synthesis comes first (F.3.2), row by row,
 * then the vertical lifting on the few rows in flight.
 */
typedef struct {
    const struct ck_htj2k_kernels *kernels;
    const ck_tile_component *component;
    const ck_resolution *resolution;
    uint32_t level;      /* resolution level; 0: rows of LL as they are */
    ck_row_kind kind;
    uint32_t width;
    int64_t even;        /* the even row that comes next */
    void *line[8];       /* scratch rows */
    void *high_before;   /* row even - 1 after horizontal synthesis */
    const void *before;  /* last even row, finished; NULL at the start */
    uint32_t overflow;   /* 16 bits did not hold some sample so far; see ck_rows_overflow */
    uint8_t paired;      /* ck_row_pair does it */
    uint8_t checked;     /* 16-bit sums may overflow */
    uint8_t split;       /* of `paired`: order of the samples */
    struct {
        const int16_t *low, *high;
        size_t low_stride, high_stride;
        int64_t first;   /* the bands' first row */
    } pairs[2];          /* of `paired`: bands of even rows and of odd ones */
    ck_row_watch watch;  /* of `paired` */
} ck_row_source;

enum { CK_SOURCE_LINES = 8 };
/* Bytes of scratch one source needs for rows of `width` samples of 4 bytes. */
static inline uint64_t ck_row_nbytes(uint32_t width) { return ((uint64_t)ck_row_stride(width) + 64) * 4; }
static inline uint64_t ck_row_source_nbytes(uint32_t width) { return CK_SOURCE_LINES * ck_row_nbytes(width); }

/*
 * Starts at row `first` (absolute, B-14). `checked`: 0 when it is known that no sum of two samples on the way, and 2, leaves the type.
 * `split`: rows that are `paired` come as ck_row_pair says. `scratch`: ck_row_source_nbytes, 64-aligned.
 */
void ck_rows_begin(ck_row_source *rows, const struct ck_htj2k_kernels *kernels, const ck_tile_component *component, uint32_t level,
                   ck_row_kind kind, int checked, int split, uint32_t first, void *scratch);
/* Will the rows be `paired`? */
int ck_rows_paired(const ck_tile_component *component, uint32_t level, ck_row_kind kind);

/*
 * Finishes the even row e and the odd row e - 1 above it, where e is the even number at or below `first` at the first call and grows
 * by two: row e - 1 of the first call, and a row outside the resolution, are not meaningful. Destination rows hold ck_row_stride
 * samples; the even one must stay unchanged until the next call has returned. Answers e.
 */
int64_t ck_rows_next(ck_row_source *rows, void *odd, void *even);

/*
 * The same to pixels of one component, for `paired` rows from their first call on. Rows that are NULL are left out. With `exact`, samples
 * are pixels as they are, in 2 bytes, and row `even` of one call is read by the next.
 */
int64_t ck_rows_next_pixels(ck_row_source *rows, const ck_sample_range *range, uint32_t nbytes, int exact, void *odd, void *even);

/* Did 16 bits not hold some sample so far? */
int ck_rows_overflow(const ck_row_source *rows);
/* Largest magnitude among the samples that ck_rows_next gave so far, where that is known: for `paired` rows; else INT32_MAX. */
int32_t ck_rows_reach(const ck_row_source *rows);

#endif
