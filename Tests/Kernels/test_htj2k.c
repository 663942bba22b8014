/*
 * Tests of the whole decoder. Usage: test_htj2k [seed [cases]]; the folder of fixtures comes from CK_FRAMES (skipped, loudly, when
 * unset); CK_DAMAGE_ROUNDS: rounds of cuts and bit flips (3). Streams are made with libopenjph and rewritten by htj2k_repack.c;
 * pixels are compared with the source where the stream is lossless and with OpenJPEG otherwise. Every decoding runs between guard
 * pages and once per CPU feature mask. scripts/kernels.sh builds and runs it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ck_cpu.h"
#include "ck_htj2k.h"
#include "htj2k_test.h"

static uint64_t failures, decodings, refused, with_oracle, oracle_differs, summed;

static const uint32_t masks[] = {0, CK_CPU_AVX2, CK_CPU_AVX2 | CK_CPU_FAST_PDEP, CK_CPU_AVX2 | CK_CPU_FAST_PDEP | CK_CPU_AVX512, CK_CPU_ALL};
enum { MASKS_MAX = sizeof masks / sizeof masks[0] };
static int mask_count; /* those that differ on this CPU */
static ck_htj2k_kernels *kernels[MASKS_MAX];

/* Memory whose last byte lies before a page that faults, and whose page before faults too. */
typedef struct {
    uint8_t *map, *bytes;
    size_t mapped;
} guarded;

/* Mappings are kept and used again while the number of pages stays the same. */
enum { INPUT, ARENA, OUTPUT, SLOTS };
static guarded kept[SLOTS];

static guarded guard(int slot, size_t nbytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (nbytes + page - 1) / page * page;
    guarded *g = &kept[slot];
    if (g->mapped != inner + 2 * page) {
        if (g->map)
            munmap(g->map, g->mapped);
        g->mapped = inner + 2 * page;
        g->map = mmap(NULL, g->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (g->map == MAP_FAILED || (inner && mprotect(g->map + page, inner, PROT_READ | PROT_WRITE)))
            abort();
        memset(g->map + page, 0xA5, inner);
    }
    g->bytes = g->map + page + inner - nbytes;
    memset(g->map + page, 0xA5, inner - nbytes);
    return *g;
}

static int front_is_clean(guarded g)
{
    for (uint8_t *p = g.map + sysconf(_SC_PAGESIZE); p < g.bytes; p++)
        if (*p != 0xA5)
            return 0;
    return 1;
}

static const ck_htj2k_limits limits = {(uint64_t)1 << 28, (uint64_t)1 << 31};

/* CRC-32 of gzip, a bit at a time and then a byte at a time. */
static uint32_t crc32_of(uint32_t initial, const uint8_t *bytes, uint64_t nbytes)
{
    static uint32_t table[256];
    for (uint32_t i = 0; table[255] == 0 && i < 256; i++) {
        uint32_t v = i;
        for (int bit = 0; bit < 8; bit++)
            v = v >> 1 ^ (v & 1 ? 0xEDB88320u : 0);
        table[i] = v;
    }
    uint32_t v = ~initial;
    for (uint64_t i = 0; i < nbytes; i++)
        v = v >> 8 ^ table[(v ^ bytes[i]) & 255];
    return ~v;
}

/* The checksum on the way is that of the whole; it may be missing only where tiles stand side by side. */
static void check_sum(const ck_htj2k_decoder *d, const ck_htj2k_info *info, const uint8_t *output)
{
    uint32_t sum;
    int is_there = ck_htj2k_checksum(d, &sum);
    if (is_there ? sum != crc32_of(0, output, info->output_nbytes) : info->tiles == 1) {
        printf("FAIL: checksum on the way %s\n", is_there ? "is wrong" : "is missing");
        failures++;
    }
    summed += (uint64_t)is_there;
}

/* Decodes between guard pages with `workers` jobs a step; *out is malloc'd pixels. */
static ck_status decode(int mask, const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers, uint8_t **out,
                        ck_htj2k_info *info, ck_error_detail *detail)
{
    guarded in = guard(INPUT, nbytes);
    memcpy(in.bytes, data, nbytes);
    *out = NULL;
    decodings++;
    ck_status status = ck_htj2k_parse(in.bytes, nbytes, reduction, workers, &limits, info, detail);
    if (status)
        return status;
    guarded arena = guard(ARENA, info->arena_nbytes), output = guard(OUTPUT, info->output_nbytes);
    ck_htj2k_decoder *d;
    status = ck_htj2k_begin(kernels[mask], in.bytes, nbytes, reduction, workers, &limits, arena.bytes, info->arena_nbytes, output.bytes,
                            info->output_nbytes, &d, detail);
    if (!status)
        ck_htj2k_set_checksum(d, crc32_of);
    while (!status && ck_htj2k_jobs(d)) {
        size_t jobs = ck_htj2k_jobs(d);
        for (size_t j = jobs; j-- > 0 && !status;)
            status = ck_htj2k_run_job(d, j, NULL, detail);
        if (!status)
            status = ck_htj2k_advance(d, detail);
    }
    if (!front_is_clean(arena) || !front_is_clean(output)) {
        printf("FAIL: bytes before a buffer were written\n");
        failures++;
    }
    if (!status) {
        check_sum(d, info, output.bytes);
        *out = malloc(info->output_nbytes);
        memcpy(*out, output.bytes, info->output_nbytes);
    }
    return status;
}

static int32_t sample_at(const uint8_t *pixels, const ck_htj2k_info *info, uint32_t x, uint32_t y, uint32_t c)
{
    const uint8_t *p = pixels + (((size_t)y * info->width + x) * info->components + c) * info->bytes_per_sample;
    if (info->bytes_per_sample == 1)
        return info->is_signed[c] ? (int8_t)*p : *p;
    if (info->bytes_per_sample == 2)
        return info->is_signed[c] ? (int16_t)(p[0] | p[1] << 8) : p[0] | p[1] << 8;
    uint32_t v = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    return (int32_t)v;
}

/* Largest difference between pixels and planes that lie on the components' own grids, by the replication rule. */
static int64_t difference(const stream_spec *s, const uint8_t *pixels, const ck_htj2k_info *info, uint32_t reduction,
                          int32_t *const planes[4], const uint32_t *w, const uint32_t *h)
{
    int64_t worst = 0;
    uint32_t ox = ceil_shift(s->offset_x, reduction), oy = ceil_shift(s->offset_y, reduction);
    for (uint32_t y = 0; y < info->height; y++)
        for (uint32_t x = 0; x < info->width; x++)
            for (uint32_t c = 0; c < info->components; c++) {
                int64_t px = (int64_t)((ox + x) / s->dx[c]) - ceil_shift(ceil_div(s->offset_x, s->dx[c]), reduction);
                int64_t py = (int64_t)((oy + y) / s->dy[c]) - ceil_shift(ceil_div(s->offset_y, s->dy[c]), reduction);
                px = px < 0 ? 0 : px >= w[c] ? w[c] - 1 : px, py = py < 0 ? 0 : py >= h[c] ? h[c] - 1 : py;
                int64_t diff = (int64_t)sample_at(pixels, info, x, y, c) - planes[c][(size_t)py * w[c] + (size_t)px];
                diff = diff < 0 ? -diff : diff;
                worst = diff > worst ? diff : worst;
            }
    return worst;
}

/* Decodes with every mask; planes NULL: compare with OpenJPEG only. */
static void check_stream(const stream_spec *s, const uint8_t *data, size_t nbytes, uint32_t reduction, int32_t *const planes[4],
                         uint64_t seed, uint32_t workers, const char *what)
{
    oracle_image image = {0};
    int lossless = planes && reduction == 0;
    int rewritten = strncmp(what, "repacked", 8) == 0;
    int has_oracle = (!lossless || rewritten) && oracle_decode(data, nbytes, reduction, &image) == 0;
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
        ck_status status = decode(m, data, nbytes, reduction, workers, &pixels, &info, &detail);
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
    stream_spec s = random_spec(&rng);
    int32_t *planes[4] = {0};
    for (uint32_t c = 0; c < s.components; c++) {
        if (s.comp_w[c] == 0 || s.comp_h[c] == 0)
            goto done;
        planes[c] = malloc((size_t)s.comp_w[c] * s.comp_h[c] * sizeof(int32_t));
    }
    fill_planes(&s, planes, &rng);
    uint8_t *stream = NULL, *repacked = NULL;
    size_t nbytes = encode_stream(&s, planes, &stream);
    if (nbytes == 0) {
        refused++;
        goto done;
    }
    uint32_t workers = 1 + below(&rng, 3);
    check_stream(&s, stream, nbytes, 0, s.reversible ? planes : NULL, seed, workers, "stream");
    if (s.levels > 0)
        check_stream(&s, stream, nbytes, 1 + below(&rng, s.levels), NULL, seed, workers, "reduced");
    repack_spec r = {.layers = 1 + below(&rng, 4), .order = below(&rng, 5), .sop = below(&rng, 2), .eph = below(&rng, 2),
                     .split = below(&rng, 2), .poc = below(&rng, 3) == 0, .last_psot_zero = below(&rng, 4) == 0, .seed = seed};
    size_t again = repack_stream(stream, nbytes, &r, &repacked);
    if (again) {
        char what[96];
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

/* Cut at every byte: an error, or the right pixels. */
static void truncation(uint64_t seed)
{
    uint8_t *stream;
    stream_spec s;
    int32_t *planes[4] = {0};
    size_t nbytes = small_stream(seed, &stream, &s, planes), whole = 0;
    for (size_t n = 0; n <= nbytes; n++)
        for (uint32_t reduction = 0; reduction < 2; reduction++) {
            ck_htj2k_info info;
            ck_error_detail detail;
            uint8_t *pixels;
            ck_status status = decode((int)(n % (unsigned)mask_count), stream, n, reduction, 1, &pixels, &info, &detail);
            if (!status && reduction == 0 && difference(&s, pixels, &info, 0, planes, s.comp_w, s.comp_h) != 0)
                failures++, printf("FAIL: wrong pixels from the first %zu of %zu bytes, seed %llu\n", n, nbytes, (unsigned long long)seed);
            if (status && status != CK_ERR_TRUNCATED)
                failures++, printf("FAIL: status %d reason %d tile %d comp %d res %d byte %llu from the first %zu of %zu bytes\n", status, detail.reason,
                                   detail.tile, detail.component, detail.resolution, (unsigned long long)detail.byte_offset, n, nbytes);
            if (status == CK_ERR_TRUNCATED && detail.byte_offset > n)
                failures++, printf("FAIL: byte offset %llu behind the end %zu\n", (unsigned long long)detail.byte_offset, n);
            whole += !status;
            free(pixels);
        }
    if (whole < 2)
        failures++, printf("FAIL: the whole stream does not decode\n");
    printf("truncation: %zu cuts, seed %llu, %zu decoded\n", nbytes + 1, (unsigned long long)seed, whole);
    free(stream);
    for (int c = 0; c < 4; c++)
        free(planes[c]);
}

/* Every bit of the stream flipped, headers and bodies: no crash, no hang, no write outside; a status from the list. */
static void bit_flips(uint64_t seed)
{
    uint8_t *stream;
    stream_spec s;
    int32_t *planes[4] = {0};
    size_t nbytes = small_stream(seed, &stream, &s, planes), count[8] = {0};
    for (size_t bit = 0; bit < nbytes * 8; bit++) {
        ck_htj2k_info info;
        ck_error_detail detail;
        uint8_t *pixels;
        stream[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        ck_status status = decode((int)(bit % (unsigned)mask_count), stream, nbytes, (uint32_t)(bit / 3 % 2), 1 + (uint32_t)(bit % 2), &pixels, &info, &detail);
        stream[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        if ((unsigned)status > CK_ERR_ARGUMENT)
            failures++, printf("FAIL: unknown status %d\n", status);
        if (status && detail.reason == CK_REASON_NONE)
            failures++, printf("FAIL: status %d without a reason, bit %zu\n", status, bit);
        count[status & 7]++;
        free(pixels);
    }
    printf("bit flips: %zu bits, seed %llu: ok %zu truncated %zu damaged %zu unsupported %zu limit %zu argument %zu\n", nbytes * 8,
           (unsigned long long)seed, count[0], count[1], count[2], count[3], count[4], count[5]);
    free(stream);
    for (int c = 0; c < 4; c++)
        free(planes[c]);
}

static uint8_t *read_file(const char *folder, const char *name, size_t *nbytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *nbytes = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*nbytes);
    if (fread(bytes, 1, *nbytes, f) != *nbytes)
        abort();
    fclose(f);
    return bytes;
}

static void fixtures(const char *folder)
{
    static const char *const names[] = {"CT1", "MR2", "US1", "VL1", "XA1"};
    for (int i = 0; i < 5; i++)
        for (int m = 0; m < mask_count; m++)
            for (uint32_t workers = 1; workers < 4; workers++) {
                char file[16];
                size_t nbytes, raw_nbytes;
                snprintf(file, sizeof file, "%s.j2c", names[i]);
                uint8_t *stream = read_file(folder, file, &nbytes);
                snprintf(file, sizeof file, "%s.RAW", names[i]);
                uint8_t *raw = read_file(folder, file, &raw_nbytes), *pixels = NULL;
                ck_htj2k_info info;
                ck_error_detail detail;
                if (!stream || !raw || decode(m, stream, nbytes, 0, workers, &pixels, &info, &detail) ||
                    info.output_nbytes != raw_nbytes || memcmp(pixels, raw, raw_nbytes) != 0)
                    failures++, printf("FAIL: %s mask %d workers %u\n", names[i], m, workers);
                free(stream), free(raw), free(pixels);
            }
    printf("fixtures: compared\n");
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, cases = argc > 2 ? strtoull(argv[2], NULL, 0) : 300;
    uint32_t last = 0;
    for (int m = 0; m < MASKS_MAX; m++) {
        uint32_t features = ck_cpu_features() & masks[m];
        if (m > 0 && features == last)
            continue;
        kernels[mask_count] = malloc(ck_htj2k_kernels_nbytes());
        ck_htj2k_kernels_init(kernels[mask_count++], last = features);
    }
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
    const char *rounds = getenv("CK_DAMAGE_ROUNDS");
    for (uint64_t i = 0; i < (rounds ? strtoull(rounds, NULL, 0) : 3); i++) {
        truncation(seed + i);
        bit_flips(seed + i);
    }
    if (refused == cases && cases > 0)
        failures++, printf("FAIL: the encoder refuses every case\n");
    printf("%llu streams, %llu decodings (%llu compared with OpenJPEG, %llu summed up on the way), %d feature masks, fixtures %s, %llu failures\n",
           (unsigned long long)(cases - refused), (unsigned long long)decodings, (unsigned long long)with_oracle,
           (unsigned long long)summed, mask_count,
           folder ? "compared" : "SKIPPED", (unsigned long long)(failures + oracle_differs));
    for (int m = 0; m < mask_count; m++)
        free(kernels[m]);
    return failures + oracle_differs != 0;
}
