#include "cojph.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_params.h>
#include <openjph/ojph_codestream.h>

#include "messages.h"
#include "tileparts.h"

namespace {

// The library's output, collected in memory that the next frame reuses.
class scratch_file : public ojph::outfile_base {
public:
    std::vector<uint8_t> bytes;

    size_t write(const void *from, size_t size) override {
        const uint8_t *first = static_cast<const uint8_t *>(from);
        bytes.insert(bytes.end(), first, first + size);
        return size;
    }
    ojph::si64 tell() override { return ojph::si64(bytes.size()); }
};

bool is_encodable(const cojph_image &image, bool colour_transform) {
    const uint32_t bits_limit = colour_transform ? COJPH_MAX_BITS_WITH_COLOUR_TRANSFORM : COJPH_MAX_BITS;
    if (image.samples == nullptr || image.width < 1 || image.width > 65535) return false;
    if (image.height < 1 || image.height > 65535 || image.components < 1 || image.components > 4) return false;
    if (image.bits_per_sample < 1 || image.bits_per_sample > bits_limit) return false;
    if (image.bytes_per_sample != 1 && image.bytes_per_sample != 2 && image.bytes_per_sample != 4) return false;
    if (image.bits_per_sample > image.bytes_per_sample * 8) return false;
    if (colour_transform && image.components < 3) return false;
    const size_t wanted =
        size_t(image.width) * image.height * image.components * image.bytes_per_sample;
    return image.byte_count == wanted;
}

template <typename Sample>
void copy_line(const cojph_image &image, size_t row, uint32_t component, ojph::si32 *line) {
    const Sample *from = static_cast<const Sample *>(image.samples);
    from += row * image.width * image.components + component;
    for (uint32_t x = 0; x < image.width; ++x, from += image.components) line[x] = ojph::si32(*from);
}

using line_copier = void (*)(const cojph_image &, size_t, uint32_t, ojph::si32 *);

line_copier copier_for(const cojph_image &image) {
    if (image.bytes_per_sample == 1) return image.is_signed ? copy_line<int8_t> : copy_line<uint8_t>;
    if (image.bytes_per_sample == 2) return image.is_signed ? copy_line<int16_t> : copy_line<uint16_t>;
    return image.is_signed ? copy_line<int32_t> : copy_line<uint32_t>;
}

void set_parameters(ojph::codestream &stream, const cojph_image &image, bool colour_transform) {
    ojph::param_siz siz = stream.access_siz();
    siz.set_image_extent(ojph::point(image.width, image.height));
    siz.set_num_components(image.components);
    for (uint32_t c = 0; c < image.components; ++c)
        siz.set_component(c, ojph::point(1, 1), image.bits_per_sample, image.is_signed != 0);
    ojph::param_cod cod = stream.access_cod();
    cod.set_num_decomposition(cojph_decompositions(image.width, image.height));
    cod.set_block_dims(64, 64);
    ojph::size precincts[2] = {ojph::size(128, 128), ojph::size(256, 256)};
    cod.set_precinct_size(2, precincts);
    cod.set_progression_order("RPCL");
    cod.set_color_transform(colour_transform);
    cod.set_reversible(true);
    stream.set_planar(false);
}

void encode_tile(const cojph_image &image, bool colour_transform, scratch_file &file) {
    ojph::codestream stream;
    set_parameters(stream, image, colour_transform);
    stream.write_headers(&file);
    const line_copier copy = copier_for(image);
    ojph::ui32 component = 0;
    ojph::line_buf *line = stream.exchange(nullptr, component);
    for (size_t row = 0; row < image.height; ++row) {
        for (uint32_t c = 0; c < image.components; ++c) {
            copy(image, row, component, line->i32);
            line = stream.exchange(line, component);
        }
    }
    stream.flush();
    stream.close();
}

void put_be(std::vector<uint8_t> &to, uint32_t value, int bytes) {
    while (bytes-- > 0) to.push_back(uint8_t(value >> (8 * bytes)));
}

cojph_status reserve(cojph_bytes &out, size_t wanted) {
    if (wanted <= out.capacity) return COJPH_OK;
    size_t capacity = wanted + wanted / 4;
    void *moved = realloc(out.data, capacity);
    if (moved == nullptr) return COJPH_OUT_OF_MEMORY;
    out.data = static_cast<uint8_t *>(moved);
    out.capacity = capacity;
    return COJPH_OK;
}

// Main header, then SOT + SOD + packets for each resolution, then EOC (ISO/IEC 15444-1, A.4.2).
cojph_status write_tile_parts(
    const std::vector<uint8_t> &stream, size_t sot, const std::vector<size_t> &sizes, cojph_bytes &out) {
    const size_t first_packet = sot + 14;
    const size_t total = sot + sizes.size() * 14 + (stream.size() - first_packet);
    const cojph_status status = reserve(out, out.size + total);
    if (status != COJPH_OK) return status;
    uint8_t *to = out.data + out.size;
    std::memcpy(to, stream.data(), sot);
    to += sot;
    const uint8_t *from = stream.data() + first_packet;
    std::vector<uint8_t> marker;
    for (size_t r = 0; r < sizes.size(); ++r) {
        marker.clear();
        put_be(marker, 0xff90000a, 4);
        put_be(marker, 0, 2);
        put_be(marker, uint32_t(sizes[r] + 14), 4);
        put_be(marker, uint32_t(r), 1);
        // HealthImaging's frame leaves the count unsaid (0); stating it is equally valid and helps readers.
        put_be(marker, uint32_t(sizes.size()), 1);
        put_be(marker, 0xff93, 2);
        std::memcpy(to, marker.data(), marker.size());
        std::memcpy(to + marker.size(), from, sizes[r]);
        to += marker.size() + sizes[r];
        from += sizes[r];
    }
    to[0] = 0xff;
    to[1] = 0xd9;
    out.size += total;
    return COJPH_OK;
}

// The offset of the first SOT marker segment; 0 when the header is not as expected.
size_t find_first_sot(const std::vector<uint8_t> &stream) {
    size_t position = 2;
    while (position + 4 <= stream.size() && stream[position] == 0xff) {
        if (stream[position + 1] == 0x90) return position;
        position += 2 + (size_t(stream[position + 2]) << 8 | stream[position + 3]);
    }
    return 0;
}

cojph_status encode(const cojph_image &image, bool colour_transform, cojph_bytes &out) {
    cojph::prepare_library();
    static thread_local scratch_file file;
    file.bytes.clear();
    encode_tile(image, colour_transform, file);
    const std::vector<uint8_t> &stream = file.bytes;
    const size_t sot = find_first_sot(stream);
    // SOT (12 bytes), SOD (2), ..., EOC (2); no other marker in the tile-part header.
    if (sot == 0 || stream.size() < sot + 16 || stream[sot + 12] != 0xff || stream[sot + 13] != 0x93)
        return COJPH_LIBRARY_ERROR;
    const cojph::packet_geometry geometry = {
        image.width, image.height, image.components, cojph_decompositions(image.width, image.height)};
    const size_t first_packet = sot + 14;
    const std::vector<size_t> sizes = cojph::resolution_sizes(
        geometry, stream.data() + first_packet, stream.size() - first_packet - 2);
    if (sizes.empty()) return COJPH_LIBRARY_ERROR;
    return write_tile_parts(stream, sot, sizes, out);
}

}  // namespace

extern "C" cojph_status cojph_encode(const cojph_image *image, int colour_transform, cojph_bytes *out) {
    if (image == nullptr || out == nullptr || !is_encodable(*image, colour_transform != 0))
        return COJPH_BAD_ARGUMENT;
    try {
        return encode(*image, colour_transform != 0, *out);
    } catch (const std::bad_alloc &) {
        return COJPH_OUT_OF_MEMORY;
    } catch (...) {
        return COJPH_LIBRARY_ERROR;
    }
}

extern "C" cojph_status cojph_bytes_assign(cojph_bytes *bytes, const void *source, size_t size) {
    if (bytes == nullptr || (source == nullptr && size > 0)) return COJPH_BAD_ARGUMENT;
    bytes->size = 0;
    const cojph_status status = reserve(*bytes, size);
    if (status != COJPH_OK) return status;
    if (size > 0) std::memcpy(bytes->data, source, size);
    bytes->size = size;
    return COJPH_OK;
}

extern "C" uint32_t cojph_decompositions(uint32_t width, uint32_t height) {
    uint32_t count = 0;
    while (width > 64 && height > 64) {
        width = (width + 1) / 2;
        height = (height + 1) / 2;
        count += 1;
    }
    return count;
}

extern "C" void cojph_bytes_free(cojph_bytes *bytes) {
    if (bytes == nullptr) return;
    std::free(bytes->data);
    *bytes = cojph_bytes{nullptr, 0, 0};
}
