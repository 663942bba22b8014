#include "csimdjson.h"

#include <cstring>
#include <new>
#include <type_traits>

#include <simdjson.h>

namespace dom = simdjson::dom;

static_assert(CSJ_PADDING >= simdjson::SIMDJSON_PADDING, "the padding that simdjson asks for");

// The parsed form alone; it must live as long as any element is used. What the parser needed beside it is several
// times the text and goes before anything is read.
struct csj_document {
    dom::document parsed;
};

namespace {

enum cursor_kind { over_nothing = 0, over_array = 1, over_object = 2 };

// simdjson's elements and iterators are a pointer and an index. They travel through C as two words.
template <typename To, typename From> To carried(const From &from) {
    static_assert(std::is_trivially_copyable<From>::value && std::is_trivially_copyable<To>::value, "plain values");
    static_assert(sizeof(From) == 16 && sizeof(To) == 16, "two words");
    static_assert(alignof(From) <= alignof(uint64_t) && alignof(To) <= alignof(uint64_t), "word alignment");
    To to;
    std::memcpy(static_cast<void *>(&to), &from, sizeof to);
    return to;
}

struct words {
    uint64_t value[2];
};

template <typename Iterator> void store(uint64_t (&slot)[2], const Iterator &iterator) {
    const words carried_words = carried<words>(iterator);
    slot[0] = carried_words.value[0];
    slot[1] = carried_words.value[1];
}

template <typename Iterator> Iterator load(const uint64_t (&slot)[2]) {
    return carried<Iterator>(words{{slot[0], slot[1]}});
}

dom::element element_of(csj_element element) { return carried<dom::element>(element); }

csj_element exported(dom::element element) { return carried<csj_element>(element); }

csj_status status_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS: return CSJ_OK;
    case simdjson::MEMALLOC: return CSJ_NO_MEMORY;
    case simdjson::CAPACITY: return CSJ_TOO_LARGE;
    case simdjson::EMPTY: return CSJ_EMPTY;
    case simdjson::DEPTH_ERROR: return CSJ_TOO_DEEP;
    case simdjson::UTF8_ERROR: return CSJ_NOT_UTF8;
    case simdjson::NUMBER_ERROR: return CSJ_BAD_NUMBER;
    default: return CSJ_MALFORMED;
    }
}

}  // namespace

csj_status csj_open(const void *bytes, size_t length, bool padded, csj_document **document, csj_element *root) {
    if (length == 0) return CSJ_EMPTY;
    // Checked before a byte is read: simdjson would copy the text first and refuse it afterwards.
    if (length > simdjson::SIMDJSON_MAXSIZE_BYTES - simdjson::SIMDJSON_PADDING) return CSJ_TOO_LARGE;
    try {
        auto *opened = new (std::nothrow) csj_document;
        if (opened == nullptr) return CSJ_NO_MEMORY;
        dom::parser parser;
        dom::element top;
        const auto error =
            parser.parse_into_document(opened->parsed, static_cast<const char *>(bytes), length, !padded).get(top);
        if (error != simdjson::SUCCESS) {
            delete opened;
            return status_of(error);
        }
        *document = opened;
        *root = exported(top);
        return CSJ_OK;
    } catch (...) {
        return CSJ_NO_MEMORY;
    }
}

void csj_close(csj_document *document) { delete document; }

csj_type csj_type_of(csj_element element) {
    switch (element_of(element).type()) {
    case dom::element_type::ARRAY: return CSJ_ARRAY;
    case dom::element_type::OBJECT: return CSJ_OBJECT;
    case dom::element_type::INT64:
    case dom::element_type::UINT64: return CSJ_INTEGER;
    case dom::element_type::DOUBLE: return CSJ_DOUBLE;
    case dom::element_type::STRING: return CSJ_STRING;
    case dom::element_type::BOOL: return CSJ_BOOL;
    case dom::element_type::NULL_VALUE: break;
    }
    return CSJ_NULL;
}

bool csj_get_int64(csj_element element, int64_t *value) {
    return element_of(element).get_int64().get(*value) == simdjson::SUCCESS;
}

bool csj_get_double(csj_element element, double *value) {
    return element_of(element).get_double().get(*value) == simdjson::SUCCESS;
}

bool csj_get_bool(csj_element element, bool *value) {
    return element_of(element).get_bool().get(*value) == simdjson::SUCCESS;
}

bool csj_get_text(csj_element element, csj_text *value) {
    std::string_view text;
    if (element_of(element).get_string().get(text) != simdjson::SUCCESS) return false;
    *value = csj_text{text.data(), text.size()};
    return true;
}

csj_cursor csj_members(csj_element container) {
    csj_cursor cursor = {{0, 0}, {0, 0}, over_nothing};
    dom::object object;
    dom::array array;
    if (element_of(container).get_object().get(object) == simdjson::SUCCESS) {
        store(cursor.next, object.begin());
        store(cursor.end, object.end());
        cursor.kind = over_object;
    } else if (element_of(container).get_array().get(array) == simdjson::SUCCESS) {
        store(cursor.next, array.begin());
        store(cursor.end, array.end());
        cursor.kind = over_array;
    }
    return cursor;
}

bool csj_next(csj_cursor *cursor, csj_text *name, csj_element *value) {
    if (cursor->kind == over_object) {
        auto next = load<dom::object::iterator>(cursor->next);
        if (!(next != load<dom::object::iterator>(cursor->end))) return false;
        const std::string_view key = next.key();
        if (name != nullptr) *name = csj_text{key.data(), key.size()};
        *value = exported(next.value());
        store(cursor->next, ++next);
        return true;
    }
    if (cursor->kind == over_array) {
        auto next = load<dom::array::iterator>(cursor->next);
        if (!(next != load<dom::array::iterator>(cursor->end))) return false;
        *value = exported(*next);
        store(cursor->next, ++next);
        return true;
    }
    return false;
}

bool csj_find(csj_element object, const char *name, size_t name_length, csj_element *value) {
    dom::object members;
    dom::element found;
    if (element_of(object).get_object().get(members) != simdjson::SUCCESS) return false;
    if (members.at_key(std::string_view(name, name_length)).get(found) != simdjson::SUCCESS) return false;
    *value = exported(found);
    return true;
}
