// HTJ2K encoding through libopenjph, in the form in which AWS HealthImaging stores frames.
//
// No exception crosses this interface, nothing is printed. Any number of threads may encode at the same time,
// each with its own cojph_bytes.
#ifndef COJPH_H
#define COJPH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// How a call ended.
typedef enum cojph_status {
    COJPH_OK = 0,
    COJPH_BAD_ARGUMENT = 1,   // a size, a count or a precision is outside of what the function takes
    COJPH_OUT_OF_MEMORY = 2,
    COJPH_LIBRARY_ERROR = 3,  // libopenjph refused or failed
} cojph_status;

// The highest precision, in bits, that libopenjph 0.9 encodes and libopenjp2 2.5 decodes without loss. Both
// compute in 32-bit integers whose top bit is the sign: beyond this the transform's gain overflows.
#define COJPH_MAX_BITS 25
// The same with the reversible colour transform, whose difference components need one bit more.
#define COJPH_MAX_BITS_WITH_COLOUR_TRANSFORM 24

// An image in memory: rows top to bottom, no padding, pixel-interleaved, samples in the machine's byte order.
typedef struct cojph_image {
    uint32_t width;             // columns, 1 to 65535
    uint32_t height;            // rows, 1 to 65535
    uint32_t components;        // samples per pixel, 1 to 4
    uint32_t bits_per_sample;   // precision written to SIZ, 1 to COJPH_MAX_BITS
    uint32_t bytes_per_sample;  // container: 1, 2 or 4; at least bits_per_sample bits wide
    uint32_t is_signed;         // two's complement when not 0
    const void *samples;        // borrowed for the call; samples beyond the precision are the caller's fault
    size_t byte_count;          // must be width * height * components * bytes_per_sample
} cojph_image;

// A growable run of bytes. Zero-initialise it, pass it to any number of calls, free it once.
typedef struct cojph_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} cojph_bytes;

// Encodes `image` losslessly as a bare HTJ2K codestream (ISO/IEC 15444-15): reversible 5/3, progression RPCL,
// code-blocks 64x64, precincts 128x128 at the lowest resolution and 256x256 above, decompositions until the
// width or the height of the base is at most 64 (the rule of DICOM PS3.5 for HTJ2K Lossless RPCL), one tile, one
// tile-part for each resolution. `colour_transform` not 0 switches the reversible colour transform on; it needs
// at least 3 components.
//
// The codestream is added behind what `out` holds already (a container's header, say). On failure the content of
// `out` is undefined and it still belongs to the caller.
cojph_status cojph_encode(const cojph_image *image, int colour_transform, cojph_bytes *out);

// Replaces the content of `bytes` by a copy of `size` bytes at `source`; `source` may be null when `size` is 0.
cojph_status cojph_bytes_assign(cojph_bytes *bytes, const void *source, size_t size);

// The number of decompositions that cojph_encode uses for this size.
uint32_t cojph_decompositions(uint32_t width, uint32_t height);

// Frees what a cojph_bytes owns and zeroes it.
void cojph_bytes_free(cojph_bytes *bytes);

#ifdef __cplusplus
}
#endif

#endif
