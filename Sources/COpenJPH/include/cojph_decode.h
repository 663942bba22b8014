// HTJ2K decoding through libopenjph: the peer that `bench` measures beside the product's decoders.
//
// For codestreams that are known to be whole: the library was not made to withstand hostile ones. No exception
// crosses this interface, nothing is printed. Any number of threads may decode at the same time.
#ifndef COJPH_DECODE_H
#define COJPH_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "cojph.h"

#ifdef __cplusplus
extern "C" {
#endif

// What a decoded image looks like.
typedef struct cojph_layout {
    uint32_t width;
    uint32_t height;
    uint32_t components;
    uint32_t bits_per_sample;   // the largest of all components
    uint32_t bytes_per_sample;  // 1, 2 or 4
    uint32_t is_signed;         // of the first component
    size_t byte_count;          // width * height * components * bytes_per_sample
} cojph_layout;

// Decodes the bare HTJ2K codestream of `size` bytes into `pixels`: rows top to bottom, pixel-interleaved,
// little-endian, clamped to the precision. Components must not be subsampled (COJPH_BAD_ARGUMENT). `layout` is
// filled even when `pixel_bytes` is less than layout->byte_count, which answers COJPH_BAD_ARGUMENT and decodes
// nothing; so a first call with 0 bytes asks for the size.
cojph_status cojph_decode(
    const uint8_t *codestream, size_t size, void *pixels, size_t pixel_bytes, cojph_layout *layout);

// The library's version, such as "0.9.0". Static.
const char *cojph_library_version(void);

#ifdef __cplusplus
}
#endif

#endif
