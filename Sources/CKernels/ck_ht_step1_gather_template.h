/*
 * Step 1 of up to CK_HT_V times 16 blocks; see ck_ht_step1_gather.c.
 *
 * Parameters: CK_HT_V        1 or 2: vectors of MEL events, and of all else in the first row
 *             CK_HT_NAME(x)  makes a name of this instance
 * Both are undefined at the end.
 */
typedef struct {
    __m512i position;                                  /* in the VLC bits; of all lanes as words */
    __m512i offset, bits[8];                           /* the next bit in the first of eight words in a row of each lane */
    __m512i events_low[CK_HT_V], events_high[CK_HT_V]; /* MEL events to come, and a one on top of them */
    __mmask32 beside, seam;                            /* sigma in the quad to the left; at its right seam */
} CK_HT_NAME(state);

/* Low halves of both vectors; one vector leaves garbage in the words that are nobody's. */
INLINE __m512i CK_HT_NAME(words)(const __m512i x[CK_HT_V]) {
    return CK_HT_V == 1 ? x[0] : join_words(x[0], x[CK_HT_V - 1]);
}

/* Those above them. */
INLINE __m512i CK_HT_NAME(upper_words)(const __m512i x[CK_HT_V]) {
    __m512i first = _mm512_srli_epi32(x[0], 16);
    return CK_HT_V == 1 ? first : _mm512_mask_blend_epi16(0xAAAAAAAA, first, x[CK_HT_V - 1]);
}

/* Codewords of one quad of each lane; those whose context is zero use up an event, and have none when it is 0 (7.3.5). */
INLINE __m512i CK_HT_NAME(quad)(CK_HT_NAME(state) *st, __m512i bits, __mmask32 left, __mmask32 right) {
    __m512i entry = look_up(bits, left, right, st->beside);
    __mmask32 zero = ~(left | right | st->beside);
    if (CK_HT_V == 1) zero &= 0x55555555;
    if (zero) {
        __mmask32 coded = _mm512_test_epi16_mask(CK_HT_NAME(words)(st->events_low), _mm512_set1_epi16(1));
        entry = _mm512_maskz_mov_epi16(~zero | coded, entry);
        __m512i used = _mm512_maskz_set1_epi16(zero, 1);
        EACH(s, CK_HT_V) {
            __m512i n = s ? _mm512_srli_epi32(used, 16) : _mm512_and_si512(used, _mm512_set1_epi32(1));
            st->events_low[s] = _mm512_shrdv_epi32(st->events_low[s], st->events_high[s], n);
            st->events_high[s] = _mm512_srlv_epi32(st->events_high[s], n);
        }
    }
    st->beside = _mm512_test_epi16_mask(entry, _mm512_set1_epi16(0xC));
    return entry;
}

/* Sigma at the left seam of a quad, and on to its right one. */
INLINE void CK_HT_NAME(put_seams)(CK_HT_NAME(state) *st, uint32_t *seams, __m512i tags) {
    seams[0] = st->seam | _mm512_test_epi16_mask(tags, _mm512_set1_epi16(2));
    st->seam = _mm512_test_epi16_mask(tags, _mm512_set1_epi16(8));
}

/* On to bit `end` from the first word: one or two words further. */
INLINE void CK_HT_NAME(advance)(CK_HT_NAME(state) *st, __m512i end) {
    __mmask32 one = _mm512_test_epi16_mask(end, _mm512_set1_epi16(48)), two = _mm512_test_epi16_mask(end, _mm512_set1_epi16(32));
    for (int i = 0; i < 6; i++)
        st->bits[i] = _mm512_mask_mov_epi16(_mm512_mask_mov_epi16(st->bits[i], one, st->bits[i + 1]), two, st->bits[i + 2]);
    st->bits[6] = _mm512_mask_mov_epi16(st->bits[6], one, st->bits[7]);
    st->position = _mm512_add_epi16(st->position, _mm512_sub_epi16(end, st->offset));
    st->offset = _mm512_and_si512(end, _mm512_set1_epi16(15));
}

/* 128 bits of each lane: four pairs take 120 at most, and begin anywhere in a byte. */
INLINE void CK_HT_NAME(fetch)(CK_HT_NAME(state) *st, const uint8_t *const vlc[32]) {
    fetch_bits(st->bits, vlc, st->position);
    st->offset = _mm512_and_si512(st->position, _mm512_set1_epi16(7));
}

/* One pair of quads. `seams`: sigma at the pair's left seam and on, of the row above and then of this row. */
INLINE void CK_HT_NAME(pair)(CK_HT_NAME(state) *st, const uvlc_table *lengths, uint32_t *seams, __mmask32 *above, record_words *record,
    int two_quads) {
    const __mmask32 left = *above, middle = seams[1], right = two_quads ? seams[2] : 0;
    /* 16 bits do for two codewords, 32 for a pair, which takes 30 at most. Counts are taken modulo 16. */
    __m512i bits = _mm512_shrdv_epi16(st->bits[0], st->bits[1], st->offset), more = _mm512_shrdv_epi16(st->bits[1], st->bits[2], st->offset);
    __m512i e0 = CK_HT_NAME(quad)(st, bits, left, middle), e1 = _mm512_setzero_si512();
    __m512i used = codeword_length(e0);
    CK_HT_NAME(put_seams)(st, seams, e0);
    if (two_quads) {
        e1 = CK_HT_NAME(quad)(st, _mm512_srlv_epi16(bits, used), middle, right);
        used = _mm512_add_epi16(used, codeword_length(e1));
        CK_HT_NAME(put_seams)(st, seams + 1, e1);
        *above = right;
    }
    __m512i raw = _mm512_shrdv_epi16(bits, more, used);
    _mm512_store_si512(record->tags[0], _mm512_unpacklo_epi16(e0, e1));
    _mm512_store_si512(record->tags[1], _mm512_unpackhi_epi16(e0, e1));
    _mm512_store_si512(record->raw, raw);
    __m512i end = add_uvlc_length(lengths, e0, e1, raw, _mm512_add_epi16(st->offset, used));
    CK_HT_NAME(advance)(st, end);
}

/* 32 bits of each lane from two vectors of words. */
INLINE void CK_HT_NAME(double_words)(__m512i to[CK_HT_V], __m512i low, __m512i high) {
    to[0] = join_words(low, high);
    if (CK_HT_V > 1) to[CK_HT_V - 1] = _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(low, 16), high);
}

/* A pair of the first row, where only the quad to the left is context. Rare enough for gathers. `next`: what it adds to the index. */
INLINE void CK_HT_NAME(first_pair)(CK_HT_NAME(state) *st, __m512i next[CK_HT_V], uint32_t *seams, record_words *record, int two_quads) {
    const __m512i seven = _mm512_set1_epi32(7);
    __m512i bits[CK_HT_V], e0[CK_HT_V], e1[CK_HT_V], u[CK_HT_V], used[CK_HT_V];
    CK_HT_NAME(double_words)(bits, _mm512_shrdv_epi16(st->bits[0], st->bits[1], st->offset), _mm512_shrdv_epi16(st->bits[1], st->bits[2], st->offset));
    EACH(s, CK_HT_V) {
        __m512i *low = &st->events_low[s], *high = &st->events_high[s];
        e0[s] = first_entry(next[s], bits[s], low, high);
        used[s] = _mm512_and_si512(e0[s], seven);
        bits[s] = _mm512_srlv_epi32(bits[s], used[s]);
        e1[s] = _mm512_setzero_si512();
        if (two_quads) e1[s] = first_entry(_mm512_and_si512(e0[s], _mm512_set1_epi32(CK_VLC_NEXT_MASK)), bits[s], low, high);
        next[s] = _mm512_and_si512(e1[s], _mm512_set1_epi32(CK_VLC_NEXT_MASK));
        __m512i length = _mm512_and_si512(e1[s], seven);
        used[s] = _mm512_add_epi32(used[s], length);
        used[s] = first_u(&u[s], _mm512_srlv_epi32(bits[s], length), e0[s], e1[s], used[s], low, high);
    }
    __m512i tags0 = CK_HT_NAME(upper_words)(e0), tags1 = CK_HT_NAME(upper_words)(e1);
    CK_HT_NAME(put_seams)(st, seams, tags0);
    if (two_quads) CK_HT_NAME(put_seams)(st, seams + 1, tags1);
    _mm512_store_si512(record->tags[0], _mm512_unpacklo_epi16(tags0, tags1));
    _mm512_store_si512(record->tags[1], _mm512_unpackhi_epi16(tags0, tags1));
    _mm512_store_si512(record->raw, CK_HT_NAME(words)(u));
    CK_HT_NAME(advance)(st, _mm512_add_epi16(st->offset, CK_HT_NAME(words)(used)));
}

/* Makes sure that all lanes have events for a chunk. */
TARGET static inline void CK_HT_NAME(top_up)(CK_HT_NAME(state) *st, ck_ht_lane *lanes, size_t count) {
    EACH(s, CK_HT_V) {
        uint32_t few = _mm512_cmplt_epu32_mask(st->events_high[s], _mm512_set1_epi32(1 << (CK_HT_CHUNK_EVENTS - 32)));
        if (few == 0) continue;
        _Alignas(64) uint32_t low[16], high[16];
        _mm512_store_si512(low, st->events_low[s]);
        _mm512_store_si512(high, st->events_high[s]);
        for (; few; few &= few - 1) {
            const uint32_t i = (uint32_t)__builtin_ctz(few);
            uint64_t events;
            if (16 * s + i < count) {
                give_back_events(&lanes[16 * s + i], low[i], high[i]);
                events = take_events(&lanes[16 * s + i]);
            } else { /* a lane that repeats the last one, which came before */
                events = low[i - 1] | (uint64_t)high[i - 1] << 32;
            }
            low[i] = (uint32_t)events;
            high[i] = (uint32_t)(events >> 32);
        }
        st->events_low[s] = _mm512_load_si512(low);
        st->events_high[s] = _mm512_load_si512(high);
    }
}

/* Up to 16 pairs of one row of all blocks. */
TARGET static inline void CK_HT_NAME(chunk)(CK_HT_NAME(state) *state, ck_ht_lane *lanes, size_t count, const uint8_t *const vlc[32],
    const uvlc_table *lengths, uint32_t *seams, __mmask32 *above, size_t at, uint32_t quads) {
    record_words records[CK_HT_CHUNK_PAIRS];
    CK_HT_NAME(top_up)(state, lanes, count);
    CK_HT_NAME(state) st = *state;
    uint32_t i = 0;
    for (; i < quads / 2; i++) {
        if (i % 4 == 0) CK_HT_NAME(fetch)(&st, vlc);
        CK_HT_NAME(pair)(&st, lengths, seams + 2 * i, above, &records[i], 1);
    }
    if (quads & 1) {
        CK_HT_NAME(fetch)(&st, vlc);
        CK_HT_NAME(pair)(&st, lengths, seams + 2 * i, above, &records[i], 0);
    }
    *state = st;
    write_records(lanes, count, at, (quads + 1) / 2, records, offsetof(ck_ht_lane, raw) + at * sizeof lanes->raw[0]);
}

TARGET static void CK_HT_NAME(first_row)(CK_HT_NAME(state) *st, ck_ht_lane *lanes, size_t count, const uint8_t *const vlc[32],
    uint32_t *seams) {
    record_words records[CK_HT_CHUNK_PAIRS];
    __m512i next[CK_HT_V];
    EACH(s, CK_HT_V) next[s] = _mm512_setzero_si512();
    st->seam = 0;
    for (uint32_t x = 0, i = 0; x < lanes->quads_x; x += 2 * CK_HT_CHUNK_PAIRS, i = 0) {
        uint32_t quads = lanes->quads_x - x < 2 * CK_HT_CHUNK_PAIRS ? lanes->quads_x - x : 2 * CK_HT_CHUNK_PAIRS;
        CK_HT_NAME(top_up)(st, lanes, count);
        for (; i < (quads + 1) / 2; i++) {
            if (i % 4 == 0) CK_HT_NAME(fetch)(st, vlc);
            CK_HT_NAME(first_pair)(st, next, seams + x + 2 * i, &records[i], 2 * i + 1 < quads);
        }
        write_records(lanes, count, ck_ht_record(lanes, 0, x / 2), (quads + 1) / 2, records, offsetof(ck_ht_lane, first_u) + x);
    }
    seams[lanes->quads_x] = st->seam;
}

/* A batch on its way, from its lanes. */
TARGET static void CK_HT_NAME(begin)(CK_HT_NAME(state) *st, ck_ht_lane *lanes, size_t count) {
    _Alignas(64) uint16_t position[32];
    _Alignas(64) uint32_t low[CK_HT_V * 16], high[CK_HT_V * 16];
    for (size_t i = 0; i < 32; i++) position[i] = (uint16_t)lanes[word_lane(i, count)].vlc_position;
    for (size_t i = 0; i < CK_HT_V * 16; i++) {
        uint64_t events = take_events(&lanes[i < count ? i : count - 1]);
        low[i] = (uint32_t)events;
        high[i] = (uint32_t)(events >> 32);
    }
    st->position = _mm512_load_si512(position);
    EACH(s, CK_HT_V) {
        st->events_low[s] = _mm512_load_si512(low + 16 * s);
        st->events_high[s] = _mm512_load_si512(high + 16 * s);
    }
}

TARGET static void CK_HT_NAME(end)(const CK_HT_NAME(state) *st, ck_ht_lane *lanes, size_t count) {
    _Alignas(64) uint16_t position[16][2];
    _mm512_store_si512(position, st->position);
    EACH(s, CK_HT_V) {
        _Alignas(64) uint32_t low[16], high[16];
        _mm512_store_si512(low, st->events_low[s]);
        _mm512_store_si512(high, st->events_high[s]);
        for (size_t i = 0; i < 16 && 16 * s + i < count; i++) {
            lanes[16 * s + i].vlc_position = position[i][s];
            give_back_events(&lanes[16 * s + i], low[i], high[i]);
        }
    }
}

TARGET static void CK_HT_NAME(rows)(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to) {
    CK_HT_NAME(state) st;
    const uvlc_table lengths = load_lengths();
    const uint32_t quads_x = lanes->quads_x;
    uint32_t seams[CK_HT_MAX_SIDE / 2 + 2];
    const uint8_t *vlc[32];
    for (size_t i = 0; i < 32; i++) vlc[i] = lanes[word_lane(i, count)].vlc;
    CK_HT_NAME(begin)(&st, lanes, count);
    if (from > 0)
        find_seams(seams, lanes, count, from - 1);
    else
        CK_HT_NAME(first_row)(&st, lanes, count, vlc, seams), from++;
    for (uint32_t y = from; y < to; y++) {
        __mmask32 above = seams[0];
        st.beside = st.seam = 0;
        for (uint32_t x = 0; x < quads_x; x += 2 * CK_HT_CHUNK_PAIRS) {
            uint32_t quads = quads_x - x < 2 * CK_HT_CHUNK_PAIRS ? quads_x - x : 2 * CK_HT_CHUNK_PAIRS;
            CK_HT_NAME(chunk)(&st, lanes, count, vlc, &lengths, seams + x, &above, ck_ht_record(lanes, y, x / 2), quads);
        }
        seams[quads_x] = st.seam;
    }
    CK_HT_NAME(end)(&st, lanes, count);
}

#undef CK_HT_V
#undef CK_HT_NAME
