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

enum { CK_KEPT_HEADER = 1024 };

struct ck_htj2k_decoder {
    const ck_htj2k_kernels *kernels;
    const uint8_t *data;
    size_t nbytes;
    ck_siz siz;
    ck_htj2k_info info;
    ck_style main_style, tile_style;
    uint32_t reduction, workers;
    ck_htj2k_limits limits;
    uint8_t header[CK_KEPT_HEADER];  /* bytes up to the first SOT, when the next frame may go on with the geometry */
    uint32_t header_nbytes;          /* 0: it may not */
    uint8_t took_over;               /* this frame took over what the one before left */
    uint8_t is_laid_out;             /* geometry and lists of the only tile are complete */
    uint64_t tile_end;               /* arena.used behind them */
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
    size_t zeros;                    /* blocks without bytes, at the end of block[tile.blocks_wanted] */
    ck_sample_range tile_range[CK_HTJ2K_MAX_COMPONENTS]; /* range[], with the tile's 16-bit offsets */
    ck_htj2k_step step;
    uint32_t level;                  /* of CK_STEP_WAVELET */
    size_t jobs;
};

/* What the headers of all tiles ask for. */
typedef struct {
    uint64_t tile_nbytes;   /* most that one tile takes */
    uint32_t row_width;     /* widest row of any tile-component */
    uint32_t parts;
    int multi_layer;
} ck_survey;

static inline void ck_clear_detail(ck_error_detail *detail)
{
    *detail = (ck_error_detail){.reason = CK_REASON_NONE, .tile = -1, .component = -1, .resolution = -1};
}

/* ck_htj2k_survey.c. The whole survey, which parse and begin share; `style`: main header's. */
ck_status ck_look_over(const ck_stream *s, uint32_t reduction, uint32_t workers, const ck_htj2k_limits *limits, ck_siz *siz,
                       ck_style *style, size_t *first_sot, ck_survey *sum, ck_htj2k_info *info);
/* Follows the tile-parts. With `d`, keeps them (its arrays are large enough); without, surveys what they need. */
ck_status ck_walk_tile_parts(const ck_stream *s, const ck_siz *siz, const ck_style *main_style, size_t at, uint32_t reduction,
                             ck_htj2k_info *info, ck_survey *sum, ck_htj2k_decoder *d);
/* Image components are at different grids: they must be put together after all tiles. */
int ck_needs_planes(const ck_siz *siz);
/* Everything in the arena but the decoder itself and the tile; then what a tile has besides its layout. Without `d`: counts. */
void ck_take_frame(ck_arena *arena, const ck_siz *siz, const ck_survey *sum, const ck_htj2k_info *info, uint32_t reduction,
                   uint32_t workers, ck_htj2k_decoder *d);
void ck_take_block_list(ck_arena *arena, const ck_tile *tile, ck_htj2k_decoder *d);

/* After the tile-parts are kept: keeps the main header where it says everything about the frame but its packets. */
void ck_keep_header(ck_htj2k_decoder *d, const ck_stream *s, size_t first_sot, int multi_layer);
/* Does all but the packets stand in `d` already? Then its tile-parts are the new ones; else `d` and the detail are not to be used. */
int ck_goes_on(ck_htj2k_decoder *d, const ck_htj2k_call *call, const ck_stream *s);

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
