// What has to be true of a file's bytes before DCMTK may parse them.
#ifndef CDCMTK_STRUCTURE_H
#define CDCMTK_STRUCTURE_H

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "cdcmtk.h"

namespace cdcm {

// A failure on its way to the C interface.
struct failure : std::runtime_error {
    cdcm_status status;
    failure(cdcm_status status, const std::string &text) : std::runtime_error(text), status(status) {}
};

// The file meta information, read without DCMTK (PS3.10, 7.1). A bare data set has none: `end` is then 0 and the
// transfer syntax is what the first element shows.
struct meta_header {
    std::string transfer_syntax;
    size_t syntax_offset;  // of the value of (0002,0010)
    size_t syntax_length;
    size_t end;            // offset of the data set
};

meta_header read_meta_header(const uint8_t *bytes, size_t size);

// Overwrites the transfer syntax in memory; the new UID must not be longer than the field.
void patch_syntax(uint8_t *bytes, const meta_header &meta, const std::string &uid);

// The meta information followed by the inflated data set (PS3.5, A.5).
std::vector<uint8_t> inflate_data_set(const uint8_t *bytes, size_t size, const meta_header &meta, size_t limit);

// Walks all elements: every length must fit what is left, and nesting must stay below 64. DCMTK parses and
// destroys by recursion, and allocates what a length field says.
void check_structure(const uint8_t *bytes, size_t size, size_t offset, bool is_explicit, bool is_big_endian);

}  // namespace cdcm

#endif
