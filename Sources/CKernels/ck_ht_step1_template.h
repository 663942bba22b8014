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
    uint64_t above[CK_HT_N];    /* significance at the boundaries of the row above, << 7 */
    uint64_t below[CK_HT_N];    /* significance this row leaves at its boundaries */
    uint32_t next[CK_HT_N];     /* what the quad to the left adds to the table index */
    uint32_t events_used[CK_HT_N];
} CK_HT_NAME(state);

/* One pair of quads below the first row; two_quads is a constant 1, or 0 at the end of a row of an odd number of quads. */
CK_HT_TARGET static inline __attribute__((always_inline)) void CK_HT_NAME(pair)(
    CK_HT_NAME(state) *restrict st, ck_ht_lane *lanes, size_t at, uint32_t shift, int two_quads) {
    uint64_t bits[CK_HT_N];
    uint32_t entry0[CK_HT_N], entry1[CK_HT_N];
    CK_HT_EACH bits[s] = ck_load64(lanes[s].vlc + (st->position[s] >> 3)) >> (st->position[s] & 7);
    CK_HT_EACH {
        uint32_t context = st->next[s] | (uint32_t)(st->above[s] >> shift & 0x180);
        entry0[s] = ck_ht_vlc_other[context | (bits[s] & 127)];
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
            uint32_t context = (entry0[s] & CK_VLC_NEXT_MASK) | (uint32_t)(st->above[s] >> (shift + 1) & 0x180);
            entry1[s] = ck_ht_vlc_other[context | (bits[s] & 127)];
            if (__builtin_expect(context == 0, 0)) {
                entry1[s] = st->events[s] & 1 ? entry1[s] : 0;
                st->events[s] >>= 1;
            }
        }
    }
    CK_HT_EACH {
        bits[s] >>= entry1[s] & 63;
        lanes[s].tags[at] = entry0[s] >> CK_VLC_TAG | (entry1[s] & 0xFFFF0000);
        lanes[s].raw[at] = (uint16_t)bits[s];
        uint64_t index = (entry0[s] >> 31) + 2 * (entry1[s] >> 31) + 4 * (bits[s] & 63);
        st->position[s] += (uint64_t)(entry0[s] & 7) + (entry1[s] & 7) + ck_ht_uvlc_length[index];
        uint64_t seam = (entry0[s] >> CK_VLC_BOUNDARY & 3) | (entry1[s] >> (CK_VLC_BOUNDARY - 1) & 6);
        st->below[s] |= seam << shift;
        st->next[s] = entry1[s] & CK_VLC_NEXT_MASK;
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
    CK_HT_NAME(state) *restrict st, ck_ht_lane *lanes, size_t at, uint32_t shift, int two_quads) {
    CK_HT_EACH {
        uint64_t bits = ck_load64(lanes[s].vlc + (st->position[s] >> 3)) >> (st->position[s] & 7);
        uint32_t context = st->next[s], entry1 = 0;
        uint32_t entry0 = ck_ht_vlc_first[context | (bits & 127)];
        if (context == 0) {
            entry0 = st->events[s] & 1 ? entry0 : 0;
            st->events[s] >>= 1;
        }
        uint32_t length = entry0 & CK_VLC_LENGTH_MASK;
        if (two_quads) {
            context = entry0 & CK_VLC_NEXT_MASK;
            entry1 = ck_ht_vlc_first[context | (bits >> length & 127)];
            if (context == 0) {
                entry1 = st->events[s] & 1 ? entry1 : 0;
                st->events[s] >>= 1;
            }
            length += entry1 & CK_VLC_LENGTH_MASK;
        }
        st->position[s] += length;
        lanes[s].tags[at] = entry0 >> CK_VLC_TAG | (entry1 & 0xFFFF0000);
        CK_HT_NAME(first_u)(st, s, bits >> length, entry0 >> 31, entry1 >> 31, lanes[s].first_u + 2 * at);
        uint64_t seam = (entry0 >> CK_VLC_BOUNDARY & 3) | (entry1 >> (CK_VLC_BOUNDARY - 1) & 6);
        st->below[s] |= seam << shift;
        st->next[s] = entry1 & CK_VLC_NEXT_MASK;
    }
}

/* Up to CK_HT_CHUNK_PAIRS pairs of one row: as many as one word of boundaries and one of MEL events cover. */
CK_HT_TARGET static void CK_HT_NAME(chunk)(
    CK_HT_NAME(state) *restrict state, ck_ht_lane *lanes, size_t at, uint32_t chunk, uint32_t quads, int is_first) {
    CK_HT_NAME(state) st = *state;
    uint32_t pairs = quads / 2;
    for (int s = 0; s < CK_HT_N; s++) {
        ck_ht_lane *lane = &lanes[s];
        if (lane->events_written - lane->events_read < CK_HT_CHUNK_EVENTS) ck_ht_mel_refill(lane, CK_HT_CHUNK_EVENTS);
        uint32_t word = lane->events_read >> 6, bit = lane->events_read & 63;
        /* A one on top of the events tells afterwards how far they were shifted. */
        st.events[s] = (lane->events[word] >> bit | lane->events[word + 1] << 1 << (63 - bit)) | (uint64_t)1 << 63;
        st.above[s] = lane->boundaries[chunk] << 7;
        st.below[s] = chunk ? lane->boundaries[chunk - 1] >> 32 & 1 : 0;
    }
    if (is_first) {
        for (uint32_t i = 0; i < pairs; i++) CK_HT_NAME(first_pair)(&st, lanes, at + i, 2 * i, 1);
        if (quads & 1) CK_HT_NAME(first_pair)(&st, lanes, at + pairs, 2 * pairs, 0);
    } else {
        for (uint32_t i = 0; i < pairs; i++) CK_HT_NAME(pair)(&st, lanes, at + i, 2 * i, 1);
        if (quads & 1) CK_HT_NAME(pair)(&st, lanes, at + pairs, 2 * pairs, 0);
    }
    for (int s = 0; s < CK_HT_N; s++) {
        ck_ht_lane *lane = &lanes[s];
        lane->events_read += (uint32_t)__builtin_clzll(st.events[s]);
        lane->boundaries[chunk] = st.below[s];
        /* The last boundary of a chunk is the first one of the next. */
        if (chunk) lane->boundaries[chunk - 1] |= (st.below[s] & 1) << 32;
    }
    *state = st;
}

/* Rows `from` to `to` of quads. */
CK_HT_TARGET static void CK_HT_NAME(step1)(ck_ht_lane *lanes, uint32_t from, uint32_t to) {
    CK_HT_NAME(state) st;
    const uint32_t quads_x = lanes[0].quads_x, pairs_x = lanes[0].pairs_x;
    for (int s = 0; s < CK_HT_N; s++) st.position[s] = lanes[s].vlc_position;
    for (uint32_t y = from; y < to; y++) {
        for (int s = 0; s < CK_HT_N; s++) st.next[s] = 0;
        for (uint32_t x = 0; x < quads_x; x += 2 * CK_HT_CHUNK_PAIRS) {
            uint32_t quads = quads_x - x < 2 * CK_HT_CHUNK_PAIRS ? quads_x - x : 2 * CK_HT_CHUNK_PAIRS;
            CK_HT_NAME(chunk)(&st, lanes, (size_t)y * pairs_x + x / 2, x / (2 * CK_HT_CHUNK_PAIRS), quads, y == 0);
        }
    }
    for (int s = 0; s < CK_HT_N; s++) lanes[s].vlc_position = (uint32_t)st.position[s];
}

#undef CK_HT_EACH
#undef CK_HT_N
#undef CK_HT_NAME
#undef CK_HT_TARGET
