/* What fuzz targets share. A target is one function over bytes; it aborts, with a message, on what must not be. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ck_htj2k.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void demand(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

/* Any answer must be one from the list, an error must have its reason, and a place must lie in the data. */
static inline void demand_answer(ck_status status, const ck_error_detail *detail, size_t nbytes)
{
    demand((unsigned)status <= CK_ERR_ARGUMENT, "unknown status");
    demand(!status || detail->reason != CK_REASON_NONE, "an error without a reason");
    demand(detail->byte_offset <= nbytes, "an error behind the end");
}

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define FUZZ_POISON(p, n) __asan_poison_memory_region(p, n)
#define FUZZ_UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#endif
#endif
#ifndef FUZZ_POISON
#define FUZZ_POISON(p, n) ((void)(p), (void)(n))
#define FUZZ_UNPOISON(p, n) ((void)(p), (void)(n))
#endif

/* nbytes that end where an allocation ends, and before which nothing may be touched either; used again by the next call of a slot. */
static inline uint8_t *fuzz_memory(int slot, size_t nbytes, int fill)
{
    static struct {
        uint8_t *bytes;
        size_t room;
    } kept[4];
    uint8_t **bytes = &kept[slot].bytes;
    if (!*bytes || kept[slot].room < nbytes) {
        free(*bytes);
        kept[slot].room = nbytes + nbytes / 2 + 4096;
        *bytes = malloc(kept[slot].room);
    }
    uint8_t *from = *bytes + kept[slot].room - nbytes;
    FUZZ_UNPOISON(*bytes, kept[slot].room);
    memset(from, fill, nbytes);
    FUZZ_POISON(*bytes, (size_t)(from - *bytes));
    return from;
}

#endif
