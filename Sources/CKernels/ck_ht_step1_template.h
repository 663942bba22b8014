/*
 * Step 1 of CK_HT_N blocks of equal size in step: significance, EMB patterns and U-VLC bits of every quad (T.814 7.3.3 to 7.3.6).
 * The lanes lie side by side, so that one register addresses all of them. A single block is a chain of dependent loads (refill, two CxtVLC look-ups, one U-VLC look-up); several of them fill the waits.
 *
 * Parameters: CK_HT_N        number of blocks, a small constant, so that the loops over s vanish and the arrays are registers
 *             CK_HT_NAME(x)  makes a name of this instance
 *             CK_HT_TARGET   (optional) target attribute
 * The includer has ck_ht_lane.h and ck_ht_tables.h. All three macros are undefined at the end.
 */
#ifndef CK_HT_TARGET
#define CK_HT_TARGET
#endif

#ifdef __clang__
#define CK_HT_EACH _Pragma("clang loop unroll(full)") for (int s = 0; s < CK_HT_N; s++)
#else
#define CK_HT_EACH _Pragma("GCC unroll 4") for (int s = 0; s < CK_HT_N; s++)
#endif

typedef struct {
    uint64_t position[CK_HT_N]; /* in the VLC bits */
    uint64_t events[CK_HT_N];   /* MEL events to come, lowest first */
    uint32_t next[CK_HT_N];     /* what the quad to the left adds to the table index */
    /* What the row above adds to the table index of first and second quads of a chunk. */
    uint32_t above0[CK_HT_N][CK_HT_CHUNK_PAIRS], above1[CK_HT_N][CK_HT_CHUNK_PAIRS];
} CK_HT_NAME(state);

/* 7.3.5: of pair i of a chunk, from the tags of the row above: those above it, above to the left and above to the right. */
CK_HT_TARGET static inline __attribute__((always_inline)) void CK_HT_NAME(above_pair)(
    CK_HT_NAME(state) *restrict st, int s, uint32_t i, uint32_t tags, uint32_t left, uint32_t right) {
    uint32_t lefts = tags << 16 | left >> 16, rights = tags >> 16 | right << 16; /* neighbours of both quads */
    uint32_t above = ((tags << 7 | lefts << 5) & 0x01000100) | ((tags << 6 | rights << 8) & 0x02000200);
    st->above0[s][i] = above & 0xFFFF;
    st->above1[s][i] = above >> 16;
}

/*
 * Pairs `from` and on of a chunk. By halves, the second when the first is decoded: what is read in other pieces than it was stored must
 * have left the store queue. A loop of constant length becomes a few vectors; what is too much in it is never looked at.
 */
CK_HT_TARGET static inline __attribute__((always_inline)) void CK_HT_NAME(look_above)(
    CK_HT_NAME(state) *restrict st, int s, const uint32_t *restrict tags, uint32_t from, uint32_t pairs, int is_first, int is_last) {
    const uint32_t last = pairs - 1;
    for (uint32_t i = from; i < from + CK_HT_CHUNK_PAIRS / 2; i++) CK_HT_NAME(above_pair)(st, s, i, tags[i], tags[(int)i - 1], tags[i + 1]);
    if (is_first && from == 0) CK_HT_NAME(above_pair)(st, s, 0, tags[0], 0, is_last && last == 0 ? 0 : tags[1]);
    if (is_last && last - from < CK_HT_CHUNK_PAIRS / 2 && !(is_first && last == 0))
        CK_HT_NAME(above_pair)(st, s, last, tags[last], tags[(int)last - 1], 0);
}

/* One pair of quads below the first row; two_quads is a constant 1, or 0 at the end of a row of an odd number of quads. */
CK_HT_TARGET static inline __attribute__((always_inline)) void CK_HT_NAME(pair)(
    CK_HT_NAME(state) *restrict st, ck_ht_lane *restrict lanes, size_t at, uint32_t i, int two_quads) {
    uint64_t bits[CK_HT_N];
    uint32_t entry0[CK_HT_N], entry1[CK_HT_N];
    CK_HT_EACH bits[s] = ck_load64(lanes[s].vlc + (st->position[s] >> 3)) >> (st->position[s] & 7);
    CK_HT_EACH {
        uint32_t context = st->next[s] | st->above0[s][i];
        entry0[s] = ck_ht_vlc_other[context | (bits[s] & 0xFF)];
        /* 7.3.5: a MEL event says whether there is a codeword. Rare in what takes long, hence a branch. */
        if (__builtin_expect(context == 0, 0)) {
            entry0[s] = st->events[s] & 1 ? entry0[s] : 0;
            st->events[s] >>= 1;
        }
    }
    CK_HT_EACH {
        bits[s] >>= entry0[s] & 63;
        entry1[s] = 0;
        if (two_quads) {
            uint32_t context = (entry0[s] & CK_VLC_NEXT_MASK) | st->above1[s][i];
            entry1[s] = ck_ht_vlc_other[context | (bits[s] & 0xFF)];
            if (__builtin_expect(context == 0, 0)) {
                entry1[s] = st->events[s] & 1 ? entry1[s] : 0;
                st->events[s] >>= 1;
            }
            bits[s] >>= entry1[s] & 63;
        }
    }
    CK_HT_EACH {
        uint32_t sum = (entry0[s] & 0xFF) + (entry1[s] & 0xFF);
        st->position[s] += (sum & CK_VLC_SUM_LENGTH) + (uint64_t)ck_ht_uvlc_length[(sum & CK_VLC_SUM_UOFF) | (bits[s] & 63)];
        st->next[s] = entry1[s] & CK_VLC_NEXT_MASK;
        lanes[s].tags[at] = entry0[s] >> CK_VLC_TAG | (entry1[s] & 0xFFFF0000);
        lanes[s].raw[at] = (uint16_t)bits[s];
    }
}

/* U-VLC of a pair of the first row, 7.3.6: when both quads have one, a MEL event says whether both u exceed 2. */
CK_HT_TARGET static inline __attribute__((always_inline)) void CK_HT_NAME(first_u)(
    CK_HT_NAME(state) *restrict st, int s, uint64_t bits, uint32_t off0, uint32_t off1, uint8_t *u) {
    uint32_t base = 0, used = 0;
    if (off0 & off1) {
        base = st->events[s] & 1 ? 2 : 0;
        st->events[s] >>= 1;
    }
    uint32_t p0 = off0 ? ck_ht_uvlc_prefix[bits & 7] : 0;
    used = p0 >> 3 & 3;
    uint32_t p1 = off1 ? ck_ht_uvlc_prefix[bits >> used & 7] : 0;
    if (off0 & off1 && base == 0 && (p0 & 7) > 2) p1 = (1u + (bits >> used & 1)) | 1 << 3; /* the other u is 1 or 2: one bit */
    used += p1 >> 3 & 3;
    uint32_t n0 = p0 >> 5, n1 = p1 >> 5;
    u[0] = (uint8_t)(off0 ? base + (p0 & 7) + (bits >> used & ((1u << n0) - 1)) : 0);
    used += n0;
    u[1] = (uint8_t)(off1 ? base + (p1 & 7) + (bits >> used & ((1u << n1) - 1)) : 0);
    st->position[s] += used + n1;
}

CK_HT_TARGET static inline __attribute__((always_inline)) void CK_HT_NAME(first_pair)(
    CK_HT_NAME(state) *restrict st, ck_ht_lane *lanes, size_t at, uint32_t x, int two_quads) {
    CK_HT_EACH {
        uint64_t bits = ck_load64(lanes[s].vlc + (st->position[s] >> 3)) >> (st->position[s] & 7);
        uint32_t context = st->next[s], entry1 = 0;
        uint32_t entry0 = ck_ht_vlc_first[context | (bits & 0xFF)];
        if (context == 0) {
            entry0 = st->events[s] & 1 ? entry0 : 0;
            st->events[s] >>= 1;
        }
        uint32_t length = entry0 & CK_VLC_LENGTH_MASK;
        if (two_quads) {
            context = entry0 & CK_VLC_NEXT_MASK;
            entry1 = ck_ht_vlc_first[context | (bits >> length & 0xFF)];
            if (context == 0) {
                entry1 = st->events[s] & 1 ? entry1 : 0;
                st->events[s] >>= 1;
            }
            length += entry1 & CK_VLC_LENGTH_MASK;
        }
        st->position[s] += length;
        lanes[s].tags[at] = entry0 >> CK_VLC_TAG | (entry1 & 0xFFFF0000);
        CK_HT_NAME(first_u)(st, s, bits >> length, entry0 >> 31, entry1 >> 31, lanes[s].first_u + 2 * x);
        st->next[s] = entry1 & CK_VLC_NEXT_MASK;
    }
}

/* Pairs x and on of one row, as many as one word of MEL events covers. */
CK_HT_TARGET static void CK_HT_NAME(chunk)(CK_HT_NAME(state) *restrict st, ck_ht_lane *lanes, uint32_t y, uint32_t x) {
    const uint32_t rest = lanes[0].quads_x - 2 * x, quads = rest < 2 * CK_HT_CHUNK_PAIRS ? rest : 2 * CK_HT_CHUNK_PAIRS;
    const uint32_t pairs = quads / 2;
    const size_t at = ck_ht_record(lanes, y, x);
    for (int s = 0; s < CK_HT_N; s++) {
        ck_ht_lane *lane = &lanes[s];
        if (lane->events_written - lane->events_read < CK_HT_CHUNK_EVENTS) ck_ht_mel_refill(lane, CK_HT_CHUNK_EVENTS);
        uint32_t word = lane->events_read >> 6, bit = lane->events_read & 63;
        /* A one on top of the events tells afterwards how far they were shifted. */
        st->events[s] = (lane->events[word] >> bit | lane->events[word + 1] << 1 << (63 - bit)) | (uint64_t)1 << 63;
    }
    if (y == 0) {
        for (uint32_t i = 0; i < pairs; i++) CK_HT_NAME(first_pair)(st, lanes, at + i, x + i, 1);
        if (quads & 1) CK_HT_NAME(first_pair)(st, lanes, at + pairs, x + pairs, 0);
    } else {
        for (uint32_t from = 0; from < (quads + 1) / 2; from += CK_HT_CHUNK_PAIRS / 2) {
            const uint32_t to = pairs < from + CK_HT_CHUNK_PAIRS / 2 ? pairs : from + CK_HT_CHUNK_PAIRS / 2;
            CK_HT_EACH CK_HT_NAME(look_above)(st, s, lanes[s].tags + at - lanes[0].pairs_x, from, (quads + 1) / 2, x == 0, rest == quads);
            for (uint32_t i = from; i < to; i++) CK_HT_NAME(pair)(st, lanes, at + i, i, 1);
        }
        if (quads & 1) CK_HT_NAME(pair)(st, lanes, at + pairs, pairs, 0);
    }
    for (int s = 0; s < CK_HT_N; s++) lanes[s].events_read += (uint32_t)__builtin_clzll(st->events[s]);
}

/* Rows `from` to `to` of quads. */
CK_HT_TARGET static void CK_HT_NAME(step1)(ck_ht_lane *lanes, uint32_t from, uint32_t to) {
    CK_HT_NAME(state) st;
    for (int s = 0; s < CK_HT_N; s++) st.position[s] = lanes[s].vlc_position;
    for (uint32_t y = from; y < to; y++) {
        for (int s = 0; s < CK_HT_N; s++) st.next[s] = 0;
        for (uint32_t x = 0; x < lanes[0].pairs_x; x += CK_HT_CHUNK_PAIRS) CK_HT_NAME(chunk)(&st, lanes, y, x);
    }
    for (int s = 0; s < CK_HT_N; s++) lanes[s].vlc_position = (uint32_t)st.position[s];
}

#undef CK_HT_EACH
#undef CK_HT_N
#undef CK_HT_NAME
#undef CK_HT_TARGET
