/* Steps over rows: wavelet levels into LL images, the last level with colour and packing, packing of subsampled components. */
#include <string.h>

#include "ck_htj2k_decoder.h"

/* Scratch of a worker, all rows of one length: per component a row source and three finished rows. */
enum { ROWS_PER_COMPONENT = CK_SOURCE_LINES + 3, ROWS_SHARED = 3 + 1 + CK_HTJ2K_MAX_COMPONENTS };

uint64_t ck_worker_scratch_nbytes(uint32_t components, uint32_t width)
{
    uint64_t rows = (uint64_t)components * ROWS_PER_COMPONENT + ROWS_SHARED, nbytes = rows * ck_row_nbytes(width);
    /* A block job: the block decoder's own, and one block in 32 bits. */
    uint64_t blocks = ck_ht_scratch_bytes() + 4096 * sizeof(int32_t);
    return nbytes > blocks ? nbytes : blocks;
}

void ck_strip(uint32_t y0, uint32_t y1, size_t i, size_t n, uint32_t *from, uint32_t *to)
{
    uint64_t height = y1 - y0;
    uint32_t a = (uint32_t)(y0 + height * i / n), b = (uint32_t)(y0 + height * (i + 1) / n);
    a &= ~(uint32_t)1, b &= ~(uint32_t)1;
    *from = i == 0 || a < y0 ? y0 : a;
    *to = i + 1 == n ? y1 : b < y0 ? y0 : b;
}

static uint8_t *image_row(const ck_resolution *res, int64_t y, ck_row_kind kind)
{
    return (uint8_t *)res->samples + (size_t)(y - res->y0) * res->stride * (kind == CK_ROWS_16 ? 2 : 4);
}

/* One strip of one wavelet level of one component. */
void ck_wavelet_job(ck_htj2k_decoder *d, size_t job, void *scratch)
{
    uint32_t c = (uint32_t)(job / d->workers), from, to;
    const ck_tile_component *tc = &d->tile.component[c];
    d->job_reach[job] = 0;
    if (d->level >= tc->wanted)
        return;
    const ck_resolution *res = &tc->resolution[d->level];
    ck_strip(res->y0, res->y1, job % d->workers, d->workers, &from, &to);
    if (from >= to || res->x0 == res->x1)
        return;
    ck_row_source rows;
    ck_rows_begin(&rows, d->kernels, tc, d->level, d->kind[c], ck_may_overflow(d, c, d->level), 0, from, scratch);
    /* Rows outside the strip go to spare rows; an even one is needed by the pair after it. */
    uint8_t *spare = (uint8_t *)scratch + ck_row_source_nbytes(rows.width);
    for (int64_t e = from & ~(uint32_t)1; e - 1 < (int64_t)to; e += 2) {
        void *odd = e - 1 >= from ? image_row(res, e - 1, d->kind[c]) : spare;
        void *even = e >= from && e < to ? image_row(res, e, d->kind[c]) : spare + ck_row_nbytes(rows.width);
        ck_rows_next(&rows, odd, even);
    }
    d->overflow[job] = ck_rows_overflow(&rows) != 0;
    d->job_reach[job] = (uint32_t)ck_rows_reach(&rows);
}

/*
 * Sums up output rows while they are in the cache: as many at a time as the call is worth, as few as stay in L1 beside the rows in
 * flight.
 */
typedef struct {
    ck_checksum checksum; /* NULL: rows are not summed up */
    ck_strip_sum sum;
    const uint8_t *bytes; /* not summed up yet */
    uint64_t nbytes;
} row_summer;

enum { SUM_NBYTES = 16384 };

static row_summer begin_sum(const ck_htj2k_decoder *d, size_t job, uint32_t first_row)
{
    if (!ck_sums_output(d))
        return (row_summer){0};
    size_t row = (size_t)d->info.width * d->info.components * d->info.bytes_per_sample;
    return (row_summer){.checksum = d->checksum, .sum = d->sum[job], .bytes = d->output + first_row * row};
}

static void flush_sum(row_summer *s)
{
    s->sum.value = s->checksum(s->sum.value, s->bytes, s->nbytes);
    s->sum.nbytes += s->nbytes;
    s->bytes += s->nbytes, s->nbytes = 0;
}

/* The rows before row `end` of the output are written. */
static void sum_rows(row_summer *s, const ck_htj2k_decoder *d, uint32_t end)
{
    if (!s->checksum)
        return;
    size_t row = (size_t)d->info.width * d->info.components * d->info.bytes_per_sample;
    s->nbytes = (uint64_t)(d->output + end * row - s->bytes);
    if (s->nbytes >= SUM_NBYTES)
        flush_sum(s);
}

static void end_sum(row_summer *s, ck_htj2k_decoder *d, size_t job)
{
    if (!s->checksum)
        return;
    flush_sum(s);
    d->sum[job] = s->sum;
}

/* Finishing rows of components [first, end) together: sources and scratch rows. */
typedef struct {
    ck_htj2k_decoder *d;
    uint32_t first, end, width;
    ck_row_source source[CK_HTJ2K_MAX_COMPONENTS];
    void *odd[CK_HTJ2K_MAX_COMPONENTS], *even[2][CK_HTJ2K_MAX_COMPONENTS];
    void *coloured[3], *rounded, *packed[CK_HTJ2K_MAX_COMPONENTS];
    uint32_t overflow;
    int rct_checked;
    int joined, split, lone, exact; /* how 16-bit rows become pixels: see finish_pair and put_joined */
    ck_row_watch watch;
} finisher;

static void *take_row(uint8_t **at, uint32_t width)
{
    uint8_t *row = *at;
    *at += ck_row_nbytes(width);
    return row;
}

static void begin_finisher(finisher *f, ck_htj2k_decoder *d, uint32_t first, uint32_t end, uint32_t from, uint8_t *scratch)
{
    const ck_resolution *res = &d->tile.component[first].resolution[d->tile.component[first].wanted];
    *f = (finisher){.d = d, .first = first, .end = end, .width = res->x1 - res->x0};
    f->joined = d->info.components == 3 && d->kind[0] == CK_ROWS_16;
    f->split = f->joined, f->lone = d->info.components == 1;
    for (uint32_t c = first; c < end; c++) {
        const ck_tile_component *tc = &d->tile.component[c];
        f->split &= ck_rows_paired(tc, tc->wanted, d->kind[c]), f->lone &= ck_rows_paired(tc, tc->wanted, d->kind[c]);
    }
    f->exact = f->lone && d->info.bytes_per_sample == 2 && !ck_may_overflow(d, 0, d->tile.component[0].wanted) && ck_fits_range(d, 0);
    for (uint32_t c = first; c < end; c++) {
        const ck_tile_component *tc = &d->tile.component[c];
        ck_rows_begin(&f->source[c], d->kernels, tc, tc->wanted, d->kind[c], ck_may_overflow(d, c, tc->wanted), f->split,
                      from, scratch);
        scratch += ck_row_source_nbytes(f->width);
        f->odd[c] = take_row(&scratch, f->width);
        f->even[0][c] = take_row(&scratch, f->width), f->even[1][c] = take_row(&scratch, f->width);
    }
    f->rct_checked = end >= 3 && ck_rct_may_overflow(d);
    for (uint32_t i = 0; i < 3; i++)
        f->coloured[i] = take_row(&scratch, f->width);
    f->rounded = take_row(&scratch, f->width);
    for (uint32_t c = 0; c < CK_HTJ2K_MAX_COMPONENTS; c++)
        f->packed[c] = take_row(&scratch, f->width);
}

static uint8_t *pixel_row(const finisher *f, uint32_t y)
{
    const ck_htj2k_decoder *d = f->d;
    size_t pixel = (size_t)(y - d->origin_y) * d->info.width + (f->source[0].resolution->x0 - d->origin_x);
    return d->output + pixel * d->info.components * d->info.bytes_per_sample;
}

/* Three components of 16-bit rows at once: colour, shift, clamping and interleaving in one pass. */
static void put_joined(finisher *f, void *const rows[], uint32_t y)
{
    const ck_htj2k_decoder *d = f->d;
    const ck_htj2k_kernels *k = d->kernels;
    const int16_t *in[3] = {rows[0], rows[1], rows[2]};
    ck_pixels3 pixels = f->split ? k->pixels3_split : k->pixels3;
    if (d->tile_style.colour_transform)
        pixels = f->split ? k->rct_pixels_split[f->rct_checked] : k->rct_pixels;
    pixels(in, d->tile_range, d->info.bytes_per_sample, f->width, pixel_row(f, y), &f->watch);
}

/* Pixels of `n` packed rows: 3 components by vector, others one by one. */
static void interleave(const ck_htj2k_kernels *k, void *const packed[], uint32_t components, uint32_t nbytes, uint32_t n, uint8_t *out)
{
    if (components == 3 && nbytes <= 2) {
        k->interleave3((const void *const *)packed, nbytes, n, out);
        return;
    }
    for (uint32_t c = 0; c < components; c++) {
        const uint8_t *in = packed[c];
        uint8_t *to = out + c * nbytes;
        size_t step = (size_t)components * nbytes;
        if (nbytes == 1)
            for (uint32_t i = 0; i < n; i++, to += step)
                *to = in[i];
        else if (nbytes == 2)
            for (uint32_t i = 0; i < n; i++, to += step)
                memcpy(to, in + 2 * (size_t)i, 2);
        else
            for (uint32_t i = 0; i < n; i++, to += step)
                memcpy(to, in + 4 * (size_t)i, 4);
    }
}

static void narrow(const ck_htj2k_decoder *d, ck_row_kind kind, uint32_t c, const void *row, uint32_t n, void *rounded, void *out)
{
    uint32_t nbytes = d->info.bytes_per_sample;
    if (kind == CK_ROWS_16) {
        d->kernels->narrow16(row, &d->tile_range[c], out, nbytes, n);
        return;
    }
    if (kind == CK_ROWS_FLOAT) {
        d->kernels->irreversible.round(row, &d->tile_range[c], rounded, n);
        row = rounded;
    }
    d->kernels->narrow32(row, &d->tile_range[c], out, nbytes, n);
}

/* One finished row of all components into the output. */
static void put_pixels(finisher *f, const void *const rows[], uint32_t y)
{
    ck_htj2k_decoder *d = f->d;
    uint32_t components = d->info.components, nbytes = d->info.bytes_per_sample, n = f->width;
    uint8_t *out = pixel_row(f, y);
    if (components > 1) {
        for (uint32_t c = 0; c < components; c++)
            narrow(d, d->kind[c], c, rows[c], n, f->rounded, f->packed[c]);
        interleave(d->kernels, f->packed, components, nbytes, n, out);
        return;
    }
    /* One component: whole groups of 64 samples go straight to the output, the rest by way of a row with padding. */
    uint32_t whole = n & ~(uint32_t)63;
    size_t sample = d->kind[0] == CK_ROWS_16 ? 2 : 4;
    narrow(d, d->kind[0], 0, rows[0], whole, f->rounded, out);
    if (whole == n)
        return;
    narrow(d, d->kind[0], 0, (const uint8_t *)rows[0] + whole * sample, n - whole, f->rounded, f->packed[0]);
    memcpy(out + (size_t)whole * nbytes, f->packed[0], (size_t)(n - whole) * nbytes);
}

/* One finished row of one component into its plane. */
static void put_plane(finisher *f, uint32_t c, const void *row, uint32_t y)
{
    ck_htj2k_decoder *d = f->d;
    const ck_component_plane *p = &d->plane[c];
    uint32_t x = f->source[c].resolution->x0;
    int32_t *out = p->samples + (size_t)(y - p->y0) * p->stride + (x - p->x0);
    if (d->kind[c] == CK_ROWS_FLOAT) {
        d->kernels->irreversible.round(row, &d->range[c], f->rounded, f->width);
        row = f->rounded;
    }
    memcpy(out, row, (size_t)f->width * sizeof *out);
}

/* Colour, then the row's destination. */
static void finish_row(finisher *f, void *const rows_in[], uint32_t y)
{
    ck_htj2k_decoder *d = f->d;
    if (f->joined) {
        put_joined(f, rows_in, y);
        return;
    }
    const void *rows[CK_HTJ2K_MAX_COMPONENTS] = {0};
    for (uint32_t c = f->first; c < f->end; c++)
        rows[c] = rows_in[c];
    if (d->tile_style.colour_transform && f->first == 0 && f->end >= 3) {
        ck_row_kind kind = d->kind[0];
        f->overflow |= (kind == CK_ROWS_FLOAT ? d->kernels->irreversible.ict : d->kernels->reversible[kind].rct)(rows, f->coloured,
                                                                                                                 f->width);
        for (uint32_t c = 0; c < 3; c++)
            rows[c] = f->coloured[c];
    }
    if (!d->planar)
        put_pixels(f, rows, y);
    for (uint32_t c = f->first; d->planar && c < f->end; c++)
        put_plane(f, c, rows[c], y);
}

/* Rows e - 1 and e of [from, to). */
static void finish_pair(finisher *f, int64_t e, uint32_t from, uint32_t to, int64_t turn)
{
    int odd = e - 1 >= from, even = e >= from && e < to;
    if (f->lone) { /* one component leaves the wavelet as pixels */
        const ck_htj2k_decoder *d = f->d;
        ck_rows_next_pixels(&f->source[0], &d->tile_range[0], d->info.bytes_per_sample, f->exact,
                            odd ? pixel_row(f, (uint32_t)(e - 1)) : NULL, even ? pixel_row(f, (uint32_t)e) : NULL);
        return;
    }
    for (uint32_t c = f->first; c < f->end; c++)
        ck_rows_next(&f->source[c], f->odd[c], f->even[turn][c]);
    if (odd)
        finish_row(f, f->odd, (uint32_t)(e - 1));
    if (even)
        finish_row(f, f->even[turn], (uint32_t)e);
}

static uint32_t finish_group(ck_htj2k_decoder *d, uint32_t first, uint32_t end, size_t strip, void *scratch)
{
    const ck_resolution *res = &d->tile.component[first].resolution[d->tile.component[first].wanted];
    uint32_t from, to;
    ck_strip(res->y0, res->y1, strip, d->workers, &from, &to);
    if (from >= to || res->x0 == res->x1)
        return 0;
    finisher f;
    begin_finisher(&f, d, first, end, from, scratch);
    row_summer sum = begin_sum(d, strip, from - d->origin_y);
    for (int64_t e = from & ~(uint32_t)1, turn = 0; e - 1 < (int64_t)to; e += 2, turn ^= 1) {
        finish_pair(&f, e, from, to, turn);
        if (e >= from)
            sum_rows(&sum, d, (uint32_t)(e < to ? e + 1 : to) - d->origin_y);
    }
    end_sum(&sum, d, strip);
    for (uint32_t c = first; c < end; c++)
        f.overflow |= (uint32_t)ck_rows_overflow(&f.source[c]);
    for (uint32_t i = 0; i < 32; i++)
        f.overflow |= f.watch.over[i] < 0;
    return f.overflow;
}

void ck_finish_job(ck_htj2k_decoder *d, size_t job, void *scratch)
{
    if (!d->planar) {
        d->overflow[job] = finish_group(d, 0, d->tile.components, job, scratch) != 0;
        return;
    }
    uint32_t joined = d->tile_style.colour_transform ? 3 : 0;
    if (joined)
        finish_group(d, 0, joined, job, scratch);
    for (uint32_t c = joined; c < d->tile.components; c++)
        finish_group(d, c, c + 1, job, scratch);
}

static int64_t limited(int64_t v, int64_t n) { return v < 0 ? 0 : v >= n ? n - 1 : v; }

/* out[x] = in[nearest sample of pixel x]: replication on the reference grid. */
static void replicate(const ck_component_plane *p, uint32_t step, uint32_t origin, const int32_t *in, int32_t *out, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++)
        out[x] = in[limited((int64_t)((uint64_t)origin + x) / step - p->x0, p->width)];
}

/* One strip of output rows from the planes. */
void ck_pack_job(ck_htj2k_decoder *d, size_t job, void *scratch)
{
    uint32_t from, to, width = d->info.width, components = d->info.components, nbytes = d->info.bytes_per_sample;
    ck_strip(0, d->info.height, job, d->jobs, &from, &to);
    uint8_t *at = scratch;
    int32_t *row = take_row(&at, width);
    void *packed[CK_HTJ2K_MAX_COMPONENTS];
    for (uint32_t c = 0; c < CK_HTJ2K_MAX_COMPONENTS; c++)
        packed[c] = take_row(&at, width);
    row_summer sum = begin_sum(d, job, from);
    for (uint32_t y = from; y < to; y++) {
        for (uint32_t c = 0; c < components; c++) {
            const ck_component_plane *p = &d->plane[c];
            int64_t line = limited((int64_t)((uint64_t)d->origin_y + y) / d->siz.yrsiz[c] - p->y0, p->height);
            replicate(p, d->siz.xrsiz[c], d->origin_x, p->samples + (size_t)line * p->stride, row, width);
            d->kernels->narrow32(row, &d->range[c], packed[c], nbytes, width);
        }
        interleave(d->kernels, packed, components, nbytes, width, d->output + (size_t)y * width * components * nbytes);
        sum_rows(&sum, d, y + 1);
    }
    end_sum(&sum, d, job);
}
