/* Decoding between guard pages, and comparing. */
#include <stdio.h>

#include "htj2k_guarded.h"

uint64_t failures, decodings, summed;
int mask_count;
static ck_htj2k_kernels *kernels[KERNEL_MASKS];

const ck_htj2k_limits wide_limits = {(uint64_t)1 << 28, (uint64_t)1 << 31};
const ck_htj2k_limits *test_limits = &wide_limits;

void begin_masks(void)
{
    uint32_t features[KERNEL_MASKS];
    setvbuf(stdout, NULL, _IOLBF, 0);
    mask_count = kernel_masks(features);
    for (int m = 0; m < mask_count; m++) {
        kernels[m] = malloc(ck_htj2k_kernels_nbytes());
        ck_htj2k_kernels_init(kernels[m], features[m]);
    }
}

const ck_htj2k_kernels *kernels_of(int mask) { return kernels[mask]; }

/* Mappings are kept; pages that the buffer at hand does not need are made to fault. A buffer ends where its last page does. */
enum { INPUT, ARENA, OUTPUT, SLOTS };

static uint8_t *place(int slot, size_t nbytes)
{
    static struct {
        guarded all;
        uint8_t *low; /* pages from here on are open */
    } kept[SLOTS];
    size_t page = page_nbytes(), inner = (nbytes + page - 1) / page * page;
    guarded *g = &kept[slot].all;
    if (!g->low || (size_t)(g->high - g->low) < inner) {
        unguard(*g);
        *g = guard(2 * inner + 64 * page);
        kept[slot].low = g->low;
    }
    uint8_t *low = g->high - inner, *now = kept[slot].low;
    if ((low > now && mprotect(now, (size_t)(low - now), PROT_NONE)) ||
        (low < now && mprotect(low, (size_t)(now - low), PROT_READ | PROT_WRITE)))
        abort();
    kept[slot].low = low;
    memset(low, 0xA5, inner - nbytes);
    return g->high - nbytes;
}

/* The bytes of the first page before a buffer. */
static int front_is_clean(const uint8_t *bytes)
{
    size_t before = (uintptr_t)bytes % page_nbytes();
    for (size_t i = 1; i <= before; i++)
        if (bytes[-(ptrdiff_t)i] != 0xA5)
            return 0;
    return 1;
}

/* CRC-32 of gzip. */
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

ck_status decode_guarded(int mask, const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers, uint8_t **out,
                         ck_htj2k_info *info, ck_error_detail *detail)
{
    const uint8_t *in = memcpy(place(INPUT, nbytes), data, nbytes);
    *out = NULL;
    decodings++;
    ck_status status = ck_htj2k_parse(in, nbytes, reduction, workers, test_limits, info, detail);
    if (status)
        return status;
    uint8_t *arena = place(ARENA, info->arena_nbytes), *output = place(OUTPUT, info->output_nbytes);
    ck_htj2k_decoder *d;
    status = ck_htj2k_begin(kernels[mask], in, nbytes, reduction, workers, test_limits, arena, info->arena_nbytes, output,
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
    if (status)
        return status;
    check_sum(d, info, output);
    *out = memcpy(malloc(info->output_nbytes), output, info->output_nbytes);
    return CK_OK;
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

int64_t difference(const stream_spec *s, const uint8_t *pixels, const ck_htj2k_info *info, uint32_t reduction,
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
