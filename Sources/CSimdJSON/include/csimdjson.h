// Reading large JSON documents: a C face over simdjson's DOM parser.
//
// A document owns its parsed form, with all texts. Elements are small values that point into a document and are valid
// until it is closed. Nothing here throws; every function tolerates an element of another type and says so by its
// result. A document may be read from several threads, but opened and closed by one.
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csj_document csj_document;

typedef enum csj_status {
    CSJ_OK = 0,
    CSJ_NO_MEMORY = 1,
    // Larger than simdjson reads: 4 GiB less padding.
    CSJ_TOO_LARGE = 2,
    // No value at all: nothing but white space.
    CSJ_EMPTY = 3,
    // Nested deeper than 1024 levels.
    CSJ_TOO_DEEP = 4,
    // Not UTF-8.
    CSJ_NOT_UTF8 = 5,
    // A number that neither 64-bit integers nor doubles hold, or that is not written as JSON writes numbers.
    CSJ_BAD_NUMBER = 6,
    // Not JSON, or cut short.
    CSJ_MALFORMED = 7
} csj_status;

typedef enum csj_type {
    CSJ_NULL = 0,
    CSJ_BOOL = 1,
    CSJ_INTEGER = 2,
    // A number with a fraction or exponent, or outside int64 and uint64.
    CSJ_DOUBLE = 3,
    CSJ_STRING = 4,
    CSJ_ARRAY = 5,
    CSJ_OBJECT = 6
} csj_type;

// A value of a document. Opaque, free to copy.
typedef struct csj_element {
    uint64_t opaque[2];
} csj_element;

// UTF-8 of `length` bytes inside the document; not terminated by a zero that counts.
typedef struct csj_text {
    const char *bytes;
    size_t length;
} csj_text;

// Walks the members of an object or the elements of an array.
typedef struct csj_cursor {
    uint64_t next[2];
    uint64_t end[2];
    // 0: over nothing; 1: array; 2: object.
    int kind;
} csj_cursor;

// So many bytes behind a text are read along with it, whatever is in them.
#define CSJ_PADDING 64

// Parses `length` bytes, which need not outlive the call. They are copied first, unless they are `padded`: CSJ_PADDING
// bytes behind them can be read. `*document` is set only for CSJ_OK; close it with csj_close. `*root` is then the top
// value.
csj_status csj_open(const void *bytes, size_t length, bool padded, csj_document **document, csj_element *root);

void csj_close(csj_document *document);

csj_type csj_type_of(csj_element element);

// Each returns false, leaving the output alone, where the element is of another type or does not fit.
bool csj_get_int64(csj_element element, int64_t *value);
bool csj_get_double(csj_element element, double *value);
bool csj_get_bool(csj_element element, bool *value);
bool csj_get_text(csj_element element, csj_text *value);

// A cursor at the first member; one over nothing where the element is neither array nor object.
csj_cursor csj_members(csj_element container);

// The next member: false at the end. `name` is set for objects only and may be NULL.
bool csj_next(csj_cursor *cursor, csj_text *name, csj_element *value);

// The value of the first member with that name: false where there is none or `object` is not an object.
bool csj_find(csj_element object, const char *name, size_t name_length, csj_element *value);

#ifdef __cplusplus
}
#endif

#endif
