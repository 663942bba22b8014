// Packing: planes of 32-bit samples into pixel-interleaved bytes.
//
// Called once a frame, after the inverse transforms. Touches nothing but its arguments; any thread.

#ifndef CK_PACK_H
#define CK_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "ck_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/// One decoded image component (ITU-T T.800, B.2).
typedef struct ck_plane {
    /// `height` rows of `stride` samples each, of which the first `width` count.
    const int32_t *samples;
    size_t width;  ///< in samples, at least 1
    size_t height; ///< in samples, at least 1
    size_t stride; ///< in samples, at least `width`
    /// Coordinates of the first sample on the component's own grid: ceil(XOsiz / XRsiz), ceil(YOsiz / YRsiz).
    uint32_t first_x;
    uint32_t first_y;
    /// Reference grid points from sample to sample, XRsiz and YRsiz, 1 to 255.
    uint32_t step_x;
    uint32_t step_y;
    /// Bits of a sample, 1 to 32. A sample outside its range is clamped; 32 bits are taken as they stand.
    uint32_t precision;
    /// Non-zero: two's complement.
    uint32_t is_signed;
} ck_plane;

/// Interleaves `plane_count` planes (1 to 4) into rows of width * plane_count samples, top-left first.
///
/// Each sample is written little-endian in `bytes_per_sample` bytes (1, 2 or 4; at least enough for every
/// plane's precision), sign-extended where the plane is signed and zero-extended where it is not. A plane with
/// steps above 1 is replicated: the pixel at reference grid point (x, y) shows the plane's sample
/// (floor(x / step_x), floor(y / step_y)), or the nearest that exists. (`origin_x`, `origin_y`) is the grid
/// point of the first pixel. Writes exactly width * height * plane_count * bytes_per_sample bytes.
///
/// CK_ERR_ARGUMENT: an argument lies outside the range stated here; CK_ERR_LIMIT: the destination is too small. Nothing
/// has been written then.
ck_status ck_pack(const ck_plane *planes, size_t plane_count,
                  uint32_t origin_x, uint32_t origin_y, size_t width, size_t height,
                  size_t bytes_per_sample, void *destination, size_t destination_bytes);

#ifdef __cplusplus
}
#endif

#endif
