/*
 * Test streams from random coefficients: blocks by the tests' own block encoder (clean-up pass, SPP, MRP), contributions cut at random
 * over layers, and the pixels they must give by a slow 5/3 synthesis, written from T.800 Annex F and G one sample at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "ht_test_encoder.h"
#include "htj2k_layers.h"

/* Coefficients of one tile-component, one array a band, as ck_resolution counts them. */
typedef struct {
    int32_t *band[CK_MAX_LEVELS + 1][3];
} coefficients;

static int64_t mirrored(int64_t i, int64_t i0, int64_t i1)
{
    while (i < i0 || i >= i1)
        i = i < i0 ? 2 * i0 - i : 2 * (i1 - 1) - i;
    return i;
}

static int64_t floor_shift(int64_t v, int n) { return v >= 0 ? v >> n : -((-v + (1 << n) - 1) >> n); }

/* F.3.8.1 on interleaved samples x[0], x[step], ... with coordinates i0 to i1 - 1. */
static void lift_53(int64_t *x, size_t step, int64_t i0, int64_t i1)
{
    if (i1 - i0 == 1) {
        if (i0 & 1)
            *x /= 2; /* odd ones are not met in lossless streams; the standard says nothing of rounding, OpenJPEG goes towards zero */
        return;
    }
#define X(i) x[(size_t)(mirrored(i, i0, i1) - i0) * step]
    for (int64_t i = i0; i < i1; i++)
        if (!(i & 1))
            X(i) -= floor_shift(X(i - 1) + X(i + 1) + 2, 2);
    for (int64_t i = i0; i < i1; i++)
        if (i & 1)
            X(i) += floor_shift(X(i - 1) + X(i + 1), 1);
#undef X
}

/* Resolution r from the one below it and three bands; `below` is freed. */
static int64_t *synthesise(const ck_resolution *res, int64_t *below, int32_t *const band[3])
{
    size_t w = res->x1 - res->x0, h = res->y1 - res->y0, below_w = (res->x1 + 1) / 2 - (res->x0 + 1) / 2, high_w = w - below_w;
    int64_t *out = malloc((w * h + 1) * sizeof *out);
    for (size_t v = 0; v < h; v++)
        for (size_t u = 0; u < w; u++) {
            size_t x = res->x0 + u, y = res->y0 + v, odd_x = x & 1, odd_y = y & 1;
            size_t i = odd_x ? x / 2 - res->x0 / 2 : x / 2 - (res->x0 + 1) / 2, j = odd_y ? y / 2 - res->y0 / 2 : y / 2 - (res->y0 + 1) / 2;
            size_t at = j * (odd_x ? high_w : below_w) + i;
            out[v * w + u] = !odd_x && !odd_y ? below[at] : band[odd_x && odd_y ? 2 : odd_y ? 1 : 0][at];
        }
    for (size_t v = 0; v < h; v++)
        lift_53(out + v * w, 1, res->x0, res->x1);
    for (size_t u = 0; u < w && h; u++)
        lift_53(out + u, w, res->y0, res->y1);
    free(below);
    return out;
}

/* G.2.2, G.1 and clamping: one tile's resolution into the image's planes. */
static void finish(const header_spec *h, const ck_tile *tile, uint32_t r, int64_t *const rows[4], layered_image *image)
{
    uint32_t down = h->levels - r, width = ceil_shift(h->x0 + h->width, down) - ceil_shift(h->x0, down);
    const ck_resolution *res = &tile->component[0].resolution[r];
    size_t w = res->x1 - res->x0, n = w * (res->y1 - res->y0);
    int64_t half = (int64_t)1 << (h->bits - 1), lo = -half, hi = half - 1, shift = h->is_signed ? 0 : half;
    for (size_t i = 0; i < n; i++) {
        int64_t v[4] = {0};
        for (uint32_t c = 0; c < h->components; c++)
            v[c] = rows[c][i];
        if (h->colour) {
            int64_t g = v[0] - floor_shift(v[1] + v[2], 2), red = v[2] + g, blue = v[1] + g;
            v[0] = red, v[1] = g, v[2] = blue;
        }
        size_t y = res->y0 + i / w - ceil_shift(h->y0, down), x = res->x0 + i % w - ceil_shift(h->x0, down);
        for (uint32_t c = 0; c < h->components; c++)
            image->plane[down][c][y * width + x] = (int32_t)((v[c] < lo ? lo : v[c] > hi ? hi : v[c]) + shift);
    }
}

static void expect_pixels(const header_spec *h, const ck_tile *tile, coefficients k[4], layered_image *image)
{
    int64_t *rows[4] = {0};
    for (uint32_t r = 0; r <= h->levels; r++) {
        for (uint32_t c = 0; c < h->components; c++) {
            const ck_resolution *res = &tile->component[c].resolution[r];
            if (r > 0) {
                rows[c] = synthesise(res, rows[c], k[c].band[r]);
                continue;
            }
            size_t n = (size_t)(res->x1 - res->x0) * (res->y1 - res->y0);
            rows[c] = malloc((n + 1) * sizeof *rows[c]);
            for (size_t i = 0; i < n; i++)
                rows[c][i] = k[c].band[0][0][i];
        }
        finish(h, tile, r, rows, image);
    }
    for (uint32_t c = 0; c < h->components; c++)
        free(rows[c]);
}

/* Cuts a block's passes and bytes over layers. */
static void distribute(packed_block *b, uint32_t layers, int whole, uint32_t passes, size_t cleanup, size_t refinement, const uint8_t *data,
                       layered_image *image)
{
    uint32_t most = whole ? 1 : passes < layers ? passes : layers, parts = 1 + test_below(most), layer = 0;
    uint32_t left = passes, bytes_left = (uint32_t)refinement;
    for (uint32_t i = 0; i < parts; i++) {
        contribution *k = &b->part[b->count++];
        uint32_t here = i + 1 == parts ? left : 1 + test_below(left - (parts - 1 - i));
        layer += test_below(layers - layer - (parts - 1 - i));
        *k = (contribution){.layer = layer++, .cleanup = i == 0, .data = data};
        k->length_cleanup = i == 0 ? (uint32_t)cleanup : 0;
        k->refinement = here - k->cleanup;
        left -= here;
        if (k->refinement)
            k->length_refinement = left == 0 ? bytes_left : test_below(bytes_left + 1);
        bytes_left -= k->length_refinement;
        data += k->length_cleanup + k->length_refinement;
    }
    image->split_over_layers += parts > 1;
    image->split_refinement += parts > 1 && passes > 2 && b->part[parts - 1].refinement < 2;
    if (!whole && test_below(6) == 0) { /* T.814 B.3: placeholder passes say some of the missing planes instead */
        b->part[0].placeholders = test_below(b->zero_planes + 1 < 5 ? b->zero_planes + 1 : 5);
        b->zero_planes -= b->part[0].placeholders;
        image->with_placeholders += b->part[0].placeholders > 0;
    }
}

/* One block: random samples into the band's coefficients, its segments into *bytes (malloc). */
static void make_block(const header_spec *h, const ck_codeblock *place, uint32_t top, int32_t *band, size_t band_w, packed_block *b,
                       uint8_t **bytes, layered_image *image)
{
    static uint32_t magnitudes[4096];
    static uint8_t signs[4096], buffer[128 * 1024];
    static int32_t expected[4096];
    uint32_t w = place->width, rows = place->height, sparse = test_below(4), any = 0;
    for (uint32_t i = 0; i < w * rows; i++) {
        uint32_t bits = test_below(3) ? test_below(top + 1) : test_below(top / 2 + 1);
        magnitudes[i] = sparse && test_below(1u << (2 * sparse)) ? 0 : test_random() & ((1u << bits) - 1);
        signs[i] = test_below(2), any |= magnitudes[i];
    }
    image->blocks++;
    if (!any && test_below(2))
        return; /* not included in any layer */
    test_block t = {w, rows, 0, test_below(3) ? 1 + (int)test_below(3) : 1, h->style >> 3 & 1, magnitudes, signs};
    t.plane = t.passes > 1 ? 1 + test_below(top > 1 ? top - 1 : 1) : test_below(3) ? 0 : test_below(top);
    if (t.plane >= h->k_max)
        t.plane = h->k_max - 1, t.passes = t.plane ? t.passes : 1;
    size_t cleanup = encode_cleanup(&t, buffer), refinement = encode_refinement(&t, buffer + cleanup, expected);
    for (uint32_t i = 0; i < w * rows; i++)
        band[(place->y0 + i / w) * band_w + place->x0 + i % w] = expected[i] / 2;
    *bytes = malloc(cleanup + refinement + 1);
    memcpy(*bytes, buffer, cleanup + refinement);
    b->zero_planes = h->k_max - 1 - t.plane;
    uint32_t passes = refinement ? (uint32_t)t.passes : 1;
    distribute(b, h->layers, h->whole_blocks, passes, cleanup, refinement, *bytes, image);
    image->refined += passes > 1, image->causal_refined += passes > 1 && t.stripe_causal && rows > 4;
}

static void make_tile(const header_spec *h, packet_job *j, const ck_tile *tile, tile_out *out, layered_image *image)
{
    coefficients k[4] = {0};
    packed_block *blocks = calloc(tile->blocks + 1, sizeof *blocks);
    uint8_t **bytes = calloc(tile->blocks + 1, sizeof *bytes);
    /* Sums of a few levels must stay inside 32 bits. */
    uint32_t top = h->k_max, most = h->levels ? 24 : 28;
    top = top < most ? top : most, top = top < h->bits + 1 ? top : h->bits + 1;
    for (uint32_t c = 0; c < h->components; c++)
        for (uint32_t r = 0; r <= h->levels; r++) {
            const ck_resolution *res = &tile->component[c].resolution[r];
            for (uint32_t b = 0; b < res->bands; b++) {
                size_t w = res->band[b].x1 - res->band[b].x0, n = w * (res->band[b].y1 - res->band[b].y0);
                k[c].band[r][b] = calloc(n + 1, sizeof(int32_t));
                for (uint64_t p = 0; p < (uint64_t)res->precincts_x * res->precincts_y; p++) {
                    const ck_precinct_band *pb = &res->precinct[p].band[b];
                    for (uint32_t i = pb->first_block; i < pb->first_block + (uint32_t)pb->wide * pb->high; i++)
                        make_block(h, &tile->block[i], top, k[c].band[r][b], w, &blocks[i], &bytes[i], image);
                }
            }
        }
    pack_tile(j, tile, blocks, out);
    if (h->reversible)
        expect_pixels(h, tile, k, image);
    for (uint64_t i = 0; i < tile->blocks; i++)
        free(bytes[i]);
    free(bytes), free(blocks);
    for (uint32_t c = 0; c < h->components; c++)
        for (uint32_t r = 0; r <= h->levels; r++)
            for (int b = 0; b < 3; b++)
                free(k[c].band[r][b]);
}

/* The form that fuzz_packets.c reads: tile, length, bytes. */
static void put_fuzz_parts(writer *w, const tile_out *tiles, uint32_t count, uint64_t rng)
{
    uint32_t done[64] = {0}, left = count;
    while (left > 0 && count <= 64) {
        uint32_t t = below(&rng, count);
        if (done[t] == tiles[t].parts)
            continue;
        size_t from = done[t] ? tiles[t].border[done[t] - 1] : 0, n = tiles[t].border[done[t]] - from;
        put(w, t, 1), put(w, n > 0xFFFF ? 0xFFFF : (uint32_t)n, 2);
        if (n)
            put_bytes(w, tiles[t].w.bytes + from, n > 0xFFFF ? 0xFFFF : n);
        left -= ++done[t] == tiles[t].parts;
    }
}

void make_layered(const header_spec *h, uint64_t seed, int split, layered_image *image)
{
    memset(image, 0, sizeof *image);
    test_seed = seed * 0x9E3779B97F4A7C15u | 1;
    for (int i = 0; i < 8; i++)
        test_random();
    writer o = {0};
    put_main_header(&o, h);
    image->main_header_nbytes = o.n;
    put(&o, CK_SOT, 2), put(&o, 10, 2), put(&o, 0, 4), put(&o, 0, 4); /* for the reader, which stops there */
    ck_error_detail detail;
    ck_stream s = {o.bytes, o.n, &detail};
    ck_siz siz;
    ck_style style;
    size_t first_sot;
    if (ck_read_main_header(&s, &siz, &style, &first_sot) || ck_check_style(&s, &siz, &style))
        abort();
    for (uint32_t d = 0; h->reversible && d <= h->levels; d++)
        for (uint32_t c = 0; c < h->components; c++) {
            size_t w = ceil_shift(h->x0 + h->width, d) - ceil_shift(h->x0, d);
            size_t rows = ceil_shift(h->y0 + h->height, d) - ceil_shift(h->y0, d);
            image->plane[d][c] = calloc(w * rows + 1, sizeof(int32_t));
        }
    repack_spec packets = {.layers = h->layers, .order = h->order, .sop = h->sop, .eph = h->eph, .split = (uint32_t)split, .poc = h->poc,
                           .last_psot_zero = seed % 4 == 0, .seed = seed};
    packet_job j = {.siz = &siz, .spec = &packets, .rng = seed, .poc_r = h->poc_r, .poc_layer = h->poc_layer, .poc_order = h->poc_order};
    uint32_t count = siz.tiles_x * siz.tiles_y;
    tile_out *tiles = calloc(count, sizeof *tiles);
    ck_tile *tile = malloc(sizeof *tile);
    for (uint32_t t = 0; t < count; t++) {
        ck_arena arena = {0};
        ck_tile_layout(&s, &siz, &style, t, 0, tile, &arena);
        arena = (ck_arena){aligned_alloc(64, (arena.used + 127) & ~(uint64_t)63), 0, arena.used};
        ck_tile_layout(&s, &siz, &style, t, 0, tile, &arena);
        ck_tile_prepare(tile);
        make_tile(h, &j, tile, &tiles[t], image);
        image->split_over_parts += tiles[t].parts > 1;
        free(arena.base);
    }
    free(tile);
    put_fuzz_parts(&image->parts, tiles, count, seed);
    o.n = image->main_header_nbytes;
    put_tile_parts(&o, &j, tiles, count);
    free(tiles);
    image->bytes = o.bytes, image->nbytes = o.n;
}

void free_layered(layered_image *image)
{
    free(image->bytes), free(image->parts.bytes);
    for (int d = 0; d <= LAYERED_LEVELS; d++)
        for (int c = 0; c < 4; c++)
            free(image->plane[d][c]);
    memset(image, 0, sizeof *image);
}

stream_spec spec_of_header(const header_spec *h)
{
    stream_spec s = {.width = h->width, .height = h->height, .offset_x = h->x0, .offset_y = h->y0, .tile_w = h->tile_w,
                     .tile_h = h->tile_h, .components = h->components, .levels = h->levels, .block_w = 1u << h->xcb,
                     .block_h = 1u << h->ycb, .order = h->order, .colour = h->colour, .reversible = h->reversible,
                     .precincts = h->precinct != 0};
    for (int c = 0; c < 4; c++)
        s.bits[c] = h->bits, s.is_signed[c] = h->is_signed, s.dx[c] = s.dy[c] = 1;
    spec_sizes(&s);
    return s;
}
