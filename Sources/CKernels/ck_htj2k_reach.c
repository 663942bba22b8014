/* How large the samples of 16-bit rows can become: where no sum can overflow, kernels need not look. */
#include "ck_htj2k_decoder.h"

/* Largest sample that a decoded block may hold. */
static uint32_t block_reach(const ck_ht_block *b)
{
    int is_exact = b->passes == 1 && !b->half_steps && b->missing_msbs + 1 == b->k_max;
    return (uint32_t)1 << (b->magnitude_bits + (is_exact ? 0 : 1));
}

/* Adds `constant` to LL; it comes out of the wavelet, and out of RCT's first component, as it is. */
static void shift_lowest(ck_htj2k_decoder *d, uint32_t c, int32_t constant)
{
    const ck_band *ll = &d->tile.component[c].resolution[0].band[0];
    for (uint32_t y = 0; y < ll->y1 - ll->y0; y++)
        for (uint32_t x = 0; x < ll->x1 - ll->x0; x++)
            ((int16_t *)ll->samples)[(size_t)y * ll->stride + x] += (int16_t)constant;
}

static void move_range(ck_sample_range *range, int32_t constant)
{
    range->lo += constant, range->hi += constant, range->shift -= constant;
}

/*
 * The level shift moves into LL, where it costs nothing, if that leaves room: LL images of higher levels are not known yet, twice the
 * lowest one's reach is taken for them.
 */
static void place_shift(ck_htj2k_decoder *d, uint32_t c)
{
    int32_t shift = d->tile_range[c].shift;
    int is_coloured = d->tile_style.colour_transform && c < 3;
    const ck_band *ll = &d->tile.component[c].resolution[0].band[0];
    if (shift == 0 || (is_coloured && c > 0) || ll->x0 == ll->x1 || ll->y0 == ll->y1)
        return;
    uint32_t reach = d->reach[c], moved = reach + (uint32_t)(shift < 0 ? -shift : shift);
    int is_close = moved <= INT16_MAX / 2;
    d->reach[c] = 2 * moved;
    for (uint32_t r = 1; r <= d->tile.component[c].wanted; r++)
        is_close &= !ck_may_overflow(d, c, r);
    for (uint32_t i = c; is_coloured && i < 3; i++)
        is_close &= d->tile_range[i].shift == shift;
    d->reach[c] = is_close ? moved : reach;
    if (!is_close)
        return;
    shift_lowest(d, c, shift);
    for (uint32_t i = c; i < (is_coloured ? 3 : c + 1); i++)
        move_range(&d->tile_range[i], shift);
}

void ck_note_reach(ck_htj2k_decoder *d)
{
    for (uint32_t c = 0; c < d->tile.components; c++) {
        ck_tile_component *tc = &d->tile.component[c];
        for (uint32_t r = 0; r <= tc->wanted; r++)
            for (uint32_t b = 0; b < tc->resolution[r].bands; b++)
                tc->resolution[r].band[b].reach = 0;
        const ck_band *ll = &tc->resolution[0].band[0];
        int32_t most = 0, least = 0;
        for (uint32_t y = 0; y < ll->y1 - ll->y0; y++)
            for (uint32_t x = 0; x < ll->x1 - ll->x0; x++) {
                int16_t v = ((const int16_t *)ll->samples)[(size_t)y * ll->stride + x];
                most = v > most ? v : most, least = v < least ? v : least;
            }
        d->reach[c] = (uint32_t)(most > -least ? most : -least);
    }
    for (size_t i = d->blocks_lowest; i < d->blocks; i++) {
        const ck_ht_block *block = &d->block[i];
        ck_resolution *res = &d->tile.component[d->block_place[i].component].resolution[d->block_place[i].resolution];
        for (uint32_t b = 0; b < res->bands; b++) {
            const uint8_t *samples = res->band[b].samples;
            size_t nbytes = (size_t)res->band[b].stride * (res->band[b].y1 - res->band[b].y0) * sizeof(int16_t);
            uint32_t reach = block_reach(block);
            if ((const uint8_t *)block->out >= samples && (const uint8_t *)block->out < samples + nbytes && reach > res->band[b].reach)
                res->band[b].reach = reach;
        }
    }
    for (uint32_t c = 0; c < d->tile.components; c++)
        place_shift(d, c);
}

/*
 * F.3.8.1: of samples up to L and H, an even one becomes at most L + H / 2, an odd one H + L + H / 2; so in both directions. 16 is more
 * than all roundings together.
 */
enum { ROUNDINGS = 16 };

static uint64_t level_reach(const ck_htj2k_decoder *d, uint32_t c, uint32_t level)
{
    const ck_band *band = d->tile.component[c].resolution[level].band;
    uint64_t hl = band[0].reach, lh = band[1].reach, hh = band[2].reach;
    return level == 0 ? d->reach[c] : d->reach[c] + 3 * (hl + lh) / 2 + 9 * hh / 4 + ROUNDINGS;
}

int ck_may_overflow(const ck_htj2k_decoder *d, uint32_t c, uint32_t level)
{
    const ck_band *band = d->tile.component[c].resolution[level].band;
    if (level == 0)
        return 0;
    /* Sums are made of the samples of a high-pass row, and of even samples. */
    uint64_t hl = band[0].reach, lh = band[1].reach, hh = band[2].reach, high_row = lh + 3 * hh / 2 + ROUNDINGS;
    uint64_t even = d->reach[c] + 3 * hl / 2 + high_row / 2 + ROUNDINGS;
    return 2 * high_row + 2 > INT16_MAX || 2 * even > INT16_MAX || 2 * hl + 2 > INT16_MAX || level_reach(d, c, level) > INT16_MAX;
}

int ck_fits_range(const ck_htj2k_decoder *d, uint32_t c)
{
    int64_t reach = (int64_t)level_reach(d, c, d->tile.component[c].wanted);
    const ck_sample_range *range = &d->tile_range[c];
    return range->shift == 0 && range->lo <= -reach && range->hi >= reach;
}

int ck_rct_may_overflow(const ck_htj2k_decoder *d)
{
    const ck_tile_component *tc = d->tile.component;
    uint64_t y = level_reach(d, 0, tc[0].wanted), u = level_reach(d, 1, tc[1].wanted), v = level_reach(d, 2, tc[2].wanted);
    return y + 2 * (u + v) + 2 > INT16_MAX;
}

void ck_follow_reach(ck_htj2k_decoder *d)
{
    for (uint32_t c = 0; c < d->tile.components; c++) {
        if (d->level >= d->tile.component[c].wanted)
            continue;
        d->reach[c] = 0;
        for (uint32_t i = 0; i < d->workers; i++) {
            uint32_t job = d->job_reach[c * d->workers + i];
            d->reach[c] = job > d->reach[c] ? job : d->reach[c];
        }
    }
}
