// JPEG-LS (ITU-T T.87) as DICOM carries it: what DCMTK's decoder has to be told.
#ifndef CDCMTK_JPEG_LS_H
#define CDCMTK_JPEG_LS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cdcm {

// A stream of samples below 8 bits that relies on the default thresholds, with these written out (an LSE segment,
// T.87 C.2.4.1.1), padded to an even size. Empty where nothing is to be added: 8 bits and more, thresholds already
// there, or no JPEG-LS header at all.
//
// The CharLS inside of DCMTK 3.6.7 computes the defaults for MAXVAL below 128 by the formula for larger ones.
std::vector<uint8_t> with_default_thresholds(const uint8_t *frame, size_t size);

}  // namespace cdcm

#endif
