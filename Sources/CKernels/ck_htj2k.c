/* Entry points and the order of the steps. */
#include <string.h>

#include "ck_htj2k_decoder.h"

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

ck_status ck_htj2k_parse(const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers, const ck_htj2k_limits *limits,
                         ck_htj2k_info *info, ck_error_detail *detail)
{
    ck_clear_detail(detail);
    ck_stream s = {data, nbytes, detail};
    ck_siz siz;
    ck_style style;
    size_t first_sot;
    ck_survey sum;
    return ck_look_over(&s, reduction, workers, limits, &siz, &style, &first_sot, &sum, info);
}

static void set_ranges(ck_htj2k_decoder *d)
{
    for (uint32_t c = 0; c < d->siz.components; c++) {
        int32_t half = (int32_t)1 << (d->siz.precision[c] - 1);
        d->range[c] = (ck_sample_range){.lo = -half, .hi = half - 1, .shift = d->siz.is_signed[c] ? 0 : half};
    }
}

/*
 * Blocks cost what they hold, so one job a worker would end at different times; but in less than a few hundred blocks not enough are
 * equal in size to be decoded together.
 */
static size_t count_block_jobs(const ck_htj2k_decoder *d)
{
    enum { BLOCKS_A_JOB = 256, JOBS_A_WORKER = CK_HTJ2K_MAX_COMPONENTS /* as many as there is room for */ };
    size_t all = d->blocks + d->zeros, jobs = d->blocks / BLOCKS_A_JOB, most = (size_t)d->workers * JOBS_A_WORKER;
    jobs = d->workers == 1 ? 1 : jobs > most ? most : jobs < d->workers ? d->workers : jobs - jobs % d->workers;
    return all < jobs ? all : jobs;
}

/* Jobs of the current step. */
static void count_jobs(ck_htj2k_decoder *d)
{
    size_t strips = d->workers;
    switch (d->step) {
    case CK_STEP_BLOCKS: d->jobs = count_block_jobs(d); break;
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

/* Packets of the tile, whose geometry is there; then its blocks are the current step. */
static ck_status read_tile(ck_htj2k_decoder *d, const ck_stream *s)
{
    ck_status status = ck_read_packets(s, &d->siz, &d->tile_style, &d->tile, d->part, d->first_part[d->tile.index]);
    if (status || (status = ck_list_blocks(d, s)))
        return status;
    d->step = CK_STEP_BLOCKS;
    count_jobs(d);
    return CK_OK;
}

/* Headers, geometry and packets of the next tile. */
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
    ck_take_block_list(&d->arena, &d->tile, d);
    if (d->arena.used > d->arena.capacity)
        return ck_fail(s, CK_ERR_LIMIT, CK_REASON_ARENA_SIZE, 0);
    ck_tile_prepare(&d->tile);
    d->is_laid_out = 1;
    d->tile_end = d->arena.used;
    return read_tile(d, s);
}

/* Everything that a frame begins with, but for what its main header and geometry say. */
static void begin_frame(ck_htj2k_decoder *d, const ck_htj2k_call *call)
{
    d->kernels = call->kernels, d->data = call->data, d->nbytes = call->nbytes, d->output = call->output;
    d->checksum = NULL, d->checksum_so_far = 0;
    d->next_tile = 0, d->level = 0, d->took_over = 0;
}

/* Headers, survey and storage of a frame that is not known from the one before. */
static ck_status begin_anew(const ck_htj2k_call *call, const ck_stream *s, ck_htj2k_decoder **decoder, ck_htj2k_info *info)
{
    ck_siz siz;
    ck_style style;
    size_t first_sot;
    ck_survey sum;
    ck_status status = ck_look_over(s, call->reduction, call->workers, call->limits, &siz, &style, &first_sot, &sum, info);
    if (status)
        return status;
    if (call->arena_nbytes < info->arena_nbytes)
        return ck_fail(s, CK_ERR_ARGUMENT, CK_REASON_ARENA_SIZE, 0);
    if (call->output_nbytes < info->output_nbytes)
        return ck_fail(s, CK_ERR_ARGUMENT, CK_REASON_OUTPUT_SIZE, 0);
    size_t skew = (size_t)(-(uintptr_t)call->arena & 63);
    ck_arena a = {.base = (uint8_t *)call->arena + skew, .capacity = call->arena_nbytes - skew};
    ck_htj2k_decoder *d = ck_arena_take(&a, 1, sizeof *d);
    memset(d, 0, sizeof *d);
    begin_frame(d, call);
    d->reduction = call->reduction, d->workers = call->workers, d->limits = *call->limits;
    d->siz = siz, d->main_style = style, d->info = *info;
    d->planar = ck_needs_planes(&siz);
    d->origin_x = (uint32_t)ck_ceil_shift(siz.xosiz, d->reduction), d->origin_y = (uint32_t)ck_ceil_shift(siz.yosiz, d->reduction);
    set_ranges(d);
    ck_take_frame(&a, &siz, &sum, info, d->reduction, d->workers, d);
    for (uint32_t t = 0; t < info->tiles; t++)
        d->first_part[t] = CK_NO_PART;
    d->parts = sum.parts;
    if ((status = ck_walk_tile_parts(s, &siz, &style, first_sot, d->reduction, info, &sum, d)))
        return status;
    d->arena = a, d->tile_mark = a.used;
    ck_keep_header(d, s, first_sot, sum.multi_layer);
    *decoder = d;
    return start_tile(d, s);
}

/* The same geometry over again. */
static ck_status begin_again(const ck_htj2k_call *call, const ck_stream *s, ck_htj2k_decoder *d)
{
    begin_frame(d, call);
    d->next_tile = 1, d->took_over = 1;
    d->arena.used = d->tile_end;
    ck_tile_reset(&d->tile);
    return read_tile(d, s);
}

ck_status ck_htj2k_begin_next(ck_htj2k_decoder *previous, const ck_htj2k_call *call, ck_htj2k_decoder **decoder, ck_htj2k_info *info,
                              ck_error_detail *detail)
{
    ck_clear_detail(detail);
    ck_stream s = {call->data, call->nbytes, detail};
    *decoder = NULL;
    if (!ck_goes_on(previous, call, &s)) {
        ck_clear_detail(detail);
        return begin_anew(call, &s, decoder, info);
    }
    *decoder = previous, *info = previous->info;
    return begin_again(call, &s, previous);
}

ck_status ck_htj2k_begin(const ck_htj2k_kernels *kernels, const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers,
                         const ck_htj2k_limits *limits, void *arena, size_t arena_nbytes, void *output, size_t output_nbytes,
                         ck_htj2k_decoder **decoder, ck_error_detail *detail)
{
    ck_htj2k_info info;
    ck_htj2k_call call = {kernels, data, nbytes, reduction, workers, limits, arena, arena_nbytes, output, output_nbytes};
    return ck_htj2k_begin_next(NULL, &call, decoder, &info, detail);
}

int ck_htj2k_took_over(const ck_htj2k_decoder *d) { return d->took_over; }

size_t ck_htj2k_jobs(const ck_htj2k_decoder *d) { return d->step == CK_STEP_DONE ? 0 : d->jobs == 0 ? 1 : d->jobs; }

ck_htj2k_step ck_htj2k_current_step(const ck_htj2k_decoder *d) { return d->step; }

ck_status ck_htj2k_run_job(ck_htj2k_decoder *d, size_t job, void *scratch, ck_error_detail *detail)
{
    ck_clear_detail(detail);
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
    ck_clear_detail(detail);
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
