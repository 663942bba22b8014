/*
 * The HT block decoder against an own encoder, against OpenJPEG, and every variant against the scalar one; valid, cut, flipped and
 * random segments; guard pages around all buffers, padding between rows checked.
 *
 * test_ht_blocks [SEED [ROUNDS]]; prints the seed. scripts/kernels.sh builds and runs it. Needs libopenjp2, unless
 * CK_WITHOUT_LIBRARIES is defined; then the comparison with OpenJPEG is left out.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ck_cpu.h"
#include "ht_test_encoder.h"
#ifndef CK_WITHOUT_LIBRARIES
#include "ht_test_oracle.h"
#endif

enum { MAX_DATA = 64 * 1024, PADDING = 0x5A };

typedef struct {
    uint8_t *low, *high; /* between the guard pages */
} guarded;

static guarded guard(size_t nbytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (nbytes + page - 1) / page * page;
    uint8_t *p = mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) || mprotect(p + page + size, page, PROT_NONE)) abort();
    return (guarded){p + page, p + page + size};
}

static const uint32_t masks[] = {0, CK_CPU_AVX2, CK_CPU_AVX2 | CK_CPU_FAST_PDEP, CK_CPU_AVX2 | CK_CPU_FAST_PDEP | CK_CPU_AVX512, CK_CPU_ALL};
enum { MASKS_MAX = sizeof masks / sizeof masks[0], BATCH = 40 };
static int mask_count; /* those that differ on this CPU */

static guarded data_area, scratch_area, out_area[BATCH];
static ck_ht_dispatch dispatch[MASKS_MAX];
static uint64_t checked[8];

static void fail(const char *what, const ck_ht_block *b, uint64_t round) {
    fprintf(stderr, "FAILED: %s; round %llu, %ux%u K %u P %u passes %u causal %u half %u Lcup %u Lref %u\n", what,
        (unsigned long long)round, b->width, b->height, b->k_max, b->missing_msbs, b->passes, b->stripe_causal, b->half_steps,
        b->length_cleanup, b->length_refinement);
    exit(1);
}

/* All sizes up to 16x16, all widths and all heights come first, then those of codestreams and any. */
enum { SMALL_SIZES = 256, ALL_SIDES = 1024, SWEEP = SMALL_SIZES + 2 * ALL_SIDES };
static void random_size(uint16_t *w, uint16_t *h, uint64_t round) {
    static const uint16_t sides[] = {64, 32, 16, 4, 128, 1024, 256, 63, 61, 5};
    if (round < SMALL_SIZES) {
        *w = (uint16_t)(1 + round % 16), *h = (uint16_t)(1 + round / 16);
        return;
    }
    if (round < SWEEP) {
        uint32_t side = 1 + (uint32_t)(round - SMALL_SIZES) / 2, other = 1 + test_below(4096 / side < 1024 ? 4096 / side : 1024);
        *w = (uint16_t)(round & 1 ? side : other), *h = (uint16_t)(round & 1 ? other : side);
        return;
    }
    if (round % 4 == 0) {
        *w = sides[test_below(10)];
    } else {
        *w = (uint16_t)(1 + test_below(round % 4 == 1 ? 1024 : 70));
    }
    uint32_t most = 4096u / *w < 1024 ? 4096u / *w : 1024;
    *h = (uint16_t)(test_below(3) ? 1 + test_below(most) : most);
}

/* A random image: dense or sparse, flat or with a wide range of exponents. */
static void random_image(uint32_t *magnitudes, uint8_t *signs, size_t n, uint32_t bits) {
    uint32_t density = test_below(8), spread = test_below(4), top = 1 + test_below(bits);
    for (size_t i = 0; i < n; i++) {
        uint32_t b = spread == 0 ? top : spread == 1 ? test_below(top + 1) : test_below(8) ? test_below(top / 3 + 1) : test_below(top + 1);
        uint32_t m = b ? test_random() & ((1u << b) - 1) : 0;
        if (density < 4 && test_below(2u << (2 * density))) m = 0;
        if (test_below(256) == 0) m = (1u << top) - 1;
        magnitudes[i] = m;
        signs[i] = test_below(2);
    }
}

/* A valid block at the end of `data_area`; fills expected (half steps). */
static ck_ht_block random_block(uint64_t round, uint16_t w, uint16_t h, uint8_t *buffer, int32_t *expected) {
    static uint32_t magnitudes[4096];
    static uint8_t signs[4096];
    test_block t = {w, h, 0, 1, 0, magnitudes, signs};
    uint32_t bits = 1 + test_below(round % 3 ? 12 : 28);
    random_image(magnitudes, signs, (size_t)w * h, bits);
    t.passes = test_below(3) ? 1 : 1 + (int)test_below(3);
    t.plane = t.passes > 1 ? 1 + test_below(bits) : test_below(4) ? 0 : test_below(bits);
    t.stripe_causal = (int)test_below(2);
    ck_ht_block b = {0};
    b.width = w, b.height = h, b.data = buffer;
    b.length_cleanup = (uint32_t)encode_cleanup(&t, buffer);
    b.length_refinement = (uint32_t)encode_refinement(&t, buffer + b.length_cleanup, expected);
    b.passes = (uint8_t)t.passes;
    if (!b.length_refinement) b.passes = 1;
    b.stripe_causal = (uint8_t)t.stripe_causal;
    uint32_t k = bits + test_below(3);
    if (k <= t.plane) k = t.plane + 1;
    if (k > 29) k = 29;
    b.k_max = (uint8_t)k;
    b.missing_msbs = (uint8_t)(k - 1 - t.plane);
    b.half_steps = (uint8_t)test_below(2);
    return b;
}

static void place_out(ck_ht_block *b, guarded area, uint32_t size, int at_end, uint32_t extra) {
    b->out_stride = b->width + extra;
    size_t nbytes = (b->out_stride * (b->height - 1u) + b->width) * size;
    b->out = at_end ? area.high - nbytes : area.low;
    memset(area.low, PADDING, (size_t)(area.high - area.low));
}

static int32_t sample(const ck_ht_block *b, uint32_t size, uint32_t x, uint32_t y) {
    size_t at = y * b->out_stride + x;
    return size == 4 ? ((int32_t *)b->out)[at] : ((int16_t *)b->out)[at];
}

static void check_padding(const ck_ht_block *b, guarded area, uint32_t size, uint64_t round) {
    const uint8_t *row = b->out, *last = area.low;
    for (uint32_t y = 0; y <= b->height; y++, row += b->out_stride * size) {
        const uint8_t *end = y < b->height ? row : area.high;
        for (; last < end; last++)
            if (*last != PADDING) fail("padding written", b, round);
        last = row + b->width * size;
    }
}

/* One in four of the blocks without refinement, all with it; `expected` in half steps. */
static void compare_with_openjpeg(const ck_ht_block *blocks, uint32_t n, int32_t (*expected)[4096], uint64_t round) {
#ifdef CK_WITHOUT_LIBRARIES
    (void)blocks, (void)n, (void)expected, (void)round;
#else
    for (uint32_t i = 0; i < n; i++) {
        static int32_t theirs[4096];
        const ck_ht_block *b = &blocks[i];
        if (b->passes == 1 && test_below(4)) continue;
        if (oracle_log2(b->width) + oracle_log2(b->height) > 12) { /* no code-block of a codestream has this shape */
            checked[6]++;
            continue;
        }
        if (!oracle_decode(b, theirs)) fail("OpenJPEG declines", b, round);
        checked[b->passes > 1 ? 5 : 0]++;
        for (size_t j = 0; j < (size_t)b->width * b->height; j++)
            if (theirs[j] != expected[i][j] / 2) {
                fprintf(stderr, "(%zu,%zu): OpenJPEG %d, ours %d\n", j % b->width, j / b->width, theirs[j], expected[i][j] / 2);
                fail("OpenJPEG differs", b, round);
            }
    }
#endif
}

/* Valid blocks, in batches of equal or mixed sizes. */
static void test_round_trip(uint64_t round) {
    static int32_t expected[BATCH][4096];
    static uint8_t bytes[BATCH][MAX_DATA];
    ck_ht_block blocks[BATCH];
    ck_status status[BATCH];
    uint32_t n = round < SWEEP && round % 16 ? 1 + test_below(3) : round % 2 ? 1 + test_below(BATCH) : 1 + test_below(6);
    uint16_t w, h;
    random_size(&w, &h, round);
    for (uint32_t i = 0; i < n; i++) {
        if (round % 5 == 0 && test_below(4) == 0) random_size(&w, &h, round);
        blocks[i] = random_block(round, w, h, bytes[i], expected[i]);
    }
    /* One of them with nothing readable around it. */
    uint32_t lone = test_below(n);
    size_t length = blocks[lone].length_cleanup + blocks[lone].length_refinement;
    uint8_t *place = test_below(2) ? data_area.low : data_area.high - length;
    memcpy(place, bytes[lone], length);
    blocks[lone].data = place;
    for (uint32_t size = 2; size <= 4; size += 2)
        for (int m = 0; m < mask_count; m++) {
            uint32_t extra = test_below(2) ? 0 : test_below(40);
            for (uint32_t i = 0; i < n; i++) place_out(&blocks[i], out_area[i], size, test_below(2), extra);
            (size == 4 ? ck_ht_decode_blocks32 : ck_ht_decode_blocks16)(&dispatch[m], blocks, n, status, scratch_area.low);
            for (uint32_t i = 0; i < n; i++) {
                ck_ht_block *b = &blocks[i];
                check_padding(b, out_area[i], size, round);
                if (size == 2 && status[i] == CK_ERR_LIMIT && b->magnitude_bits > CK_HT_MAX_BITS16) continue;
                if (size == 2 && status[i] == CK_ERR_LIMIT && m >= 1) {
                    ck_status one;
                    ck_ht_block alone = *b;
                    ck_ht_decode_blocks16(&dispatch[0], &alone, 1, &one, scratch_area.low);
                    if (one == CK_ERR_LIMIT) continue;
                }
                if (status[i] != CK_OK) fail("valid block declined", b, round);
                for (uint32_t y = 0; y < b->height; y++)
                    for (uint32_t x = 0; x < b->width; x++) {
                        int32_t e = expected[i][y * b->width + x];
                        if (!b->half_steps) e /= 2;
                        if (sample(b, size, x, y) != e) {
                            fprintf(stderr, "mask %d size %u block %u of %u (%u,%u): %d, not %d\n", m, size, i, n, x, y, sample(b, size, x, y), e);
                            fail("round trip", b, round);
                        }
                        if (abs(e) >= 2ll << b->magnitude_bits) fail("magnitude_bits", b, round);
                    }
                checked[size]++;
            }
        }
    compare_with_openjpeg(blocks, n, expected, round);
}

/* Cuts, flips or replaces the bytes: variants must agree on error or samples, and stay inside. */
static void test_hostile(uint64_t round) {
    static int32_t expected[4096], first[BATCH][4096];
    static uint8_t bytes[MAX_DATA];
    ck_ht_block blocks[BATCH];
    ck_status status[BATCH], first_status[BATCH];
    uint16_t w, h;
    random_size(&w, &h, round);
    uint32_t n = round < SWEEP ? 1 : 1 + test_below(4);
    if (round % 16 == 0) n = BATCH;
    uint8_t *next = data_area.high;
    for (uint32_t i = 0; i < n; i++) {
        ck_ht_block b = random_block(round, w, h, bytes, expected);
        uint32_t length = b.length_cleanup + b.length_refinement;
        switch (test_below(4)) {
        case 0: /* cut */
            length = 2 + test_below(length - 1);
            if (b.length_cleanup > length || test_below(2)) b.length_cleanup = 2 + test_below(length - 1);
            b.length_refinement = length - b.length_cleanup;
            break;
        case 1: /* flip */
            for (uint32_t flips = 1 + test_below(4); flips; flips--) bytes[test_below(length)] ^= 1u << test_below(8);
            break;
        case 2: /* replace */
            length = 2 + test_below(test_below(2) ? 6000 : 60);
            for (uint32_t j = 0; j < length; j++) bytes[j] = test_below(4) ? (uint8_t)test_random() : 0xFF;
            b.length_cleanup = 2 + test_below(length - 1), b.length_refinement = length - b.length_cleanup;
            break;
        default: /* other parameters */
            b.missing_msbs = (uint8_t)test_below(b.k_max), b.passes = (uint8_t)(1 + test_below(3));
        }
        if (test_below(2) && b.length_cleanup >= 2) { /* a plausible Scup gets further */
            uint32_t scup = 2 + test_below(b.length_cleanup - 1);
            bytes[b.length_cleanup - 1] = (uint8_t)(scup >> 4);
            bytes[b.length_cleanup - 2] = (uint8_t)((bytes[b.length_cleanup - 2] & 0xF0) | (scup & 15));
        }
        next -= length;
        b.data = memcpy(next, bytes, length);
        blocks[i] = b;
    }
    for (uint32_t size = 2; size <= 4; size += 2)
        for (int m = 0; m < mask_count; m++) {
            for (uint32_t i = 0; i < n; i++) place_out(&blocks[i], out_area[i], size, test_below(2), test_below(3));
            (size == 4 ? ck_ht_decode_blocks32 : ck_ht_decode_blocks16)(&dispatch[m], blocks, n, status, scratch_area.low);
            for (uint32_t i = 0; i < n; i++) {
                ck_ht_block *b = &blocks[i];
                check_padding(b, out_area[i], size, round);
                if (m == 0) first_status[i] = status[i];
                checked[status[i] == CK_OK ? 1 : 3]++;
                if ((status[i] == CK_OK) != (first_status[i] == CK_OK)) {
                    fprintf(stderr, "mask %d size %u block %u of %u: status %d, scalar %d\n", m, size, i, n, status[i], first_status[i]);
                    fail("status differs", b, round);
                }
                if (status[i] != CK_OK) continue;
                for (uint32_t y = 0; y < b->height; y++)
                    for (uint32_t x = 0; x < b->width; x++) {
                        int32_t v = sample(b, size, x, y);
                        if (m == 0) first[i][y * b->width + x] = v;
                        if (v != first[i][y * b->width + x]) {
                            fprintf(stderr, "mask %d size %u block %u of %u (%u,%u)\n", m, size, i, n, x, y);
                            fail("hostile block differs", b, round);
                        }
                    }
            }
        }
}

static void test_arguments(void) {
    static int32_t out[4096];
    static const uint8_t data[4] = {0, 0, 0x20, 0};
    ck_ht_block good = {.data = data, .length_cleanup = 4, .passes = 1, .k_max = 8, .width = 4, .height = 4, .out = out, .out_stride = 4};
    struct {
        ck_status wanted;
        ck_ht_block block;
    } cases[12];
    for (int i = 0; i < 12; i++) cases[i].block = good;
    cases[0].wanted = CK_ERR_ARGUMENT, cases[0].block.width = 0;
    cases[1].wanted = CK_ERR_ARGUMENT, cases[1].block.width = 1025;
    cases[2].wanted = CK_ERR_ARGUMENT, cases[2].block.height = 1025;
    cases[3].wanted = CK_ERR_ARGUMENT, cases[3].block.passes = 0;
    cases[4].wanted = CK_ERR_ARGUMENT, cases[4].block.out_stride = 3;
    cases[5].wanted = CK_ERR_UNSUPPORTED, cases[5].block.passes = 4;
    cases[6].wanted = CK_ERR_UNSUPPORTED, cases[6].block.k_max = 31;
    cases[7].wanted = CK_ERR_DAMAGED, cases[7].block.missing_msbs = 8;
    cases[8].wanted = CK_ERR_DAMAGED, cases[8].block.length_cleanup = 1;
    cases[9].wanted = CK_ERR_DAMAGED, cases[9].block.length_cleanup = 2; /* Scup 0 */
    cases[10].wanted = CK_ERR_DAMAGED, cases[10].block.length_cleanup = 3; /* Scup 0x200 */
    cases[11].wanted = CK_ERR_ARGUMENT, cases[11].block.data = NULL;
    for (int i = 0; i < 12; i++) {
        ck_status status = CK_OK, result = ck_ht_decode_blocks32(&dispatch[0], &cases[i].block, 1, &status, scratch_area.low);
        if (status != cases[i].wanted || result != status) {
            fprintf(stderr, "argument case %d: status %d, not %d\n", i, status, cases[i].wanted);
            exit(1);
        }
    }
    if (ck_ht_decode_blocks32(&dispatch[0], NULL, 0, NULL, scratch_area.low) != CK_OK) exit(1);
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261121, rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 400;
    printf("seed %llu, %llu rounds, features 0x%x\n", (unsigned long long)seed, (unsigned long long)rounds, ck_cpu_features());
    data_area = guard(BATCH * MAX_DATA);
    scratch_area = guard(ck_ht_scratch_bytes());
    memset(scratch_area.low, 0xA5, (size_t)(scratch_area.high - scratch_area.low));
    for (int i = 0; i < BATCH; i++) out_area[i] = guard((4096 + 64 * 1024) * 4);
    for (int m = 0; m < MASKS_MAX; m++)
        if (m == 0 || (ck_cpu_features() & masks[m]) != dispatch[mask_count - 1].features)
            ck_ht_dispatch_init(&dispatch[mask_count++], ck_cpu_features() & masks[m]);
    test_arguments();
    for (uint64_t round = 0; round < rounds; round++) {
        test_seed = (seed + round) * 0x9E3779B97F4A7C15u | 1;
        for (int i = 0; i < 8; i++) test_random();
        test_round_trip(round);
        test_hostile(round);
    }
    printf("%llu blocks as encoded (%llu in 16 bits, %llu in 32), %llu as OpenJPEG (%llu refined; %llu more have no shape for it), "
           "%llu hostile (%llu decoded, %llu declined, alike by all), %d feature masks, 0 failures\n",
        (unsigned long long)(checked[2] + checked[4]), (unsigned long long)checked[2], (unsigned long long)checked[4],
        (unsigned long long)(checked[0] + checked[5]), (unsigned long long)checked[5], (unsigned long long)checked[6],
        (unsigned long long)(checked[1] + checked[3]), (unsigned long long)checked[1], (unsigned long long)checked[3], mask_count);
    return 0;
}
