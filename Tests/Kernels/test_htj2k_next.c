/*
 * Frame after frame in one arena (ck_htj2k_begin_next): whatever came before, status, place of the error and pixels are those of a
 * decoding of its own; and what can be taken over is. Usage: test_htj2k_next [seed [cases]].
 */
#include <stdio.h>

#include "htj2k_guarded.h"
#include "htj2k_layers.h"

static uint64_t taken_over, anew, errors_after;

typedef struct {
    const uint8_t *data;
    size_t nbytes;
    uint32_t reduction, workers;
} frame;

/* One arena and what was decoded in it last. */
typedef struct {
    uint8_t *arena;
    size_t nbytes;
    ck_htj2k_decoder *decoder;
} reader;

static ck_status decode_next(reader *r, const frame *f, const ck_htj2k_kernels *kernels, uint8_t **out, ck_htj2k_info *info,
                             ck_error_detail *detail)
{
    /* An output of its own each time: where the last one was must not matter. */
    *out = NULL;
    ck_htj2k_info wanted;
    ck_error_detail ignored;
    size_t output_nbytes = ck_htj2k_parse(f->data, f->nbytes, f->reduction, f->workers, &wide_limits, &wanted, &ignored) ? 0 : wanted.output_nbytes;
    uint8_t *output = malloc(output_nbytes + 1);
    memset(output, 0x5A, output_nbytes + 1);
    ck_htj2k_call call = {kernels, f->data, f->nbytes, f->reduction, f->workers, &wide_limits, r->arena, r->nbytes, output, output_nbytes};
    ck_status status = ck_htj2k_begin_next(r->decoder, &call, &r->decoder, info, detail);
    if (!status && ck_htj2k_took_over(r->decoder))
        taken_over++;
    else
        anew++;
    while (!status && ck_htj2k_jobs(r->decoder)) {
        for (size_t j = ck_htj2k_jobs(r->decoder); j-- > 0 && !status;)
            status = ck_htj2k_run_job(r->decoder, j, NULL, detail);
        if (!status)
            status = ck_htj2k_advance(r->decoder, detail);
    }
    if (output[output_nbytes] != 0x5A)
        failures++, printf("FAIL: a byte behind the output was written\n");
    if (status)
        free(output);
    else
        *out = output;
    return status;
}

/* `took_over`: 1 or 0 when it must or must not be, -1 when it may. */
static void check(reader *r, const frame *f, int mask, int took_over, const char *what, uint64_t seed)
{
    ck_htj2k_info info, alone_info;
    ck_error_detail detail, alone_detail;
    uint8_t *out, *alone;
    uint64_t before = taken_over;
    ck_status status = decode_next(r, f, kernels_of(mask), &out, &info, &detail);
    ck_status expected = decode_guarded(mask, f->data, f->nbytes, f->reduction, f->workers, &alone, &alone_info, &alone_detail);
    int same = status == expected && detail.reason == alone_detail.reason && detail.tile == alone_detail.tile &&
               detail.component == alone_detail.component && detail.resolution == alone_detail.resolution &&
               detail.byte_offset == alone_detail.byte_offset;
    if (!status && !expected)
        same &= memcmp(&info, &alone_info, sizeof info) == 0 && memcmp(out, alone, info.output_nbytes) == 0;
    errors_after += status != CK_OK;
    if (!same || (took_over >= 0 && !status && (int)(taken_over - before) != took_over)) {
        failures++;
        printf("FAIL: %s, mask %d seed %llu: status %d, alone %d, reason %d and %d, %s\n", what, mask, (unsigned long long)seed, status,
               expected, detail.reason, alone_detail.reason, taken_over != before ? "taken over" : "done anew");
    }
    free(out), free(alone);
}

static size_t encode(const stream_spec *s, uint64_t *rng, uint8_t **stream)
{
    int32_t *planes[4] = {0};
    *stream = NULL;
    size_t nbytes = 0, is_empty = 0;
    for (uint32_t c = 0; c < s->components; c++) {
        planes[c] = malloc((size_t)s->comp_w[c] * s->comp_h[c] * sizeof(int32_t) + 1);
        is_empty |= s->comp_w[c] == 0 || s->comp_h[c] == 0;
    }
    if (!is_empty) {
        fill_planes(s, planes, rng);
        nbytes = encode_stream(s, planes, stream);
    }
    for (uint32_t c = 0; c < 4; c++)
        free(planes[c]);
    return nbytes;
}

static size_t arena_of(const frame *f, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        ck_htj2k_info info;
        ck_error_detail detail;
        if (ck_htj2k_parse(f[i].data, f[i].nbytes, f[i].reduction, f[i].workers, &wide_limits, &info, &detail) == CK_OK)
            most = info.arena_nbytes > most ? info.arena_nbytes : most;
    }
    return most;
}

static void one_case(uint64_t seed)
{
    uint64_t rng = seed;
    stream_spec spec = random_spec(&rng, seed), other = random_spec(&rng, seed + 1);
    uint8_t *bytes[3];
    size_t nbytes[3] = {encode(&spec, &rng, &bytes[0]), encode(&spec, &rng, &bytes[1]), encode(&other, &rng, &bytes[2])};
    int mask = (int)below(&rng, (uint32_t)mask_count);
    uint32_t workers = 1 + below(&rng, 3), reduction = spec.levels ? below(&rng, 2) : 0;
    if (nbytes[0] == 0 || nbytes[1] == 0 || nbytes[2] == 0)
        goto done;
    frame a = {bytes[0], nbytes[0], reduction, workers}, b = {bytes[1], nbytes[1], reduction, workers}, c = {bytes[2], nbytes[2], 0, workers};
    frame more = {bytes[1], nbytes[1], reduction, workers + 1}, whole = {bytes[1], nbytes[1], 0, workers};
    frame all[] = {a, b, c, more, whole};
    size_t room = arena_of(all, 5);
    reader r = {.arena = malloc(room), .nbytes = room}, moved = {.arena = malloc(room), .nbytes = room};
    memset(r.arena, 0xA5, room), memset(moved.arena, 0xA5, room);
    check(&r, &a, mask, 0, "first frame", seed);
    ck_htj2k_info info;
    ck_error_detail detail;
    ck_status parsed = ck_htj2k_parse(a.data, a.nbytes, a.reduction, a.workers, &wide_limits, &info, &detail);
    int is_one = !parsed && info.tiles == 1 ? 1 : -1;
    check(&r, &b, mask, is_one, "same header", seed);
    check(&r, &a, (mask + 1) % mask_count, is_one, "same header, other kernels", seed);
    for (int round = 0; round < 12; round++) { /* damage in one frame must not reach the next */
        uint8_t *bad = malloc(b.nbytes);
        memcpy(bad, b.data, b.nbytes);
        size_t from = round & 1 ? b.nbytes / 2 : 0, cut = round % 4 == 3 ? below(&rng, (uint32_t)b.nbytes) : b.nbytes;
        for (int flips = 0; flips < 3; flips++)
            bad[from + below(&rng, (uint32_t)(b.nbytes - from))] ^= (uint8_t)(1u << below(&rng, 8));
        frame damaged = {bad, cut, reduction, workers};
        if (arena_of(&damaged, 1) <= room)
            check(&r, &damaged, mask, -1, "damaged", seed);
        check(&r, &a, mask, -1, "after damage", seed);
        free(bad);
    }
    check(&r, &c, mask, -1, "another header", seed);
    check(&r, &a, mask, -1, "the first header again", seed);
    check(&r, &more, mask, 0, "more workers", seed);
    check(&r, &whole, mask, 0, "another reduction", seed);
    check(&r, &b, mask, -1, "back again", seed);
    moved.decoder = r.decoder;
    memcpy(moved.arena, r.arena, room);
    check(&moved, &a, mask, 0, "arena moved", seed);
    r.nbytes--;
    if (arena_of(&a, 1) < room)
        check(&r, &a, mask, 0, "arena of another size", seed);
    free(r.arena), free(moved.arena);
done:
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
}

static uint8_t *read_file(const char *folder, const char *name, size_t *nbytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.j2c", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        abort();
    fseek(f, 0, SEEK_END);
    *nbytes = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*nbytes);
    if (fread(bytes, 1, *nbytes, f) != *nbytes)
        abort();
    fclose(f);
    return bytes;
}

/* Real frames, each twice; the second time its header is known. */
static void fixtures(const char *folder)
{
    static const char *const names[] = {"CT1", "MR2", "US1", "VL1", "XA1"};
    enum { FRAMES = 5 };
    frame f[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        f[i] = (frame){.workers = 1};
        f[i].data = read_file(folder, names[i], &f[i].nbytes);
    }
    reader r = {.nbytes = arena_of(f, FRAMES)};
    r.arena = malloc(r.nbytes);
    for (int m = 0; m < mask_count; m++)
        for (int i = 0; i < FRAMES; i++) {
            check(&r, &f[i], m, 0, names[i], 0);
            check(&r, &f[i], m, 1, names[i], 0);
        }
    for (int i = 0; i < FRAMES; i++)
        free((void *)(uintptr_t)f[i].data);
    free(r.arena);
}

/* Tile-parts that contradict one another are no less wrong behind a header that is known (TNsot, T.800 A.4.2). */
static void counts(void)
{
    header_spec h = {.width = 16, .height = 16, .components = 3, .bits = 8, .levels = 3, .xcb = 3, .ycb = 3, .style = 0x40,
                     .reversible = 1, .k_max = 10, .layers = 1};
    layered_image s;
    make_layered(&h, 3, 1, &s);
    frame f = {s.bytes, s.nbytes, 0, 1};
    reader r = {.nbytes = arena_of(&f, 1)};
    r.arena = malloc(r.nbytes);
    uint8_t *count = s.bytes + s.main_header_nbytes + 11; /* in the first of several tile-parts; the last one tells it too */
    uint64_t before = errors_after;
    check(&r, &f, 0, 0, "several tile-parts", 3);
    check(&r, &f, 0, 1, "several tile-parts again", 3);
    *count = 1;
    check(&r, &f, 0, -1, "TNsot that is too small", 3);
    if (errors_after != before + 1)
        failures++, printf("FAIL: TNsot that is too small was believed, or the last one not\n");
    free(r.arena);
    free_layered(&s);
}

/* Too small an arena or output is told with complete sizes, and what was asked for then suffices. */
static void sizes(void)
{
    stream_spec s = {.width = 70, .height = 50, .components = 1, .bits = {12}, .dx = {1}, .dy = {1}, .levels = 3, .block_w = 32,
                     .block_h = 32, .reversible = 1};
    uint64_t rng = 7;
    uint8_t *stream, small[64], *arena = NULL, *output = NULL;
    spec_sizes(&s);
    size_t nbytes = encode(&s, &rng, &stream);
    if (nbytes == 0) {
        printf("SKIPPED: sizes, there is no encoder\n");
        return;
    }
    ck_htj2k_info info = {0}, parsed;
    ck_error_detail detail;
    ck_htj2k_decoder *d = NULL;
    ck_htj2k_call call = {kernels_of(0), stream, nbytes, 0, 1, &wide_limits, small, sizeof small, small, sizeof small};
    ck_htj2k_parse(stream, nbytes, 0, 1, &wide_limits, &parsed, &detail);
    int good = ck_htj2k_begin_next(d, &call, &d, &info, &detail) == CK_ERR_ARGUMENT && detail.reason == CK_REASON_ARENA_SIZE && !d;
    good &= memcmp(&info, &parsed, sizeof info) == 0;
    call.arena = arena = malloc(info.arena_nbytes), call.arena_nbytes = info.arena_nbytes;
    memset(&info, 0, sizeof info);
    good &= ck_htj2k_begin_next(d, &call, &d, &info, &detail) == CK_ERR_ARGUMENT && detail.reason == CK_REASON_OUTPUT_SIZE && !d;
    good &= memcmp(&info, &parsed, sizeof info) == 0;
    call.output = output = malloc(info.output_nbytes), call.output_nbytes = info.output_nbytes;
    good &= ck_htj2k_begin_next(d, &call, &d, &info, &detail) == CK_OK && d;
    call.output_nbytes--; /* the header is known by now */
    good &= ck_htj2k_begin_next(d, &call, &d, &info, &detail) == CK_ERR_ARGUMENT && detail.reason == CK_REASON_OUTPUT_SIZE;
    if (!good)
        failures++, printf("FAIL: sizes that are too small\n");
    free(stream), free(arena), free(output);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, cases = argc > 2 ? strtoull(argv[2], NULL, 0) : 60;
    begin_masks();
    const char *folder = getenv("CK_FRAMES");
    if (folder)
        fixtures(folder);
    else
        printf("SKIPPED: fixtures, CK_FRAMES is not set\n");
    sizes();
    counts();
    for (uint64_t i = 0; i < cases; i++)
        one_case(seed + i);
    if (cases > 0 && (taken_over == 0 || errors_after == 0))
        failures++, printf("FAIL: nothing was taken over, or nothing was damaged\n");
    printf("%llu frames that took over a header, %llu done anew, %llu errors, as alone, %llu failures\n", (unsigned long long)taken_over,
           (unsigned long long)anew, (unsigned long long)errors_after, (unsigned long long)failures);
    return failures != 0;
}
