/*
 * Step 1 (T.814 7.3.3 to 7.3.6) of 16 or 32 blocks at once, one a lane of AVX-512, table look-ups by gathers. No branch depends on
 * the data of one block, so it does not slow down where MEL events make the scalar variant mispredict. A batch that does not fill
 * the lanes repeats its last block in the rest. The first row of quads, whose U-VLC differs, is left to the scalar variant.
 */
#include "ck_ht_lane.h"
#include "ck_ht_tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx512bitalg,bmi,bmi2,lzcnt,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))
#ifdef __clang__
#define EACH(s, n) _Pragma("clang loop unroll(full)") for (size_t s = 0; s < (n); s++)
#else
#define EACH(s, n) _Pragma("GCC unroll 2") for (size_t s = 0; s < (n); s++)
#endif

/* ck_ht_uvlc_length of one code and of two. */
typedef struct {
    __m512i one, two;
} uvlc_table;

/* Per block: MEL events, and seams as two words (of the row above, then of this row). */
typedef struct {
    _Alignas(64) uint32_t events_low[16], events_high[16], first[16], second[16], carry[16];
} gather_words;

INLINE uvlc_table load_lengths(void) {
    return (uvlc_table){_mm512_loadu_si512(ck_ht_uvlc_length + 64), _mm512_loadu_si512(ck_ht_uvlc_length + 128)};
}

/* Bits of a pair's codewords: two CxtVLC entries, and the bits that follow these. */
INLINE __m512i pair_length(const uvlc_table *t, __m512i e0, __m512i e1, __m512i bits) {
    const __m512i mask = _mm512_set1_epi32(CK_VLC_UOFF_MASK | CK_VLC_LENGTH_MASK);
    __m512i sum = _mm512_add_epi32(_mm512_and_si512(e0, mask), _mm512_and_si512(e1, mask));
    __mmask16 any = _mm512_test_epi32_mask(sum, _mm512_set1_epi32(CK_VLC_SUM_UOFF));
    __mmask16 both = _mm512_test_epi32_mask(sum, _mm512_set1_epi32(2 * CK_VLC_UOFF_MASK));
    __m512i length = _mm512_maskz_mov_epi32(any, _mm512_permutexvar_epi8(bits, t->one));
    length = _mm512_mask_mov_epi32(length, both, _mm512_permutexvar_epi8(bits, t->two));
    sum = _mm512_and_si512(sum, _mm512_set1_epi32(CK_VLC_SUM_LENGTH));
    return _mm512_add_epi32(sum, _mm512_and_si512(length, _mm512_set1_epi32(0xFF)));
}

/* Of bit `position` the byte offset of the word, plus `offset`. */
INLINE __m512i word_after(__m512i offset, __m512i position) {
    return _mm512_add_epi32(offset, _mm512_slli_epi32(_mm512_srli_epi32(position, 5), 2));
}

/* The lanes `zero` use up an event, and have no codeword when it is 0 (7.3.5). */
INLINE __m512i take_event(__m512i entry, __mmask16 zero, __m512i *low, __m512i *high) {
    __mmask16 empty = _mm512_mask_testn_epi32_mask(zero, *low, _mm512_set1_epi32(1));
    *low = _mm512_mask_shrdi_epi32(*low, zero, *low, *high, 1);
    *high = _mm512_mask_srli_epi32(*high, zero, *high, 1);
    return _mm512_mask_mov_epi32(entry, empty, _mm512_setzero_si512());
}

TARGET static void read_words(gather_words *w, ck_ht_lane *lanes, size_t count, uint32_t chunk) {
    for (size_t i = 0; i < 16; i++) {
        ck_ht_lane *lane = &lanes[i < count ? i : count - 1];
        if (lane->events_written - lane->events_read < CK_HT_CHUNK_EVENTS) ck_ht_mel_refill(lane, CK_HT_CHUNK_EVENTS);
        uint32_t word = lane->events_read >> 6, bit = lane->events_read & 63;
        /* A one on top of the events tells afterwards how far they were shifted. */
        uint64_t events = lane->events[word] >> bit | lane->events[word + 1] << 1 << (63 - bit) | (uint64_t)1 << 63;
        w->events_low[i] = (uint32_t)events;
        w->events_high[i] = (uint32_t)(events >> 32);
        w->first[i] = (uint32_t)(lane->boundaries[chunk] << 8);
        w->second[i] = (uint32_t)(lane->boundaries[chunk] >> 16 << 8);
        w->carry[i] = chunk ? lane->boundaries[chunk - 1] >> 32 & 1 : 0;
    }
}

TARGET static void write_words(const gather_words *w, ck_ht_lane *lanes, size_t count, uint32_t chunk) {
    for (size_t i = 0; i < 16 && i < count; i++) {
        ck_ht_lane *lane = &lanes[i];
        lane->events_read += (uint32_t)__builtin_clzll((uint64_t)w->events_high[i] << 32 | w->events_low[i] | 1);
        lane->boundaries[chunk] = w->first[i] | (uint64_t)w->second[i] << 16;
        /* The last boundary of a chunk is the first one of the next. */
        if (chunk) lane->boundaries[chunk - 1] |= (uint64_t)(w->first[i] & 1) << 32;
    }
}

/* Rows of 16 lanes to 16 rows of one lane each. */
INLINE void transpose(__m512i r[16]) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xDD);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xDD);
    }
    for (int i = 0; i < 8; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
    }
}

/* From pair by pair to block by block; `stride` words from pair to pair. */
TARGET static void write_records(
    ck_ht_lane *lanes, size_t count, size_t at, uint32_t pairs, const uint32_t *tags, const uint32_t *raw, size_t stride) {
    const __mmask16 present = (__mmask16)((1u << pairs) - 1);
    __m512i r[16];
    for (size_t i = 0; i < 16; i++) r[i] = _mm512_load_si512(tags + stride * i);
    transpose(r);
    for (size_t i = 0; i < 16 && i < count; i++) _mm512_mask_storeu_epi32(lanes[i].tags + at, present, r[i]);
    for (size_t i = 0; i < 16; i++) r[i] = _mm512_load_si512(raw + stride * i);
    transpose(r);
    for (size_t i = 0; i < 16 && i < count; i++) _mm256_mask_storeu_epi16(lanes[i].raw + at, present, _mm512_cvtepi32_epi16(r[i]));
}

#define CK_HT_V 1
#define CK_HT_NAME(x) x##_16
#include "ck_ht_step1_gather_template.h"
#define CK_HT_V 2
#define CK_HT_NAME(x) x##_32
#include "ck_ht_step1_gather_template.h"

/* Of the first row, which the scalar variant has decoded. */
static void find_boundaries(ck_ht_lane *lane) {
    memset(lane->boundaries, 0, sizeof lane->boundaries);
    for (uint32_t x = 0; x < lane->pairs_x; x++) {
        uint64_t t = lane->tags[ck_ht_record(lane, 0, x)], *word = &lane->boundaries[x / CK_HT_CHUNK_PAIRS];
        uint64_t seams = (t >> 1 & 1) | (t >> 2 & 2) | (t >> 16 & 2) | (t >> 17 & 4);
        *word |= seams << 2 * (x % CK_HT_CHUNK_PAIRS);
        /* The last boundary of a chunk is the first one of the next. */
        if (x % CK_HT_CHUNK_PAIRS == 0 && x > 0) {
            *word |= word[-1] >> 32 & 1;
            word[-1] |= (*word & 1) << 32;
        }
    }
}

/* Fewer lanes than this do not pay. */
enum { FULL_ENOUGH = 12 };

static void gather_rows(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to) {
    if (from == 0) {
        ck_ht_step1_rows_bmi2(lanes, count, from++, 1);
        for (size_t i = 0; i < count; i++) find_boundaries(&lanes[i]);
    }
    if (from == to) return;
    while (count >= FULL_ENOUGH) {
        size_t n = count >= 16 + FULL_ENOUGH ? (count < 32 ? count : 32) : count < 16 ? count : 16;
        if (n > 16)
            rows_32(lanes, n, from, to);
        else
            rows_16(lanes, n, from, to);
        lanes += n;
        count -= n;
    }
    ck_ht_step1_rows_bmi2(lanes, count, from, to);
}

void ck_ht_step1_gather(ck_ht_lane *lanes, size_t count) { ck_ht_step1_all_rows(lanes, count, gather_rows); }
#endif
