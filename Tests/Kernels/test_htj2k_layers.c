/*
 * The whole decoder on streams with SPP and MRP, in any layers and tile-parts. Usage: test_htj2k_layers [seed [cases]]. Expected
 * pixels come from a slow synthesis of known coefficients (htj2k_layers.c); where OpenJPEG decodes the stream too, it must agree.
 */
#include <stdio.h>

#include "htj2k_guarded.h"
#include "htj2k_layers.h"

static uint64_t compared, oracle_refuses, oracle_differs, blocks, reached[8];
static const char *const feature[8] = {"refined blocks", "causal refined blocks", "blocks split over layers", "refinement segments split",
                                       "blocks with placeholder passes", "tiles in several parts", "9/7 streams", "reduced decodings"};

static void fail(const header_spec *h, uint64_t seed, const char *what, int mask, uint32_t reduction, ck_status status,
                 const ck_error_detail *e, int64_t worst)
{
    failures++;
    printf("FAIL: %s: mask %d reduction %u: status %d reason %d tile %d comp %d res %d byte %llu, worst difference %lld; layers %u sop %u "
           "eph %u poc %u causal %u K %u\n", what, mask, reduction, status, e->reason, e->tile, e->component, e->resolution,
           (unsigned long long)e->byte_offset, (long long)worst, h->layers, h->sop, h->eph, h->poc, h->style >> 3 & 1, h->k_max);
    stream_spec s = spec_of_header(h);
    describe(&s, seed);
}

/* OpenJPEG's reduced planes may have a column or row more than B-15 says. */
static int agrees(const oracle_image *oracle, uint32_t c, const int32_t *plane, uint32_t w, uint32_t h)
{
    for (uint32_t y = 0; y < h && y < oracle->h[c]; y++)
        for (uint32_t x = 0; x < w && x < oracle->w[c]; x++)
            if (oracle->plane[c][(size_t)y * oracle->w[c] + x] != plane[(size_t)y * w + x])
                return 0;
    return 1;
}

static void check(const header_spec *h, const layered_image *image, uint32_t reduction, uint64_t seed, uint32_t workers)
{
    stream_spec s = spec_of_header(h);
    uint32_t w[4], rows[4];
    for (uint32_t c = 0; c < 4; c++) {
        w[c] = ceil_shift(h->x0 + h->width, reduction) - ceil_shift(h->x0, reduction);
        rows[c] = ceil_shift(h->y0 + h->height, reduction) - ceil_shift(h->y0, reduction);
    }
    oracle_image oracle = {0};
    int has_oracle = oracle_decode(image->bytes, image->nbytes, reduction, &oracle) == 0;
    compared += (uint64_t)has_oracle, oracle_refuses += !has_oracle;
    for (uint32_t c = 0; h->reversible && has_oracle && c < h->components; c++)
        if (!agrees(&oracle, c, image->plane[reduction][c], w[c], rows[c])) {
            /* OpenJPEG takes refinement passes of a later layer for a part of the clean-up segment. */
            if (h->whole_blocks)
                failures++, printf("FAIL: the reference differs from OpenJPEG, component %u reduction %u\n", c, reduction), describe(&s, seed);
            oracle_differs++, has_oracle = 0;
        }
    has_oracle &= h->whole_blocks;
    for (int m = 0; m < mask_count; m++) {
        ck_htj2k_info info;
        ck_error_detail detail;
        uint8_t *pixels;
        ck_status status = decode_guarded(m, image->bytes, image->nbytes, reduction, workers, &pixels, &info, &detail);
        if (status == CK_ERR_ARGUMENT && detail.reason == CK_REASON_REDUCTION)
            break; /* nothing is left of the image */
        int64_t worst = 0;
        if (!status && h->reversible)
            worst = difference(&s, pixels, &info, reduction, image->plane[reduction], w, rows);
        else if (!status && has_oracle)
            worst = difference(&s, pixels, &info, reduction, oracle.plane, oracle.w, oracle.h);
        if (status || worst > (h->reversible ? 0 : 1))
            fail(h, seed, h->reversible ? "5/3" : "9/7 against OpenJPEG", m, reduction, status, &detail, worst);
        free(pixels);
    }
    oracle_free(&oracle);
}

static void random_case(uint64_t seed)
{
    uint64_t rng = seed;
    uint8_t bytes[HEADER_BYTES];
    for (int i = 0; i < HEADER_BYTES; i++)
        bytes[i] = (uint8_t)next_random(&rng);
    header_spec h;
    header_of_bytes(bytes, &h);
    h.reversible = below(&rng, 5) != 0;
    if (!h.reversible) { /* a step near one half, so that the image is neither flat nor all clamped */
        h.bits = h.bits > 14 ? 14 : h.bits;
        h.k_max = h.bits + 2, h.colour = 0;
    } else if (below(&rng, 2)) {
        h.k_max = h.bits + below(&rng, 3);
    }
    h.k_max = h.k_max > 30 ? 30 : h.k_max;
    h.whole_blocks = (int)below(&rng, 2);
    layered_image image;
    make_layered(&h, seed, (int)below(&rng, 2), &image);
    uint32_t workers = 1 + below(&rng, 3);
    check(&h, &image, 0, seed, workers);
    if (h.levels > 0)
        check(&h, &image, 1 + below(&rng, h.levels), seed, workers);
    uint32_t counts[8] = {image.refined, image.causal_refined, image.split_over_layers, image.split_refinement, image.with_placeholders,
                          image.split_over_parts, !h.reversible, h.levels > 0};
    blocks += image.blocks;
    for (int i = 0; i < 8; i++)
        reached[i] += counts[i];
    free_layered(&image);
}

/* Hundreds of blocks of a few bytes, most in several pieces: what joining them takes must be in the arena, and not more. */
static void many_pieces(uint64_t seed)
{
    header_spec h = {.width = 80, .height = 80, .components = 1, .bits = 3, .levels = (uint32_t)(seed & 1), .xcb = 2, .ycb = 2, .style = 0x40,
                     .reversible = 1, .k_max = 4, .layers = 6, .order = 1};
    layered_image image;
    make_layered(&h, seed, 0, &image);
    check(&h, &image, 0, seed, 1);
    reached[2] += image.split_over_layers;
    free_layered(&image);
}

int main(int argc, char **argv)
{
    begin_masks();
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, cases = argc > 2 ? strtoull(argv[2], NULL, 0) : 200;
    for (uint64_t i = 0; i < cases; i++)
        random_case(seed + i);
    for (uint64_t i = 0; i < 4; i++)
        many_pieces(seed + i);
    printf("layers: seeds %llu to %llu, %llu blocks", (unsigned long long)seed, (unsigned long long)(seed + cases - 1), (unsigned long long)blocks);
    for (int i = 0; i < 8; i++) {
        printf("; %s %llu", feature[i], (unsigned long long)reached[i]);
        if (reached[i] == 0 && cases >= 40)
            failures++, printf(" FAIL: never reached");
    }
    printf("\n%llu streams, %llu decodings, %llu compared with OpenJPEG (%llu it refuses, %llu it decodes otherwise than the reference), "
           "%d feature masks, %llu failures\n", (unsigned long long)cases, (unsigned long long)decodings, (unsigned long long)compared,
           (unsigned long long)oracle_refuses, (unsigned long long)oracle_differs, mask_count, (unsigned long long)failures);
    return failures != 0;
}
