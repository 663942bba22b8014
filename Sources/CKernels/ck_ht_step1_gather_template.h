/*
 * Step 1 below the first row for CK_HT_V times 16 blocks, one a 32-bit lane; see ck_ht_step1_gather.c.
 *
 * Parameters: CK_HT_V        1 or 2 vectors in step
 *             CK_HT_NAME(x)  makes a name of this instance
 * Both are undefined at the end.
 */
typedef struct {
    __m512i position[CK_HT_V];                        /* in the VLC bits */
    __m512i low[CK_HT_V], high[CK_HT_V], ahead[CK_HT_V]; /* the three words from there */
    __m512i next[CK_HT_V], above[CK_HT_V], below[CK_HT_V];
    __m512i events_low[CK_HT_V], events_high[CK_HT_V];
} CK_HT_NAME(state);

/* One pair of quads; `shift` places its seams in `below`. */
INLINE void CK_HT_NAME(pair)(CK_HT_NAME(state) *st, const uint8_t *vlc, const __m512i offset[CK_HT_V], const uvlc_table *lengths,
    uint32_t (*tags)[16], uint32_t (*raw)[16], uint32_t shift, int two_quads) {
    const __m512i none = _mm512_setzero_si512(), byte = _mm512_set1_epi32(0xFF), boundary = _mm512_set1_epi32(CK_VLC_ABOVE_MASK);
    __m512i bits[CK_HT_V], e0[CK_HT_V], e1[CK_HT_V];
    /* A pair takes 30 bits at most: 32 of two words do. */
    EACH(s, CK_HT_V) bits[s] = _mm512_shrdv_epi32(st->low[s], st->high[s], st->position[s]);
    EACH(s, CK_HT_V) {
        __m512i context = _mm512_ternarylogic_epi32(st->next[s], st->above[s], boundary, 0xF8); /* a | (b & c) */
        e0[s] = _mm512_i32gather_epi32(_mm512_ternarylogic_epi32(context, bits[s], byte, 0xF8), ck_ht_vlc_other, 4);
        __mmask16 zero = _mm512_testn_epi32_mask(context, context);
        if (zero) e0[s] = take_event(e0[s], zero, &st->events_low[s], &st->events_high[s]);
        bits[s] = _mm512_shrdv_epi32(bits[s], none, e0[s]);
    }
    EACH(s, CK_HT_V) {
        if (!two_quads) {
            e1[s] = _mm512_setzero_si512();
            continue;
        }
        __m512i context = _mm512_and_si512(_mm512_srli_epi32(st->above[s], 1), boundary);
        context = _mm512_ternarylogic_epi32(context, e0[s], _mm512_set1_epi32(CK_VLC_NEXT_MASK), 0xF8);
        e1[s] = _mm512_i32gather_epi32(_mm512_ternarylogic_epi32(context, bits[s], byte, 0xF8), ck_ht_vlc_other, 4);
        __mmask16 zero = _mm512_testn_epi32_mask(context, context);
        if (zero) e1[s] = take_event(e1[s], zero, &st->events_low[s], &st->events_high[s]);
        bits[s] = _mm512_shrdv_epi32(bits[s], none, e1[s]);
    }
    EACH(s, CK_HT_V) {
        _mm512_store_si512(tags[s], _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(e0[s], CK_VLC_TAG), e1[s]));
        _mm512_store_si512(raw[s], bits[s]);
        __m512i position = _mm512_add_epi32(st->position[s], pair_length(lengths, e0[s], e1[s], bits[s]));
        /*
         * Over the border of a word the second becomes the first. The one that follows is fetched anyway, one gather a pair, and a pair
         * before it is needed: a gather takes as long as all else that a pair waits for.
         */
        __mmask16 over = _mm512_test_epi32_mask(_mm512_xor_si512(position, st->position[s]), _mm512_set1_epi32(32));
        st->position[s] = position;
        st->low[s] = _mm512_mask_mov_epi32(st->low[s], over, st->high[s]);
        st->high[s] = _mm512_mask_mov_epi32(st->high[s], over, st->ahead[s]);
        st->ahead[s] = _mm512_i32gather_epi32(word_after(offset[s], position), vlc, 1);
        __m512i seam = _mm512_and_si512(_mm512_srli_epi32(e0[s], CK_VLC_BOUNDARY), _mm512_set1_epi32(3));
        seam = _mm512_ternarylogic_epi32(seam, _mm512_srli_epi32(e1[s], CK_VLC_BOUNDARY - 1), _mm512_set1_epi32(6), 0xF8);
        st->below[s] = _mm512_or_si512(st->below[s], _mm512_slli_epi32(seam, shift));
        st->above[s] = _mm512_srli_epi32(st->above[s], 2);
        st->next[s] = _mm512_and_si512(e1[s], _mm512_set1_epi32(CK_VLC_NEXT_MASK));
    }
}

/* Up to 16 pairs of one row of all blocks. Boundaries take two words: 0 to 16 and 16 to 32. */
TARGET static void CK_HT_NAME(chunk)(CK_HT_NAME(state) *state, ck_ht_lane *lanes, size_t count, const __m512i offset[CK_HT_V],
    const uvlc_table *lengths, size_t at, uint32_t chunk, uint32_t quads) {
    CK_HT_NAME(state) st = *state;
    gather_words words[CK_HT_V];
    _Alignas(64) uint32_t tags[16][CK_HT_V][16], raw[16][CK_HT_V][16];
    const uint8_t *vlc = lanes->vlc;
    const uint32_t pairs = quads / 2;
    EACH(s, CK_HT_V) {
        read_words(&words[s], lanes + 16 * s, count - 16 * s, chunk);
        st.events_low[s] = _mm512_load_si512(words[s].events_low);
        st.events_high[s] = _mm512_load_si512(words[s].events_high);
        st.above[s] = _mm512_load_si512(words[s].first);
        st.below[s] = _mm512_load_si512(words[s].carry);
    }
    uint32_t i = 0;
    for (; i < pairs && i < 8; i++) CK_HT_NAME(pair)(&st, vlc, offset, lengths, tags[i], raw[i], 2 * i, 1);
    if (i == pairs && (quads & 1) && i < 8) CK_HT_NAME(pair)(&st, vlc, offset, lengths, tags[i], raw[i], 2 * i, 0);
    EACH(s, CK_HT_V) {
        _mm512_store_si512(words[s].first, st.below[s]);
        st.below[s] = _mm512_setzero_si512();
        st.above[s] = _mm512_load_si512(words[s].second);
    }
    for (; i < pairs; i++) CK_HT_NAME(pair)(&st, vlc, offset, lengths, tags[i], raw[i], 2 * i - 16, 1);
    if ((quads & 1) && pairs >= 8) CK_HT_NAME(pair)(&st, vlc, offset, lengths, tags[i], raw[i], 2 * i - 16, 0);
    EACH(s, CK_HT_V) {
        _mm512_store_si512(words[s].second, st.below[s]);
        _mm512_store_si512(words[s].events_low, st.events_low[s]);
        _mm512_store_si512(words[s].events_high, st.events_high[s]);
        write_words(&words[s], lanes + 16 * s, count - 16 * s, chunk);
        write_records(lanes + 16 * s, count - 16 * s, at, (quads + 1) / 2, tags[0][s], raw[0][s], CK_HT_V * 16);
    }
    *state = st;
}

TARGET static void CK_HT_NAME(rows)(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to) {
    CK_HT_NAME(state) st;
    __m512i offset[CK_HT_V];
    const uvlc_table lengths = load_lengths();
    const uint32_t quads_x = lanes->quads_x;
    _Alignas(64) uint32_t position[16], where[16];
    EACH(s, CK_HT_V) {
        for (uint32_t i = 0; i < 16; i++) {
            size_t lane = 16 * s + i < count ? 16 * s + i : count - 1;
            position[i] = lanes[lane].vlc_position;
            where[i] = (uint32_t)(lane * sizeof *lanes);
        }
        st.position[s] = _mm512_load_si512(position);
        offset[s] = _mm512_add_epi32(_mm512_load_si512(where), _mm512_set1_epi32(8));
        st.low[s] = _mm512_i32gather_epi32(word_after(offset[s], st.position[s]), lanes->vlc - 8, 1);
        st.high[s] = _mm512_i32gather_epi32(word_after(offset[s], st.position[s]), lanes->vlc - 4, 1);
        st.ahead[s] = _mm512_i32gather_epi32(word_after(offset[s], st.position[s]), lanes->vlc, 1);
    }
    for (uint32_t y = from; y < to; y++) {
        EACH(s, CK_HT_V) st.next[s] = _mm512_setzero_si512();
        for (uint32_t x = 0; x < quads_x; x += 2 * CK_HT_CHUNK_PAIRS) {
            uint32_t quads = quads_x - x < 2 * CK_HT_CHUNK_PAIRS ? quads_x - x : 2 * CK_HT_CHUNK_PAIRS;
            CK_HT_NAME(chunk)(&st, lanes, count, offset, &lengths, ck_ht_record(lanes, y, x / 2), x / (2 * CK_HT_CHUNK_PAIRS), quads);
        }
    }
    EACH(s, CK_HT_V) {
        _mm512_store_si512(position, st.position[s]);
        for (uint32_t i = 0; i < 16 && 16 * s + i < count; i++) lanes[16 * s + i].vlc_position = position[i];
    }
}

#undef CK_HT_V
#undef CK_HT_NAME
