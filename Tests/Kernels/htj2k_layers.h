/* Streams with refinement passes, in any layers: made from random coefficients, with the pixels they must give. */
#ifndef HTJ2K_LAYERS_H
#define HTJ2K_LAYERS_H

#include "htj2k_packets.h"

enum { LAYERED_LEVELS = 5 };
typedef struct {
    uint8_t *bytes;
    size_t nbytes, main_header_nbytes;
    /* Pixels by reduction and component, row by row; NULL where 9/7 or more than LAYERED_LEVELS reductions leave them unknown. */
    int32_t *plane[LAYERED_LEVELS + 1][4];
    /* What the blocks are like. */
    uint32_t blocks, refined, causal_refined, split_over_layers, split_refinement, with_placeholders, split_over_parts;
    /* The tile-parts as fuzz_packets.c reads them; see there. */
    writer parts;
} layered_image;

/* `split`: several tile-parts a tile, interleaved. */
void make_layered(const header_spec *h, uint64_t seed, int split, layered_image *image);
void free_layered(layered_image *image);
/* For describing and comparing. */
stream_spec spec_of_header(const header_spec *h);

#endif
