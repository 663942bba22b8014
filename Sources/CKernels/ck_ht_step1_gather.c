/*
 * Step 1 (T.814 7.3.3 to 7.3.6) of up to 32 blocks at once, one a lane of AVX-512. VLC bits, and what is known of a quad, are words of
 * 16 bits; MEL events are in one or two vectors of 32-bit lanes; significance that is context is in masks of a bit a lane. Word 2n is of
 * block n, word 2n + 1 of block n + 16. No branch depends on the data of one block, so it does not slow down where MEL events make the
 * scalar variant mispredict. A batch that does not fill the lanes repeats its last block in the rest.
 */
#include <stddef.h>

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

enum { CK_LANE_LENGTH = 12 }; /* 3 bits of a tag that nobody else looks at */

INLINE uvlc_table load_lengths(void) {
    return (uvlc_table){_mm512_loadu_si512(ck_ht_uvlc_length + 64), _mm512_loadu_si512(ck_ht_uvlc_length + 128)};
}

INLINE __m512i codeword_length(__m512i entry) {
    return _mm512_and_si512(_mm512_srli_epi16(entry, CK_LANE_LENGTH), _mm512_set1_epi16(7));
}

/* `position` and the bits of the U-VLC codewords of pairs, from the pairs' entries and the bits that follow these. */
INLINE __m512i add_uvlc_length(const uvlc_table *t, __m512i e0, __m512i e1, __m512i raw, __m512i position) {
    __mmask32 any = _mm512_movepi16_mask(_mm512_or_si512(e0, e1));
    __m512i both = _mm512_srli_epi16(_mm512_and_si512(e0, e1), CK_TAG_UOFF - 6);
    __m512i index = _mm512_ternarylogic_epi32(both, raw, _mm512_set1_epi16(1 << 6), 0xE4); /* c ? a : b */
    __m512i length = _mm512_maskz_permutex2var_epi8(0x5555555555555555, t->one, index, t->two);
    return _mm512_mask_add_epi16(position, any, position, length);
}

/* An event of each of the lanes `wanted`: the lanes where it is 1. */
INLINE __mmask16 pull_event(__mmask16 wanted, __m512i *low, __m512i *high) {
    __mmask16 one = _mm512_mask_test_epi32_mask(wanted, *low, _mm512_set1_epi32(1));
    *low = _mm512_mask_shrdi_epi32(*low, wanted, *low, *high, 1);
    *high = _mm512_mask_srli_epi32(*high, wanted, *high, 1);
    return one;
}

/* CxtVLC of a quad of the first row; `context` in its place in the index. */
INLINE __m512i first_entry(__m512i context, __m512i bits, __m512i *low, __m512i *high) {
    __m512i index = _mm512_ternarylogic_epi32(context, bits, _mm512_set1_epi32(0xFF), 0xF8); /* a | (b & c) */
    __mmask16 zero = _mm512_testn_epi32_mask(context, context);
    __m512i entry = _mm512_i32gather_epi32(index, ck_ht_vlc_first, 4);
    return _mm512_maskz_mov_epi32((__mmask16)(~zero | pull_event(zero, low, high)), entry);
}

/*
 * U-VLC of a pair of the first row, 7.3.6: when both quads have one, a MEL event says whether both u exceed 2. `u` gets those of both
 * quads, a byte each; the answer is `used` and the bits of both codewords. By three bits of the stream: u_pfx, then from bit 8 on the
 * bits of the prefix, from bit 16 on those of the suffix, from bit 24 on its mask.
 */
INLINE __m512i first_u(__m512i *u, __m512i bits, __m512i e0, __m512i e1, __m512i used, __m512i *low, __m512i *high) {
    enum { ONE = 1 | 1 << 8, TWO = 2 | 2 << 8, THREE = 3 | 3 << 8 | 1 << 16 | 1 << 24, FIVE = 5 | 3 << 8 | 5 << 16 | 31 << 24 };
    const __m512i prefix = _mm512_broadcast_i32x8(_mm256_setr_epi32(FIVE, ONE, TWO, ONE, THREE, ONE, TWO, ONE));
    const __m512i byte = _mm512_set1_epi32(0xFF), one = _mm512_set1_epi32(1);
    __mmask16 off0 = _mm512_movepi32_mask(e0), off1 = _mm512_movepi32_mask(e1), both = off0 & off1;
    __mmask16 more = pull_event(both, low, high);
    __m512i base = _mm512_maskz_set1_epi32(more, 2);
    __m512i p0 = _mm512_maskz_permutexvar_epi32(off0, bits, prefix);
    __m512i length = _mm512_and_si512(_mm512_srli_epi32(p0, 8), byte), u0 = _mm512_and_si512(p0, byte);
    bits = _mm512_srlv_epi32(bits, length);
    used = _mm512_add_epi32(used, length);
    __m512i p1 = _mm512_maskz_permutexvar_epi32(off1, bits, prefix);
    /* The first exceeds 2, but not both: the second is 1 or 2, one bit. */
    __mmask16 is_bit = _mm512_mask_cmpgt_epu32_mask(both & (__mmask16)~more, u0, _mm512_set1_epi32(2));
    p1 = _mm512_mask_add_epi32(p1, is_bit, _mm512_set1_epi32(ONE), _mm512_and_si512(bits, one));
    length = _mm512_and_si512(_mm512_srli_epi32(p1, 8), byte);
    bits = _mm512_srlv_epi32(bits, length);
    used = _mm512_add_epi32(used, length);
    u0 = _mm512_add_epi32(u0, _mm512_and_si512(bits, _mm512_srli_epi32(p0, 24)));
    length = _mm512_and_si512(_mm512_srli_epi32(p0, 16), byte);
    bits = _mm512_srlv_epi32(bits, length);
    used = _mm512_add_epi32(used, _mm512_add_epi32(length, _mm512_and_si512(_mm512_srli_epi32(p1, 16), byte)));
    __m512i u1 = _mm512_add_epi32(_mm512_and_si512(p1, byte), _mm512_and_si512(bits, _mm512_srli_epi32(p1, 24)));
    *u = _mm512_or_si512(_mm512_add_epi32(u0, base), _mm512_slli_epi32(_mm512_add_epi32(u1, base), 8));
    return used;
}

/* 32 words of two vectors' lower halves; lane n of the first is word 2n, of the second word 2n + 1. */
INLINE __m512i join_words(__m512i a, __m512i b) { return _mm512_mask_blend_epi16(0xAAAAAAAA, a, _mm512_slli_epi32(b, 16)); }

INLINE __m512i words_of(uint32_t context, __m512i place) {
    const uint16_t *words = ck_ht_lane_words + 64 * context;
    return _mm512_permutex2var_epi16(_mm512_loadu_si512(words), place, _mm512_loadu_si512(words + 32));
}

/*
 * CxtVLC of 32 quads, by the significance at their left and right seams with the row above and beside them (7.3.5): the tag, and the
 * codeword's length from CK_LANE_LENGTH on. Permutations of a table that fits into vectors take half the time of two gathers.
 */
INLINE __m512i look_up(__m512i bits, __mmask32 left, __mmask32 right, __mmask32 beside) {
    const __mmask32 is_short = _mm512_testn_epi16_mask(bits, _mm512_set1_epi16(3));
    const __m512i place = _mm512_permutex2var_epi8(_mm512_loadu_si512(ck_ht_lane_place), bits, _mm512_loadu_si512(ck_ht_lane_place + 64));
    __m512i a = _mm512_mask_mov_epi16(words_of(0, place), left, words_of(1, place));
    __m512i b = _mm512_mask_mov_epi16(words_of(2, place), left, words_of(3, place));
    a = _mm512_mask_mov_epi16(a, right, b);
    __m512i c = _mm512_mask_mov_epi16(words_of(4, place), left, words_of(5, place));
    __m512i d = _mm512_mask_mov_epi16(words_of(6, place), left, words_of(7, place));
    c = _mm512_mask_mov_epi16(c, right, d);
    a = _mm512_mask_mov_epi16(a, beside, c);
    /* Few codewords begin with two zeros: those of all contexts share one table. */
    __m512i short_place = _mm512_mask_add_epi16(place, left, place, _mm512_set1_epi16(8));
    short_place = _mm512_mask_add_epi16(short_place, right, short_place, _mm512_set1_epi16(16));
    short_place = _mm512_mask_add_epi16(short_place, beside, short_place, _mm512_set1_epi16(32));
    return _mm512_mask_mov_epi16(a, is_short,
        _mm512_permutex2var_epi16(_mm512_loadu_si512(ck_ht_lane_short), short_place, _mm512_loadu_si512(ck_ht_lane_short + 32)));
}

/* The next 63 events of a lane, and a one on top of them, which tells afterwards how many were used. */
static uint64_t take_events(ck_ht_lane *lane) {
    if (lane->events_written - lane->events_read < 63) ck_ht_mel_refill(lane, 63);
    uint32_t word = lane->events_read >> 6, bit = lane->events_read & 63;
    return lane->events[word] >> bit | lane->events[word + 1] << 1 << (63 - bit) | (uint64_t)1 << 63;
}

static void give_back_events(ck_ht_lane *lane, uint32_t low, uint32_t high) {
    lane->events_read += (uint32_t)__builtin_clzll((uint64_t)high << 32 | low | 1);
}

/* Whose word `at` of a vector is; the last lane's where there is none. */
static inline size_t word_lane(size_t at, size_t count) {
    size_t lane = (at & 1) * 16 + at / 2;
    return lane < count ? lane : count - 1;
}

/* Eight words in a row of each lane, from the byte of `position`; by words, as everything here. Gathers would take three times as long. */
INLINE void fetch_bits(__m512i r[8], const uint8_t *const vlc[32], __m512i position) {
    _Alignas(64) uint16_t at[32];
    __m512i t[8];
    _mm512_store_si512(at, _mm512_srli_epi16(position, 3));
    EACH(j, 8) {
        __m128i part[4];
        EACH(b, 4) part[b] = _mm_loadu_si128((const __m128i *)(vlc[8 * b + j] + at[8 * b + j]));
        r[j] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_set_m128i(part[1], part[0])), _mm256_set_m128i(part[3], part[2]), 1);
    }
    EACH(j, 4) {
        t[j] = _mm512_unpacklo_epi16(r[j], r[j + 4]);
        t[j + 4] = _mm512_unpackhi_epi16(r[j], r[j + 4]);
    }
    /* Words of t[0]: 0 of lanes 0 and 4, 1 of them, ..., 3; t[4]: 4 to 7. */
    EACH(h, 2) {
        __m512i *p = t + 4 * h, *q = r + 4 * h;
        q[0] = _mm512_unpacklo_epi16(p[0], p[2]);
        q[1] = _mm512_unpackhi_epi16(p[0], p[2]);
        q[2] = _mm512_unpacklo_epi16(p[1], p[3]);
        q[3] = _mm512_unpackhi_epi16(p[1], p[3]);
    }
    EACH(h, 2) {
        __m512i *p = r + 4 * h, *q = t + 4 * h;
        q[0] = _mm512_unpacklo_epi16(p[0], p[2]);
        q[1] = _mm512_unpackhi_epi16(p[0], p[2]);
        q[2] = _mm512_unpacklo_epi16(p[1], p[3]);
        q[3] = _mm512_unpackhi_epi16(p[1], p[3]);
    }
    EACH(j, 8) r[j] = t[j];
}

/* What one pair leaves: tags of 32 lanes, in the order of unpacked words, and as words U-VLC bits, or u_q of the first row. */
typedef struct {
    _Alignas(64) uint32_t tags[2][16];
    uint16_t raw[32];
} record_words;

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

/* Whose the double word `at` is when lower or upper words (half 0 or 1) of two vectors have been unpacked. */
static inline size_t unpacked_lane(size_t at, size_t half) { return (at & 1) * 16 + (at & 12) + (at >> 1 & 1) + 2 * half; }

/* From pair by pair to block by block: tags from `at` on, U-VLC bits `raw` bytes into the lanes. */
TARGET static void write_records(
    ck_ht_lane *lanes, size_t count, size_t at, uint32_t pairs, const record_words *records, size_t raw) {
    const __mmask16 present = (__mmask16)((1u << pairs) - 1);
    __m512i r[16];
    for (size_t half = 0; half < 2; half++) {
        for (size_t i = 0; i < 16; i++) r[i] = _mm512_load_si512(records[i].tags[half]);
        transpose(r);
        for (size_t i = 0; i < 16; i++) {
            size_t lane = unpacked_lane(i, half);
            if (lane < count) _mm512_mask_storeu_epi32(lanes[lane].tags + at, present, r[i]);
        }
    }
    for (size_t i = 0; i < 8; i++) {
        __m512i even = _mm512_load_si512(records[2 * i].raw), odd = _mm512_load_si512(records[2 * i + 1].raw);
        r[i] = _mm512_unpacklo_epi16(even, odd);
        r[i + 8] = _mm512_unpackhi_epi16(even, odd);
    }
    transpose(r);
    for (size_t i = 0; i < 16; i++) {
        size_t first = unpacked_lane(i, 0), second = unpacked_lane(i, 1);
        if (first < count) _mm256_mask_storeu_epi16((char *)&lanes[first] + raw, present, _mm512_castsi512_si256(r[i]));
        if (second < count) _mm256_mask_storeu_epi16((char *)&lanes[second] + raw, present, _mm512_extracti64x4_epi64(r[i], 1));
    }
}

/* Sigma at the seams below row y, a bit a lane. */
TARGET static void find_seams(uint32_t *seams, const ck_ht_lane *lanes, size_t count, uint32_t y) {
    _Alignas(64) uint32_t where[32];
    for (size_t i = 0; i < 32; i++) where[i] = (uint32_t)((i < count ? i : count - 1) * sizeof *lanes);
    uint32_t seam = 0;
    for (uint32_t x = 0; x < lanes->pairs_x; x++) {
        const uint32_t *tags = lanes->tags + ck_ht_record(lanes, y, x);
        __m512i a = _mm512_i32gather_epi32(_mm512_load_si512(where), tags, 1), b = a;
        if (count > 16) b = _mm512_i32gather_epi32(_mm512_load_si512(where + 16), tags, 1);
        __m512i e0 = join_words(a, b), e1 = _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(a, 16), b);
        seams[2 * x] = seam | _mm512_test_epi16_mask(e0, _mm512_set1_epi16(2));
        seams[2 * x + 1] = _mm512_test_epi16_mask(e0, _mm512_set1_epi16(8)) | _mm512_test_epi16_mask(e1, _mm512_set1_epi16(2));
        seam = _mm512_test_epi16_mask(e1, _mm512_set1_epi16(8));
    }
    seams[2 * lanes->pairs_x] = seam;
}

#define CK_HT_V 1
#define CK_HT_NAME(x) x##_16
#include "ck_ht_step1_gather_template.h"
#define CK_HT_V 2
#define CK_HT_NAME(x) x##_32
#include "ck_ht_step1_gather_template.h"

/* Fewer lanes than this do not pay. */
enum { FULL_ENOUGH = 5 };

static void gather_rows(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to) {
    while (count >= FULL_ENOUGH) {
        const size_t n = count < 32 ? count : 32;
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
