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

uint32_t block_shape(uint32_t index, uint32_t *w, uint32_t *h)
{
    uint32_t n = 0;
    for (uint32_t x = 2; x <= 10; x++)
        for (uint32_t y = 2; y <= 10 && x + y <= 12; y++, n++)
            if (n == index)
                *w = 1u << x, *h = 1u << y;
    return n;
}

static void choose_size(stream_spec *s, uint64_t *rng, uint64_t turn)
{
    static const uint16_t large[][2] = {{1021, 997}, {4093, 3}, {3, 4093}, {2039, 127}, {1000, 1250}};
    s->width = random_side(rng), s->height = random_side(rng);
    if (turn % 50 == 1)
        s->width = s->height = 1;
    if (turn % 40 == 20)
        s->width = large[turn / 40 % 5][0], s->height = large[turn / 40 % 5][1];
    if (below(rng, 3) == 0)
        s->offset_x = below(rng, 70), s->offset_y = below(rng, 70);
    if (below(rng, 3) == 0) {
        uint32_t most = s->width > 300 || s->height > 300 ? 600 : 120;
        s->tile_x = s->offset_x ? below(rng, s->offset_x + 1) : 0, s->tile_y = s->offset_y ? below(rng, s->offset_y + 1) : 0;
        s->tile_w = s->offset_x - s->tile_x + 8 + below(rng, most), s->tile_h = s->offset_y - s->tile_y + 8 + below(rng, most);
    }
}

/* Bits and block shapes by turn, so that a few hundred streams have all of them; the rest by chance. */
stream_spec random_spec(uint64_t *rng, uint64_t turn)
{
    stream_spec s = {0};
    choose_size(&s, rng, turn);
    s.components = 1 + below(rng, 4);
    s.reversible = below(rng, 3) != 0;
    uint32_t bits = 1 + (uint32_t)(turn % 18), is_signed = (uint32_t)(turn / 18 % 2), sampled = below(rng, 5) == 0;
    if (bits > 16)
        bits = 17 + (uint32_t)(turn / 36 % 4) + (bits == 18 ? 4 : 0), s.reversible = 1;
    s.colour = s.components >= 3 && !sampled && below(rng, 2);
    int unlike = !s.colour && below(rng, 4) == 0;
    for (uint32_t c = 0; c < s.components; c++) {
        s.bits[c] = unlike && c ? 1 + below(rng, 16) : bits, s.is_signed[c] = unlike && c ? below(rng, 2) : is_signed;
        s.dx[c] = s.dy[c] = 1;
        if (sampled)
            s.dx[c] = 1 + below(rng, 3), s.dy[c] = 1 + below(rng, 3);
    }
    s.levels = below(rng, 9);
    block_shape((uint32_t)(turn % 45), &s.block_w, &s.block_h);
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

/* Content kinds: random, flat, ramp, extremes, few values of a wide range, smooth with noise; answers which. */
uint32_t fill_planes(const stream_spec *s, int32_t *const planes[4], uint64_t *rng)
{
    uint32_t kind = below(rng, 6);
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
                case 4: v = flat % (range / 8 + 1) + r % (range / 64 + 1); break;
                default: v = (int64_t)((double)range * (0.4 + 0.3 * ((x / 17 + y / 11) % 3) / 3.0)) + r % (range / 16 + 1);
                }
                v = v < 0 ? 0 : v >= range ? range - 1 : v;
                planes[c][(size_t)y * s->comp_w[c] + x] = (int32_t)(v + lo);
            }
    }
    return kind;
}

void describe(const stream_spec *s, uint64_t seed)
{
    printf("  seed %llu: %ux%u+%u+%u tile %ux%u+%u+%u comps %u bits %u %s dx %u,%u,%u,%u levels %u block %ux%u order %u colour %u rev %u "
           "precincts %u step %g\n", (unsigned long long)seed, s->width, s->height, s->offset_x, s->offset_y, s->tile_w, s->tile_h,
           s->tile_x, s->tile_y, s->components, s->bits[0], s->is_signed[0] ? "signed" : "unsigned", s->dx[0], s->dx[1], s->dx[2],
           s->dx[3], s->levels, s->block_w, s->block_h, s->order, s->colour, s->reversible, s->precincts, s->step);
}
