/* Survey of a codestream: what its headers ask for, and the layout of the arena. */
#include <string.h>

#include "ck_htj2k_decoder.h"

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

void ck_take_block_list(ck_arena *arena, const ck_tile *tile, ck_htj2k_decoder *d)
{
    ck_ht_block *block = ck_arena_take(arena, tile->blocks_wanted, sizeof(ck_ht_block));
    ck_status *status = ck_arena_take(arena, tile->blocks_wanted, sizeof(ck_status));
    ck_block_place *place = ck_arena_take(arena, tile->blocks_wanted, sizeof(ck_block_place));
    if (d)
        d->block = block, d->block_status = status, d->block_place = place;
}

/* Judges one tile's style and adds its needs. */
static ck_status survey_tile(const ck_stream *s, const ck_siz *siz, ck_style *style, uint32_t index, uint32_t reduction,
                             ck_htj2k_info *info, ck_survey *sum)
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
    ck_take_block_list(&count, &tile, NULL);
    if (count.used > sum->tile_nbytes)
        sum->tile_nbytes = count.used;
    for (uint32_t c = 0; c < siz->components; c++)
        sum->row_width = larger(sum->row_width, tile.component[c].x1 - tile.component[c].x0);
    return CK_OK;
}

/*
 * TNsot, A.4.2: 0, or how many tile-parts the tile has. Where two differ, or there is one more, nobody knows where the tile ends: other
 * decoders go by the first number told, and take the packets behind it for empty.
 */
static int agrees_on_count(ck_tile_part *first, const ck_tile_part *part)
{
    if (first->count && part->count && first->count != part->count)
        return 0;
    first->count |= part->count;
    return first->count == 0 || part->index < first->count;
}

/* Chains a tile-part to its tile's; TPsot counts up from 0, A.4.2. */
static ck_status keep_part(const ck_stream *s, ck_htj2k_decoder *d, ck_tile_part *part, uint32_t index)
{
    uint32_t *first = &d->first_part[part->tile];
    uint32_t expected = *first == CK_NO_PART ? 0 : d->part[d->part[*first].tail].index + 1u;
    if (part->index != expected || (*first != CK_NO_PART && !agrees_on_count(&d->part[*first], part)))
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_TILE_PART, part->sot);
    if (*first == CK_NO_PART)
        *first = index;
    else
        d->part[d->part[*first].tail].next = index;
    d->part[index] = *part;
    d->part[*first].tail = index;
    return CK_OK;
}

ck_status ck_walk_tile_parts(const ck_stream *s, const ck_siz *siz, const ck_style *main_style, size_t at, uint32_t reduction,
                                 ck_htj2k_info *info, ck_survey *sum, ck_htj2k_decoder *d)
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

int ck_needs_planes(const ck_siz *siz)
{
    for (uint32_t c = 0; c < siz->components; c++)
        if (siz->xrsiz[c] != 1 || siz->yrsiz[c] != 1)
            return 1;
    return 0;
}

void ck_take_frame(ck_arena *arena, const ck_siz *siz, const ck_survey *sum, const ck_htj2k_info *info, uint32_t reduction,
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
    if (!ck_needs_planes(siz))
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

ck_status ck_look_over(const ck_stream *s, uint32_t reduction, uint32_t workers, const ck_htj2k_limits *limits, ck_siz *siz,
                           ck_style *style, size_t *first_sot, ck_survey *sum, ck_htj2k_info *info)
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
        (status = ck_walk_tile_parts(s, siz, style, *first_sot, reduction, info, sum, NULL)))
        return status;
    info->tile_parts = sum->parts;
    info->scratch_nbytes = (size_t)ck_worker_scratch_nbytes(siz->components, larger(sum->row_width, info->width));
    ck_arena count = {0};
    ck_arena_take(&count, 1, sizeof(ck_htj2k_decoder));
    ck_take_frame(&count, siz, sum, info, reduction, workers, NULL);
    ck_arena_take(&count, sum->multi_layer ? s->nbytes : 0, 1);
    uint64_t total = count.used + 64 + sum->tile_nbytes + 64;
    if (total > limits->max_arena_nbytes || total > SIZE_MAX / 2)
        return ck_fail(s, CK_ERR_LIMIT, CK_REASON_ARENA_LIMIT, 0);
    info->arena_nbytes = (size_t)total;
    ck_clear_detail(s->detail);
    return CK_OK;
}

/* Number `index` of the only tile's parts, its header without marker segments: SOT is 12 bytes long, SOD 2 (A.4.2, A.4.3). */
static int is_plain(const ck_tile_part *part, uint32_t index)
{
    return part->tile == 0 && part->index == index && part->header_end == part->sot + 14;
}

void ck_keep_header(ck_htj2k_decoder *d, const ck_stream *s, size_t first_sot, int multi_layer)
{
    int keeps = d->info.tiles == 1 && d->parts > 0 && !multi_layer && first_sot <= CK_KEPT_HEADER; /* layers need room by length of data */
    for (uint32_t i = 0; i < d->parts; i++)
        keeps &= is_plain(&d->part[i], i);
    if (!keeps)
        return;
    memcpy(d->header, s->data, first_sot);
    d->header_nbytes = (uint32_t)first_sot;
}

/* Are there as many tile-parts as in the frame before, none with marker segments? Keeps them. */
static int keeps_parts(ck_htj2k_decoder *d, const ck_stream *s)
{
    uint32_t count = 0;
    ck_tile_part part;
    for (size_t at = d->header_nbytes; s->nbytes - at >= 12 && ck_be16(s->data + at) != CK_EOC; at = part.data_end) {
        if (count == d->parts || ck_read_tile_part(s, &d->siz, at, &part) || !is_plain(&part, count))
            return 0;
        if (count > 0 && !agrees_on_count(&d->part[0], &part))
            return 0;
        d->part[count] = part;
        d->part[count].next = count + 1;
        count++;
        if (part.last)
            break;
    }
    if (count != d->parts)
        return 0;
    d->part[count - 1].next = CK_NO_PART, d->part[0].tail = count - 1;
    return 1;
}

int ck_goes_on(ck_htj2k_decoder *d, const ck_htj2k_call *call, const ck_stream *s)
{
    size_t skew = (size_t)(-(uintptr_t)call->arena & 63);
    if (!d || (const uint8_t *)d != (const uint8_t *)call->arena + skew || !d->is_laid_out || d->header_nbytes == 0)
        return 0;
    if (d->arena.capacity != call->arena_nbytes - skew || d->reduction != call->reduction || d->workers != call->workers ||
        d->limits.max_pixels != call->limits->max_pixels || d->limits.max_arena_nbytes != call->limits->max_arena_nbytes ||
        call->output_nbytes < d->info.output_nbytes)
        return 0;
    if (s->nbytes > UINT32_MAX - 1 || s->nbytes < d->header_nbytes || memcmp(s->data, d->header, d->header_nbytes) != 0)
        return 0;
    return keeps_parts(d, s);
}
