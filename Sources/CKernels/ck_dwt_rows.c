/* Synthesis of the rows of one resolution, ITU-T T.800 F.3: horizontal row by row, vertical on a few rows in flight. */
#include <string.h>

#include "ck_dwt.h"

enum { LINE_TEMPORARY = 0, LINE_HIGH_A = 2, LINE_HIGH_B = 3, LINE_LOW = 4, LINE_S1 = 5, LINE_D1 = 6, LINE_S2 = 7 };

static const void *sample_row(const void *samples, uint32_t stride, int64_t row, ck_row_kind kind)
{
    return (const uint8_t *)samples + (size_t)row * stride * (kind == CK_ROWS_16 ? 2 : 4);
}

/* Symmetric extension of a row index, F.3.7. */
static int64_t reflect(int64_t y, int64_t y0, int64_t y1)
{
    if (y1 - y0 == 1)
        return y0;
    while (y < y0 || y >= y1)
        y = y < y0 ? 2 * y0 - y : 2 * (y1 - 1) - y;
    return y;
}

static void synthesise_97(ck_row_source *rows, const ck_band *low_band, const void *low, int low_is_float, const ck_band *high_band,
                          const void *high, uint32_t n_low, uint32_t n_high, void *out)
{
    const struct ck_htj2k_kernels *k = rows->kernels;
    float *low_row = rows->line[LINE_TEMPORARY], *high_row = rows->line[LINE_TEMPORARY + 1];
    if (low_is_float)
        memcpy(low_row, low, (size_t)n_low * sizeof(float));
    else
        k->irreversible.load(low, low_band->scale, low_row, n_low);
    k->irreversible.load(high, high_band->scale, high_row, n_high);
    k->irreversible.horizontal(low_row, high_row, n_low, n_high, rows->resolution->x0 & 1, out);
}

/* Of row y, or of its mirror image: the rows of the two bands it is made of. */
typedef struct {
    const ck_band *low_band, *high_band;
    const void *low, *high;
    int low_is_image; /* the resolution below, synthesised */
} band_rows;

static band_rows rows_of(const ck_row_source *rows, int64_t y)
{
    const ck_resolution *res = rows->resolution, *below = res - 1;
    y = reflect(y, res->y0, res->y1);
    int low_rows = (y & 1) == 0, image = low_rows && rows->level > 1;
    band_rows b = {.low_band = low_rows ? &below->band[0] : &res->band[1], .high_band = &res->band[low_rows ? 0 : 2], .low_is_image = image};
    int64_t n = (y >> 1) - (low_rows ? below->y0 : b.high_band->y0);
    b.low = sample_row(image ? below->samples : b.low_band->samples, image ? below->stride : b.low_band->stride, n, rows->kind);
    b.high = sample_row(b.high_band->samples, b.high_band->stride, n, rows->kind);
    return b;
}

/* Row y (or its mirror image) after horizontal synthesis, to `out`. */
static void synthesise_row(ck_row_source *rows, int64_t y, void *out)
{
    const ck_resolution *res = rows->resolution;
    band_rows b = rows_of(rows, y);
    uint32_t n_low = (res - 1)->x1 - (res - 1)->x0, n_high = res->band[0].x1 - res->band[0].x0;
    if (rows->kind == CK_ROWS_FLOAT)
        synthesise_97(rows, b.low_band, b.low, b.low_is_image, b.high_band, b.high, n_low, n_high, out);
    else
        rows->overflow |= rows->kernels->reversible[rows->kind].horizontal(b.low, b.high, n_low, n_high, res->x0 & 1,
                                                                           rows->line[LINE_TEMPORARY], out);
}

/* Row y of LL as it is, where there is no wavelet to run. */
static void copy_row(ck_row_source *rows, int64_t y, void *out)
{
    const ck_resolution *res = rows->resolution;
    if (y < res->y0 || y >= res->y1)
        return;
    const void *in = sample_row(res->band[0].samples, res->band[0].stride, y - res->y0, rows->kind);
    if (rows->kind == CK_ROWS_FLOAT)
        rows->kernels->irreversible.load(in, res->band[0].scale, out, rows->width);
    else
        memcpy(out, in, (size_t)rows->width * (rows->kind == CK_ROWS_16 ? 2 : 4));
}

/* A resolution of one row has no vertical lifting; at an odd coordinate the row is halved (F.3.6). */
static void single_row(ck_row_source *rows, void *odd, void *even)
{
    int64_t y = rows->resolution->y0;
    if (y == rows->even)
        synthesise_row(rows, y, even);
    if (y == rows->even && rows->kind == CK_ROWS_FLOAT)
        for (uint32_t i = 0; i < rows->width; i++)
            ((float *)even)[i] *= (float)(1 / CK_97_LOW_GAIN);
    if (y != rows->even - 1)
        return;
    synthesise_row(rows, y, odd);
    for (uint32_t i = 0; i < rows->width; i++)
        if (rows->kind == CK_ROWS_16)
            ((int16_t *)odd)[i] /= 2;
        else if (rows->kind == CK_ROWS_32)
            ((int32_t *)odd)[i] /= 2;
        else
            ((float *)odd)[i] *= (float)(0.5 / CK_97_HIGH_GAIN);
}

/* The next low and high row, then what `vertical` makes of them. */
static void *fetch_pair(ck_row_source *rows, int64_t k)
{
    void *high = rows->high_before == rows->line[LINE_HIGH_A] ? rows->line[LINE_HIGH_B] : rows->line[LINE_HIGH_A];
    synthesise_row(rows, k, rows->line[LINE_LOW]);
    synthesise_row(rows, k + 1, high);
    return high;
}

static void step_97(ck_row_source *rows, int64_t k, void *odd, void *even)
{
    void *high = fetch_pair(rows, k);
    rows->kernels->irreversible.vertical(rows->line[LINE_LOW], rows->high_before, high, rows->line[LINE_S1], rows->line[LINE_D1],
                                         rows->line[LINE_S2], odd, even, rows->width);
    rows->high_before = high;
}

int ck_rows_paired(const ck_tile_component *component, uint32_t level, ck_row_kind kind)
{
    const ck_resolution *res = &component->resolution[level];
    return kind == CK_ROWS_16 && level > 0 && res->x1 - res->x0 > 1 && !(res->x0 & 1) && res->y1 - res->y0 > 1;
}

/* The rows that enter at row e, and where they go. */
static ck_row_pair pair_of(ck_row_source *rows, void *even, void *odd_out, void *even_out)
{
    const ck_resolution *res = rows->resolution;
    ck_row_pair p = {.n_low = (res - 1)->x1 - (res - 1)->x0, .n_high = res->band[0].x1 - res->band[0].x0, .lifted = rows->high_before,
                     .before = rows->before, .even = even, .odd_out = odd_out, .even_out = even_out, .watch = &rows->watch};
    for (int i = 0; i < 2; i++) {
        int64_t row = (reflect(rows->even + i, res->y0, res->y1) >> 1) - rows->pairs[i].first;
        p.low[i] = rows->pairs[i].low + row * (int64_t)rows->pairs[i].low_stride;
        p.high[i] = rows->pairs[i].high + row * (int64_t)rows->pairs[i].high_stride;
    }
    return p;
}

/* Row even - 1 after horizontal synthesis enters the state: by a pair of which nothing else is used. */
static void begin_paired(ck_row_source *rows)
{
    const ck_resolution *res = rows->resolution, *below = res - 1;
    int image = rows->level > 1;
    rows->pairs[0].low = image ? below->samples : below->band[0].samples, rows->pairs[0].high = res->band[0].samples;
    rows->pairs[0].low_stride = image ? below->stride : below->band[0].stride, rows->pairs[0].high_stride = res->band[0].stride;
    rows->pairs[0].first = below->y0;
    rows->pairs[1].low = res->band[1].samples, rows->pairs[1].high = res->band[2].samples;
    rows->pairs[1].low_stride = res->band[1].stride, rows->pairs[1].high_stride = res->band[2].stride;
    rows->pairs[1].first = res->band[1].y0;
    rows->even -= 2;
    ck_row_pair p = pair_of(rows, rows->line[LINE_LOW], NULL, NULL);
    (rows->split ? rows->kernels->pair_split : rows->kernels->pair_rows)[rows->checked](&p);
    rows->even += 2;
    rows->watch = (ck_row_watch){0};
}

void ck_rows_begin(ck_row_source *rows, const struct ck_htj2k_kernels *kernels, const ck_tile_component *component, uint32_t level,
                   ck_row_kind kind, int checked, int split, uint32_t first, void *scratch)
{
    const ck_resolution *res = &component->resolution[level];
    *rows = (ck_row_source){.kernels = kernels, .component = component, .resolution = res, .level = level, .kind = kind,
                            .width = res->x1 - res->x0, .even = (int64_t)(first & ~(uint32_t)1), .checked = checked != 0,
                            .paired = ck_rows_paired(component, level, kind) != 0, .split = split != 0};
    uint64_t nbytes = ck_row_nbytes(rows->width);
    for (uint32_t i = 0; i < CK_SOURCE_LINES; i++)
        rows->line[i] = (uint8_t *)scratch + i * nbytes + 64; /* 64: the margin before a row */
    if (level == 0 || res->y1 - res->y0 == 1)
        return;
    rows->high_before = rows->line[LINE_HIGH_A];
    if (rows->paired) {
        begin_paired(rows);
        return;
    }
    if (kind != CK_ROWS_FLOAT) {
        synthesise_row(rows, rows->even - 1, rows->high_before);
        return;
    }
    /* Steps 3 to 6 reach four rows back: two pairs to fill the state. Its first values are not used, but must not be NaN. */
    for (uint32_t i = LINE_S1; i <= LINE_S2; i++)
        memset(rows->line[i], 0, ck_row_stride(rows->width) * sizeof(float));
    synthesise_row(rows, rows->even - 3, rows->high_before);
    for (int64_t k = rows->even - 2; k <= rows->even; k += 2)
        step_97(rows, k, rows->line[LINE_TEMPORARY], rows->line[LINE_TEMPORARY + 1]);
}

int64_t ck_rows_next_pixels(ck_row_source *rows, const ck_sample_range *range, uint32_t nbytes, int exact, void *odd, void *even)
{
    void *kept = exact && even ? even : rows->line[LINE_LOW];
    ck_row_pair p = pair_of(rows, kept, odd, even);
    if (exact)
        rows->kernels->pair_exact(&p);
    else
        rows->kernels->pair_pixels[rows->checked](&p, range, nbytes);
    rows->before = kept;
    rows->even += 2;
    return rows->even - 2;
}

int ck_rows_overflow(const ck_row_source *rows)
{
    int16_t over = 0;
    for (uint32_t i = 0; i < 32; i++)
        over |= rows->watch.over[i];
    return over < 0 || rows->overflow;
}

int32_t ck_rows_reach(const ck_row_source *rows)
{
    int32_t reach = 0;
    for (uint32_t i = 0; i < 32; i++) {
        reach = rows->watch.most[i] > reach ? rows->watch.most[i] : reach;
        reach = -rows->watch.least[i] > reach ? -rows->watch.least[i] : reach;
    }
    return rows->paired ? reach : INT32_MAX;
}

int64_t ck_rows_next(ck_row_source *rows, void *odd, void *even)
{
    int64_t e = rows->even;
    const ck_resolution *res = rows->resolution;
    if (rows->paired) {
        ck_row_pair p = pair_of(rows, even, odd, NULL);
        (rows->split ? rows->kernels->pair_split : rows->kernels->pair_rows)[rows->checked](&p);
        rows->before = even;
    } else if (rows->level == 0) {
        copy_row(rows, e - 1, odd);
        copy_row(rows, e, even);
    } else if (res->y1 - res->y0 == 1) {
        single_row(rows, odd, even);
    } else if (rows->kind == CK_ROWS_FLOAT) {
        step_97(rows, e + 2, odd, even);
    } else {
        void *high = fetch_pair(rows, e);
        rows->overflow |= rows->kernels->reversible[rows->kind].vertical(rows->line[LINE_LOW], rows->high_before, high, rows->before,
                                                                         even, odd, rows->width);
        rows->before = even, rows->high_before = high;
    }
    rows->even += 2;
    return e;
}
