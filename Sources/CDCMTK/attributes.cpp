// Attributes in the JSON form of HealthImaging's metadata documents.
#include "file.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include <dcmtk/ofstd/ofstd.h>

namespace {

constexpr Uint32 private_binary_limit = 1 << 20;
constexpr Uint32 binary_limit = 16 << 20;

std::string hexadecimal(const DcmTagKey &tag) {
    char text[9];
    std::snprintf(text, sizeof text, "%04X%04X", tag.getGroup(), tag.getElement());
    return text;
}

// The bytes that a valid UTF-8 sequence at `text` has; 0 where it is not valid (RFC 3629, 4).
size_t utf8_length(const unsigned char *text, size_t left) {
    const unsigned char first = text[0];
    const size_t length = first < 0x80 ? 1 : first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3
                        : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
    if (length == 0 || length > left) return 0;
    for (size_t i = 1; i < length; ++i)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if (first == 0xe0 && text[1] < 0xa0) return 0;
    if (first == 0xed && text[1] > 0x9f) return 0;
    if (first == 0xf0 && text[1] < 0x90) return 0;
    if (first == 0xf4 && text[1] > 0x8f) return 0;
    return length;
}

void append_quoted(std::string &json, const std::string &text) {
    json += '"';
    const unsigned char *bytes = reinterpret_cast<const unsigned char *>(text.data());
    for (size_t i = 0; i < text.size();) {
        const size_t length = utf8_length(bytes + i, text.size() - i);
        if (length == 0) {
            // Not UTF-8 in spite of the conversion: Latin-1, whose code points are Unicode's.
            json += char(0xc0 | bytes[i] >> 6);
            json += char(0x80 | (bytes[i] & 0x3f));
            i += 1;
        } else if (length > 1) {
            json.append(text, i, length);
            i += length;
        } else {
            const char c = text[i++];
            if (c == '"' || c == '\\') (json += '\\') += c;
            else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) json += c;
            else {
                char escaped[8];
                std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
                json += escaped;
            }
        }
    }
    json += '"';
}

std::string trimmed(const std::string &text) {
    const size_t end = text.find_last_not_of(std::string(" \0", 2));
    return end == std::string::npos ? std::string() : text.substr(0, end + 1);
}

template <typename Number>
void append_number(std::string &json, Number value) {
    if (!std::isfinite(value)) {
        json += "null";  // JSON has no such number
        return;
    }
    char text[64];
    const std::to_chars_result result = std::to_chars(text, text + sizeof text, value);
    json.append(text, result.ptr);
}

// One value of a numeric element.
void append_value(std::string &json, DcmElement &element, DcmEVR vr, unsigned long index) {
    switch (vr) {
    case EVR_US: case EVR_xs: { Uint16 v = 0; element.getUint16(v, index); json += std::to_string(v); break; }
    case EVR_SS: { Sint16 v = 0; element.getSint16(v, index); json += std::to_string(v); break; }
    case EVR_UL: case EVR_up: { Uint32 v = 0; element.getUint32(v, index); json += std::to_string(v); break; }
    case EVR_SL: { Sint32 v = 0; element.getSint32(v, index); json += std::to_string(v); break; }
    case EVR_SV: { Sint64 v = 0; element.getSint64(v, index); json += std::to_string(v); break; }
    case EVR_UV: { Uint64 v = 0; element.getUint64(v, index); json += std::to_string(v); break; }
    case EVR_FL: { Float32 v = 0; element.getFloat32(v, index); append_number(json, v); break; }
    case EVR_FD: { Float64 v = 0; element.getFloat64(v, index); append_number(json, v); break; }
    case EVR_AT: {
        DcmTagKey v;
        element.getTagVal(v, index);
        append_quoted(json, hexadecimal(v));
        break;
    }
    default: json += "null";
    }
}

bool is_numeric(DcmEVR vr) {
    switch (vr) {
    case EVR_US: case EVR_xs: case EVR_SS: case EVR_UL: case EVR_up: case EVR_SL: case EVR_SV: case EVR_UV:
    case EVR_FL: case EVR_FD: case EVR_AT:
        return true;
    default:
        return false;
    }
}

bool is_binary(DcmEVR vr) {
    switch (vr) {
    case EVR_OB: case EVR_OW: case EVR_OD: case EVR_OF: case EVR_OL: case EVR_OV: case EVR_UN: case EVR_ox:
    case EVR_lt: case EVR_px: case EVR_UNKNOWN: case EVR_UNKNOWN2B: case EVR_OverlayData:
        return true;
    default:
        return false;
    }
}

// Text that a backslash does not divide (PS3.5, 6.4).
bool is_undivided_text(DcmEVR vr) { return vr == EVR_LT || vr == EVR_ST || vr == EVR_UT || vr == EVR_UR; }

void append_binary(std::string &json, DcmElement &element, DcmEVR vr) {
    Uint8 *bytes = nullptr;
    const Uint32 length = element.getLength();
    OFCondition condition = EC_Normal;
    // The value as it stands in memory is little-endian on the machines that this runs on.
    switch (vr) {
    case EVR_OW: case EVR_ox: case EVR_lt: {
        Uint16 *words = nullptr;
        condition = element.getUint16Array(words);
        bytes = reinterpret_cast<Uint8 *>(words);
        break;
    }
    case EVR_OF: { Float32 *v = nullptr; condition = element.getFloat32Array(v); bytes = reinterpret_cast<Uint8 *>(v); break; }
    case EVR_OD: { Float64 *v = nullptr; condition = element.getFloat64Array(v); bytes = reinterpret_cast<Uint8 *>(v); break; }
    case EVR_OL: { Uint32 *v = nullptr; condition = element.getUint32Array(v); bytes = reinterpret_cast<Uint8 *>(v); break; }
    case EVR_OV: { Uint64 *v = nullptr; condition = element.getUint64Array(v); bytes = reinterpret_cast<Uint8 *>(v); break; }
    default: condition = element.getUint8Array(bytes);
    }
    if (condition.bad() || bytes == nullptr) {
        json += "\"\"";
        return;
    }
    OFString encoded;
    OFStandard::encodeBase64(bytes, length, encoded);
    ((json += '"').append(encoded.c_str(), encoded.size())) += '"';
}

void append_text(std::string &json, DcmElement &element, DcmEVR vr, bool is_array, std::string &first) {
    OFString whole;
    element.getOFStringArray(whole, OFFalse);
    const std::string text(whole.c_str(), whole.size());
    if (is_undivided_text(vr)) {
        first = trimmed(text);
        append_quoted(json, first);
        return;
    }
    std::vector<std::string> values;
    for (size_t start = 0;;) {
        const size_t end = text.find('\\', start);
        values.push_back(trimmed(text.substr(start, end == std::string::npos ? end : end - start)));
        if (end == std::string::npos) break;
        start = end + 1;
    }
    first = values.front();
    const bool needs_brackets = is_array || values.size() > 1;
    if (needs_brackets) json += '[';
    for (size_t i = 0; i < values.size(); ++i) {
        if (i > 0) json += ',';
        append_quoted(json, values[i]);
    }
    if (needs_brackets) json += ']';
}

void append_sequence(std::string &json, DcmElement &element, std::vector<cdcm::unknown_vr> &unknown) {
    DcmSequenceOfItems *sequence = dynamic_cast<DcmSequenceOfItems *>(&element);
    json += '[';
    for (unsigned long i = 0; sequence != nullptr && i < sequence->card(); ++i) {
        std::vector<cdcm::attribute> attributes;
        cdcm::describe_item(*sequence->getItem(i), attributes, unknown);
        json += i > 0 ? ",{" : "{";
        for (size_t k = 0; k < attributes.size(); ++k) {
            if (k > 0) json += ',';
            ((json += '"') += attributes[k].key) += "\":";
            json += attributes[k].json;
        }
        json += '}';
    }
    json += ']';
}

// The dictionary's name is the keyword of PS3.6, with a prefix for what is retired.
std::string keyword(DcmTag tag) {
    std::string name = tag.getTagName();
    for (const char *prefix : {"RETIRED_", "ACR_NEMA_"}) {
        const std::string start = prefix;
        if (name.compare(0, start.size(), start) == 0) name.erase(0, start.size());
    }
    return name;
}

// Multiplicity and keyword from the dictionary. Private tags have none here, whatever private.dic says; nor have
// the later ones of repeating groups, whose keywords would collide.
bool look_up(const DcmTag &tag, std::string &key, bool &is_array) {
    is_array = false;
    const bool is_later_repeat = (tag.getGroup() & 0xff00) == 0x5000 || (tag.getGroup() & 0xff00) == 0x6000
                                     ? (tag.getGroup() & 0xff) != 0 : false;
    if (tag.isPrivate() || is_later_repeat) return false;
    const DcmDataDictionary &dictionary = dcmDataDict.rdlock();
    const DcmDictEntry *entry = dictionary.findEntry(tag, nullptr);
    const bool is_known = entry != nullptr && entry->getTagName() != nullptr;
    if (is_known) is_array = entry->getVMMax() != 1;
    dcmDataDict.rdunlock();
    if (!is_known) return false;
    key = keyword(tag);
    return !key.empty() && key.find_first_of("\" \\") == std::string::npos;
}

bool is_left_out(const DcmTag &tag, DcmElement &element, DcmEVR vr) {
    if (tag.getElement() == 0 || tag.getGroup() == 0xfffc) return true;
    if (tag.getGroup() == 0x7fe0 && (tag.getElement() == 0x0010 || tag.getElement() == 0x0008
                                     || tag.getElement() == 0x0009)) return true;
    return is_binary(vr) && element.getLength() > (tag.isPrivate() ? private_binary_limit : binary_limit);
}

void append_json(
    std::string &json, DcmElement &element, DcmEVR vr, bool is_array, cdcm::attribute &attribute,
    std::vector<cdcm::unknown_vr> &unknown) {
    if (vr == EVR_SQ) {
        append_sequence(json, element, unknown);
    } else if (is_binary(vr)) {
        append_binary(json, element, vr);
    } else if (element.getLength() == 0) {
        json += "null";
    } else if (is_numeric(vr)) {
        const unsigned long count = element.getVM();
        const bool needs_brackets = is_array || count != 1;
        if (needs_brackets) json += '[';
        for (unsigned long i = 0; i < count; ++i) {
            if (i > 0) json += ',';
            append_value(json, element, vr, i);
        }
        if (needs_brackets) json += ']';
    } else {
        append_text(json, element, vr, is_array, attribute.text);
    }
}

}  // namespace

void cdcm::describe_item(
    DcmItem &item, std::vector<attribute> &attributes, std::vector<unknown_vr> &unknown) {
    // Along the list: asking for the n-th element would walk from the start each time.
    DcmObject *object = nullptr;
    while ((object = item.nextInContainer(object)) != nullptr) {
        DcmElement *element = dynamic_cast<DcmElement *>(object);
        if (element == nullptr) continue;
        const DcmTag &tag = element->getTag();
        const DcmEVR vr = element->getVR() == EVR_PixelData ? EVR_OW : element->getVR();
        if (is_left_out(tag, *element, vr)) continue;
        attribute found;
        found.group = tag.getGroup();
        found.element = tag.getElement();
        found.vr = DcmVR(vr).getValidVRName();
        bool is_array = false;
        found.is_keyword = look_up(tag, found.key, is_array);
        if (!found.is_keyword) {
            found.key = hexadecimal(tag);
            unknown.push_back({found.key, found.vr});
        }
        append_json(found.json, *element, vr, is_array, found, unknown);
        attributes.push_back(std::move(found));
    }
}
