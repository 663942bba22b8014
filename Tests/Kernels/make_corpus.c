/*
 * First inputs for the fuzzers: make_corpus FOLDER, which has folders headers, packets, blocks, streams. Blocks by the tests' own
 * encoder, streams by libopenjph and htj2k_repack.c and by htj2k_layers.c; a few dozen of each, all small, the same each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_test_encoder.h"
#include "htj2k_layers.h"

enum { BLOCKS = 60, STREAMS = 40, LAYERED = 60, HEADERS = 60 };
static const char *folder;

static void save(const char *kind, uint32_t n, const uint8_t *head, size_t head_nbytes, const uint8_t *bytes, size_t nbytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%02u", folder, kind, n);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(head, 1, head_nbytes, f) != head_nbytes || fwrite(bytes, 1, nbytes, f) != nbytes || fclose(f)) {
        perror(path);
        exit(1);
    }
}

/* Layout of the first bytes: fuzz_ht_blocks.c. */
static void save_block(uint32_t n)
{
    static uint32_t magnitudes[4096];
    static uint8_t signs[4096], bytes[64 * 1024];
    static int32_t expected[4096];
    uint32_t width = 1 + test_below(24), height = 1 + test_below(24), bits = 1 + test_below(n % 5 ? 12 : 28);
    for (uint32_t i = 0; i < width * height; i++)
        magnitudes[i] = test_below(3) ? test_random() & ((1u << bits) - 1) : 0, signs[i] = test_below(2);
    test_block t = {width, height, 0, 1 + (int)(n % 3), (int)(n / 3 % 2), magnitudes, signs};
    t.plane = t.passes > 1 ? 1 : 0;
    size_t cleanup = encode_cleanup(&t, bytes), refinement = encode_refinement(&t, bytes + cleanup, expected);
    uint8_t head[9] = {(uint8_t)(width - 1), 0, (uint8_t)(height - 1), 0, (uint8_t)bits, (uint8_t)(bits - t.plane),
                       (uint8_t)(t.passes | t.stripe_causal << 6), (uint8_t)refinement, (uint8_t)(refinement >> 8)};
    save("blocks/block", n, head, sizeof head, bytes, cleanup + refinement);
}

/* Byte 0: fuzz_htj2k.c. */
static void save_stream(uint32_t n)
{
    uint64_t rng = 1000 + n;
    stream_spec s = random_spec(&rng, n);
    int32_t *planes[4] = {0};
    uint8_t *plain = NULL, *other = NULL, head = (uint8_t)(n % 3 | n % 4 << 3);
    s.width = 1 + s.width % 24, s.height = 1 + s.height % 24;
    spec_sizes(&s);
    for (uint32_t c = 0; c < s.components; c++)
        planes[c] = malloc(((size_t)s.comp_w[c] * s.comp_h[c] + 1) * sizeof(int32_t));
    fill_planes(&s, planes, &rng);
    repack_spec r = {.layers = 1 + below(&rng, 3), .order = n % 5, .sop = n & 1, .eph = n >> 1 & 1, .split = n >> 2 & 1, .poc = n >> 3 & 1,
                     .seed = n};
    size_t nbytes = encode_stream(&s, planes, &plain);
    if (nbytes > 0 && n % 2)
        save("streams/stream", n, &head, 1, plain, nbytes);
    else if (nbytes > 0 && (nbytes = repack_stream(plain, nbytes, &r, &other)) > 0)
        save("streams/repacked", n, &head, 1, other, nbytes);
    free(plain), free(other);
    for (int c = 0; c < 4; c++)
        free(planes[c]);
}

/* Refinement passes and layers, as a stream and as packets alone (fuzz_packets.c). */
static void save_layered(uint32_t n)
{
    uint64_t rng = 5000 + n;
    uint8_t bytes[HEADER_BYTES], head = (uint8_t)(n % 3 | n % 4 << 3);
    for (int i = 0; i < HEADER_BYTES; i++)
        bytes[i] = (uint8_t)next_random(&rng);
    bytes[0] %= 24, bytes[1] %= 24; /* small */
    header_spec h;
    header_of_bytes(bytes, &h);
    h.whole_blocks = n % 4 == 0;
    layered_image image;
    make_layered(&h, n, n % 2, &image);
    save("streams/layered", n, &head, 1, image.bytes, image.nbytes);
    save("packets/packets", n, bytes, HEADER_BYTES, image.parts.bytes, image.parts.n);
    free_layered(&image);
}

/* Main headers with what may follow, and tile-parts without data. */
static void save_header(uint32_t n)
{
    static const uint8_t extra[][20] = {
        {7, 0xFF, 0x64, 0, 5, 0, 1, 'x'},                                  /* COM */
        {7, 0xFF, 0x5D, 0, 5, 0, 0x20, 0x50},                              /* QCC, one step */
        {11, 0xFF, 0x53, 0, 9, 0, 0, 1, 2, 2, 0x40, 1},                    /* COC */
        {11, 0xFF, 0x5F, 0, 9, 0, 0, 0, 1, 33, 4, 2},                      /* POC */
        {12, 0xFF, 0x55, 0, 10, 0, 0x50, 0, 0, 0, 0, 0, 20},               /* TLM */
        {7, 0xFF, 0x5E, 0, 5, 0, 0, 3},                                    /* RGN */
        {9, 0xFF, 0x5D, 0, 7, 0, 0x20, 0x48, 0x48, 0x50},                  /* QCC */
        {10, 0xFF, 0x5D, 0, 8, 0, 0x22, 0x48, 0, 0x50, 0x10}};
    uint64_t rng = 9000 + n;
    uint8_t bytes[HEADER_BYTES], head = (uint8_t)(n % 2 | n % 4 << 3);
    for (int i = 0; i < HEADER_BYTES; i++)
        bytes[i] = (uint8_t)next_random(&rng);
    header_spec h;
    header_of_bytes(bytes, &h);
    writer w = {0};
    put_main_header(&w, &h);
    for (uint32_t i = 0; i < n % 3; i++) {
        const uint8_t *e = extra[below(&rng, 8)];
        put_bytes(&w, e + 1, e[0]);
    }
    for (uint32_t tile = 0; tile < 3; tile++) {
        const uint8_t *e = extra[below(&rng, 8)];
        uint32_t inside = n % 4 == 3 ? e[0] : 0;
        put(&w, CK_SOT, 2), put(&w, 10, 2), put(&w, tile, 2), put(&w, 14 + inside + tile, 4), put(&w, 0, 1), put(&w, 1, 1);
        put_bytes(&w, e + 1, inside);
        put(&w, CK_SOD, 2), put(&w, 0, tile);
    }
    put(&w, CK_EOC, 2);
    save("headers/header", n, &head, 1, w.bytes, w.n);
    free(w.bytes);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus FOLDER\n");
        return 64;
    }
    folder = argv[1];
    for (int i = 0; i < 16; i++)
        test_random();
    for (uint32_t n = 0; n < BLOCKS; n++)
        save_block(n);
    for (uint32_t n = 0; n < STREAMS; n++)
        save_stream(n);
    for (uint32_t n = 0; n < LAYERED; n++)
        save_layered(n);
    for (uint32_t n = 0; n < HEADERS; n++)
        save_header(n);
    return 0;
}
