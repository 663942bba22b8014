#include "cojph_decode.h"

#include <algorithm>
#include <new>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_params.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_version.h>

#include "messages.h"

#define COJPH_TEXT(x) #x
#define COJPH_VERSION_TEXT(major, minor, patch) COJPH_TEXT(major) "." COJPH_TEXT(minor) "." COJPH_TEXT(patch)

namespace {

struct range {
    int32_t lowest;
    int32_t highest;
};

range range_of(uint32_t bits, bool is_signed) {
    if (bits >= 32) return {INT32_MIN, INT32_MAX};
    if (is_signed) return {-int32_t(1u << (bits - 1)), int32_t((1u << (bits - 1)) - 1)};
    return {0, int32_t((1u << bits) - 1)};
}

template <typename Sample>
void put_line(const int32_t *line, size_t width, range limits, size_t step, void *to, size_t offset) {
    Sample *out = static_cast<Sample *>(to) + offset;
    if (step == 1) {
        for (size_t x = 0; x < width; ++x)
            out[x] = Sample(std::min(std::max(line[x], limits.lowest), limits.highest));
        return;
    }
    for (size_t x = 0; x < width; ++x)
        out[x * step] = Sample(std::min(std::max(line[x], limits.lowest), limits.highest));
}

// False for an image that this interface does not take.
bool read_layout(ojph::codestream &stream, cojph_layout &layout) {
    ojph::param_siz siz = stream.access_siz();
    layout.components = siz.get_num_components();
    if (layout.components < 1 || layout.components > 4) return false;
    layout.width = siz.get_recon_width(0);
    layout.height = siz.get_recon_height(0);
    layout.bits_per_sample = 0;
    layout.is_signed = siz.is_signed(0);
    for (uint32_t c = 0; c < layout.components; ++c) {
        const ojph::point step = siz.get_downsampling(c);
        if (step.x != 1 || step.y != 1) return false;
        layout.bits_per_sample = std::max(layout.bits_per_sample, siz.get_bit_depth(c));
    }
    if (layout.bits_per_sample < 1 || layout.bits_per_sample > 32) return false;
    layout.bytes_per_sample = layout.bits_per_sample <= 8 ? 1 : layout.bits_per_sample <= 16 ? 2 : 4;
    layout.byte_count = size_t(layout.width) * layout.height * layout.components * layout.bytes_per_sample;
    return true;
}

cojph_status decode_image(ojph::codestream &stream, const cojph_layout &layout, void *pixels) {
    ojph::param_siz siz = stream.access_siz();
    range ranges[4];
    for (uint32_t c = 0; c < layout.components; ++c) ranges[c] = range_of(siz.get_bit_depth(c), siz.is_signed(c));
    stream.set_planar(false);
    stream.create();
    const auto put = layout.bytes_per_sample == 1   ? put_line<uint8_t>
                     : layout.bytes_per_sample == 2 ? put_line<uint16_t>
                                                    : put_line<uint32_t>;
    for (size_t row = 0; row < layout.height; ++row) {
        for (uint32_t c = 0; c < layout.components; ++c) {
            ojph::ui32 component = 0;
            const ojph::line_buf *line = stream.pull(component);
            if (line == nullptr || component != c || line->size < layout.width) return COJPH_LIBRARY_ERROR;
            put(line->i32, layout.width, ranges[c], layout.components, pixels,
                row * layout.width * layout.components + c);
        }
    }
    return COJPH_OK;
}

}  // namespace

cojph_status cojph_decode(
    const uint8_t *codestream, size_t size, void *pixels, size_t pixel_bytes, cojph_layout *layout) {
    if (codestream == nullptr || layout == nullptr || size < 4) return COJPH_BAD_ARGUMENT;
    try {
        cojph::prepare_library();
        ojph::mem_infile file;
        file.open(codestream, size);
        ojph::codestream stream;
        stream.read_headers(&file);
        if (!read_layout(stream, *layout)) return COJPH_BAD_ARGUMENT;
        if (pixels == nullptr || pixel_bytes < layout->byte_count) return COJPH_BAD_ARGUMENT;
        const cojph_status status = decode_image(stream, *layout, pixels);
        stream.close();
        return status;
    } catch (const std::bad_alloc &) {
        return COJPH_OUT_OF_MEMORY;
    } catch (...) {
        return COJPH_LIBRARY_ERROR;
    }
}

const char *cojph_library_version(void) {
    return COJPH_VERSION_TEXT(OPENJPH_VERSION_MAJOR, OPENJPH_VERSION_MINOR, OPENJPH_VERSION_PATCH);
}
