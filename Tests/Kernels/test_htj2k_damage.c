/*
 * Damaged streams. Usage: test_htj2k_damage [seed [rounds]]. Small streams of every make are cut at every byte and flipped at every
 * bit: an error that says where, or an image; never a crash, a hang, or a byte outside the buffers.
 */
#include <stdio.h>

#include "htj2k_guarded.h"
#include "htj2k_layers.h"

enum { VARIANTS = 10 };
static const char *const variant_name[VARIANTS] = {
    "LRCP, POC, 2 layers, SOP, EPH, tiles, precincts, tile-parts", "RLCP, 3 layers, EPH, tile-parts", "RPCL, 1 layer, SOP, one tile",
    "PCRL, POC, 2 layers, subsampled, tiles", "CPRL, ICT and 9/7, 2 layers, tiles, tile-parts, last Psot 0", "20 bits, precincts",
    "refinement in layers, causal, one tile", "refinement in layers, POC, tiles, precincts, tile-parts, SOP, EPH",
    "refinement in layers, 9/7, tiles", "no wavelet, refinement, tile-parts"};

/* Those by libopenjph and htj2k_repack.c. */
static size_t encoded(uint32_t variant, uint64_t seed, uint8_t **out, stream_spec *s)
{
    static const repack_spec packets[6] = {
        {.layers = 2, .order = 0, .sop = 1, .eph = 1, .split = 1, .poc = 1}, {.layers = 3, .order = 1, .eph = 1, .split = 1},
        {.layers = 1, .order = 2, .sop = 1}, {.layers = 2, .order = 3, .poc = 1},
        {.layers = 2, .order = 4, .split = 1, .last_psot_zero = 1}, {.layers = 1, .order = 2}};
    uint64_t rng = seed;
    *s = (stream_spec){.width = 23, .height = 19, .offset_x = 3, .offset_y = 5, .components = 3, .levels = 2, .block_w = 8, .block_h = 8,
                       .order = 2, .reversible = variant != 4, .step = 1.0f / 64};
    for (int c = 0; c < 4; c++)
        s->bits[c] = variant == 5 ? 20 : 4, s->dx[c] = s->dy[c] = variant == 3 && c ? 2 : 1;
    s->colour = variant < 3 || variant == 4;
    if (variant == 0 || variant == 3 || variant == 4)
        s->tile_w = 16, s->tile_h = 16;
    if (variant == 0 || variant == 5)
        s->precincts = 2, s->precinct[0][0] = s->precinct[1][0] = 8, s->precinct[0][1] = s->precinct[1][1] = 16;
    spec_sizes(s);
    int32_t *planes[4] = {0};
    for (uint32_t c = 0; c < 3; c++)
        planes[c] = malloc((size_t)s->comp_w[c] * s->comp_h[c] * sizeof(int32_t));
    fill_planes(s, planes, &rng);
    uint8_t *plain = NULL;
    size_t nbytes = encode_stream(s, planes, &plain), again = 0;
    repack_spec r = packets[variant];
    r.seed = seed;
    if (nbytes)
        again = repack_stream(plain, nbytes, &r, out);
    free(plain);
    for (int c = 0; c < 4; c++)
        free(planes[c]);
    return again;
}

static size_t layered(uint32_t variant, uint64_t seed, uint8_t **out)
{
    header_spec h = {.width = 21, .height = 17, .x0 = 3, .y0 = 2, .components = 1, .bits = 6, .levels = 2, .xcb = 3, .ycb = 3,
                     .style = 0x48, .reversible = 1, .k_max = 8, .order = 1, .layers = 4};
    if (variant == 7)
        h.components = 2, h.tile_w = h.tile_h = 14, h.precinct = 0x44, h.sop = h.eph = h.poc = 1, h.poc_r = 1, h.poc_layer = 2, h.poc_order = 4;
    if (variant == 8)
        h.tile_w = h.tile_h = 14, h.reversible = 0, h.style = 0x40;
    if (variant == 9)
        h.levels = 0, h.components = 2, h.order = 3;
    layered_image image;
    make_layered(&h, seed, variant == 7 || variant == 9, &image);
    size_t nbytes = image.nbytes;
    *out = memcpy(malloc(nbytes), image.bytes, nbytes);
    free_layered(&image);
    return nbytes;
}

static void describe_error(const ck_error_detail *d)
{
    printf(" reason %d tile %d comp %d res %d byte %llu\n", d->reason, d->tile, d->component, d->resolution,
           (unsigned long long)d->byte_offset);
}

/* Cut at every byte: an error with a place inside what there is, or the pixels of the whole stream. */
static void truncation(const char *name, const uint8_t *stream, size_t nbytes)
{
    size_t decoded = 0;
    for (uint32_t reduction = 0; reduction < 2; reduction++)
        for (int m = 0; m < mask_count; m++) {
            ck_htj2k_info info;
            ck_error_detail detail;
            uint8_t *whole, *pixels;
            ck_status status = decode_guarded(m, stream, nbytes, reduction, 1, &whole, &info, &detail);
            if (status == CK_ERR_ARGUMENT && detail.reason == CK_REASON_REDUCTION)
                continue;
            if (status)
                failures++, printf("FAIL: %s: does not decode: status %d", name, status), describe_error(&detail);
            for (size_t n = (size_t)m; n <= nbytes && whole; n += (size_t)mask_count) {
                status = decode_guarded(m, stream, n, reduction, 1, &pixels, &info, &detail);
                int right = status ? status == CK_ERR_TRUNCATED && detail.reason == CK_REASON_DATA_END && detail.byte_offset <= n
                                   : memcmp(pixels, whole, info.output_nbytes) == 0;
                if (!right)
                    failures++, printf("FAIL: %s: first %zu of %zu bytes, reduction %u: status %d", name, n, nbytes, reduction, status),
                        describe_error(&detail);
                decoded += !status;
                free(pixels);
            }
            free(whole);
        }
    if (decoded == 0)
        failures++, printf("FAIL: %s: no cut decodes, not even the whole\n", name);
}

/* Every bit of the stream flipped, headers and bodies. */
static void bit_flips(const char *name, uint8_t *stream, size_t nbytes, uint64_t count[8])
{
    for (size_t bit = 0; bit < nbytes * 8; bit++) {
        ck_htj2k_info info;
        ck_error_detail detail;
        uint8_t *pixels;
        stream[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        ck_status status = decode_guarded((int)(bit % (unsigned)mask_count), stream, nbytes, (uint32_t)(bit / 3 % 2), 1 + (uint32_t)(bit % 2),
                                          &pixels, &info, &detail);
        stream[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        if ((unsigned)status > CK_ERR_ARGUMENT)
            failures++, printf("FAIL: %s: unknown status %d, bit %zu\n", name, status, bit);
        if (status && (detail.reason == CK_REASON_NONE || detail.byte_offset > nbytes))
            failures++, printf("FAIL: %s: bit %zu: status %d", name, bit, status), describe_error(&detail);
        count[status & 7]++;
        free(pixels);
    }
}

int main(int argc, char **argv)
{
    static const ck_htj2k_limits small = {(uint64_t)1 << 20, (uint64_t)1 << 25};
    begin_masks();
    test_limits = &small;
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, count[8] = {0};
    uint64_t bytes = 0, streams = 0, refused = 0;
    for (uint64_t i = 0; i < rounds; i++)
        for (uint32_t v = 0; v < VARIANTS; v++) {
            uint8_t *stream = NULL;
            stream_spec s;
            size_t nbytes = v < 6 ? encoded(v, seed + i, &stream, &s) : layered(v, seed + i, &stream);
            if (nbytes == 0) {
                refused++;
                continue;
            }
            uint64_t before = failures;
            truncation(variant_name[v], stream, nbytes);
            bit_flips(variant_name[v], stream, nbytes, count);
            if (failures != before)
                printf("  seed %llu\n", (unsigned long long)(seed + i));
            streams++, bytes += nbytes;
            free(stream);
        }
    if (refused == rounds * 6 && rounds)
        printf("SKIPPED: the streams of libopenjph\n");
    else if (refused)
        failures++, printf("FAIL: the encoder refuses %llu streams\n", (unsigned long long)refused);
    printf("flips: ok %llu truncated %llu damaged %llu unsupported %llu limit %llu argument %llu\n", (unsigned long long)count[0],
           (unsigned long long)count[1], (unsigned long long)count[2], (unsigned long long)count[3], (unsigned long long)count[4],
           (unsigned long long)count[5]);
    printf("%llu streams of %d makes (seed %llu), %llu bytes cut and flipped at every bit, %llu decodings, %d feature masks, %llu failures\n",
           (unsigned long long)streams, VARIANTS, (unsigned long long)seed, (unsigned long long)bytes, (unsigned long long)decodings,
           mask_count, (unsigned long long)failures);
    return failures != 0;
}
