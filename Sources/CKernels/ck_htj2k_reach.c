/* How large the samples of 16-bit rows can become: where no sum can overflow, kernels need not look. */
#include "ck_htj2k_decoder.h"

/* Largest sample that a decoded block may hold. */
static uint32_t block_reach(const ck_ht_block *b)
{
    int is_exact = b->passes == 1 && !b->half_steps && b->missing_msbs + 1 == b->k_max;
    return (uint32_t)1 << (b->magnitude_bits + (is_exact ? 0 : 1));
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
