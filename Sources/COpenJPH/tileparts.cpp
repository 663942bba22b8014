// Packet headers, ISO/IEC 15444-1 annex B.10; for HT code-blocks ISO/IEC 15444-15 annex B.
#include "tileparts.h"

#include <algorithm>
#include <stdexcept>

namespace {

struct malformed_packet : std::runtime_error {
    malformed_packet() : std::runtime_error("packet") {}
};

// Bits of a packet header, most significant first, a 0 stuffed after each byte FF (B.10.1).
class header_bits {
public:
    header_bits(const uint8_t *bytes, size_t size) : bytes(bytes), size(size) {}

    uint32_t bit() {
        if (available == 0) {
            if (position >= size) throw malformed_packet();
            available = last == 0xff ? 7 : 8;
            last = bytes[position++];
        }
        available -= 1;
        return (last >> available) & 1;
    }

    uint32_t bits(uint32_t count) {
        if (count > 32) throw malformed_packet();
        uint32_t value = 0;
        for (uint32_t i = 0; i < count; ++i) value = (value << 1) | bit();
        return value;
    }

    // Bytes that the header takes, its padding and the byte stuffed after a final FF included.
    size_t end() const {
        size_t bytes_taken = position + (last == 0xff ? 1 : 0);
        if (bytes_taken > size) throw malformed_packet();
        return bytes_taken;
    }

private:
    const uint8_t *bytes;
    size_t size;
    size_t position = 0;
    uint32_t last = 0;
    uint32_t available = 0;
};

// A tag tree (B.10.2) over a grid of code-blocks.
class tag_tree {
public:
    tag_tree(uint32_t width, uint32_t height) {
        for (;;) {
            levels.push_back({width, std::vector<node>(size_t(width) * height)});
            if (width == 1 && height == 1) break;
            width = (width + 1) / 2;
            height = (height + 1) / 2;
        }
    }

    // Reads until it is known whether the leaf's value is below `threshold`, and answers that.
    bool below(header_bits &header, uint32_t x, uint32_t y, uint32_t threshold) {
        uint32_t low = 0;
        const node *leaf = nullptr;
        for (size_t level = levels.size(); level-- > 0;) {
            node &here = levels[level].nodes[size_t(y >> level) * levels[level].width + (x >> level)];
            low = here.low = std::max(here.low, low);
            while (!here.known && here.low < threshold) {
                if (header.bit()) here.known = true;
                else here.low += 1;
            }
            low = here.low;
            leaf = &here;
        }
        return leaf->known && leaf->low < threshold;
    }

private:
    struct node {
        uint32_t low = 0;
        bool known = false;
    };
    struct level {
        uint32_t width;
        std::vector<node> nodes;
    };
    std::vector<level> levels;
};

// Zero bit-planes of a block are fewer than this for every precision that exists; bounds a damaged header.
constexpr uint32_t bit_planes_limit = 80;

// One code-block's contribution: 0 when it is not included.
size_t block_length(header_bits &header, tag_tree &inclusion, tag_tree &planes, uint32_t x, uint32_t y) {
    if (!inclusion.below(header, x, y, 1)) return 0;
    uint32_t threshold = 1;
    while (!planes.below(header, x, y, threshold)) {
        if (++threshold > bit_planes_limit) throw malformed_packet();
    }
    // libopenjph writes the cleanup pass alone: one coding pass, one length.
    if (header.bit() != 0) throw malformed_packet();
    uint32_t length_bits = 3;
    while (header.bit()) length_bits += 1;
    return header.bits(length_bits);
}

struct span {
    uint32_t from;
    uint32_t to;
};

// The part of [0, extent) that precinct `index` covers, in whole code-blocks of 64.
span blocks_of(uint32_t index, uint32_t precinct_log, uint32_t extent) {
    uint32_t from = index << precinct_log;
    uint32_t to = std::min((index + 1) << precinct_log, extent);
    if (to <= from) return {0, 0};
    return {from >> 6, (to + 63) >> 6};
}

// The size of one packet, header and body.
size_t packet_size(const uint8_t *bytes, size_t size, const span (*bands)[2], uint32_t band_count) {
    header_bits header(bytes, size);
    size_t body = 0;
    if (header.bit()) {
        for (uint32_t band = 0; band < band_count; ++band) {
            uint32_t columns = bands[band][0].to - bands[band][0].from;
            uint32_t rows = bands[band][1].to - bands[band][1].from;
            if (columns == 0 || rows == 0) continue;
            tag_tree inclusion(columns, rows);
            tag_tree planes(columns, rows);
            for (uint32_t y = 0; y < rows; ++y)
                for (uint32_t x = 0; x < columns; ++x) body += block_length(header, inclusion, planes, x, y);
        }
    }
    size_t header_size = header.end();
    if (body > size - header_size) throw malformed_packet();
    return header_size + body;
}

uint32_t halved(uint32_t extent, uint32_t times) {
    return uint32_t((uint64_t(extent) + (uint64_t(1) << times) - 1) >> times);
}

}  // namespace

std::vector<size_t> cojph::resolution_sizes(
    const packet_geometry &geometry, const uint8_t *bytes, size_t size) try {
    std::vector<size_t> sizes;
    size_t position = 0;
    for (uint32_t r = 0; r <= geometry.decompositions; ++r) {
        const uint32_t width = halved(geometry.width, geometry.decompositions - r);
        const uint32_t height = halved(geometry.height, geometry.decompositions - r);
        const uint32_t precinct_log = r == 0 ? 7 : 8;
        const uint32_t across = halved(width, precinct_log);
        const uint32_t down = halved(height, precinct_log);
        const size_t start = position;
        for (uint32_t y = 0; y < down; ++y) {
            for (uint32_t x = 0; x < across; ++x) {
                span bands[3][2];
                uint32_t band_count = 1;
                if (r == 0) {
                    bands[0][0] = blocks_of(x, 7, width);
                    bands[0][1] = blocks_of(y, 7, height);
                } else {
                    band_count = 3;  // HL, LH, HH: the low half has ceil(n / 2) samples, the high half floor(n / 2)
                    for (uint32_t band = 0; band < 3; ++band) {
                        bands[band][0] = blocks_of(x, 7, band == 1 ? (width + 1) / 2 : width / 2);
                        bands[band][1] = blocks_of(y, 7, band == 0 ? (height + 1) / 2 : height / 2);
                    }
                }
                for (uint32_t c = 0; c < geometry.components; ++c)
                    position += packet_size(bytes + position, size - position, bands, band_count);
            }
        }
        sizes.push_back(position - start);
    }
    if (position != size) return {};
    return sizes;
} catch (const malformed_packet &) {
    return {};
}
