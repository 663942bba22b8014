/*
 * Kernels over rows: wavelets, colour, rounding, narrowing, interleaving. Usage: test_row_kernels [seed [rounds]]. Every variant is
 * compared with plain C written here, at every length up to 200 and random ones up to 1100, at any address that suits its type (pixels: any),
 * between guard pages; bytes outside the rows' slack must stay as they were.
 */
#include <math.h>

#include "row_test.h"

enum { LONGEST = 1100 };
static ck_htj2k_kernels *kernels[KERNEL_MASKS];
static int masks;

static int64_t mirrored(int64_t i, int64_t n)
{
    while (n > 1 && (i < 0 || i >= n))
        i = i < 0 ? -i : 2 * (n - 1) - i;
    return n == 1 ? 0 : i;
}

static int64_t random_value(uint64_t *rng, uint32_t bits)
{
    int64_t v = (int64_t)(next_random(rng) % ((uint64_t)2 << bits)) - ((int64_t)1 << bits);
    return below(rng, 8) ? v : v < 0 ? -((int64_t)1 << bits) : ((int64_t)1 << bits) - 1;
}

static int64_t get(const void *row, size_t size, size_t i)
{
    int16_t narrow;
    int32_t wide;
    if (size == 2)
        return memcpy(&narrow, (const uint8_t *)row + 2 * i, 2), narrow;
    return memcpy(&wide, (const uint8_t *)row + 4 * i, 4), wide;
}

static void set(void *row, size_t size, size_t i, int64_t v)
{
    int16_t narrow = (int16_t)v;
    int32_t wide = (int32_t)v;
    memcpy((uint8_t *)row + size * i, size == 2 ? (void *)&narrow : (void *)&wide, size);
}

static int64_t wrapped(int64_t v, size_t size, uint32_t *over)
{
    int64_t w = size == 2 ? (int16_t)v : (int32_t)v;
    *over |= w != v;
    return w;
}

/* A row of n random values of the type, with slack behind it. */
static void *random_row(int i, uint32_t n, size_t size, uint32_t bits, uint64_t *rng)
{
    void *row = place_row(i, n + ROW_SLACK, size, 0, rng);
    for (uint32_t k = 0; k < n; k++)
        set(row, size, k, random_value(rng, bits));
    return row;
}

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/* F.3.8.1 on one row. */
static void lift_53(int64_t *x, int64_t n, int64_t odd, size_t size, uint32_t *over)
{
    if (n == 1) {
        if (odd)
            x[0] /= 2;
        return;
    }
    for (int64_t i = odd; i < n; i += 2)
        x[i] = wrapped(x[i] - floor_div(x[mirrored(i - 1, n)] + x[mirrored(i + 1, n)] + 2, 4), size, over);
    for (int64_t i = 1 - odd; i < n; i += 2)
        x[i] = wrapped(x[i] + floor_div(x[mirrored(i - 1, n)] + x[mirrored(i + 1, n)], 2), size, over);
}

static void horizontal_53(uint32_t n, uint32_t odd, uint64_t seed)
{
    for (ck_row_kind kind = CK_ROWS_16; kind <= CK_ROWS_32; kind++)
        for (int m = 0; m < masks; m++) {
            uint64_t rng = seed;
            size_t size = kind == CK_ROWS_16 ? 2 : 4;
            uint32_t n_low = (n + 1 - odd) / 2, n_high = n - n_low, over = 0, bits = kind == CK_ROWS_32 ? 28 : below(&rng, 2) ? 12 : 15;
            void *low = random_row(0, n_low, size, bits, &rng), *high = random_row(1, n_high, size, bits, &rng);
            static int64_t expected[LONGEST];
            for (uint32_t i = 0; i < n; i++)
                expected[i] = get((i & 1) == odd ? low : high, size, i / 2);
            lift_53(expected, n, odd, size, &over);
            void *even = place_row(2, n_low + 1 + ROW_SLACK, size, 1, &rng), *out = place_row(3, n + ROW_SLACK, size, 0, &rng);
            uint32_t answer = kernels[m]->reversible[kind].horizontal(low, high, n_low, n_high, odd, even, out);
            int right = kind == CK_ROWS_32 || (answer != 0) == over;
            for (uint32_t i = 0; i < n && !(kind == CK_ROWS_16 && over); i++)
                right &= get(out, size, i) == expected[i];
            row_check(right && row_is_clean(2) && row_is_clean(3), kind == CK_ROWS_16 ? "horizontal 5/3, 16 bits" : "horizontal 5/3, 32 bits", m, n, seed);
        }
}

static void vertical_53(uint32_t n, int with_before, uint64_t seed)
{
    for (ck_row_kind kind = CK_ROWS_16; kind <= CK_ROWS_32; kind++)
        for (int m = 0; m < masks; m++) {
            uint64_t rng = seed;
            size_t size = kind == CK_ROWS_16 ? 2 : 4;
            uint32_t bits = kind == CK_ROWS_32 ? 28 : below(&rng, 2) ? 12 : 15, over = 0;
            void *in[4];
            for (int i = 0; i < 4; i++)
                in[i] = random_row(i, n, size, bits, &rng);
            void *even = place_row(4, n + ROW_SLACK, size, 0, &rng), *odd = place_row(5, n + ROW_SLACK, size, 0, &rng);
            uint32_t answer = kernels[m]->reversible[kind].vertical(in[0], in[1], in[2], with_before ? in[3] : NULL, even, odd, n);
            int right = 1;
            static int64_t e[LONGEST], o[LONGEST];
            for (uint32_t i = 0; i < n; i++) {
                e[i] = wrapped(get(in[0], size, i) - floor_div(get(in[1], size, i) + get(in[2], size, i) + 2, 4), size, &over);
                o[i] = wrapped(get(in[1], size, i) + floor_div(get(in[3], size, i) + e[i], 2), size, with_before ? &over : &(uint32_t){0});
            }
            for (uint32_t i = 0; i < n && !(kind == CK_ROWS_16 && over); i++)
                right &= get(even, size, i) == e[i] && (!with_before || get(odd, size, i) == o[i]);
            right &= kind == CK_ROWS_32 || (answer != 0) == over;
            row_check(right && row_is_clean(4) && row_is_clean(5), kind == CK_ROWS_16 ? "vertical 5/3, 16 bits" : "vertical 5/3, 32 bits", m, n, seed);
        }
}

static void rct(uint32_t n, uint64_t seed)
{
    for (ck_row_kind kind = CK_ROWS_16; kind <= CK_ROWS_32; kind++)
        for (int m = 0; m < masks; m++) {
            uint64_t rng = seed;
            size_t size = kind == CK_ROWS_16 ? 2 : 4;
            uint32_t bits = kind == CK_ROWS_32 ? 28 : below(&rng, 2) ? 12 : 15, over = 0;
            const void *in[3];
            void *out[3];
            for (int i = 0; i < 3; i++)
                in[i] = random_row(i, n, size, bits, &rng);
            for (int i = 0; i < 3; i++)
                out[i] = place_row(3 + i, n + ROW_SLACK, size, 0, &rng);
            uint32_t answer = kernels[m]->reversible[kind].rct(in, out, n);
            int right = 1;
            for (uint32_t i = 0; i < n; i++) {
                int64_t y = get(in[0], size, i), u = get(in[1], size, i), v = get(in[2], size, i), g = y - floor_div(u + v, 4);
                wrapped(g, size, &over), wrapped(v + g, size, &over), wrapped(u + g, size, &over);
                right &= over || (get(out[0], size, i) == v + g && get(out[1], size, i) == g && get(out[2], size, i) == u + g);
            }
            right &= kind == CK_ROWS_32 || (answer != 0) == over;
            row_check(right && row_is_clean(3) && row_is_clean(4) && row_is_clean(5), kind == CK_ROWS_16 ? "RCT, 16 bits" : "RCT, 32 bits", m, n, seed);
        }
}

static float *random_floats(int i, uint32_t n, size_t margin, uint64_t *rng)
{
    float *row = place_row(i, n + ROW_SLACK + margin, sizeof(float), margin, rng);
    for (uint32_t k = 0; k < n; k++) {
        float v = (float)random_value(rng, 15) / 7;
        memcpy((uint8_t *)row + 4 * (size_t)k, &v, 4);
    }
    return row;
}

static double float_at(const void *row, size_t i)
{
    float v;
    memcpy(&v, (const uint8_t *)row + 4 * i, 4);
    return v;
}

static int is_near(double a, double b) { return fabs(a - b) <= 0.05; } /* of values up to 10^5 */

static void lift_97(double *x, int64_t n, int64_t first, double factor)
{
    for (int64_t i = first; i < n; i += 2)
        x[i] -= factor * (x[mirrored(i - 1, n)] + x[mirrored(i + 1, n)]);
}

static void horizontal_97(uint32_t n, uint32_t odd, uint64_t seed)
{
    for (int m = 0; m < masks; m++) {
        uint64_t rng = seed;
        uint32_t n_low = (n + 1 - odd) / 2, n_high = n - n_low;
        float *low = random_floats(0, n_low, 1, &rng), *high = random_floats(1, n_high, 1, &rng);
        static double x[LONGEST];
        for (uint32_t i = 0; i < n; i++)
            x[i] = float_at((i & 1) == odd ? low : high, i / 2);
        if (n == 1) {
            x[0] *= odd ? 0.5 / CK_97_HIGH_GAIN : 1 / CK_97_LOW_GAIN;
        } else { /* F.3.8.2 steps 3 to 6 */
            lift_97(x, n, odd, 0.443506852043971), lift_97(x, n, 1 - odd, 0.882911075530934);
            lift_97(x, n, odd, -0.052980118572961), lift_97(x, n, 1 - odd, -1.586134342059924);
        }
        float *out = place_row(2, n + ROW_SLACK, sizeof(float), 0, &rng);
        kernels[m]->irreversible.horizontal(low, high, n_low, n_high, odd, out);
        int right = 1;
        for (uint32_t i = 0; i < n; i++)
            right &= is_near(float_at(out, i), x[i]);
        row_check(right && row_is_clean(0) && row_is_clean(1) && row_is_clean(2), "horizontal 9/7", m, n, seed);
    }
}

static void vertical_97(uint32_t n, uint64_t seed)
{
    for (int m = 0; m < masks; m++) {
        uint64_t rng = seed;
        float *in[6], *out[2];
        static double was[6][LONGEST];
        for (int i = 0; i < 6; i++) {
            in[i] = random_floats(i, n, 0, &rng);
            for (uint32_t k = 0; k < n; k++)
                was[i][k] = float_at(in[i], k);
        }
        for (int i = 0; i < 2; i++)
            out[i] = place_row(6 + i, n + ROW_SLACK, sizeof(float), 0, &rng);
        kernels[m]->irreversible.vertical(in[0], in[1], in[2], in[3], in[4], in[5], out[0], out[1], n);
        int right = 1;
        for (uint32_t k = 0; k < n; k++) {
            double s1 = was[0][k] - 0.443506852043971 * (was[1][k] + was[2][k]), d1 = was[1][k] - 0.882911075530934 * (was[3][k] + s1);
            double s2 = was[3][k] + 0.052980118572961 * (was[4][k] + d1), odd = was[4][k] + 1.586134342059924 * (was[5][k] + s2);
            right &= is_near(float_at(in[3], k), s1) && is_near(float_at(in[4], k), d1) && is_near(float_at(in[5], k), s2) &&
                     is_near(float_at(out[0], k), odd) && is_near(float_at(out[1], k), s2);
        }
        for (int i = 3; i < 8; i++)
            right &= row_is_clean(i);
        row_check(right, "vertical 9/7", m, n, seed);
    }
}

static void load_ict_round(uint32_t n, uint64_t seed)
{
    for (int m = 0; m < masks; m++) {
        uint64_t rng = seed;
        int32_t *coefficients = random_row(0, n, 4, 26, &rng);
        float *out = place_row(1, n + ROW_SLACK, 4, 0, &rng), scale = (float)(1 + below(&rng, 1000)) / 2048;
        kernels[m]->irreversible.load(coefficients, scale, out, n);
        int right = 1;
        for (uint32_t i = 0; i < n; i++)
            right &= (float)float_at(out, i) == (float)get(coefficients, 4, i) * scale;
        row_check(right && row_is_clean(1), "load", m, n, seed);
        const void *in[3];
        void *rgb[3];
        for (int i = 0; i < 3; i++)
            in[i] = random_floats(2 + i, n, 0, &rng), rgb[i] = place_row(5 + i, n + ROW_SLACK, 4, 0, &rng);
        kernels[m]->irreversible.ict(in, rgb, n);
        right = row_is_clean(5) && row_is_clean(6) && row_is_clean(7);
        for (uint32_t i = 0; i < n; i++) {
            double y = float_at(in[0], i), cb = float_at(in[1], i), cr = float_at(in[2], i);
            right &= is_near(float_at(rgb[0], i), y + 1.402 * cr) && is_near(float_at(rgb[2], i), y + 1.772 * cb) &&
                     is_near(float_at(rgb[1], i), y - 0.344136 * cb - 0.714136 * cr);
        }
        row_check(right, "ICT", m, n, seed);
        int32_t *rounded = place_row(8, n + ROW_SLACK, 4, 0, &rng);
        ck_sample_range range = {-(1 << below(&rng, 15)), (1 << below(&rng, 15)) - 1, 0};
        float special[3] = {NAN, INFINITY, -INFINITY};
        for (uint32_t i = 0; i < n && i < 3; i++)
            memcpy((uint8_t *)in[0] + 4 * (size_t)i, &special[i], 4);
        kernels[m]->irreversible.round(in[0], &range, rounded, n);
        right = row_is_clean(8);
        for (uint32_t i = 0; i < n; i++) {
            float v = (float)float_at(in[0], i);
            v = v > (float)range.lo ? v : (float)range.lo, v = v < (float)range.hi ? v : (float)range.hi;
            right &= get(rounded, 4, i) == (int32_t)(v + (signbit(v) ? -0.5f : 0.5f));
        }
        row_check(right, "round", m, n, seed);
    }
}

/* Whole groups of 64 go to the caller's bytes, where nothing may be touched behind them. */
static void narrow(uint32_t n, uint64_t seed)
{
    for (uint32_t nbytes = 1; nbytes <= 4; nbytes *= 2)
        for (size_t size = 2; size <= 4; size += 2)
            for (int m = 0; m < masks && nbytes <= size; m++) {
                uint64_t rng = seed;
                void *in = random_row(0, n, size, size == 2 ? 15 : 28, &rng);
                uint32_t bits = 1 + below(&rng, 8 * nbytes < 28 ? 8 * nbytes : 28);
                ck_sample_range range = {-(1 << (bits - 1)), (1 << (bits - 1)) - 1, below(&rng, 2) ? 1 << (bits - 1) : 0};
                uint8_t *out = place_row(1, (n + (n % 64 ? ROW_SLACK : 0)) * (size_t)nbytes, 1, 0, &rng);
                if (size == 2)
                    kernels[m]->narrow16(in, &range, out, nbytes, n);
                else
                    kernels[m]->narrow32(in, &range, out, nbytes, n);
                int right = row_is_clean(1);
                for (uint32_t i = 0; i < n; i++) {
                    int64_t v = get(in, size, i);
                    uint32_t w = (uint32_t)((v < range.lo ? range.lo : v > range.hi ? range.hi : v) + range.shift);
                    right &= memcmp(out + (size_t)i * nbytes, &w, nbytes) == 0; /* little-endian, as all our machines */
                }
                row_check(right, size == 2 ? "narrow from 16 bits" : "narrow from 32 bits", m, n, seed);
            }
}

static void interleave(uint32_t n, uint64_t seed)
{
    for (uint32_t nbytes = 1; nbytes <= 2; nbytes++)
        for (int m = 0; m < masks; m++) {
            uint64_t rng = seed;
            const void *in[3];
            for (int i = 0; i < 3; i++)
                in[i] = place_row(i, n + ROW_SLACK, nbytes, 0, &rng);
            uint8_t *out = place_row(3, 3 * (size_t)n * nbytes, 1, 0, &rng);
            kernels[m]->interleave3(in, nbytes, n, out);
            int right = row_is_clean(3);
            for (uint32_t i = 0; i < n; i++)
                for (uint32_t c = 0; c < 3; c++)
                    right &= memcmp(out + (3 * (size_t)i + c) * nbytes, (const uint8_t *)in[c] + (size_t)i * nbytes, nbytes) == 0;
            row_check(right, "interleave", m, n, seed);
        }
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 600;
    uint32_t features[KERNEL_MASKS];
    setvbuf(stdout, NULL, _IOLBF, 0);
    masks = kernel_masks(features);
    for (int m = 0; m < masks; m++) {
        kernels[m] = malloc(ck_htj2k_kernels_nbytes());
        ck_htj2k_kernels_init(kernels[m], features[m]);
    }
    begin_rows(3 * LONGEST * 4 + 1024);
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t rng = seed + i;
        uint32_t n = i < 400 ? 1 + (uint32_t)(i % 200) : 1 + below(&rng, LONGEST - 1), odd = (uint32_t)(i / 200 & 1);
        uint64_t at = next_random(&rng);
        horizontal_53(1 + (uint32_t)(i % 8), (uint32_t)(i / 8 & 1), at), horizontal_97(1 + (uint32_t)(i % 8), (uint32_t)(i / 8 & 1), at);
        horizontal_53(n, odd, at), vertical_53(n, odd == 0, at), rct(n, at);
        horizontal_97(n, odd, at), vertical_97(n, at), load_ict_round(n, at);
        narrow(n, at), narrow(64 * (1 + n % 16), at), interleave(n, at);
    }
    printf("%llu rows, seeds %llu to %llu, lengths 1 to %d, %d feature masks, %llu failures\n", (unsigned long long)row_checks,
           (unsigned long long)seed, (unsigned long long)(seed + rounds - 1), LONGEST, masks, (unsigned long long)row_failures);
    return row_failures != 0;
}
