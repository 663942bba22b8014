/* The decoder's state between steps. It lies at the start of the arena. */
#ifndef CK_HTJ2K_DECODER_H
#define CK_HTJ2K_DECODER_H

#include "ck_dwt.h"
#include "ck_packet.h"

/* Whose block it is, for errors. */
typedef struct {
    uint8_t component, resolution;
} ck_block_place;

/* A component of the whole image, reduced; int32_t samples before the level shift. Only where components are subsampled. */
typedef struct {
    int32_t *samples;
    uint32_t x0, y0, width, height, stride;
} ck_component_plane;

/* Checksum of one job's output rows. */
typedef struct {
    uint32_t value;
    uint64_t nbytes;
} ck_strip_sum;

struct ck_htj2k_decoder {
    const ck_htj2k_kernels *kernels;
    const uint8_t *data;
    size_t nbytes;
    ck_siz siz;
    ck_htj2k_info info;
    ck_style main_style, tile_style;
    uint32_t reduction, workers;
    uint32_t origin_x, origin_y;     /* of the output on the reduced reference grid */
    uint8_t *output;
    /* tile-parts: first_part[tile], linked by ck_tile_part.next */
    uint32_t *first_part;
    ck_tile_part *part;
    uint32_t parts;
    void *scratch;                   /* of the first worker */
    ck_component_plane plane[CK_HTJ2K_MAX_COMPONENTS];
    int planar;                      /* components go to planes, a last step packs them */
    ck_sample_range range[CK_HTJ2K_MAX_COMPONENTS];
    uint8_t *overflow;               /* by job of the current step */
    uint32_t *job_reach;             /* by job of CK_STEP_WAVELET: largest magnitude it made */
    uint32_t reach[CK_HTJ2K_MAX_COMPONENTS]; /* largest magnitude in the LL image that the next level takes; 16-bit rows only */
    ck_checksum checksum;            /* NULL: not asked for */
    uint32_t checksum_so_far;        /* of the tiles that are done */
    ck_strip_sum *sum;               /* by job of the current step */
    /* the tile being decoded */
    ck_arena arena;
    uint64_t tile_mark;              /* arena.used before a tile takes its own */
    uint32_t next_tile;
    ck_tile tile;
    ck_row_kind kind[CK_HTJ2K_MAX_COMPONENTS];
    ck_ht_block *block;
    ck_status *block_status;
    ck_block_place *block_place;
    size_t blocks, blocks_lowest;    /* those of resolution 0 come first */
    ck_sample_range tile_range[CK_HTJ2K_MAX_COMPONENTS]; /* range[], with the tile's 16-bit offsets */
    ck_htj2k_step step;
    uint32_t level;                  /* of CK_STEP_WAVELET */
    size_t jobs;
};

/* Bytes of scratch a worker needs for rows of `width` samples. */
uint64_t ck_worker_scratch_nbytes(uint32_t components, uint32_t width);

/* ck_htj2k_blocks.c: reads the packets of the next tile and lists its code-blocks. */
ck_status ck_list_blocks(ck_htj2k_decoder *d, const ck_stream *s);
ck_status ck_decode_block_job(ck_htj2k_decoder *d, size_t job, void *scratch, ck_error_detail *detail);
/* After the last block: with 16-bit rows, LL follows the other bands into 16 bits, or they follow it into 32. */
void ck_settle_blocks(ck_htj2k_decoder *d);
/* Keeps the blocks that 16 bits did not hold, to be decoded again into the widened bands. */
void ck_keep_failed_blocks(ck_htj2k_decoder *d);
/* Makes every sample of the tile 32 bits wide; LL of the first `lowest_in_16` components is in 16 bits, that of the others in 32. */
void ck_widen_tile(ck_htj2k_decoder *d, uint32_t lowest_in_16);

/* ck_htj2k_rows.c: wavelet levels, last level with colour and packing, packing of planes. */
void ck_wavelet_job(ck_htj2k_decoder *d, size_t job, void *scratch);
void ck_finish_job(ck_htj2k_decoder *d, size_t job, void *scratch);
void ck_pack_job(ck_htj2k_decoder *d, size_t job, void *scratch);

/* ck_checksum.c. CRC-32 of two pieces of data from those of each. */
uint32_t ck_crc32_join(uint32_t front, uint32_t back, uint64_t back_nbytes);
/* Do jobs of the current step sum up their rows? */
int ck_sums_output(const ck_htj2k_decoder *d);
/* Before a step or its repetition; after its last job. */
void ck_reset_sums(ck_htj2k_decoder *d);
void ck_join_sums(ck_htj2k_decoder *d);

/* ck_htj2k_reach.c, for 16-bit rows: what is known after the blocks, and after a wavelet level. */
void ck_note_reach(ck_htj2k_decoder *d);
void ck_follow_reach(ck_htj2k_decoder *d);
/* Can sums of the wavelet at `level`, or of RCT after the last level, leave 16 bits? */
int ck_may_overflow(const ck_htj2k_decoder *d, uint32_t c, uint32_t level);
int ck_rct_may_overflow(const ck_htj2k_decoder *d);
/* Are the last level's samples pixels as they are: nothing to clamp, nothing to shift? */
int ck_fits_range(const ck_htj2k_decoder *d, uint32_t c);

/* Rows [*from, *to) of strip `i` of `n` over [y0, y1); inner borders are even. */
void ck_strip(uint32_t y0, uint32_t y1, size_t i, size_t n, uint32_t *from, uint32_t *to);

#endif
