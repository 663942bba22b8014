/* Geometry and storage of one tile: tile-components, resolutions, sub-bands, precincts, code-blocks (T.800 Annex B). */
#ifndef CK_TILE_H
#define CK_TILE_H

#include "ck_codestream.h"

/*
 * Gains of the 9/7 synthesis, F.3.8.2: K of low and 1/K of high samples. For 1/K = 0.812893 the value 0.812866 is taken: OpenJPEG's
 * decoder has it, and where one stream may meet either decoder the two should agree (16-bit images of full contrast would differ by up
 * to 4 otherwise; at 12 bits there is nothing to see).
 */
#define CK_97_LOW_GAIN 1.230174104914001
#define CK_97_HIGH_GAIN (1.625732422 / 2)

/* Bump allocator. With base NULL it only counts, so that layout and its size are one piece of code. */
typedef struct {
    uint8_t *base;
    uint64_t used, capacity;
} ck_arena;

/* 64-aligned; NULL while counting or when the arena is too small (then used > capacity). */
void *ck_arena_take(ck_arena *arena, uint64_t count, uint64_t size);

/* A code-block as the packet headers tell it, B.10. One HT set has at most three passes, so at most three packets carry bytes. */
enum { CK_MAX_CONTRIBUTIONS = 3 };
typedef struct {
    uint32_t offset[CK_MAX_CONTRIBUTIONS], length[CK_MAX_CONTRIBUTIONS]; /* in the codestream */
    uint32_t length_cleanup, length_refinement;
    uint32_t x0, y0;        /* position in its sub-band's buffer */
    uint16_t width, height;
    uint8_t contributions;
    uint8_t included;
    uint8_t zero_planes;   /* P, with the placeholder passes' planes added */
    uint8_t lblock;
    uint8_t passes;        /* of the HT set, 0..3 */

} ck_codeblock;

/* Tag tree node, B.10.2. */
typedef struct {
    uint16_t low;
    uint16_t known;
} ck_tag_node;

/* One sub-band of one precinct: a rectangle of code-blocks with its two tag trees. */
typedef struct {
    uint32_t first_block; /* in the tile's array */
    uint32_t first_node;  /* of the inclusion tree; the zero-plane tree follows */
    uint32_t tree_nodes;
    uint16_t wide, high;  /* code-blocks */
} ck_precinct_band;

typedef struct {
    ck_precinct_band band[3];
    uint16_t next_layer;
} ck_precinct;

typedef struct {
    uint32_t x0, y0, x1, y1;     /* B-15 */
    uint32_t stride;             /* samples */
    uint8_t k_max;               /* M_b, E-2 */
    float scale;                 /* irreversible: one half quantiser step, wavelet gains of this and later levels folded in */
    void *samples;               /* int32_t, or int16_t when the tile decodes in 16 bits */
    uint32_t reach;              /* largest magnitude; known once 16-bit blocks are decoded */
} ck_band;

typedef struct {
    uint32_t x0, y0, x1, y1;         /* B-14 */
    uint32_t ppx, ppy;               /* exponents */
    uint32_t precincts_x, precincts_y; /* B-16 */
    uint32_t xcb, ycb;               /* B-17, B-18 */
    ck_band band[3];                 /* LL; or HL, LH, HH */
    ck_precinct *precinct;
    uint8_t bands;
    uint32_t stride;                 /* of `samples` */
    void *samples;                   /* this resolution's LL image, for 1 <= r < last; r == 0 uses band[0] */
} ck_resolution;

typedef struct {
    uint32_t x0, y0, x1, y1; /* B-12 */
    uint8_t levels, wanted;  /* decompositions; highest resolution to decode */
    uint8_t reversible;
    ck_resolution resolution[CK_MAX_LEVELS + 1];
} ck_tile_component;

typedef struct {
    uint32_t index;
    uint32_t x0, y0, x1, y1; /* B-7 to B-10, reference grid */
    uint32_t components;
    uint8_t reduction;
    uint64_t blocks, nodes, precincts; /* array sizes: upper bounds until the tile is prepared */
    uint64_t blocks_wanted;
    ck_codeblock *block;
    ck_tag_node *node;
    ck_precinct *precinct;
    ck_tile_component component[CK_HTJ2K_MAX_COMPONENTS];
} ck_tile;

/* Samples of padding behind each row, so that vector loops may run over the end; rows start on 64 bytes. */
enum { CK_ROW_PAD = 64 };
static inline uint32_t ck_row_stride(uint32_t width) { return (width + CK_ROW_PAD + 31) & ~(uint32_t)31; }

/* Computes the tile's geometry from its style and takes its storage from the arena. */
ck_status ck_tile_layout(const ck_stream *s, const ck_siz *siz, const ck_style *style, uint32_t index, uint32_t reduction,
                         ck_tile *tile, ck_arena *arena);

/* Fills precincts, code-blocks and tag trees after a layout that had an arena; the array sizes become exact. */
void ck_tile_prepare(ck_tile *tile);
/* Makes a prepared tile as it was before its packets were read. */
void ck_tile_reset(ck_tile *tile);

/* Samples of a code-block's place; band buffers are sized for 32 bits. */
static inline void *ck_block_samples(const ck_band *band, const ck_codeblock *b, int is16)
{
    size_t at = (size_t)b->y0 * band->stride + b->x0;
    return is16 ? (void *)((int16_t *)band->samples + at) : (void *)((int32_t *)band->samples + at);
}

#endif
