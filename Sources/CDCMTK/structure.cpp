#include "structure.h"

#include <cstdio>
#include <cstring>

#include <zlib.h>

namespace {

constexpr uint32_t undefined_length = 0xffffffff;
constexpr unsigned depth_limit = 64;

std::string tag_text(uint16_t group, uint16_t element) {
    char text[16];
    std::snprintf(text, sizeof text, "(%04X,%04X)", group, element);
    return text;
}

// VRs with a two-byte length (PS3.5, 7.1.2). Every other pair of capitals has a four-byte length.
bool has_short_length(const char *vr) {
    static const char list[] = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US ";
    const char key[4] = {vr[0], vr[1], ' ', 0};
    const bool is_pair = vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z';
    return !is_pair || std::strstr(list, key) != nullptr;
}

class walker {
public:
    walker(const uint8_t *bytes, size_t offset, bool is_big_endian)
        : bytes(bytes), position(offset), is_big_endian(is_big_endian) {}

    void elements(size_t end, bool is_explicit, bool until_delimiter, unsigned depth) {
        while (position < end) {
            need(end, 8, "an element");
            const uint16_t group = u16(position), element = u16(position + 2);
            if (group == 0xfffe) {
                if (element != 0xe00d || !until_delimiter) damaged(tag_text(group, element) + " is out of place");
                position += 8;
                return;
            }
            one_element(group, element, end, is_explicit, depth);
        }
        if (until_delimiter) damaged("an item is not closed");
    }

private:
    const uint8_t *bytes;
    size_t position;
    bool is_big_endian;

    [[noreturn]] void damaged(const std::string &text) {
        throw cdcm::failure(CDCM_DAMAGED, text + ", at byte " + std::to_string(position));
    }

    uint16_t u16(size_t at) const {
        return is_big_endian ? uint16_t(bytes[at] << 8 | bytes[at + 1]) : uint16_t(bytes[at + 1] << 8 | bytes[at]);
    }

    uint32_t u32(size_t at) const {
        return is_big_endian ? uint32_t(u16(at)) << 16 | u16(at + 2) : uint32_t(u16(at + 2)) << 16 | u16(at);
    }

    void need(size_t end, size_t count, const char *what) {
        if (end - position < count) damaged(std::string("the file is cut short inside ") + what);
    }

    bool starts_with_item(size_t length) const {
        return length >= 8 && u16(position) == 0xfffe && u16(position + 2) == 0xe000;
    }

    void one_element(uint16_t group, uint16_t element, size_t end, bool is_explicit, unsigned depth) {
        char vr[2] = {0, 0};
        uint32_t length;
        if (is_explicit) {
            vr[0] = char(bytes[position + 4]);
            vr[1] = char(bytes[position + 5]);
            if (has_short_length(vr)) {
                length = u16(position + 6);
                position += 8;
            } else {
                need(end, 12, "an element");
                length = u32(position + 8);
                position += 12;
            }
        } else {
            length = u32(position + 4);
            position += 8;
        }
        const bool is_unknown = vr[0] == 'U' && vr[1] == 'N';
        const bool is_sequence = vr[0] == 'S' && vr[1] == 'Q';
        if (length == undefined_length) {
            const bool is_fragmented = is_explicit && !is_sequence && !is_unknown;
            if (is_fragmented) fragments(end);
            else items(end, is_explicit && !is_unknown, true, depth);
            return;
        }
        if (length > end - position) {
            damaged(tag_text(group, element) + " says " + std::to_string(length) + " bytes and "
                    + std::to_string(end - position) + " are left");
        }
        const size_t next = position + length;
        if (is_sequence || ((is_unknown || !is_explicit) && starts_with_item(length))) {
            descend(next, is_explicit && !is_unknown, depth);
        }
        position = next;
    }

    // Inside of a known length damage does no harm to what follows, and DCMTK has ways around much of it; only the
    // depth is of interest.
    void descend(size_t end, bool is_explicit, unsigned depth) {
        try {
            items(end, is_explicit, false, depth);
        } catch (const cdcm::failure &failure) {
            if (failure.status != CDCM_DAMAGED) throw;
        }
    }

    void items(size_t end, bool is_explicit, bool until_delimiter, unsigned depth) {
        if (depth >= depth_limit) {
            throw cdcm::failure(CDCM_UNSUPPORTED, "sequences are nested more than 64 deep");
        }
        while (position < end) {
            need(end, 8, "a sequence");
            const uint16_t group = u16(position), element = u16(position + 2);
            const uint32_t length = u32(position + 4);
            position += 8;
            if (group == 0xfffe && element == 0xe0dd && until_delimiter) return;
            if (group != 0xfffe || element != 0xe000) damaged(tag_text(group, element) + " where an item belongs");
            if (length == undefined_length) {
                elements(end, is_explicit, true, depth + 1);
            } else {
                if (length > end - position) damaged("an item is longer than its sequence");
                const size_t next = position + length;
                elements(next, is_explicit, false, depth + 1);
                position = next;
            }
        }
        if (until_delimiter) damaged("a sequence is not closed");
    }

    // Encapsulated pixel data (PS3.5, A.4).
    void fragments(size_t end) {
        while (position < end) {
            need(end, 8, "a fragment");
            const uint16_t group = u16(position), element = u16(position + 2);
            const uint32_t length = u32(position + 4);
            position += 8;
            if (group == 0xfffe && element == 0xe0dd) return;
            if (group != 0xfffe || element != 0xe000) damaged(tag_text(group, element) + " where a fragment belongs");
            if (length > end - position) damaged("the pixel data is cut short");
            position += length;
        }
        damaged("the pixel data is cut short");
    }
};

// Where the file meta information starts: behind the preamble, or at once where a writer left the preamble out.
size_t meta_offset(const uint8_t *bytes, size_t size) {
    if (size >= 132 && std::memcmp(bytes + 128, "DICM", 4) == 0) return 132;
    const bool is_meta = size >= 8 && std::memcmp(bytes, "\x02\0", 2) == 0 && std::memcmp(bytes + 4, "U", 1) == 0;
    return is_meta ? 0 : size;
}

// A data set alone, as files from before Part 10 are: it starts with group 0008 in little-endian order, and its
// first element is short. Empty where it does not look like one.
std::string bare_syntax(const uint8_t *bytes, size_t size) {
    if (size < 16 || bytes[0] != 8 || bytes[1] != 0 || bytes[3] != 0) return "";
    const char *vr = reinterpret_cast<const char *>(bytes + 4);
    if (vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z') return "1.2.840.10008.1.2.1";
    return bytes[6] == 0 && bytes[7] == 0 ? "1.2.840.10008.1.2" : "";
}

}  // namespace

cdcm::meta_header cdcm::read_meta_header(const uint8_t *bytes, size_t size) {
    meta_header meta = {};
    size_t position = meta_offset(bytes, size);
    if (position == size) {
        meta.transfer_syntax = bare_syntax(bytes, size);
        if (!meta.transfer_syntax.empty()) return meta;
        throw failure(CDCM_NOT_DICOM, "not a DICOM file: no DICM at byte 128");
    }
    while (size - position >= 8 && bytes[position] == 2 && bytes[position + 1] == 0) {
        const unsigned element = bytes[position + 2] | bytes[position + 3] << 8;
        const char *vr = reinterpret_cast<const char *>(bytes + position + 4);
        size_t header = 8;
        size_t length = bytes[position + 6] | bytes[position + 7] << 8;
        if (!has_short_length(vr)) {
            header = 12;
            if (size - position < header) break;
            length = bytes[position + 8] | bytes[position + 9] << 8 | bytes[position + 10] << 16
                     | size_t(bytes[position + 11]) << 24;
        }
        if (length > size - position - header) {
            throw failure(CDCM_DAMAGED, "the file is cut short inside the file meta information");
        }
        if (element == 0x0010) {
            meta.syntax_offset = position + header;
            meta.syntax_length = length;
            const char *value = reinterpret_cast<const char *>(bytes + meta.syntax_offset);
            meta.transfer_syntax.assign(value, length);
            const size_t padding = meta.transfer_syntax.find_last_not_of(std::string(" \0", 2));
            meta.transfer_syntax.resize(padding == std::string::npos ? 0 : padding + 1);
        }
        position += header + length;
    }
    if (meta.transfer_syntax.empty() || meta.transfer_syntax.size() > 64) {
        throw failure(CDCM_DAMAGED, "the file meta information has no transfer syntax (0002,0010)");
    }
    if (meta.transfer_syntax.find_first_not_of("0123456789.") != std::string::npos) {
        throw failure(CDCM_DAMAGED, "the transfer syntax (0002,0010) is not a UID");
    }
    meta.end = position;
    return meta;
}

void cdcm::patch_syntax(uint8_t *bytes, const meta_header &meta, const std::string &uid) {
    if (uid.size() > meta.syntax_length) {
        throw failure(CDCM_UNSUPPORTED, "transfer syntax " + meta.transfer_syntax + " is not supported");
    }
    std::memset(bytes + meta.syntax_offset, 0, meta.syntax_length);
    std::memcpy(bytes + meta.syntax_offset, uid.data(), uid.size());
}

std::vector<uint8_t> cdcm::inflate_data_set(
    const uint8_t *bytes, size_t size, const meta_header &meta, size_t limit) {
    std::vector<uint8_t> result(bytes, bytes + meta.end);
    z_stream stream = {};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    size_t taken = meta.end;
    int status = Z_OK;
    try {
        std::vector<uint8_t> chunk(1 << 20);
        while (status == Z_OK) {
            if (stream.avail_in == 0 && taken < size) {
                const size_t count = size - taken < (1u << 30) ? size - taken : (1u << 30);
                stream.next_in = const_cast<Bytef *>(bytes + taken);
                stream.avail_in = uInt(count);
                taken += count;
            }
            stream.next_out = chunk.data();
            stream.avail_out = uInt(chunk.size());
            status = inflate(&stream, Z_NO_FLUSH);
            const size_t made = chunk.size() - stream.avail_out;
            if (result.size() + made > limit) {
                throw failure(CDCM_UNSUPPORTED,
                              "the deflated data set is larger than " + std::to_string(limit) + " bytes");
            }
            result.insert(result.end(), chunk.data(), chunk.data() + made);
        }
    } catch (...) {
        inflateEnd(&stream);
        throw;
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END) throw failure(CDCM_DAMAGED, "the deflated data set is damaged or cut short");
    return result;
}

void cdcm::check_structure(
    const uint8_t *bytes, size_t size, size_t offset, bool is_explicit, bool is_big_endian) {
    walker(bytes, offset, is_big_endian).elements(size, is_explicit, false, 0);
}
