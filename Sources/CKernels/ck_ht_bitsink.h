#ifndef CK_HT_BITSINK_H
#define CK_HT_BITSINK_H

#include "ck_ht_lane.h"

/* Appends bits, lowest first, to memory. Keeps fewer than 8 bits back; writes up to 8 bytes past the last full byte. */
typedef struct {
    uint8_t *next;
    uint64_t pending;
    uint32_t npending; /* < 8 */
} ck_bitsink;

/* `bits` has zeros above `nbits`; nbits <= 56. */
static inline void ck_bitsink_put(ck_bitsink *sink, uint64_t bits, uint32_t nbits) {
    uint64_t word = sink->pending | bits << sink->npending;
    ck_store64(sink->next, word);
    uint32_t total = sink->npending + nbits;
    sink->next += total >> 3;
    sink->npending = total & 7;
    sink->pending = word >> (total & 56);
}

/* The same for exactly 64 bits. */
static inline void ck_bitsink_put64(ck_bitsink *sink, uint64_t bits) {
    ck_store64(sink->next, sink->pending | bits << sink->npending);
    sink->next += 8;
    sink->pending = bits >> 1 >> (63 - sink->npending);
}

/* Highest bit of each byte of x whose low seven bits are all ones. */
static inline uint64_t ck_bytes_7f(uint64_t x) {
    return ((x & 0x7F7F7F7F7F7F7F7Fu) + 0x0101010101010101u) & 0x8080808080808080u;
}

/* Highest bit of each byte that is above 0x8F. */
static inline uint64_t ck_bytes_above_8f(uint64_t x) {
    return ((x & 0x7F7F7F7F7F7F7F7Fu) + 0x7070707070707070u) & x & 0x8080808080808080u;
}

#endif
