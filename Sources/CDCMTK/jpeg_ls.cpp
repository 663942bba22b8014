#include "jpeg_ls.h"

#include <algorithm>

namespace {

constexpr uint8_t start_of_image = 0xd8, start_of_frame = 0xf7, preset_parameters = 0xf8, start_of_scan = 0xda;

// CLAMP of T.87 C.2.4.1.1.1.
int clamped(int value, int least, int most) { return value < least || value > most ? least : value; }

// MAXVAL, T1, T2, T3 and RESET for MAXVAL below 128 (T.87 C.2.4.1.1.1).
std::vector<uint8_t> default_segment(int precision, int near) {
    const int most = (1 << precision) - 1;
    const int factor = 256 / (most + 1);
    const int first = clamped(std::max(2, 3 / factor + 3 * near), near + 1, most);
    const int second = clamped(std::max(3, 7 / factor + 5 * near), first, most);
    const int third = clamped(std::max(4, 21 / factor + 7 * near), second, most);
    std::vector<uint8_t> segment = {0xff, preset_parameters, 0, 13, 1};
    for (int value : {most, first, second, third, 64}) {
        segment.push_back(uint8_t(value >> 8));
        segment.push_back(uint8_t(value));
    }
    return segment;
}

}  // namespace

std::vector<uint8_t> cdcm::with_default_thresholds(const uint8_t *frame, size_t size) {
    if (size < 4 || frame[0] != 0xff || frame[1] != start_of_image) return {};
    int precision = 0;
    size_t position = 2;
    while (size - position >= 4 && frame[position] == 0xff) {
        const uint8_t marker = frame[position + 1];
        const size_t length = size_t(frame[position + 2]) << 8 | frame[position + 3];
        if (length < 3 || length > size - position - 2 || marker == preset_parameters) return {};
        if (marker == start_of_frame) precision = frame[position + 4];
        if (marker == start_of_scan) {
            // Ns, two bytes a component, NEAR.
            const size_t near = 3 + 2 * size_t(frame[position + 4]);
            if (precision < 2 || precision > 7 || near >= length) return {};
            std::vector<uint8_t> result(frame, frame + position);
            const std::vector<uint8_t> segment = default_segment(precision, frame[position + 2 + near]);
            result.insert(result.end(), segment.begin(), segment.end());
            result.insert(result.end(), frame + position, frame + size);
            if (result.size() % 2 != 0) result.push_back(0);
            return result;
        }
        position += 2 + length;
    }
    return {};
}
