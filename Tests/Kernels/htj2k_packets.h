/* Writing codestreams for tests: bytes, main headers, packets in any order and layering, tile-parts. */
#ifndef HTJ2K_PACKETS_H
#define HTJ2K_PACKETS_H

#include "ck_packet.h"
#include "htj2k_test.h"

typedef struct {
    uint8_t *bytes;
    size_t n, room;
    uint32_t acc, left; /* packet header bits: `left` free bits in `acc` */
} writer;

void put(writer *w, uint32_t value, uint32_t nbytes); /* big-endian */
void put_bytes(writer *w, const uint8_t *p, size_t n);

/* htj2k_header.c: a main header, the same coding for all components. */
typedef struct {
    uint32_t width, height, x0, y0, tile_w, tile_h; /* image and tiles; tiles begin at 0 */
    uint32_t components, bits, is_signed;
    uint32_t levels, xcb, ycb, style, reversible, colour;
    uint32_t precinct; /* 0: none; otherwise PPx | PPy << 4 of all resolutions */
    uint32_t k_max;    /* of all bands, 1..30: one guard bit */
    uint32_t order, layers, sop, eph;
    uint32_t poc;      /* 1: two records; the first has the resolutions below poc_r and the layers below poc_layer */
    uint32_t poc_r, poc_layer, poc_order;
    int whole_blocks;  /* not of the header: the passes of a block stay together, without placeholders, as OpenJPEG needs it */
} header_spec;
void put_main_header(writer *w, const header_spec *h);
/* 16 bytes name a small legal header. Not all of them differ. */
enum { HEADER_BYTES = 16 };
void header_of_bytes(const uint8_t bytes[HEADER_BYTES], header_spec *h);

/* What the layers say of a block: at most three of them carry something of an HT set. */
typedef struct {
    uint32_t layer;
    uint32_t placeholders;          /* sets of three passes before the clean-up pass; 0 but in the first contribution */
    uint32_t cleanup, refinement;   /* passes: 0 or 1; 0, 1 or 2 (or more, for a second HT set) */
    uint32_t length_cleanup, length_refinement;
    const uint8_t *data;            /* both, one after the other */
} contribution;
typedef struct {
    uint32_t zero_planes; /* as the tag tree says */
    uint32_t lblock;      /* state */
    uint32_t count;       /* 0: in no layer */
    contribution part[CK_MAX_CONTRIBUTIONS];
} packed_block;

/* The bytes of one tile's packets, with the borders of its tile-parts. */
enum { MAX_TILE_PARTS = 255 };
typedef struct {
    writer w;
    size_t border[MAX_TILE_PARTS + 1];
    uint32_t parts, done;
} tile_out;

typedef struct {
    const ck_siz *siz;
    const repack_spec *spec;
    uint64_t rng;
    uint32_t poc_r, poc_layer, poc_order;
} packet_job;

/* All packets of one tile; blocks[i] goes with tile->block[i]. */
void pack_tile(packet_job *job, const ck_tile *tile, packed_block *blocks, tile_out *out);
/* Tile-parts of all tiles, interleaved at random when spec->split, and EOC; frees the tiles' bytes. */
void put_tile_parts(writer *w, packet_job *job, tile_out *tiles, uint32_t count);

#endif
