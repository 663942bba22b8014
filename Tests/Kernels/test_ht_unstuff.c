/*
 * Un-stuffing of VLC and MagSgn streams, every variant against a reader of single bits written from T.814 7.1. Usage: test_ht_unstuff
 * [seed [rounds]]. Every length up to 400 and random ones up to 30000, more than a block can use; input and output between guard pages, at any address.
 */
#include <stdio.h>

#include "ck_ht_lane.h"
#include "htj2k_test.h"
#include "kernel_test.h"

enum { LONGEST = 30000, VLC_ROOM = 64 /* what may be written behind `wanted` bytes */ };
static guarded in_area, out_area;
static ck_ht_dispatch dispatch[KERNEL_MASKS];
static int masks;
static uint64_t failures, checked;
static uint8_t bit[LONGEST * 8 + 64]; /* one a byte */

static size_t bits_of(uint8_t byte, uint32_t nbits, size_t at)
{
    for (uint32_t i = 0; i < nbits; i++)
        bit[at + i] = byte >> i & 1;
    return at + nbits;
}

/* 7.1.3: a byte that follows FF holds seven bits. */
static size_t magsgn_bits(const uint8_t *p, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        at = bits_of(p[i], i > 0 && p[i - 1] == 0xFF ? 7 : 8, at);
    return at;
}

/* 7.1.4: backwards from the nibble beside Scup; after a byte above 8F, seven ones are all there is in a byte. */
static size_t vlc_bits(const uint8_t *first, const uint8_t *scup_byte)
{
    uint32_t last = *scup_byte | 15u, top = *scup_byte >> 4;
    size_t at = bits_of((uint8_t)top, (top & 7) == 7 ? 3 : 4, 0);
    for (const uint8_t *p = scup_byte; p-- > first;) {
        at = bits_of(*p, last > 0x8F && (*p & 0x7F) == 0x7F ? 7 : 8, at);
        last = *p;
    }
    return at;
}

static void fail(const char *what, int mask, size_t n, uint64_t seed)
{
    if (failures++ < 20)
        printf("FAIL: %s mask %d of %zu bytes, seed %llu\n", what, mask, n, (unsigned long long)seed);
}

static int is_alike(const uint8_t *out, size_t nbits)
{
    for (size_t i = 0; i < nbits; i++)
        if ((out[i / 8] >> i % 8 & 1) != bit[i])
            return 0;
    return 1;
}

/* n bytes that end or begin at a guard page, or lie anywhere; mostly stuffed, sometimes not. */
static uint8_t *place_bytes(size_t n, uint64_t *rng)
{
    static const uint8_t special[] = {0xFF, 0xFF, 0x7F, 0x8F, 0x90, 0xFE};
    size_t room = (size_t)(in_area.high - in_area.low) - n, where = below(rng, 3);
    uint8_t *p = where == 0 ? in_area.low : where == 1 ? in_area.low + room : in_area.low + below(rng, 128);
    uint32_t density = below(rng, 3);
    for (size_t i = 0; i < n; i++)
        p[i] = density && below(rng, density == 1 ? 2 : 20) == 0 ? special[below(rng, 6)] : (uint8_t)next_random(rng);
    return p;
}

static uint8_t *place_output(size_t n, uint64_t *rng)
{
    memset(out_area.low, 0x5A, (size_t)(out_area.high - out_area.low));
    size_t room = (size_t)(out_area.high - out_area.low) - n;
    return below(rng, 2) ? out_area.low + room : out_area.low + below(rng, 64);
}

static int front_is_clean(const uint8_t *out)
{
    for (const uint8_t *p = out_area.low; p < out; p++)
        if (*p != 0x5A)
            return 0;
    return 1;
}

static void random_case(uint64_t seed, size_t n)
{
    for (int m = 0; m < masks; m++) {
        uint64_t rng = seed;
        uint8_t *in = place_bytes(n, &rng), *out = place_output(CK_HT_MAGSGN_NBYTES, &rng);
        size_t nbits = dispatch[m].unstuff_magsgn(in, n, out, CK_HT_MAGSGN_DATA);
        /* It may stop where a vector no longer fits, but not before any block has enough. */
        size_t all = magsgn_bits(in, n), least = 8 * (CK_HT_MAGSGN_DATA - 128);
        if ((all <= least ? nbits != all : nbits < least || nbits > all) || !is_alike(out, nbits) || !front_is_clean(out))
            fail("MagSgn", m, n, seed);
        /* VLC: all of the bytes, or as many as a block can use. */
        uint32_t wanted = below(&rng, 2) ? CK_HT_VLC_NBYTES - VLC_ROOM : 12 + below(&rng, 400);
        out = place_output(wanted + VLC_ROOM, &rng);
        uint32_t found = dispatch[m].unstuff_vlc(in, in + n - 1, out, wanted);
        size_t there = vlc_bits(in, in + n - 1), used = there < 8 * (size_t)wanted ? there : 8 * (size_t)wanted;
        int right = there <= 8 * (size_t)wanted ? found == there : found >= 8 * wanted;
        right &= is_alike(out, used) && front_is_clean(out);
        for (size_t i = used; i < 8 * (size_t)wanted; i++)
            right &= (out[i / 8] >> i % 8 & 1) == 0;
        if (!right)
            fail("VLC", m, n, seed);
        checked += 2;
    }
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000;
    uint32_t features[KERNEL_MASKS];
    setvbuf(stdout, NULL, _IOLBF, 0);
    masks = kernel_masks(features);
    for (int m = 0; m < masks; m++)
        ck_ht_dispatch_init(&dispatch[m], features[m]);
    in_area = guard(LONGEST), out_area = guard(CK_HT_MAGSGN_NBYTES);
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t rng = seed + i;
        random_case(next_random(&rng), i % 1000 < 800 ? 1 + i % 400 : 1 + below(&rng, LONGEST));
    }
    printf("%llu streams un-stuffed, seeds %llu to %llu, %d feature masks, %llu failures\n", (unsigned long long)checked,
           (unsigned long long)seed, (unsigned long long)(seed + rounds - 1), masks, (unsigned long long)failures);
    return failures != 0;
}
