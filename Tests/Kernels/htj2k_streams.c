/* What the tests encode: random and special stream specifications, and their pixels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "htj2k_test.h"

uint32_t ceil_div(uint32_t a, uint32_t b) { return a / b + (a % b != 0); }
uint32_t ceil_shift(uint32_t a, uint32_t n) { return (uint32_t)(((uint64_t)a + (((uint64_t)1 << n) - 1)) >> n); }

void spec_sizes(stream_spec *s)
{
    for (uint32_t c = 0; c < s->components; c++) {
        s->comp_x0[c] = ceil_div(s->offset_x, s->dx[c]), s->comp_y0[c] = ceil_div(s->offset_y, s->dy[c]);
        s->comp_w[c] = ceil_div(s->offset_x + s->width, s->dx[c]) - s->comp_x0[c];
        s->comp_h[c] = ceil_div(s->offset_y + s->height, s->dy[c]) - s->comp_y0[c];
    }
}

static uint32_t random_side(uint64_t *rng)
{
    static const uint32_t primes[] = {1, 2, 3, 5, 7, 13, 31, 61, 67, 127, 131, 257};
    switch (below(rng, 3)) {
    case 0: return primes[below(rng, 12)];
    case 1: return 1 + below(rng, 40);
    default: return 1 + below(rng, 300);
    }
}

stream_spec random_spec(uint64_t *rng)
{
    stream_spec s = {0};
    s.width = random_side(rng), s.height = random_side(rng);
    if (below(rng, 3) == 0)
        s.offset_x = below(rng, 70), s.offset_y = below(rng, 70);
    if (below(rng, 3) == 0) {
        s.tile_x = s.offset_x ? below(rng, s.offset_x + 1) : 0, s.tile_y = s.offset_y ? below(rng, s.offset_y + 1) : 0;
        s.tile_w = s.offset_x - s.tile_x + 8 + below(rng, 120), s.tile_h = s.offset_y - s.tile_y + 8 + below(rng, 120);
    }
    s.components = 1 + below(rng, 4);
    s.reversible = below(rng, 3) != 0;
    uint32_t bits = below(rng, 12) == 0 ? 17 + below(rng, 8) : 1 + below(rng, 16), is_signed = below(rng, 2), sampled = below(rng, 5) == 0;
    if (!s.reversible && bits > 16)
        bits = 16;
    for (uint32_t c = 0; c < s.components; c++) {
        s.bits[c] = bits, s.is_signed[c] = is_signed;
        s.dx[c] = s.dy[c] = 1;
        if (sampled)
            s.dx[c] = 1 + below(rng, 3), s.dy[c] = 1 + below(rng, 3);
    }
    s.colour = s.components >= 3 && !sampled && below(rng, 2);
    s.levels = below(rng, 9);
    uint32_t bw = 2 + below(rng, 5), bh = 2 + below(rng, 5);
    s.block_w = 1u << bw, s.block_h = 1u << bh;
    s.order = below(rng, 5);
    if (below(rng, 2)) {
        s.precincts = 1 + below(rng, s.levels + 1);
        for (uint32_t i = 0; i < s.precincts; i++)
            s.precinct[0][i] = 1u << (3 + below(rng, 7)), s.precinct[1][i] = 1u << (3 + below(rng, 7));
    }
    s.step = 1.0f / (float)(1u << below(rng, bits < 12 ? bits + 1 : 12));
    spec_sizes(&s);
    return s;
}

/* Content kinds: random, flat, ramp, extremes, smooth with noise. */
void fill_planes(const stream_spec *s, int32_t *const planes[4], uint64_t *rng)
{
    uint32_t kind = below(rng, 5);
    for (uint32_t c = 0; c < s->components; c++) {
        int64_t range = (int64_t)1 << s->bits[c], lo = s->is_signed[c] ? -(range >> 1) : 0;
        int64_t flat = (int64_t)(next_random(rng) % (uint64_t)range);
        for (uint32_t y = 0; y < s->comp_h[c]; y++)
            for (uint32_t x = 0; x < s->comp_w[c]; x++) {
                int64_t v = 0, r = (int64_t)(next_random(rng) >> 8);
                switch (kind) {
                case 0: v = r % range; break;
                case 1: v = flat; break;
                case 2: v = ((int64_t)x * 3 + y * 2 + c) % range; break;
                case 3: v = r & 1 ? range - 1 : 0; break;
                default: v = (int64_t)((double)range * (0.4 + 0.3 * ((x / 17 + y / 11) % 3) / 3.0)) + r % (range / 16 + 1);
                }
                v = v < 0 ? 0 : v >= range ? range - 1 : v;
                planes[c][(size_t)y * s->comp_w[c] + x] = (int32_t)(v + lo);
            }
    }
}

void describe(const stream_spec *s, uint64_t seed)
{
    printf("  seed %llu: %ux%u+%u+%u tile %ux%u+%u+%u comps %u bits %u %s dx %u,%u,%u,%u levels %u block %ux%u order %u colour %u rev %u "
           "precincts %u step %g\n", (unsigned long long)seed, s->width, s->height, s->offset_x, s->offset_y, s->tile_w, s->tile_h,
           s->tile_x, s->tile_y, s->components, s->bits[0], s->is_signed[0] ? "signed" : "unsigned", s->dx[0], s->dx[1], s->dx[2],
           s->dx[3], s->levels, s->block_w, s->block_h, s->order, s->colour, s->reversible, s->precincts, s->step);
}

/* A small stream with everything in it, for damage. */
size_t small_stream(uint64_t seed, uint8_t **out, stream_spec *s, int32_t *planes[4])
{
    uint64_t rng = seed;
    memset(s, 0, sizeof *s);
    s->width = 37, s->height = 29, s->offset_x = 3, s->offset_y = 5, s->tile_w = 24, s->tile_h = 24, s->components = 3;
    for (int c = 0; c < 4; c++)
        s->bits[c] = 8, s->dx[c] = s->dy[c] = 1;
    s->levels = 2, s->block_w = 8, s->block_h = 8, s->order = 2, s->colour = 1, s->reversible = 1;
    s->precincts = 2, s->precinct[0][0] = s->precinct[1][0] = 16, s->precinct[0][1] = s->precinct[1][1] = 32;
    spec_sizes(s);
    for (uint32_t c = 0; c < 3; c++)
        planes[c] = malloc((size_t)s->comp_w[c] * s->comp_h[c] * sizeof(int32_t));
    fill_planes(s, planes, &rng);
    uint8_t *plain = NULL;
    size_t nbytes = encode_stream(s, planes, &plain);
    repack_spec r = {.layers = 2, .order = (uint32_t)(seed % 5), .sop = 1, .eph = 1, .split = 1, .poc = seed & 1, .seed = seed};
    size_t again = repack_stream(plain, nbytes, &r, out);
    free(plain);
    return again;
}
