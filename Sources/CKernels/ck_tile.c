/* Geometry of one tile, ITU-T T.800 B.3 to B.7, and its storage. */
#include <math.h>
#include <string.h>

#include "ck_tile.h"

void *ck_arena_take(ck_arena *arena, uint64_t count, uint64_t size)
{
    uint64_t nbytes;
    if (__builtin_mul_overflow(count, size, &nbytes) || nbytes > UINT64_MAX / 4 || arena->used > UINT64_MAX / 4) {
        arena->used = UINT64_MAX / 2;
        return NULL;
    }
    uint64_t at = (arena->used + 63) & ~(uint64_t)63;
    arena->used = at + nbytes;
    return arena->base && arena->used <= arena->capacity ? arena->base + at : NULL;
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* Cells of a grid anchored at 0 with cells of 2^n that [a, b) touches. */
static uint32_t cells(uint32_t a, uint32_t b, uint32_t n)
{
    return a == b ? 0 : (uint32_t)(ck_ceil_shift(b, n) - (a >> n));
}

/* B-15: sub-band of decomposition level `nb`; xob, yob are 1 where the band is high-pass. */
static uint32_t band_edge(uint32_t t, uint32_t nb, uint32_t ob)
{
    if (nb == 0)
        return t;
    uint64_t shift = ob ? (uint64_t)1 << (nb - 1) : 0;
    return t <= shift ? 0 : (uint32_t)ck_ceil_shift(t - shift, nb);
}

/* Gains of the 9/7 synthesis of this and all later levels, folded into the step size. */
static float folded_gain(uint32_t lows, int later_levels)
{
    const double low = CK_97_LOW_GAIN, high = CK_97_HIGH_GAIN;
    return (float)(pow(low * low, later_levels) * (lows == 2 ? low * low : lows == 1 ? low * high : high * high));
}

/* Magnitude bits (E-2) and step size (E-3) of band number b, counted in the order of SPqcd. */
static ck_status quantisation(const ck_stream *s, const ck_component_style *k, uint32_t precision, uint32_t b, uint32_t nb,
                              uint32_t lows, int later_levels, ck_band *band)
{
    uint32_t step = k->steps[k->quant_style == 1 ? 0 : b];
    int32_t exponent = (int32_t)(step >> 11);
    if (k->quant_style == 1) /* E-5 */
        exponent -= (int32_t)(k->levels - nb);
    int32_t bits = (int32_t)k->guard_bits + exponent - 1;
    if (exponent < 0)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, 0);
    band->k_max = (uint8_t)(bits > 0 ? bits : 0);
    uint32_t gain = 2 - lows;
    if (!k->reversible)
        band->scale = ldexpf(1.0f + (float)(step & 2047) / 2048.0f, (int)(precision + gain) - exponent - 1) *
                      (k->levels == 0 ? 1.0f : folded_gain(lows, later_levels));
    return CK_OK;
}

static ck_status layout_bands(const ck_stream *s, const ck_component_style *k, uint32_t precision, const ck_tile_component *tc,
                              uint32_t r, ck_resolution *res, ck_tile *tile, ck_arena *arena)
{
    res->bands = r == 0 ? 1 : 3;
    uint32_t nb = r == 0 ? tc->levels : tc->levels - r + 1u;
    /* With no wavelet to run (wanted == 0) this is -1, which takes the gain of LL back. */
    int later = r > tc->wanted ? 0 : (int)tc->wanted - (int)(r == 0 ? 1 : r);
    for (uint32_t i = 0; i < res->bands; i++) {
        ck_band *band = &res->band[i];
        uint32_t xob = r == 0 ? 0 : (i + 1) & 1, yob = r == 0 ? 0 : (i + 1) >> 1;
        band->x0 = band_edge(tc->x0, nb, xob), band->x1 = band_edge(tc->x1, nb, xob);
        band->y0 = band_edge(tc->y0, nb, yob), band->y1 = band_edge(tc->y1, nb, yob);
        uint32_t lows = 2 - xob - yob;
        uint32_t number = r == 0 ? 0 : 3 * (r - 1) + 1 + i;
        ck_status status = quantisation(s, k, precision, number, nb, lows, later, band);
        if (status)
            return status;
        /* B.7: a precinct of a high band is half as wide; code-blocks do not cross precincts. */
        uint64_t blocks = (uint64_t)cells(band->x0, band->x1, res->xcb) * cells(band->y0, band->y1, res->ycb);
        tile->blocks += blocks;
        uint64_t grid = (uint64_t)res->precincts_x * res->precincts_y;
        tile->nodes += 2 * (2 * blocks + 16 * grid);
        band->stride = ck_row_stride(band->x1 - band->x0);
        if (r <= tc->wanted) {
            tile->blocks_wanted += blocks;
            band->samples = ck_arena_take(arena, (uint64_t)band->stride * (band->y1 - band->y0) + CK_ROW_PAD, sizeof(int32_t));
        }
    }
    return CK_OK;
}

static ck_status layout_component(const ck_stream *s, const ck_siz *siz, const ck_component_style *k, uint32_t c, ck_tile *tile,
                                  ck_arena *arena)
{
    ck_tile_component *tc = &tile->component[c];
    tc->x0 = (uint32_t)ck_ceil_div(tile->x0, siz->xrsiz[c]), tc->x1 = (uint32_t)ck_ceil_div(tile->x1, siz->xrsiz[c]);
    tc->y0 = (uint32_t)ck_ceil_div(tile->y0, siz->yrsiz[c]), tc->y1 = (uint32_t)ck_ceil_div(tile->y1, siz->yrsiz[c]);
    tc->levels = k->levels;
    tc->reversible = k->reversible;
    if (tile->reduction > k->levels)
        return ck_fail(s, CK_ERR_ARGUMENT, CK_REASON_REDUCTION, 0);
    tc->wanted = (uint8_t)(k->levels - tile->reduction);
    for (uint32_t r = 0; r <= k->levels; r++) {
        ck_resolution *res = &tc->resolution[r];
        uint32_t n = k->levels - r;
        s->detail->resolution = (int32_t)r;
        res->x0 = (uint32_t)ck_ceil_shift(tc->x0, n), res->x1 = (uint32_t)ck_ceil_shift(tc->x1, n);
        res->y0 = (uint32_t)ck_ceil_shift(tc->y0, n), res->y1 = (uint32_t)ck_ceil_shift(tc->y1, n);
        res->ppx = k->precincts[r] & 15, res->ppy = k->precincts[r] >> 4;
        int empty = res->x0 == res->x1 || res->y0 == res->y1;
        res->precincts_x = empty ? 0 : cells(res->x0, res->x1, res->ppx);
        res->precincts_y = empty ? 0 : cells(res->y0, res->y1, res->ppy);
        res->xcb = smaller(k->xcb, r == 0 ? res->ppx : res->ppx - 1);
        res->ycb = smaller(k->ycb, r == 0 ? res->ppy : res->ppy - 1);
        tile->precincts += (uint64_t)res->precincts_x * res->precincts_y;
        ck_status status = layout_bands(s, k, siz->precision[c], tc, r, res, tile, arena);
        if (status)
            return status;
        res->stride = ck_row_stride(res->x1 - res->x0);
        if (r >= 1 && r < tc->wanted)
            res->samples = ck_arena_take(arena, (uint64_t)res->stride * (res->y1 - res->y0) + CK_ROW_PAD, sizeof(int32_t));
    }
    s->detail->resolution = -1;
    return CK_OK;
}

ck_status ck_tile_layout(const ck_stream *s, const ck_siz *siz, const ck_style *style, uint32_t index, uint32_t reduction,
                         ck_tile *tile, ck_arena *arena)
{
    memset(tile, 0, sizeof *tile);
    uint64_t p = index % siz->tiles_x, q = index / siz->tiles_x;
    tile->index = index;
    tile->x0 = larger((uint32_t)(siz->xtosiz + p * siz->xtsiz), siz->xosiz);
    tile->y0 = larger((uint32_t)(siz->ytosiz + q * siz->ytsiz), siz->yosiz);
    uint64_t x1 = siz->xtosiz + (p + 1) * siz->xtsiz, y1 = siz->ytosiz + (q + 1) * siz->ytsiz;
    tile->x1 = x1 < siz->xsiz ? (uint32_t)x1 : siz->xsiz;
    tile->y1 = y1 < siz->ysiz ? (uint32_t)y1 : siz->ysiz;
    tile->components = siz->components;
    tile->reduction = (uint8_t)reduction;
    s->detail->tile = (int32_t)index;
    for (uint32_t c = 0; c < siz->components; c++) {
        s->detail->component = (int32_t)c;
        ck_status status = layout_component(s, siz, &style->component[c], c, tile, arena);
        if (status)
            return status;
    }
    s->detail->component = -1, s->detail->tile = -1;
    tile->precinct = ck_arena_take(arena, tile->precincts, sizeof(ck_precinct));
    tile->block = ck_arena_take(arena, tile->blocks, sizeof(ck_codeblock));
    tile->node = ck_arena_take(arena, tile->nodes, sizeof(ck_tag_node));
    if (tile->blocks > UINT32_MAX || tile->nodes > UINT32_MAX)
        return ck_fail(s, CK_ERR_LIMIT, CK_REASON_ARENA_LIMIT, 0);
    return CK_OK;
}

/* Code-blocks of one sub-band inside one precinct: [x0, x1) x [y0, y1) is the precinct's part of the band. */
static void prepare_band(ck_tile *tile, const ck_resolution *res, const ck_band *band, uint32_t x0, uint32_t y0, uint32_t x1,
                         uint32_t y1, ck_precinct_band *pb, uint32_t *block, uint32_t *node)
{
    pb->first_block = *block, pb->first_node = *node;
    pb->wide = pb->high = 0, pb->tree_nodes = 0;
    if (x0 >= x1 || y0 >= y1)
        return;
    uint32_t cx0 = x0 >> res->xcb, cy0 = y0 >> res->ycb;
    pb->wide = (uint16_t)cells(x0, x1, res->xcb), pb->high = (uint16_t)cells(y0, y1, res->ycb);
    for (uint32_t j = 0; j < pb->high; j++)
        for (uint32_t i = 0; i < pb->wide; i++) {
            ck_codeblock *b = &tile->block[(*block)++];
            memset(b, 0, sizeof *b);
            uint32_t bx0 = larger((cx0 + i) << res->xcb, x0), by0 = larger((cy0 + j) << res->ycb, y0);
            uint64_t bx1 = (uint64_t)(cx0 + i + 1) << res->xcb, by1 = (uint64_t)(cy0 + j + 1) << res->ycb;
            b->x0 = bx0 - band->x0, b->y0 = by0 - band->y0;
            b->width = (uint16_t)((bx1 < x1 ? bx1 : x1) - bx0), b->height = (uint16_t)((by1 < y1 ? by1 : y1) - by0);
            b->lblock = 3; /* B.10.7.1 */
        }
    uint32_t w = pb->wide, h = pb->high, n = w * h;
    while (w > 1 || h > 1)
        w = (w + 1) / 2, h = (h + 1) / 2, n += w * h;
    pb->tree_nodes = n;
    memset(tile->node + *node, 0, 2 * (size_t)n * sizeof(ck_tag_node));
    *node += 2 * n;
}

void ck_tile_prepare(ck_tile *tile)
{
    uint32_t block = 0, node = 0;
    ck_precinct *next = tile->precinct;
    for (uint32_t c = 0; c < tile->components; c++)
        for (uint32_t r = 0; r <= tile->component[c].levels; r++) {
            ck_resolution *res = &tile->component[c].resolution[r];
            uint32_t half = r > 0; /* a precinct's part of a high band is the precinct halved, B.6 */
            uint32_t px0 = res->x0 >> res->ppx, py0 = res->y0 >> res->ppy;
            res->precinct = next;
            for (uint32_t j = 0; j < res->precincts_y; j++)
                for (uint32_t i = 0; i < res->precincts_x; i++, next++) {
                    next->next_layer = 0;
                    for (uint32_t b = 0; b < res->bands; b++) {
                        const ck_band *band = &res->band[b];
                        uint64_t x0 = (uint64_t)(px0 + i) << (res->ppx - half), x1 = (uint64_t)(px0 + i + 1) << (res->ppx - half);
                        uint64_t y0 = (uint64_t)(py0 + j) << (res->ppy - half), y1 = (uint64_t)(py0 + j + 1) << (res->ppy - half);
                        prepare_band(tile, res, band, (uint32_t)(x0 > band->x0 ? x0 : band->x0),
                                     (uint32_t)(y0 > band->y0 ? y0 : band->y0), (uint32_t)(x1 < band->x1 ? x1 : band->x1),
                                     (uint32_t)(y1 < band->y1 ? y1 : band->y1), &next->band[b], &block, &node);
                    }
                }
        }
    tile->blocks = block, tile->nodes = node;
}

void ck_tile_reset(ck_tile *tile)
{
    for (uint64_t i = 0; i < tile->precincts; i++)
        tile->precinct[i].next_layer = 0;
    for (uint64_t i = 0; i < tile->blocks; i++) {
        ck_codeblock *b = &tile->block[i];
        b->length_cleanup = b->length_refinement = 0;
        b->contributions = b->included = b->zero_planes = b->passes = 0;
        b->lblock = 3;
    }
    memset(tile->node, 0, tile->nodes * sizeof(ck_tag_node));
}
