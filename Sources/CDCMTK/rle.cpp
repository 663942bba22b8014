#include "rle.h"

#include <algorithm>

#include "structure.h"

namespace {

// One segment: PackBits into every `step`-th byte of `out` (G.3.2). Bytes beyond `count` are padding.
void decode_segment(const uint8_t *from, const uint8_t *end, size_t count, size_t step, uint8_t *out) {
    size_t made = 0;
    while (made < count) {
        if (from == end) throw cdcm::failure(CDCM_DAMAGED, "a run-length segment is cut short");
        const int8_t control = int8_t(*from++);
        if (control == -128) continue;
        const bool is_literal = control >= 0;
        const size_t length = is_literal ? size_t(control) + 1 : size_t(1 - control);
        const size_t wanted = std::min(length, count - made);
        if (size_t(end - from) < (is_literal ? wanted : 1)) {
            throw cdcm::failure(CDCM_DAMAGED, "a run-length segment is cut short");
        }
        for (size_t i = 0; i < wanted; ++i) out[(made + i) * step] = from[is_literal ? i : 0];
        from += is_literal ? std::min(length, size_t(end - from)) : 1;
        made += wanted;
    }
}

uint32_t u32(const uint8_t *bytes) {
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t(bytes[3]) << 24;
}

}  // namespace

void cdcm::decode_rle(
    const uint8_t *frame, size_t size, size_t pixels, uint32_t samples, uint32_t bytes_per_sample, uint8_t *out) {
    const uint32_t segments = samples * bytes_per_sample;
    if (size < 64 || segments > 15 || u32(frame) != segments) {
        throw failure(CDCM_DAMAGED, "the run-length header does not have " + std::to_string(segments) + " segments");
    }
    for (uint32_t segment = 0; segment < segments; ++segment) {
        const uint32_t start = u32(frame + 4 + 4 * segment);
        const uint32_t next = segment + 1 < segments ? u32(frame + 8 + 4 * segment) : uint32_t(size);
        if (start < 64 || start > size || next < start || next > size) {
            throw failure(CDCM_DAMAGED, "a run-length segment lies outside of its frame");
        }
        // The most significant byte of each sample comes first (G.2); in memory it is the last.
        const uint32_t sample = segment / bytes_per_sample;
        const uint32_t byte = bytes_per_sample - 1 - segment % bytes_per_sample;
        decode_segment(frame + start, frame + next, pixels, segments, out + sample * bytes_per_sample + byte);
    }
}
