/*
 * First inputs for the fuzzers: make_corpus BLOCKS-FOLDER STREAMS-FOLDER. Blocks by the tests' own encoder, streams by libopenjph and
 * htj2k_repack.c; a few dozen of each, all small, the same each time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ht_test_encoder.h"
#include "htj2k_test.h"

enum { BLOCKS = 40, STREAMS = 40 };

static void save(const char *folder, const char *kind, uint32_t n, const uint8_t *head, size_t head_nbytes, const uint8_t *bytes, size_t nbytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%02u", folder, kind, n);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(head, 1, head_nbytes, f) != head_nbytes || fwrite(bytes, 1, nbytes, f) != nbytes || fclose(f)) {
        perror(path);
        exit(1);
    }
}

/* Layout of the header: fuzz_ht_blocks.c. */
static void save_block(const char *folder, uint32_t n)
{
    static uint32_t magnitudes[4096];
    static uint8_t signs[4096], bytes[64 * 1024];
    static int32_t expected[4096];
    uint32_t width = 1 + test_below(24), height = 1 + test_below(24), bits = 1 + test_below(12);
    for (uint32_t i = 0; i < width * height; i++)
        magnitudes[i] = test_below(3) ? test_random() & ((1u << bits) - 1) : 0, signs[i] = test_below(2);
    test_block t = {width, height, 0, 1 + (int)(n % 3), (int)(n / 3 % 2), magnitudes, signs};
    t.plane = t.passes > 1 ? 1 : 0;
    size_t cleanup = encode_cleanup(&t, bytes), refinement = encode_refinement(&t, bytes + cleanup, expected);
    uint8_t head[9] = {(uint8_t)(width - 1), 0, (uint8_t)(height - 1), 0, (uint8_t)bits, (uint8_t)(bits - t.plane),
                       (uint8_t)(t.passes | t.stripe_causal << 6), (uint8_t)refinement, (uint8_t)(refinement >> 8)};
    save(folder, "block", n, head, sizeof head, bytes, cleanup + refinement);
}

static void save_stream(const char *folder, uint32_t n)
{
    uint64_t rng = 1000 + n;
    stream_spec s = random_spec(&rng);
    int32_t *planes[4] = {0};
    uint8_t *plain = NULL, *other = NULL, head = (uint8_t)(n % 3 | n % 4 << 3);
    s.width = 1 + s.width % 40, s.height = 1 + s.height % 40;
    spec_sizes(&s);
    for (uint32_t c = 0; c < s.components; c++)
        planes[c] = malloc(((size_t)s.comp_w[c] * s.comp_h[c] + 1) * sizeof(int32_t));
    fill_planes(&s, planes, &rng);
    repack_spec r = {.layers = 1 + below(&rng, 3), .order = n % 5, .sop = n & 1, .eph = n >> 1 & 1, .split = n >> 2 & 1, .poc = n >> 3 & 1,
                     .seed = n};
    size_t nbytes = encode_stream(&s, planes, &plain);
    if (nbytes > 0 && n % 2)
        save(folder, "stream", n, &head, 1, plain, nbytes);
    else if (nbytes > 0 && (nbytes = repack_stream(plain, nbytes, &r, &other)) > 0)
        save(folder, "repacked", n, &head, 1, other, nbytes);
    free(plain), free(other);
    for (int c = 0; c < 4; c++)
        free(planes[c]);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: make_corpus BLOCKS-FOLDER STREAMS-FOLDER\n");
        return 64;
    }
    for (int i = 0; i < 16; i++)
        test_random();
    for (uint32_t n = 0; n < BLOCKS; n++)
        save_block(argv[1], n);
    for (uint32_t n = 0; n < STREAMS; n++)
        save_stream(argv[2], n);
    return 0;
}
