// Splits the single tile-part that libopenjph 0.9 writes into one tile-part for each resolution.
#ifndef COJPH_TILEPARTS_H
#define COJPH_TILEPARTS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cojph {

// What has to be known of a codestream to walk its packets: one tile, one layer, RPCL, no subsampling, image and
// tile origin 0, code-blocks 64x64, precincts as cojph_encode sets them.
struct packet_geometry {
    uint32_t width;
    uint32_t height;
    uint32_t components;
    uint32_t decompositions;
};

// Byte counts of the packets of resolutions 0, 1, ... in the tile's data `bytes`. Empty when the packets do not
// add up to `size`.
std::vector<size_t> resolution_sizes(const packet_geometry &geometry, const uint8_t *bytes, size_t size);

}  // namespace cojph

#endif
