// DICOM's RLE (PS3.5, annex G). DCMTK's own decoder reads outside of the frame when a header lies.
#ifndef CDCMTK_RLE_H
#define CDCMTK_RLE_H

#include <cstddef>
#include <cstdint>

namespace cdcm {

// Decodes one frame of `pixels` pixels into interleaved little-endian samples; `out` takes
// pixels * samples * bytes_per_sample bytes. Throws cdcm::failure for anything that does not fit.
void decode_rle(
    const uint8_t *frame, size_t size, size_t pixels, uint32_t samples, uint32_t bytes_per_sample, uint8_t *out);

}  // namespace cdcm

#endif
