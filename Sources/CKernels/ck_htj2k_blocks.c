/* From packet headers to block jobs: the code-blocks of a tile with their bytes and their places. */
#include <string.h>

#include "ck_htj2k_decoder.h"

/* Visits the code-blocks of the lowest resolution, or of the others that are wanted: precinct by precinct, as they were made. */
typedef struct {
    uint32_t component, resolution, band;
    ck_band *place;
    ck_codeblock *block;
} block_visit;

typedef ck_status (*block_visitor)(ck_htj2k_decoder *d, const ck_stream *s, const block_visit *v);

static ck_status for_each_block(ck_htj2k_decoder *d, const ck_stream *s, int lowest, block_visitor visitor)
{
    for (uint32_t c = 0; c < d->tile.components; c++)
        for (uint32_t r = lowest ? 0 : 1; r <= (lowest ? 0u : d->tile.component[c].wanted); r++) {
            ck_resolution *res = &d->tile.component[c].resolution[r];
            uint64_t precincts = (uint64_t)res->precincts_x * res->precincts_y;
            for (uint64_t p = 0; p < precincts; p++)
                for (uint32_t b = 0; b < res->bands; b++) {
                    const ck_precinct_band *pb = &res->precinct[p].band[b];
                    size_t count = (size_t)pb->wide * pb->high;
                    for (size_t i = 0; i < count; i++) {
                        block_visit v = {c, r, b, &res->band[b], d->tile.block + pb->first_block + i};
                        ck_status status = visitor(d, s, &v);
                        if (status)
                            return status;
                    }
                }
        }
    return CK_OK;
}

static int is_coded(const ck_codeblock *b) { return b->passes > 0 && b->length_cleanup > 0; }

/*
 * A block's contributions in one piece, copied only when there are several. Unaligned, one behind the other: the arena has room for as
 * many bytes as the codestream has, and none for gaps.
 */
static const uint8_t *block_bytes(ck_htj2k_decoder *d, const ck_codeblock *b)
{
    if (b->contributions <= 1)
        return d->data + b->offset[0];
    uint64_t total = 0, done = 0;
    for (uint32_t i = 0; i < b->contributions; i++)
        total += b->length[i];
    if (total > d->arena.capacity - d->arena.used)
        return NULL;
    uint8_t *copy = d->arena.base + d->arena.used;
    d->arena.used += total;
    for (uint32_t i = 0; i < b->contributions; done += b->length[i++])
        memcpy(copy + done, d->data + b->offset[i], b->length[i]);
    return copy;
}

/* One entry of the block list; blocks without bytes go to its end, to become zeros. */
static ck_status list_block(ck_htj2k_decoder *d, const ck_stream *s, const block_visit *v)
{
    const ck_codeblock *b = v->block;
    int is16 = d->kind[v->component] == CK_ROWS_16 && v->resolution > 0;
    uint8_t *out = ck_block_samples(v->place, b, is16);
    if (!is_coded(b)) {
        d->zeros++;
        d->block[d->tile.blocks_wanted - d->zeros] = (ck_ht_block){
            .width = b->width, .height = b->height, .out = out, .out_stride = (size_t)v->place->stride * (is16 ? 2 : 4),
            .k_max = is16 ? 2 : 4};
        return CK_OK;
    }
    uint32_t half_steps = !d->tile.component[v->component].reversible;
    if (v->place->k_max + half_steps > CK_HT_MAX_BITS32)
        return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_PRECISION, b->offset[0]);
    const uint8_t *bytes = block_bytes(d, b);
    if (!bytes)
        return ck_fail(s, CK_ERR_LIMIT, CK_REASON_ARENA_SIZE, b->offset[0]);
    d->block_place[d->blocks] = (ck_block_place){(uint8_t)v->component, (uint8_t)v->resolution};
    d->block[d->blocks++] = (ck_ht_block){
        .data = bytes, .length_cleanup = b->length_cleanup, .length_refinement = b->length_refinement,
        .passes = b->length_refinement > 0 ? b->passes : 1, .missing_msbs = b->zero_planes, .k_max = v->place->k_max,
        .stripe_causal = d->tile_style.component[v->component].style >> 3 & 1,
        .half_steps = (uint8_t)half_steps,
        .width = b->width, .height = b->height, .out = out, .out_stride = v->place->stride};
    return CK_OK;
}

/*
 * 16-bit rows are tried when all components are reversible and samples have at most 16 bits. M_b does not tell whether the
 * coefficients fit, so blocks and sums are checked as they are made, and the tile goes on in 32 bits when one does not. LL is always
 * decoded in 32 bits; see settle_lowest.
 */
static void choose_kinds(ck_htj2k_decoder *d)
{
    int is16 = !d->planar && d->info.bytes_per_sample <= 2;
    for (uint32_t c = 0; c < d->tile.components; c++)
        is16 &= d->tile.component[c].reversible;
    for (uint32_t c = 0; c < d->tile.components; c++)
        d->kind[c] = is16 ? CK_ROWS_16 : d->tile.component[c].reversible ? CK_ROWS_32 : CK_ROWS_FLOAT;
}

ck_status ck_list_blocks(ck_htj2k_decoder *d, const ck_stream *s)
{
    d->blocks = d->zeros = 0;
    s->detail->tile = (int32_t)d->tile.index;
    choose_kinds(d);
    memcpy(d->tile_range, d->range, sizeof d->range);
    ck_status status = for_each_block(d, s, 1, list_block);
    d->blocks_lowest = d->blocks;
    if (status || (status = for_each_block(d, s, 0, list_block)))
        return status;
    s->detail->tile = -1;
    return CK_OK;
}

/* A block that 16-bit lanes declined, by way of 32 bits; CK_ERR_LIMIT when its samples really do not fit. */
static ck_status decode_by_32(ck_htj2k_decoder *d, size_t i, void *scratch)
{
    ck_ht_block b = d->block[i];
    int32_t *wide = (int32_t *)((uint8_t *)scratch + ck_ht_scratch_bytes());
    int16_t *out = b.out;
    size_t stride = b.out_stride;
    b.out = wide, b.out_stride = b.width;
    ck_status status = ck_ht_decode_blocks32(&d->kernels->ht, &b, 1, &d->block_status[i], scratch);
    if (status)
        return status;
    d->block[i].magnitude_bits = b.magnitude_bits;
    for (uint32_t y = 0; y < b.height; y++, out += stride)
        for (uint32_t x = 0; x < b.width; x++, wide++) {
            if (*wide != (int16_t)*wide)
                return d->block_status[i] = CK_ERR_LIMIT;
            out[x] = (int16_t)*wide;
        }
    return CK_OK;
}

static ck_status report_block(const ck_htj2k_decoder *d, size_t i, ck_error_detail *detail)
{
    const uint8_t *bytes = d->block[i].data;
    detail->reason = CK_REASON_BLOCK;
    detail->tile = (int32_t)d->tile.index;
    detail->component = d->block_place[i].component, detail->resolution = d->block_place[i].resolution;
    if (bytes >= d->data && bytes < d->data + d->nbytes)
        detail->byte_offset = (uint64_t)(bytes - d->data);
    return d->block_status[i];
}

/* A block of zeros: out_stride is in bytes, k_max the bytes of a sample. */
static void clear_block(const ck_ht_block *b)
{
    uint8_t *row = b->out;
    size_t nbytes = (size_t)b->width * b->k_max;
    for (uint32_t y = 0; y < b->height; y++, row += b->out_stride)
        if (nbytes == 128)
            memset(row, 0, 128); /* most blocks are 64 samples wide: stores in place of a call */
        else
            memset(row, 0, nbytes);
}

ck_status ck_decode_block_job(ck_htj2k_decoder *d, size_t job, void *scratch, ck_error_detail *detail)
{
    for (size_t i = d->zeros * job / d->jobs; i < d->zeros * (job + 1) / d->jobs; i++)
        clear_block(&d->block[d->tile.blocks_wanted - 1 - i]);
    size_t from = d->blocks * job / d->jobs, to = d->blocks * (job + 1) / d->jobs;
    int is16 = d->kind[0] == CK_ROWS_16;
    size_t narrow = !is16 ? to : from > d->blocks_lowest ? from : d->blocks_lowest < to ? d->blocks_lowest : to;
    const ck_ht_dispatch *ht = &d->kernels->ht;
    ck_status wide_status = ck_ht_decode_blocks32(ht, d->block + from, narrow - from, d->block_status + from, scratch);
    ck_status narrow_status = ck_ht_decode_blocks16(ht, d->block + narrow, to - narrow, d->block_status + narrow, scratch);
    if (wide_status == CK_OK && narrow_status == CK_OK)
        return CK_OK;
    for (size_t i = from; i < to; i++) {
        if (i >= narrow && d->block_status[i] == CK_ERR_LIMIT && decode_by_32(d, i, scratch) == CK_ERR_LIMIT)
            d->overflow[job] = 1;
        else if (d->block_status[i] != CK_OK)
            return report_block(d, i, detail);
    }
    return CK_OK;
}

/*
 * LL of one component from 32 to 16 bits. A constant added to LL comes out of the 5/3 synthesis as the same constant (F.3.8.1: the
 * high-pass terms do not see it and floor((a + c + b + c) / 2) = floor((a + b) / 2) + c), so the middle of LL's range is taken away and
 * the level shift gives it back: dark 16-bit images, which the encoder's shift puts near -32768, stay in 16 bits with room on both
 * sides. Components that RCT joins are left as they are. Answers 0 when LL does not fit.
 */
static int settle_lowest(ck_htj2k_decoder *d, uint32_t c)
{
    const ck_band *ll = &d->tile.component[c].resolution[0].band[0];
    uint32_t width = ll->x1 - ll->x0, height = ll->y1 - ll->y0;
    int32_t lo = INT32_MAX, hi = INT32_MIN;
    for (uint32_t y = 0; y < height; y++) {
        const int32_t *in = (const int32_t *)ll->samples + (size_t)y * ll->stride;
        for (uint32_t x = 0; x < width; x++)
            lo = in[x] < lo ? in[x] : lo, hi = in[x] > hi ? in[x] : hi;
    }
    if (width == 0 || height == 0)
        return 1;
    int coloured = d->tile_style.colour_transform && c < 3;
    int64_t middle = coloured ? 0 : ((int64_t)lo + hi) >> 1;
    if (lo - middle < INT16_MIN || hi - middle > INT16_MAX || middle < INT16_MIN || middle > -INT16_MIN)
        return 0;
    /* In place: row y of 16 bits ends before row y of 32 bits begins to be needed. */
    uint8_t *samples = ll->samples;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            size_t at = (size_t)y * ll->stride + x;
            int32_t wide;
            memcpy(&wide, samples + 4 * at, sizeof wide);
            int16_t narrow = (int16_t)(wide - middle);
            memcpy(samples + 2 * at, &narrow, sizeof narrow);
        }
    d->tile_range[c].lo -= (int32_t)middle, d->tile_range[c].hi -= (int32_t)middle, d->tile_range[c].shift += (int32_t)middle;
    return 1;
}

void ck_settle_blocks(ck_htj2k_decoder *d)
{
    if (d->kind[0] != CK_ROWS_16)
        return;
    uint32_t settled = 0;
    while (settled < d->tile.components && settle_lowest(d, settled))
        settled++;
    if (settled < d->tile.components)
        ck_widen_tile(d, settled);
}

static void widen(void *samples, uint64_t count)
{
    uint8_t *p = samples;
    for (uint64_t i = count; i-- > 0;) {
        int16_t narrow;
        memcpy(&narrow, p + 2 * i, sizeof narrow);
        int32_t wide = narrow;
        memcpy(p + 4 * i, &wide, sizeof wide);
    }
}

void ck_keep_failed_blocks(ck_htj2k_decoder *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->blocks; i++) {
        if (d->block_status[i] == CK_OK)
            continue;
        const ck_tile_component *tc = &d->tile.component[d->block_place[i].component];
        const ck_resolution *res = &tc->resolution[d->block_place[i].resolution];
        ck_ht_block b = d->block[i];
        for (uint32_t n = 0; n < res->bands; n++) {
            const uint8_t *samples = res->band[n].samples;
            size_t at = (size_t)((const uint8_t *)b.out - samples) / sizeof(int16_t);
            size_t count = (size_t)res->band[n].stride * (res->band[n].y1 - res->band[n].y0);
            if ((const uint8_t *)b.out >= samples && at < count)
                b.out = (int32_t *)res->band[n].samples + at, n = res->bands;
        }
        d->block_place[kept] = d->block_place[i];
        d->block[kept++] = b;
    }
    d->blocks = d->blocks_lowest = kept;
    d->zeros = 0;
}

void ck_widen_tile(ck_htj2k_decoder *d, uint32_t lowest_in_16)
{
    for (uint32_t c = 0; c < d->tile.components; c++) {
        ck_tile_component *tc = &d->tile.component[c];
        d->kind[c] = CK_ROWS_32;
        for (uint32_t r = c < lowest_in_16 ? 0 : 1; r <= tc->wanted; r++) {
            ck_resolution *res = &tc->resolution[r];
            for (uint32_t b = 0; b < res->bands; b++)
                widen(res->band[b].samples, (uint64_t)res->band[b].stride * (res->band[b].y1 - res->band[b].y0));
            if (res->samples)
                widen(res->samples, (uint64_t)res->stride * (res->y1 - res->y0));
        }
    }
}
