/*
 * Tests of the whole decoder. Usage: test_htj2k [seed [cases]]; the folder of fixtures comes from CK_FRAMES (skipped, loudly, when
 * unset). Streams are made with libopenjph and rewritten by htj2k_repack.c; pixels are compared with the source where the stream is
 * lossless and with OpenJPEG otherwise. Every decoding runs between guard pages and once per CPU feature mask. A table says which
 * features the streams had; at full size none may be missing. scripts/kernels.sh builds and runs it.
 */
#include <stdio.h>

#include "frame_file.h"
#include "htj2k_coverage.h"
#include "htj2k_guarded.h"

enum { FULL_SIZE = 400 };
static uint64_t refused, empty, with_oracle, oracle_differs;

/*
 * OpenJPEG visits positions in steps of the finest component, and so loses packets where a step is not a multiple of another (B.12.1.3
 * visits every position).
 */
static int openjpeg_loses_packets(const stream_spec *s)
{
    for (uint32_t a = 0; a < s->components; a++)
        for (uint32_t b = 0; b < s->components; b++)
            if ((s->dx[a] > s->dx[b] && s->dx[a] % s->dx[b]) || (s->dy[a] > s->dy[b] && s->dy[a] % s->dy[b]))
                return 1;
    return 0;
}

/* The same coefficients in other packets must give the same pixels, to the last bit. */
static void compare_streams(const stream_spec *s, const uint8_t *a, size_t a_nbytes, const uint8_t *b, size_t b_nbytes, uint64_t seed)
{
    ck_htj2k_info info;
    ck_error_detail detail;
    uint8_t *first, *second;
    decode_guarded(mask_count - 1, a, a_nbytes, 0, 1, &first, &info, &detail);
    decode_guarded(mask_count - 1, b, b_nbytes, 0, 1, &second, &info, &detail);
    if (!first || !second || memcmp(first, second, info.output_nbytes) != 0)
        failures++, printf("FAIL: other pixels from other packets\n"), describe(s, seed);
    free(first), free(second);
}

/* Decodes with every mask; planes NULL: compare with OpenJPEG only. */
static void check_stream(const stream_spec *s, const uint8_t *data, size_t nbytes, uint32_t reduction, int32_t *const planes[4],
                         uint64_t seed, uint32_t workers, const char *what)
{
    oracle_image image = {0};
    int lossless = planes && reduction == 0;
    int rewritten = strncmp(what, "repacked", 8) == 0;
    int has_oracle = (!lossless || rewritten) && !openjpeg_loses_packets(s) && oracle_decode(data, nbytes, reduction, &image) == 0;
    with_oracle += (uint64_t)has_oracle;
    /* The rewriting itself is right when OpenJPEG finds the source's pixels again. */
    for (uint32_t c = 0; lossless && has_oracle && c < s->components; c++)
        if (memcmp(image.plane[c], planes[c], (size_t)s->comp_w[c] * s->comp_h[c] * sizeof(int32_t)) != 0) {
            oracle_differs++;
            break;
        }
    for (int m = 0; m < mask_count; m++) {
        ck_htj2k_info info;
        ck_error_detail detail;
        uint8_t *pixels;
        ck_status status = decode_guarded(m, data, nbytes, reduction, workers, &pixels, &info, &detail);
        if (status == CK_ERR_ARGUMENT && detail.reason == CK_REASON_REDUCTION)
            break;
        int64_t worst = -1;
        if (!status && lossless)
            worst = difference(s, pixels, &info, 0, planes, s->comp_w, s->comp_h);
        else if (!status && has_oracle)
            worst = difference(s, pixels, &info, reduction, image.plane, image.w, image.h);
        int64_t allowed = s->reversible ? 0 : 1;
        if (status || (worst >= 0 && worst > allowed)) {
            failures++;
            printf("FAIL %s mask %d reduction %u: status %d reason %d tile %d comp %d res %d byte %llu, worst difference %lld\n", what, m,
                   reduction, status, detail.reason, detail.tile, detail.component, detail.resolution,
                   (unsigned long long)detail.byte_offset, (long long)worst);
            describe(s, seed);
        }
        free(pixels);
    }
    oracle_free(&image);
}

static void random_case(uint64_t seed)
{
    uint64_t rng = seed;
    stream_spec s = random_spec(&rng, seed);
    int32_t *planes[4] = {0};
    for (uint32_t c = 0; c < s.components; c++) {
        if (s.comp_w[c] == 0 || s.comp_h[c] == 0) { /* subsampling left nothing of a component */
            empty++;
            goto done;
        }
        planes[c] = malloc((size_t)s.comp_w[c] * s.comp_h[c] * sizeof(int32_t));
    }
    uint8_t *stream = NULL, *repacked = NULL;
    uint32_t content = 0;
    size_t nbytes = 0;
    /* What the encoder declines is often one image of a kind, not the kind. */
    for (int attempt = 0; attempt < 4 && nbytes == 0; attempt++) {
        content = fill_planes(&s, planes, &rng);
        nbytes = encode_stream(&s, planes, &stream);
    }
    if (nbytes == 0) {
        refused++;
        goto done;
    }
    uint32_t workers = 1 + below(&rng, 3);
    check_stream(&s, stream, nbytes, 0, s.reversible ? planes : NULL, seed, workers, "stream");
    cover_stream(&s, content, workers);
    uint32_t reduction = s.levels ? 1 + below(&rng, s.levels) : 0;
    if (reduction > 0)
        check_stream(&s, stream, nbytes, reduction, NULL, seed, workers, "reduced");
    cover_reduction(reduction);
    repack_spec r = {.layers = 1 + below(&rng, 4), .order = below(&rng, 5), .sop = below(&rng, 2), .eph = below(&rng, 2),
                     .split = below(&rng, 2), .poc = below(&rng, 3) == 0, .last_psot_zero = below(&rng, 4) == 0, .seed = seed};
    size_t again = repack_stream(stream, nbytes, &r, &repacked);
    cover_packets(&s, &r);
    if (again) {
        char what[96];
        compare_streams(&s, stream, nbytes, repacked, again, seed);
        snprintf(what, sizeof what, "repacked layers %u order %u sop %u eph %u split %u poc %u", r.layers, r.order, r.sop, r.eph, r.split,
                 r.poc);
        check_stream(&s, repacked, again, 0, s.reversible ? planes : NULL, seed, workers, what);
        if (s.levels > 0)
            check_stream(&s, repacked, again, 1 + below(&rng, s.levels), NULL, seed, workers, what);
    } else {
        failures++;
        printf("FAIL: repacking\n");
        describe(&s, seed);
    }
    free(stream), free(repacked);
done:
    for (uint32_t c = 0; c < 4; c++)
        free(planes[c]);
}

static void fixtures(const char *folder)
{
    for (int i = 0; i < FRAMES; i++)
        for (int m = 0; m < mask_count; m++)
            for (uint32_t workers = 1; workers < 4; workers++) {
                size_t nbytes, raw_nbytes;
                uint8_t *stream = read_frame(folder, frame_names[i], "j2c", &nbytes), *pixels = NULL;
                uint8_t *raw = read_frame(folder, frame_names[i], "RAW", &raw_nbytes);
                ck_htj2k_info info;
                ck_error_detail detail;
                if (!stream || !raw || decode_guarded(m, stream, nbytes, 0, workers, &pixels, &info, &detail) ||
                    info.output_nbytes != raw_nbytes || memcmp(pixels, raw, raw_nbytes) != 0)
                    failures++, printf("FAIL: %s mask %d workers %u\n", frame_names[i], m, workers);
                free(stream), free(raw), free(pixels);
            }
    printf("fixtures: compared\n");
}

int main(int argc, char **argv)
{
    begin_masks();
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, cases = argc > 2 ? strtoull(argv[2], NULL, 0) : FULL_SIZE;
    const char *folder = getenv("CK_FRAMES");
    if (folder)
        fixtures(folder);
    else
        printf("SKIPPED: fixtures, CK_FRAMES is not set\n");
    for (uint64_t i = 0; i < cases; i++)
        random_case(seed + i);
    printf("random streams: seeds %llu to %llu, %llu refused by the encoder, %llu decoded by OpenJPEG, %llu lossless ones wrongly\n",
           (unsigned long long)seed, (unsigned long long)(seed + cases - 1), (unsigned long long)refused, (unsigned long long)with_oracle,
           (unsigned long long)oracle_differs);
    uint32_t missing = cases ? report_coverage() : 0;
    if (missing > 0 && cases >= FULL_SIZE)
        failures++, printf("FAIL: no stream had %u of the features above\n", missing);
    if (refused + empty == cases && cases > 0)
        failures++, printf("FAIL: the encoder refuses every case\n");
    printf("%llu streams, %llu decodings (%llu compared with OpenJPEG, %llu summed up on the way), features without a stream: %u, %d feature masks, fixtures %s, "
           "%llu failures\n", (unsigned long long)(cases - refused - empty), (unsigned long long)decodings, (unsigned long long)with_oracle,
           (unsigned long long)summed, missing,
           mask_count, folder ? "compared" : "SKIPPED", (unsigned long long)(failures + oracle_differs));
    return failures + oracle_differs != 0;
}
