/* Pieces of the tests of the whole decoder. */
#ifndef HTJ2K_TEST_H
#define HTJ2K_TEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What to encode. Samples are planar, component by component. */
typedef struct {
    uint32_t width, height, offset_x, offset_y; /* image: [offset, offset + size) on the reference grid */
    uint32_t tile_w, tile_h, tile_x, tile_y;    /* 0: one tile */
    uint32_t components, bits[4], is_signed[4], dx[4], dy[4];
    uint32_t levels, block_w, block_h, order, colour, reversible;
    uint32_t precincts;                         /* how many of precinct[] */
    uint32_t precinct[2][33];
    float step;
    uint32_t comp_x0[4], comp_y0[4], comp_w[4], comp_h[4]; /* filled by spec_sizes */
} stream_spec;

/* htj2k_streams.c. random_spec is complete; spec_sizes fills in the components' sizes of one made by hand. */
stream_spec random_spec(uint64_t *rng, uint64_t turn);
void spec_sizes(stream_spec *spec);
uint32_t fill_planes(const stream_spec *spec, int32_t *const planes[4], uint64_t *rng);
void describe(const stream_spec *spec, uint64_t seed);
/* Code-block shape number `index` of those that answers: sides 4 to 1024, area up to 4096. */
uint32_t block_shape(uint32_t index, uint32_t *w, uint32_t *h);
uint32_t ceil_div(uint32_t a, uint32_t b);
uint32_t ceil_shift(uint32_t a, uint32_t n);

/* libopenjph. Answers the number of bytes in *out (malloc), or 0 when it refuses. */
size_t encode_stream(const stream_spec *spec, int32_t *const planes[4], uint8_t **out);

/* libopenjph decoding to planes, timed by the caller. 0 on success. */
int openjph_decode(const uint8_t *data, size_t nbytes, uint8_t *out, uint32_t bytes_per_sample, int is_signed, uint32_t bits);

/* OpenJPEG decoding to planes (malloc). 0 on success. */
typedef struct {
    uint32_t components, w[4], h[4];
    int32_t *plane[4];
} oracle_image;
int oracle_decode(const uint8_t *data, size_t nbytes, uint32_t reduction, oracle_image *image);
void oracle_free(oracle_image *image);

/*
 * Rewrites a one-layer, one-tile-part-a-tile stream with other packets: `layers` layers (each block in a random one), progression
 * `order`, SOP, EPH, tile-parts at random packet borders with tiles interleaved, POC. Answers bytes in *out (malloc), 0 when it cannot.
 */
typedef struct {
    uint32_t layers, order, sop, eph, split, poc, last_psot_zero;
    uint64_t seed;
} repack_spec;
size_t repack_stream(const uint8_t *data, size_t nbytes, const repack_spec *spec, uint8_t **out);

#ifdef __cplusplus
}
#endif

/* splitmix64 */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
static inline uint32_t below(uint64_t *state, uint32_t n) { return (uint32_t)(next_random(state) % n); }

#endif
