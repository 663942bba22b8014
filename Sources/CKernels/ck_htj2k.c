/* Survey of a codestream, sizes, and the order of the steps. */
#include <string.h>

#include "ck_htj2k_decoder.h"

static void clear_detail(ck_error_detail *detail)
{
    *detail = (ck_error_detail){.reason = CK_REASON_NONE, .tile = -1, .component = -1, .resolution = -1};
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* What the headers of all tiles ask for. */
typedef struct {
    uint64_t tile_nbytes;   /* most that one tile takes */
    uint32_t row_width;     /* widest row of any tile-component */
    uint32_t parts;
    int multi_layer;
} survey;

/* Storage of one tile besides its layout. */
static void take_block_list(ck_arena *arena, const ck_tile *tile, ck_htj2k_decoder *d)
{
    ck_ht_block *block = ck_arena_take(arena, tile->blocks_wanted, sizeof(ck_ht_block));
    ck_status *status = ck_arena_take(arena, tile->blocks_wanted, sizeof(ck_status));
    ck_block_place *place = ck_arena_take(arena, tile->blocks_wanted, sizeof(ck_block_place));
    if (d)
        d->block = block, d->block_status = status, d->block_place = place;
}

/* Judges one tile's style and adds its needs. */
static ck_status survey_tile(const ck_stream *s, const ck_siz *siz, ck_style *style, uint32_t index, uint32_t reduction,
                             ck_htj2k_info *info, survey *sum)
{
    ck_status status = ck_check_style(s, siz, style);
    if (status)
        return status;
    for (uint32_t c = 0; c < siz->components; c++) {
        if (style->component[c].levels < info->levels_min)
            info->levels_min = style->component[c].levels;
        info->reversible &= style->component[c].reversible;
    }
    info->colour_transform |= style->colour_transform;
    sum->multi_layer |= style->layers > 1;
    ck_tile tile;
    ck_arena count = {0};
    if ((status = ck_tile_layout(s, siz, style, index, reduction, &tile, &count)))
        return status;
    take_block_list(&count, &tile, NULL);
    if (count.used > sum->tile_nbytes)
        sum->tile_nbytes = count.used;
    for (uint32_t c = 0; c < siz->components; c++)
        sum->row_width = larger(sum->row_width, tile.component[c].x1 - tile.component[c].x0);
    return CK_OK;
}

/* Chains a tile-part to its tile's; TPsot counts up from 0, A.4.2. */
static ck_status keep_part(const ck_stream *s, ck_htj2k_decoder *d, ck_tile_part *part, uint32_t index)
{
    uint32_t *first = &d->first_part[part->tile];
    uint32_t expected = *first == CK_NO_PART ? 0 : d->part[d->part[*first].tail].index + 1u;
    if (part->index != expected)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_TILE_PART, part->sot);
    if (*first == CK_NO_PART)
        *first = index;
    else
        d->part[d->part[*first].tail].next = index;
    d->part[index] = *part;
    d->part[*first].tail = index;
    return CK_OK;
}

/* Follows the tile-parts. With `d`, keeps them (its arrays are large enough); without, surveys what they need. */
static ck_status walk_tile_parts(const ck_stream *s, const ck_siz *siz, const ck_style *main_style, size_t at, uint32_t reduction,
                                 ck_htj2k_info *info, survey *sum, ck_htj2k_decoder *d)
{
    sum->parts = 0;
    while (s->nbytes - at >= 12) {
        ck_tile_part part;
        if (ck_be16(s->data + at) == CK_EOC)
            break;
        ck_status status = ck_read_tile_part(s, siz, at, &part);
        if (status == CK_ERR_TRUNCATED) /* a cut tile-part header: what comes before it may be all that is needed */
            break;
        if (status)
            return status;
        s->detail->tile = part.tile;
        if (d) {
            if ((status = keep_part(s, d, &part, sum->parts)))
                return status;
        } else if (part.index == 0) {
            ck_style style = *main_style;
            if ((status = ck_read_tile_header(s, siz, &part, &style)) ||
                (status = survey_tile(s, siz, &style, part.tile, reduction, info, sum)))
                return status;
        }
        s->detail->tile = -1;
        sum->parts++;
        if (part.last)
            break;
        at = part.data_end;
    }
    return CK_OK;
}

static uint64_t plane_edge(uint32_t v, uint32_t step, uint32_t reduction) { return ck_ceil_shift(ck_ceil_div(v, step), reduction); }

static ck_status output_geometry(const ck_stream *s, const ck_siz *siz, uint32_t reduction, ck_htj2k_info *info)
{
    uint64_t width = ck_ceil_shift(siz->xsiz, reduction) - ck_ceil_shift(siz->xosiz, reduction);
    uint64_t height = ck_ceil_shift(siz->ysiz, reduction) - ck_ceil_shift(siz->yosiz, reduction);
    uint32_t most = 0;
    info->components = siz->components;
    for (uint32_t c = 0; c < siz->components; c++) {
        info->precision[c] = siz->precision[c], info->is_signed[c] = siz->is_signed[c];
        most = larger(most, siz->precision[c]);
    }
    info->bytes_per_sample = most <= 8 ? 1 : most <= 16 ? 2 : 4;
    info->width = (uint32_t)width, info->height = (uint32_t)height;
    info->tiles = siz->tiles_x * siz->tiles_y;
    info->output_nbytes = (size_t)(width * height * info->components * info->bytes_per_sample);
    if (width == 0 || height == 0)
        return ck_fail(s, CK_ERR_ARGUMENT, CK_REASON_REDUCTION, 0);
    for (uint32_t c = 0; c < siz->components; c++) /* a small subsampled component may vanish before the image does */
        if (plane_edge(siz->xsiz, siz->xrsiz[c], reduction) == plane_edge(siz->xosiz, siz->xrsiz[c], reduction) ||
            plane_edge(siz->ysiz, siz->yrsiz[c], reduction) == plane_edge(siz->yosiz, siz->yrsiz[c], reduction)) {
            s->detail->component = (int32_t)c;
            return ck_fail(s, CK_ERR_ARGUMENT, CK_REASON_REDUCTION, 0);
        }
    return CK_OK;
}

/* Image components are at different grids: they must be put together after all tiles. */
static int needs_planes(const ck_siz *siz)
{
    for (uint32_t c = 0; c < siz->components; c++)
        if (siz->xrsiz[c] != 1 || siz->yrsiz[c] != 1)
            return 1;
    return 0;
}

/* Everything but the decoder itself and the tile: the same order as in ck_htj2k_begin's arena. */
static void take_frame(ck_arena *arena, const ck_siz *siz, const survey *sum, const ck_htj2k_info *info, uint32_t reduction,
                       uint32_t workers, ck_htj2k_decoder *d)
{
    uint32_t *first_part = ck_arena_take(arena, info->tiles, sizeof(uint32_t));
    ck_tile_part *part = ck_arena_take(arena, sum->parts, sizeof(ck_tile_part));
    void *scratch = ck_arena_take(arena, info->scratch_nbytes, 1);
    uint8_t *overflow = ck_arena_take(arena, (uint64_t)workers * CK_HTJ2K_MAX_COMPONENTS, 1);
    uint32_t *reach = ck_arena_take(arena, (uint64_t)workers * CK_HTJ2K_MAX_COMPONENTS, sizeof(uint32_t));
    ck_strip_sum *sums = ck_arena_take(arena, workers, sizeof(ck_strip_sum));
    if (d) {
        d->first_part = first_part, d->part = part, d->scratch = scratch;
        d->overflow = overflow, d->job_reach = reach, d->sum = sums;
    }
    if (!needs_planes(siz))
        return;
    for (uint32_t c = 0; c < siz->components; c++) {
        ck_component_plane p = {.x0 = (uint32_t)plane_edge(siz->xosiz, siz->xrsiz[c], reduction),
                                .y0 = (uint32_t)plane_edge(siz->yosiz, siz->yrsiz[c], reduction)};
        p.width = (uint32_t)plane_edge(siz->xsiz, siz->xrsiz[c], reduction) - p.x0;
        p.height = (uint32_t)plane_edge(siz->ysiz, siz->yrsiz[c], reduction) - p.y0;
        p.stride = ck_row_stride(p.width);
        p.samples = ck_arena_take(arena, (uint64_t)p.stride * p.height + CK_ROW_PAD, sizeof(int32_t));
        if (d)
            d->plane[c] = p;
    }
}

/* The survey that parse and begin share. `style`: main header's. */
static ck_status look_over(const ck_stream *s, uint32_t reduction, uint32_t workers, const ck_htj2k_limits *limits, ck_siz *siz,
                           ck_style *style, size_t *first_sot, survey *sum, ck_htj2k_info *info)
{
    memset(info, 0, sizeof *info);
    memset(sum, 0, sizeof *sum);
    if (s->nbytes > UINT32_MAX - 1 || workers == 0 || workers > 1024 || reduction > CK_MAX_LEVELS)
        return ck_fail(s, CK_ERR_ARGUMENT, CK_REASON_NONE, 0);
    ck_status status = ck_read_main_header(s, siz, style, first_sot);
    if (status)
        return status;
    uint64_t pixels = (uint64_t)(siz->xsiz - siz->xosiz) * (siz->ysiz - siz->yosiz);
    if (pixels > limits->max_pixels || pixels > (uint64_t)1 << 31)
        return ck_fail(s, CK_ERR_LIMIT, CK_REASON_PIXEL_LIMIT, 0);
    info->levels_min = CK_MAX_LEVELS, info->reversible = 1;
    ck_style judged = *style;
    if ((status = ck_check_style(s, siz, &judged)) || (status = output_geometry(s, siz, reduction, info)) ||
        (status = walk_tile_parts(s, siz, style, *first_sot, reduction, info, sum, NULL)))
        return status;
    info->tile_parts = sum->parts;
    info->scratch_nbytes = (size_t)ck_worker_scratch_nbytes(siz->components, larger(sum->row_width, info->width));
    ck_arena count = {0};
    ck_arena_take(&count, 1, sizeof(ck_htj2k_decoder));
    take_frame(&count, siz, sum, info, reduction, workers, NULL);
    ck_arena_take(&count, sum->multi_layer ? s->nbytes : 0, 1);
    uint64_t total = count.used + 64 + sum->tile_nbytes + 64;
    if (total > limits->max_arena_nbytes || total > SIZE_MAX / 2)
        return ck_fail(s, CK_ERR_LIMIT, CK_REASON_ARENA_LIMIT, 0);
    info->arena_nbytes = (size_t)total;
    clear_detail(s->detail);
    return CK_OK;
}

ck_status ck_htj2k_parse(const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers, const ck_htj2k_limits *limits,
                         ck_htj2k_info *info, ck_error_detail *detail)
{
    clear_detail(detail);
    ck_stream s = {data, nbytes, detail};
    ck_siz siz;
    ck_style style;
    size_t first_sot;
    survey sum;
    return look_over(&s, reduction, workers, limits, &siz, &style, &first_sot, &sum, info);
}

static void set_ranges(ck_htj2k_decoder *d)
{
    for (uint32_t c = 0; c < d->siz.components; c++) {
        int32_t half = (int32_t)1 << (d->siz.precision[c] - 1);
        d->range[c] = (ck_sample_range){.lo = -half, .hi = half - 1, .shift = d->siz.is_signed[c] ? 0 : half};
    }
}

/* Jobs of the current step. */
static void count_jobs(ck_htj2k_decoder *d)
{
    size_t strips = d->workers;
    switch (d->step) {
    case CK_STEP_BLOCKS: d->jobs = d->blocks < d->workers ? d->blocks : d->workers; break;
    case CK_STEP_WAVELET: d->jobs = strips * d->siz.components; break;
    case CK_STEP_FINISH:
    case CK_STEP_PACK: d->jobs = strips; break;
    default: d->jobs = 0;
    }
    memset(d->overflow, 0, (size_t)d->workers * CK_HTJ2K_MAX_COMPONENTS);
    ck_reset_sums(d);
}

static uint32_t most_levels(const ck_htj2k_decoder *d)
{
    uint32_t most = 0;
    for (uint32_t c = 0; c < d->tile.components; c++)
        most = larger(most, d->tile.component[c].wanted);
    return most;
}

/* Headers, geometry and packets of the next tile; then its blocks are the current step. */
static ck_status start_tile(ck_htj2k_decoder *d, const ck_stream *s)
{
    uint32_t t = d->next_tile++;
    d->arena.used = d->tile_mark;
    d->tile_style = d->main_style;
    s->detail->tile = (int32_t)t;
    if (d->first_part[t] == CK_NO_PART)
        return ck_fail(s, CK_ERR_TRUNCATED, CK_REASON_DATA_END, d->nbytes);
    ck_status status = CK_OK;
    for (uint32_t p = d->first_part[t]; p != CK_NO_PART && !status; p = d->part[p].next)
        status = ck_read_tile_header(s, &d->siz, &d->part[p], &d->tile_style);
    if (status || (status = ck_check_style(s, &d->siz, &d->tile_style)) ||
        (status = ck_tile_layout(s, &d->siz, &d->tile_style, t, d->reduction, &d->tile, &d->arena)))
        return status;
    take_block_list(&d->arena, &d->tile, d);
    if (d->arena.used > d->arena.capacity)
        return ck_fail(s, CK_ERR_LIMIT, CK_REASON_ARENA_SIZE, 0);
    ck_tile_prepare(&d->tile);
    if ((status = ck_read_packets(s, &d->siz, &d->tile_style, &d->tile, d->part, d->first_part[t])) ||
        (status = ck_list_blocks(d, s)))
        return status;
    d->step = CK_STEP_BLOCKS;
    count_jobs(d);
    return CK_OK;
}

ck_status ck_htj2k_begin(const ck_htj2k_kernels *kernels, const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers,
                         const ck_htj2k_limits *limits, void *arena, size_t arena_nbytes, void *output, size_t output_nbytes,
                         ck_htj2k_decoder **decoder, ck_error_detail *detail)
{
    clear_detail(detail);
    ck_stream s = {data, nbytes, detail};
    *decoder = NULL;
    ck_siz siz;
    ck_style style;
    size_t first_sot;
    survey sum;
    ck_htj2k_info info;
    ck_status status = look_over(&s, reduction, workers, limits, &siz, &style, &first_sot, &sum, &info);
    if (status)
        return status;
    if (arena_nbytes < info.arena_nbytes)
        return ck_fail(&s, CK_ERR_ARGUMENT, CK_REASON_ARENA_SIZE, 0);
    if (output_nbytes < info.output_nbytes)
        return ck_fail(&s, CK_ERR_ARGUMENT, CK_REASON_OUTPUT_SIZE, 0);
    size_t skew = (size_t)(-(uintptr_t)arena & 63);
    ck_arena a = {.base = (uint8_t *)arena + skew, .capacity = arena_nbytes - skew};
    ck_htj2k_decoder *d = ck_arena_take(&a, 1, sizeof *d);
    memset(d, 0, sizeof *d);
    d->kernels = kernels, d->data = data, d->nbytes = nbytes, d->reduction = reduction, d->workers = workers;
    d->siz = siz, d->main_style = style, d->info = info, d->output = output;
    d->planar = needs_planes(&siz);
    d->origin_x = (uint32_t)ck_ceil_shift(siz.xosiz, reduction), d->origin_y = (uint32_t)ck_ceil_shift(siz.yosiz, reduction);
    set_ranges(d);
    take_frame(&a, &siz, &sum, &info, reduction, workers, d);
    for (uint32_t t = 0; t < info.tiles; t++)
        d->first_part[t] = CK_NO_PART;
    d->parts = sum.parts;
    if ((status = walk_tile_parts(&s, &siz, &style, first_sot, reduction, &info, &sum, d)))
        return status;
    d->arena = a, d->tile_mark = a.used;
    *decoder = d;
    return start_tile(d, &s);
}

size_t ck_htj2k_jobs(const ck_htj2k_decoder *d) { return d->step == CK_STEP_DONE ? 0 : d->jobs == 0 ? 1 : d->jobs; }

ck_htj2k_step ck_htj2k_current_step(const ck_htj2k_decoder *d) { return d->step; }

ck_status ck_htj2k_run_job(ck_htj2k_decoder *d, size_t job, void *scratch, ck_error_detail *detail)
{
    clear_detail(detail);
    if (!scratch)
        scratch = d->scratch;
    if (job >= d->jobs)
        return CK_OK;
    switch (d->step) {
    case CK_STEP_BLOCKS: return ck_decode_block_job(d, job, scratch, detail);
    case CK_STEP_WAVELET: ck_wavelet_job(d, job, scratch); break;
    case CK_STEP_FINISH: ck_finish_job(d, job, scratch); break;
    case CK_STEP_PACK: ck_pack_job(d, job, scratch); break;
    case CK_STEP_DONE: break;
    }
    return CK_OK;
}

/* Some job met a sample that does not fit 16 bits: the step must run again in 32. */
static int must_repeat(const ck_htj2k_decoder *d)
{
    for (size_t i = 0; i < (size_t)d->workers * CK_HTJ2K_MAX_COMPONENTS; i++)
        if (d->overflow[i])
            return 1;
    return 0;
}

ck_status ck_htj2k_advance(ck_htj2k_decoder *d, ck_error_detail *detail)
{
    clear_detail(detail);
    ck_stream s = {d->data, d->nbytes, detail};
    if (must_repeat(d)) {
        if (d->step == CK_STEP_BLOCKS)
            ck_keep_failed_blocks(d);
        ck_widen_tile(d, d->step == CK_STEP_BLOCKS ? 0 : d->tile.components);
        count_jobs(d);
        return CK_OK;
    }
    ck_join_sums(d);
    switch (d->step) {
    case CK_STEP_BLOCKS:
        ck_settle_blocks(d);
        if (d->kind[0] == CK_ROWS_16)
            ck_note_reach(d);
        d->level = 1;
        d->step = d->level < most_levels(d) ? CK_STEP_WAVELET : CK_STEP_FINISH;
        break;
    case CK_STEP_WAVELET:
        if (d->kind[0] == CK_ROWS_16)
            ck_follow_reach(d);
        d->level++;
        d->step = d->level < most_levels(d) ? CK_STEP_WAVELET : CK_STEP_FINISH;
        break;
    case CK_STEP_FINISH:
        if (d->next_tile < d->info.tiles)
            return start_tile(d, &s);
        d->step = d->planar ? CK_STEP_PACK : CK_STEP_DONE;
        break;
    default: d->step = CK_STEP_DONE;
    }
    count_jobs(d);
    return CK_OK;
}

ck_status ck_htj2k_decode(const ck_htj2k_kernels *kernels, const uint8_t *data, size_t nbytes, uint32_t reduction,
                          const ck_htj2k_limits *limits, void *arena, size_t arena_nbytes, void *output, size_t output_nbytes,
                          ck_error_detail *detail)
{
    ck_htj2k_decoder *d;
    ck_status status = ck_htj2k_begin(kernels, data, nbytes, reduction, 1, limits, arena, arena_nbytes, output, output_nbytes, &d,
                                      detail);
    while (!status && ck_htj2k_jobs(d) > 0) {
        size_t jobs = ck_htj2k_jobs(d);
        for (size_t job = 0; job < jobs && !status; job++)
            status = ck_htj2k_run_job(d, job, NULL, detail);
        if (!status)
            status = ck_htj2k_advance(d, detail);
    }
    return status;
}
