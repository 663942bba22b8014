/*
 * From the interleaved bit streams of a clean-up segment (T.814 7.1) to plain bit arrays: the VLC stream backwards from the
 * segment's end, the MagSgn stream forwards from its start. Stuffing bits are rare, so eight bytes at a time are looked at and
 * copied whole unless one of them has a stuffing bit.
 *
 * Parameters: CK_HT_NAME(x)    makes a name of this instance
 *             CK_HT_TARGET     target attribute or nothing
 *             CK_HT_PUT_STUFFED(sink, x, stuffed)  appends the eight bytes x without the bits that are set in stuffed
 * The includer has ck_ht_bitsink.h. All three macros are undefined at the end.
 */

/* 7.1.4: a byte that follows one above 0x8F has 7 bits when these are all ones; the byte of Scup gives 4 bits, or 3. */
CK_HT_TARGET static inline uint32_t CK_HT_NAME(vlc_start)(ck_bitsink *sink, const uint8_t *scup_byte, uint8_t *out) {
    uint32_t last = *scup_byte | 0x0Fu, top = last >> 4, top_nbits = (top & 7) == 7 ? 3 : 4;
    *sink = (ck_bitsink){out, top & ((1u << top_nbits) - 1), top_nbits};
    return last;
}

/* Goes on backwards from `next`, one past the byte to read, with the byte `last` behind it. */
CK_HT_TARGET static inline uint32_t CK_HT_NAME(vlc_rest)(
    ck_bitsink *sink, uint32_t last, const uint8_t *first, const uint8_t *next, uint8_t *out, const uint8_t *end) {
    while (next - first >= 8 && sink->next < end) {
        next -= 8;
        uint64_t x = __builtin_bswap64(ck_load64(next));
        uint64_t stuffed = ck_bytes_7f(x) & ck_bytes_above_8f(x << 8 | last);
        last = (uint32_t)(x >> 56);
        if (stuffed == 0)
            ck_bitsink_put64(sink, x);
        else
            CK_HT_PUT_STUFFED(sink, x, stuffed);
    }
    while (next != first && sink->next < end) {
        uint32_t x = *--next;
        uint32_t is_stuffed = last > 0x8F && (x & 0x7F) == 0x7F;
        ck_bitsink_put(sink, x & (0xFFu >> is_stuffed), 8 - is_stuffed);
        last = x;
    }
    uint32_t nbits = (uint32_t)(sink->next - out) * 8 + sink->npending;
    *sink->next = (uint8_t)sink->pending;
    uint8_t *zeros = sink->next + 1;
    if (zeros < end) memset(zeros, 0, (size_t)(end - zeros));
    return nbits;
}

CK_HT_TARGET uint32_t CK_HT_NAME(ck_ht_unstuff_vlc)(const uint8_t *first, const uint8_t *scup_byte, uint8_t *out, uint32_t wanted_nbytes) {
    ck_bitsink sink;
    uint32_t last = CK_HT_NAME(vlc_start)(&sink, scup_byte, out);
    return CK_HT_NAME(vlc_rest)(&sink, last, first, scup_byte, out, out + wanted_nbytes);
}

/* 7.1.3: a byte that follows 0xFF has 7 bits. Goes on from `last` byte and `sink`; writes up to 8 bytes past the result. */
CK_HT_TARGET static inline void CK_HT_NAME(unstuff_forward)(
    ck_bitsink *sink, uint32_t last, const uint8_t *in, const uint8_t *in_end, const uint8_t *out_end) {
    while (in_end - in >= 8 && out_end - sink->next >= 24) {
        uint64_t x = ck_load64(in);
        in += 8;
        uint64_t before = x << 8 | last;
        uint64_t stuffed = ck_bytes_7f(before) & before;
        last = (uint32_t)(x >> 56);
        if (stuffed == 0)
            ck_bitsink_put64(sink, x);
        else
            CK_HT_PUT_STUFFED(sink, x, stuffed);
    }
    while (in != in_end && out_end - sink->next >= 16) {
        uint32_t x = *in++;
        uint32_t is_stuffed = last == 0xFF;
        ck_bitsink_put(sink, x & (0xFFu >> is_stuffed), 8 - is_stuffed);
        last = x;
    }
    *sink->next = (uint8_t)sink->pending;
}

CK_HT_TARGET size_t CK_HT_NAME(ck_ht_unstuff_magsgn)(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes) {
    ck_bitsink sink = {out, 0, 0};
    CK_HT_NAME(unstuff_forward)(&sink, 0, in, in + in_nbytes, out + out_nbytes);
    return (size_t)(sink.next - out) * 8 + sink.npending;
}

#undef CK_HT_NAME
#undef CK_HT_TARGET
#undef CK_HT_PUT_STUFFED
