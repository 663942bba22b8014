/*
 * Rows of a resolution as ck_rows_* gives them, from random bands: both lifting directions, all sample types, strips that begin at any
 * row, to samples and to pixels; and the kernels from three rows to pixels. Usage: test_row_source [seed [rounds]]. Every variant is
 * compared with a slow synthesis of the whole resolution; destinations lie between guard pages.
 */
#include "row_test.h"

enum { MOST = 180, SCRATCH = 1 << 18, ARENA = 1 << 20 };
static ck_htj2k_kernels *kernels[KERNEL_MASKS];
static int masks;
static guarded arena_area, scratch_area;

/* One tile-component of one tile, as its header says; bands of random samples. */
typedef struct {
    ck_tile tile;
    ck_tile_component *tc;
    uint32_t level, width, height;
    ck_row_kind kind;
    int64_t x[MOST * MOST]; /* what the resolution must be */
    int over;               /* some sample on the way leaves 16 bits */
} resolution_case;
static resolution_case k;

static int64_t mirrored(int64_t i, int64_t i0, int64_t i1)
{
    while (i1 - i0 > 1 && (i < i0 || i >= i1))
        i = i < i0 ? 2 * i0 - i : 2 * (i1 - 1) - i;
    return i1 - i0 == 1 ? i0 : i;
}

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/* F.3.8.1 on n samples `step` apart, the first at coordinate i0. */
static void lift(int64_t *x, size_t step, int64_t i0, int64_t i1)
{
    if (i1 - i0 == 1) {
        if (i0 & 1)
            *x /= 2;
        return;
    }
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = i0 + ((i0 ^ pass) & 1); i < i1; i += 2) {
            int64_t a = x[(size_t)(mirrored(i - 1, i0, i1) - i0) * step], b = x[(size_t)(mirrored(i + 1, i0, i1) - i0) * step];
            int64_t *v = &x[(size_t)(i - i0) * step];
            *v += pass ? floor_div(a + b, 2) : -floor_div(a + b + 2, 4);
            k.over |= k.kind == CK_ROWS_16 && *v != (int16_t)*v;
        }
}

static void put_sample(void *samples, size_t at, int64_t v)
{
    int16_t narrow = (int16_t)v;
    int32_t wide = (int32_t)v;
    if (k.kind == CK_ROWS_16)
        memcpy((uint8_t *)samples + 2 * at, &narrow, 2);
    else
        memcpy((uint8_t *)samples + 4 * at, &wide, 4);
}

/* Random samples of one band, into its storage and into its places in k.x. */
static void fill_band(void *samples, uint32_t stride, uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t odd_x, uint32_t odd_y,
                      uint32_t bits, uint64_t *rng)
{
    const ck_resolution *res = &k.tc->resolution[k.level];
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            int64_t v = (int64_t)(next_random(rng) % ((uint64_t)2 << bits)) - ((int64_t)1 << bits);
            if (below(rng, 16) == 0)
                v = v < 0 ? -((int64_t)1 << bits) : ((int64_t)1 << bits) - 1;
            put_sample(samples, (size_t)y * stride + x, v);
            k.x[(size_t)(2 * (y0 + y) + odd_y - res->y0) * k.width + (2 * (x0 + x) + odd_x - res->x0)] = v;
        }
}

/* Bands of level 1 or 2 of a tile-component somewhere on the grid. */
static void make_case(ck_row_kind kind, uint32_t bits, uint64_t *rng)
{
    static ck_siz siz;
    static ck_style style;
    ck_error_detail detail;
    ck_stream s = {NULL, 0, &detail};
    k.kind = kind, k.over = 0, k.level = 1 + below(rng, 2);
    uint32_t down = 2 - k.level, x0 = below(rng, 9), y0 = below(rng, 9);
    uint32_t w = 1 + below(rng, below(rng, 3) ? 170 : 40), h = 1 + below(rng, 24);
    siz = (ck_siz){.xsiz = (x0 + w) << down, .ysiz = (y0 + h) << down, .xosiz = x0 << down, .yosiz = y0 << down, .components = 1,
                   .precision = {8}, .xrsiz = {1}, .yrsiz = {1}, .tiles_x = 1, .tiles_y = 1};
    siz.xtsiz = siz.xsiz, siz.ytsiz = siz.ysiz;
    ck_component_style *c = &style.component[0];
    *c = (ck_component_style){.levels = 2, .xcb = 6, .ycb = 6, .style = 0x40, .reversible = 1, .guard_bits = 1, .quant_count = 7};
    memset(c->precincts, 0xFF, sizeof c->precincts);
    for (int b = 0; b < 7; b++)
        c->steps[b] = 10 << 11;
    ck_arena arena = {arena_area.low, 0, ARENA};
    if (ck_tile_layout(&s, &siz, &style, 0, 0, &k.tile, &arena) || arena.used > ARENA)
        abort();
    k.tc = &k.tile.component[0];
    ck_resolution *res = &k.tc->resolution[k.level], *below_it = res - 1;
    k.width = res->x1 - res->x0, k.height = res->y1 - res->y0;
    memset(arena_area.low, 0x33, ARENA);
    int image = k.level > 1;
    fill_band(image ? below_it->samples : below_it->band[0].samples, image ? below_it->stride : below_it->band[0].stride, below_it->x0,
              below_it->y0, below_it->x1 - below_it->x0, below_it->y1 - below_it->y0, 0, 0, bits, rng);
    for (uint32_t b = 0; b < 3; b++) {
        const ck_band *band = &res->band[b];
        fill_band(band->samples, band->stride, band->x0, band->y0, band->x1 - band->x0, band->y1 - band->y0, (b + 1) & 1, (b + 1) >> 1, bits, rng);
    }
    for (uint32_t y = 0; y < k.height; y++)
        lift(k.x + (size_t)y * k.width, 1, res->x0, res->x1);
    for (uint32_t x = 0; x < k.width; x++)
        lift(k.x + x, k.width, res->y0, res->y1);
}

static int row_is_right(const void *row, int64_t y)
{
    const ck_resolution *res = &k.tc->resolution[k.level];
    for (uint32_t i = 0; i < k.width; i++) {
        int16_t narrow;
        int32_t wide;
        memcpy(&narrow, (const uint8_t *)row + 2 * (size_t)i, 2);
        if (k.kind == CK_ROWS_32)
            memcpy(&wide, (const uint8_t *)row + 4 * (size_t)i, 4);
        if ((k.kind == CK_ROWS_16 ? narrow : wide) != k.x[(size_t)(y - res->y0) * k.width + i])
            return 0;
    }
    return 1;
}

/* ck_rows_next from a random row on. */
static void samples(int mask, int checked, uint64_t seed)
{
    uint64_t rng = seed;
    const ck_resolution *res = &k.tc->resolution[k.level];
    ck_row_source source;
    uint32_t first = res->y0 + below(&rng, k.height), size = k.kind == CK_ROWS_16 ? 2 : 4;
    size_t room = ck_row_stride(k.width);
    uint8_t *scratch = scratch_area.high - ck_row_source_nbytes(k.width); /* a multiple of 64, as the arena's */
    ck_rows_begin(&source, kernels[mask], k.tc, k.level, k.kind, checked, 0, first, scratch);
    int right = 1, turn = 0, flagged;
    int64_t reach = 0;
    for (int64_t e = first & ~(uint32_t)1; e - 1 < (int64_t)res->y1 && right; e += 2, turn ^= 1) {
        void *odd = place_row(0, room, size, 0, &rng), *even = place_row(1 + turn, room, size, 0, &rng);
        right &= ck_rows_next(&source, odd, even) == e;
        for (int64_t y = e - 1; y <= e && !k.over; y++)
            if (y >= (int64_t)first && y < (int64_t)res->y1) {
                right &= row_is_right(y < e ? odd : even, y);
                for (uint32_t i = 0; i < k.width; i++) {
                    int64_t v = k.x[(size_t)(y - res->y0) * k.width + i];
                    reach = v > reach ? v : -v > reach ? -v : reach;
                }
            }
        right &= row_is_clean(0) && row_is_clean(1 + turn);
    }
    flagged = ck_rows_overflow(&source);
    right &= k.over ? !checked || first > res->y0 || flagged : !checked || !flagged;
    right &= k.over || ck_rows_reach(&source) >= reach;
    row_check(right, k.kind == CK_ROWS_16 ? "rows, 16 bits" : "rows, 32 bits", mask, k.width, seed);
}

/* ck_rows_next_pixels, which is for 16 bits and resolutions that begin at an even column. */
static void pixels(int mask, int checked, uint32_t nbytes, int exact, uint64_t seed)
{
    uint64_t rng = seed;
    const ck_resolution *res = &k.tc->resolution[k.level];
    if ((res->x0 & 1) || k.width == 1 || k.height == 1 || k.over)
        return;
    uint32_t bits = 1 + below(&rng, 8 * nbytes), first = res->y0 + below(&rng, k.height);
    ck_sample_range range = {-(1 << (bits - 1)), (1 << (bits - 1)) - 1, below(&rng, 2) ? 0 : 1 << (bits - 1)};
    if (exact)
        range = (ck_sample_range){INT16_MIN, INT16_MAX, 0};
    ck_row_source source;
    ck_rows_begin(&source, kernels[mask], k.tc, k.level, k.kind, checked, 0, first,
                  scratch_area.high - ck_row_source_nbytes(k.width));
    int right = 1, turn = 0;
    for (int64_t e = first & ~(uint32_t)1; e - 1 < (int64_t)res->y1; e += 2, turn ^= 1) {
        uint8_t *to[2] = {place_row(0, (size_t)k.width * nbytes, 1, 0, &rng),
                          place_row(1 + turn, (size_t)k.width * nbytes, 1, 0, &rng)};
        int wanted[2] = {e - 1 >= (int64_t)first, e >= (int64_t)first && e < (int64_t)res->y1};
        ck_rows_next_pixels(&source, &range, nbytes, exact, wanted[0] ? to[0] : NULL, wanted[1] ? to[1] : NULL);
        for (int n = 0; n < 2; n++)
            for (uint32_t i = 0; wanted[n] && i < k.width; i++) {
                int64_t v = k.x[(size_t)(e - 1 + n - res->y0) * k.width + i];
                uint32_t w = (uint32_t)((v < range.lo ? range.lo : v > range.hi ? range.hi : v) + range.shift);
                right &= memcmp(to[n] + (size_t)i * nbytes, &w, nbytes) == 0; /* little-endian, as all our machines */
            }
        right &= row_is_clean(0) && row_is_clean(1 + turn);
    }
    row_check(right && !ck_rows_overflow(&source), "pixels", mask, k.width, seed);
}

/* Three rows to pixels: colour or none, sums looked at or not. */
static void joined(int mask, uint32_t n, int rct, int checked, uint32_t nbytes, uint64_t seed)
{
    uint64_t rng = seed;
    const int16_t *in[3];
    static int16_t v[3][MOST + 1];
    ck_sample_range range[3];
    ck_row_watch watch = {0};
    uint32_t bits = checked && below(&rng, 2) ? 15 : 12, over = 0;
    for (int c = 0; c < 3; c++) {
        int16_t *row = place_row(c, ((n + 63) & ~63u) + ROW_SLACK, 2, 0, &rng);
        for (uint32_t i = 0; i < n; i++) {
            v[c][i] = (int16_t)((int)below(&rng, 2u << bits) - (1 << bits));
            row[i] = v[c][i];
        }
        in[c] = row;
        uint32_t depth = 1 + below(&rng, 8 * nbytes);
        range[c] = (ck_sample_range){-(1 << (depth - 1)), (1 << (depth - 1)) - 1, below(&rng, 2) ? 1 << (depth - 1) : 0};
    }
    uint8_t *out = place_row(3, 3 * (size_t)n * nbytes, 1, 0, &rng);
    (rct ? kernels[mask]->rct_pixels : kernels[mask]->pixels3)(in, range, nbytes, n, out, &watch);
    int right = row_is_clean(3), flagged = 0;
    for (uint32_t i = 0; i < 32; i++)
        flagged |= watch.over[i] < 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t p[3] = {v[0][i], v[1][i], v[2][i]};
        if (rct) {
            int64_t g = p[0] - floor_div(p[1] + p[2], 4), red = p[2] + g, blue = p[1] + g;
            p[0] = red, p[1] = g, p[2] = blue;
        }
        for (int c = 0; c < 3; c++) {
            over |= p[c] != (int16_t)p[c];
            uint32_t w = (uint32_t)((p[c] < range[c].lo ? range[c].lo : p[c] > range[c].hi ? range[c].hi : p[c]) + range[c].shift);
            right &= over || memcmp(out + (3 * (size_t)i + (uint32_t)c) * nbytes, &w, nbytes) == 0;
        }
    }
    row_check(right && (!rct || !checked || flagged == (int)over), rct ? "RCT to pixels" : "three rows to pixels", mask, n, seed);
}

static void round_of(uint64_t seed, uint64_t turn)
{
    uint64_t rng = seed;
    for (ck_row_kind kind = CK_ROWS_16; kind <= CK_ROWS_32; kind++)
        for (int wide = 0; wide < 2; wide++) {
            make_case(kind, kind == CK_ROWS_32 ? wide ? 26 : 8 : wide ? 15 : 11, &rng);
            uint64_t at = next_random(&rng);
            for (int m = 0; m < masks; m++)
                for (int checked = kind == CK_ROWS_16 && wide; checked < 2; checked++) {
                    samples(m, checked, at);
                    if (kind == CK_ROWS_16)
                        pixels(m, checked, 1, 0, at), pixels(m, checked, 2, 0, at);
                    if (kind == CK_ROWS_16 && !checked)
                        pixels(m, checked, 2, 1, at);
                }
        }
    for (int m = 0; m < masks; m++)
        for (uint32_t nbytes = 1; nbytes <= 2; nbytes++)
            for (int form = 0; form < 4; form++)
                joined(m, 1 + (uint32_t)(turn % MOST), form & 1, form >> 1, nbytes, seed + (uint64_t)form);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 540;
    uint32_t features[KERNEL_MASKS];
    setvbuf(stdout, NULL, _IOLBF, 0);
    masks = kernel_masks(features);
    for (int m = 0; m < masks; m++) {
        kernels[m] = malloc(ck_htj2k_kernels_nbytes());
        ck_htj2k_kernels_init(kernels[m], features[m]);
    }
    begin_rows(4 * (MOST + 256));
    arena_area = guard(ARENA), scratch_area = guard(SCRATCH);
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t rng = seed + i;
        round_of(next_random(&rng), i);
    }
    printf("%llu checks of rows, seeds %llu to %llu, %d feature masks, %llu failures\n", (unsigned long long)row_checks,
           (unsigned long long)seed, (unsigned long long)(seed + rounds - 1), masks, (unsigned long long)row_failures);
    return row_failures != 0;
}
