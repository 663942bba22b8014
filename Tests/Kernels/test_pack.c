/*
 * ck_pack against its own description, sample by sample. Usage: test_pack [seed [rounds]]. Every width up to 130, any number of planes,
 * precision, replication, origin; planes end at, and the destination lies between, guard pages.
 */
#include <stdio.h>

#include "ck_pack.h"
#include "htj2k_test.h"
#include "kernel_test.h"

enum { PLANES = 4, FILL = 0x5A };
static guarded areas[PLANES + 1];
static uint64_t failures, checked;

static int64_t nearest(uint64_t grid, uint32_t step, uint32_t first, size_t count)
{
    int64_t i = (int64_t)(grid / step) - first;
    return i < 0 ? 0 : i >= (int64_t)count ? (int64_t)count - 1 : i;
}

static uint32_t wanted(const ck_plane *p, uint64_t x, uint64_t y)
{
    int64_t v = p->samples[(size_t)nearest(y, p->step_y, p->first_y, p->height) * p->stride +
                           (size_t)nearest(x, p->step_x, p->first_x, p->width)];
    int64_t lo = p->is_signed ? -((int64_t)1 << (p->precision - 1)) : 0;
    int64_t hi = p->is_signed ? -lo - 1 : ((int64_t)1 << p->precision) - 1;
    if (p->precision < 32)
        v = v < lo ? lo : v > hi ? hi : v;
    return (uint32_t)v;
}

static ck_plane random_plane(int i, uint32_t x0, uint32_t y0, uint32_t width, uint32_t height, uint32_t bits_max, uint64_t *rng)
{
    int replicated = below(rng, 3) == 0;
    ck_plane p = {.step_x = replicated ? 1 + below(rng, 4) : 1, .step_y = replicated ? 1 + below(rng, 4) : 1};
    p.first_x = ceil_div(x0, p.step_x), p.first_y = ceil_div(y0, p.step_y);
    p.width = ceil_div(x0 + width, p.step_x) - p.first_x, p.height = ceil_div(y0 + height, p.step_y) - p.first_y;
    p.width += p.width == 0, p.height += p.height == 0;
    p.stride = p.width + below(rng, 3);
    p.precision = 1 + below(rng, bits_max), p.is_signed = below(rng, 2);
    size_t n = p.stride * (p.height - 1) + p.width;
    int32_t *samples = (int32_t *)(areas[i].high - n * sizeof(int32_t));
    for (size_t k = 0; k < n; k++) {
        uint32_t bits = below(rng, 4) ? p.precision : 32;
        samples[k] = (int32_t)((uint32_t)next_random(rng) << (32 - bits)) >> (32 - bits);
    }
    p.samples = samples;
    return p;
}

static void random_case(uint64_t seed, uint32_t width)
{
    uint64_t rng = seed;
    uint32_t height = 1 + below(&rng, 5), count = 1 + below(&rng, PLANES), nbytes = 1u << below(&rng, 3);
    uint32_t x0 = below(&rng, 3) ? 0 : below(&rng, 50), y0 = below(&rng, 3) ? 0 : below(&rng, 50);
    ck_plane planes[PLANES];
    for (uint32_t c = 0; c < count; c++)
        planes[c] = random_plane((int)c, x0, y0, width, height, 8 * nbytes, &rng);
    guarded g = areas[PLANES];
    size_t total = (size_t)width * height * count * nbytes, room = (size_t)(g.high - g.low) - total;
    size_t at = below(&rng, 2) ? room : below(&rng, 64) * nbytes;
    memset(g.low, FILL, (size_t)(g.high - g.low));
    uint8_t *out = g.low + at;
    int right = ck_pack(planes, count, x0, y0, width, height, nbytes, out, total - 1) == CK_ERR_LIMIT;
    for (uint8_t *p = g.low; p < g.high; p++)
        right &= *p == FILL;
    right &= ck_pack(planes, count, x0, y0, width, height, nbytes, out, total) == CK_OK;
    for (uint8_t *p = g.low; p < g.high; p++)
        right &= (p >= out && p < out + total) || *p == FILL;
    const uint8_t *p = out;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < count; c++, p += nbytes) {
                uint32_t v = wanted(&planes[c], (uint64_t)x0 + x, (uint64_t)y0 + y);
                right &= memcmp(p, &v, nbytes) == 0; /* little-endian, as all our machines */
            }
    checked++;
    if (!right && failures++ < 20)
        printf("FAIL: seed %llu: %ux%u+%u+%u, %u planes, %u bytes\n", (unsigned long long)seed, width, height, x0, y0, count, nbytes);
}

static void arguments(void)
{
    int32_t sample = 0, out[4];
    ck_plane good = {&sample, 1, 1, 1, 0, 0, 1, 1, 8, 0}, p;
#define EXPECT(status, ...) do { \
        p = good; \
        __VA_ARGS__; \
        checked++; \
        if (call != (status)) \
            failures++, printf("FAIL: argument case at line %d\n", __LINE__); \
    } while (0)
#define CALL(planes, n, w, h, nbytes, to, room) ck_status call = ck_pack(planes, n, 0, 0, w, h, nbytes, to, room)
    EXPECT(CK_OK, CALL(&p, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(NULL, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(&p, 0, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(&p, 5, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(&p, 1, 0, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(&p, 1, 1, 0, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(&p, 1, 1, 1, 3, out, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(&p, 1, 1, 1, 1, NULL, 16));
    EXPECT(CK_ERR_ARGUMENT, CALL(&p, 1, 1, 1, 2, (uint8_t *)out + 1, 15));
    EXPECT(CK_ERR_ARGUMENT, p.precision = 9; CALL(&p, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, p.precision = 0; CALL(&p, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, p.step_x = 0; CALL(&p, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, p.step_y = 256; CALL(&p, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, p.stride = 0; CALL(&p, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_ARGUMENT, p.samples = NULL; CALL(&p, 1, 1, 1, 1, out, 16));
    EXPECT(CK_ERR_LIMIT, CALL(&p, 1, SIZE_MAX / 2, SIZE_MAX / 2, 1, out, 16));
#undef CALL
#undef EXPECT
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 2600;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i <= PLANES; i++)
        areas[i] = guard(16384);
    arguments();
    for (uint64_t i = 0; i < rounds; i++)
        random_case(seed + i, 1 + (uint32_t)(i % 130));
    printf("%llu packings, seeds %llu to %llu, %llu failures\n", (unsigned long long)checked, (unsigned long long)seed,
           (unsigned long long)(seed + rounds - 1), (unsigned long long)failures);
    return failures != 0;
}
