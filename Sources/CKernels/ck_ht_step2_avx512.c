/*
 * Step 2 with AVX-512: exponents and MagSgn values (T.814 7.3.6 to 7.3.8) of 32 quads at a time.
 *
 * Per quad quantities live in 32 lanes of 16 bits, per sample quantities in four vectors of eight quads, a quad being one 64-bit
 * lane of its four samples. Because all code lengths of a row are known before any of its MagSgn bits is read, bit positions are a
 * prefix sum; one byte permutation then brings each quad its eight bytes, and one multishift cuts the four samples out of them.
 * A quad must fit 64 bits wherever in a byte it starts: 4 * 14 + 7 <= 64, so blocks with U_q > 14 are left to portable C.
 */
#include "ck_ht_lane.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx512bitalg,bmi,bmi2,lzcnt,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { U_MAX = 14, QUADS = 2 * CK_HT_CHUNK_PAIRS };

/* u_q of 16 pairs from their raw U-VLC bits, 7.3.6; an extension is left out, it means u_q >= 33. */
INLINE __m512i decode_u(__m512i tags, __m256i raw16) {
    /* u_pfx | prefix bits << 8 | suffix bits << 16, by three (here four, to save a mask) bits of the stream */
    const __m512i prefix = _mm512_broadcast_i32x8(_mm256_setr_epi32(
        0x050305, 0x000101, 0x000202, 0x000101, 0x010303, 0x000101, 0x000202, 0x000101));
    const __m512i ones = _mm512_set1_epi32(-1), byte = _mm512_set1_epi32(0xFF);
    __m512i raw = _mm512_cvtepu16_epi32(raw16);
    __mmask16 off0 = _mm512_test_epi32_mask(tags, _mm512_set1_epi32(1 << CK_TAG_UOFF));
    __mmask16 off1 = _mm512_test_epi32_mask(tags, _mm512_set1_epi32((int)(1u << (CK_TAG_UOFF + 16))));
    __m512i p0 = _mm512_maskz_permutexvar_epi32(off0, raw, prefix);
    raw = _mm512_srlv_epi32(raw, _mm512_and_si512(_mm512_srli_epi32(p0, 8), byte));
    __m512i p1 = _mm512_maskz_permutexvar_epi32(off1, raw, prefix);
    raw = _mm512_srlv_epi32(raw, _mm512_and_si512(_mm512_srli_epi32(p1, 8), byte));
    __m512i n0 = _mm512_srli_epi32(p0, 16), n1 = _mm512_srli_epi32(p1, 16);
    __m512i u0 = _mm512_add_epi32(_mm512_and_si512(p0, byte), _mm512_andnot_si512(_mm512_sllv_epi32(ones, n0), raw));
    raw = _mm512_srlv_epi32(raw, n0);
    __m512i u1 = _mm512_add_epi32(_mm512_and_si512(p1, byte), _mm512_andnot_si512(_mm512_sllv_epi32(ones, n1), raw));
    return _mm512_or_si512(u0, _mm512_slli_epi32(u1, 16));
}

/* U_q of 32 quads: kappa from `near`, the OR of 2 (mu - 1) + 1 of the four samples above (7.3.7), plus u. */
INLINE __m512i exponents(__m512i tags, __m512i u, __m512i near) {
    const __m512i one = _mm512_set1_epi16(1);
    __m512i high = _mm512_lzcnt_epi32(_mm512_andnot_si512(_mm512_set1_epi32(0xFFFF), near));
    __m512i low = _mm512_lzcnt_epi32(_mm512_slli_epi32(near, 16));
    __m512i zeros = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
    __m512i rho = _mm512_and_si512(tags, _mm512_set1_epi16(15));
    __mmask32 gamma = _mm512_test_epi16_mask(rho, _mm512_sub_epi16(rho, one));
    __m512i kappa = _mm512_mask_max_epi16(one, gamma, one, _mm512_sub_epi16(_mm512_set1_epi16(15), zeros));
    return _mm512_maskz_add_epi16(_mm512_test_epi16_mask(rho, rho), kappa, u);
}

/* Inclusive prefix sum of 32 words. */
INLINE __m512i prefix_sum(__m512i x) {
    const __m512i none = _mm512_setzero_si512();
    x = _mm512_mullo_epi64(x, _mm512_set1_epi64(0x0001000100010001));
    __m512i t = _mm512_shufflehi_epi16(_mm512_shufflelo_epi16(x, 0xFF), 0xFF); /* sum of each four */
    t = _mm512_alignr_epi64(t, none, 7);
    t = _mm512_add_epi16(t, _mm512_alignr_epi64(t, none, 7));
    t = _mm512_add_epi16(t, _mm512_alignr_epi64(t, none, 6));
    t = _mm512_add_epi16(t, _mm512_alignr_epi64(t, none, 4));
    return _mm512_add_epi16(x, t);
}

/* Sample values of eight quads, two's complement; `seen` gets 2 (mu - 1) + 1, or 0. */
INLINE __m512i samples(
    __m512i tags, __m512i u, __m512i offsets, __m512i pick, const uint8_t *window, int general, __m128i up, __m128i down, __m512i *seen) {
    const __m512i one = _mm512_set1_epi16(1);
    __m512i tag = _mm512_permutexvar_epi16(pick, tags);
    __mmask32 is_one = _mm512_test_epi16_mask(tag, _mm512_set1_epi64(0x0800040002000100));
    __mmask32 is_known = _mm512_test_epi16_mask(tag, _mm512_set1_epi64(0x0080004000200010));
    __mmask32 sigma = _mm512_test_epi16_mask(tag, _mm512_set1_epi64(0x0008000400020001));
    __m512i m = _mm512_maskz_permutexvar_epi16(sigma, pick, u);
    m = _mm512_mask_sub_epi16(m, is_known, m, one);

    __m512i offset = _mm512_permutexvar_epi16(pick, offsets);
    const __m512i twice = _mm512_set1_epi16(0x0101);
    __m512i control = _mm512_mullo_epi16(_mm512_srli_epi16(offset, 3), twice);
    control = _mm512_add_epi8(control, _mm512_set1_epi64(0x0706050403020100));
    __m512i bytes = _mm512_permutexvar_epi8(control, _mm512_loadu_si512(window));

    __m512i start = _mm512_mullo_epi64(m, _mm512_set1_epi64(0x0001000100010000));
    start = _mm512_add_epi16(start, _mm512_and_si512(offset, _mm512_set1_epi16(7)));
    start = _mm512_add_epi16(_mm512_or_si512(start, _mm512_slli_epi16(start, 8)), _mm512_set1_epi16(0x0800));
    __m512i v = _mm512_multishift_epi64_epi8(start, bytes);

    __m512i power = _mm512_sllv_epi16(one, m);
    v = _mm512_and_si512(v, _mm512_sub_epi16(power, one));
    v = _mm512_mask_add_epi16(v, is_one, v, power);
    *seen = _mm512_or_si512(v, _mm512_maskz_mov_epi16(sigma, one));
    __m512i magnitude;
    if (general)
        magnitude = _mm512_srl_epi16(_mm512_sll_epi16(_mm512_add_epi16(*seen, _mm512_set1_epi16(2)), up), down);
    else
        magnitude = _mm512_add_epi16(_mm512_srli_epi16(v, 1), one);
    magnitude = _mm512_maskz_mov_epi16(sigma, magnitude);
    return _mm512_mask_sub_epi16(magnitude, _mm512_test_epi16_mask(v, one), _mm512_setzero_si512(), magnitude);
}

/* 32 samples of a row, `columns` of them to be written. is_wide: to 32 bits; general: (2 x + sign of x) << shift. */
INLINE void store(void *out, __m512i x, uint32_t columns, int is_wide, int general, __m128i shift) {
    if (!is_wide) {
        _mm512_mask_storeu_epi16(out, columns >= 32 ? 0xFFFFFFFFu : (1u << columns) - 1, x);
        return;
    }
    __m512i half[2] = {_mm512_cvtepi16_epi32(_mm512_castsi512_si256(x)), _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(x, 1))};
    uint32_t mask = columns >= 32 ? 0xFFFFFFFFu : (1u << columns) - 1;
    for (int i = 0; i < 2; i++) {
        __m512i y = half[i];
        if (general) {
            __mmask16 below = _mm512_movepi32_mask(y), any = _mm512_test_epi32_mask(y, y);
            __m512i one = _mm512_mask_sub_epi32(_mm512_maskz_set1_epi32(any, 1), below, _mm512_setzero_si512(), _mm512_set1_epi32(1));
            y = _mm512_sll_epi32(_mm512_add_epi32(_mm512_add_epi32(y, y), one), shift);
        }
        _mm512_mask_storeu_epi32((int32_t *)out + 16 * i, (__mmask16)(mask >> (16 * i)), y);
    }
}

typedef struct {
    __m512i v1[CK_HT_MAX_CHUNKS], v3[CK_HT_MAX_CHUNKS]; /* per quad of the row above, of its two lower samples */
} row_above;

/* OR of the four samples above each quad of chunk c: samples 1 and 3 above, 3 above left, 1 above right. */
INLINE __m512i near_above(const row_above *above, uint32_t c, uint32_t chunks, uint16_t left) {
    const __m512i none = _mm512_setzero_si512();
    __m512i v1 = above->v1[c], v3 = above->v3[c];
    __m512i next = c + 1 < chunks ? _mm512_zextsi128_si512(_mm512_castsi512_si128(above->v1[c + 1])) : none;
    __m512i carry = _mm512_alignr_epi32(v3, none, 15), ahead = _mm512_alignr_epi32(next, v1, 1);
    __m512i from_left = _mm512_shldi_epi32(v3, carry, 16), from_right = _mm512_shrdi_epi32(v1, ahead, 16);
    if (chunks > 1) from_left = _mm512_mask_set1_epi16(from_left, 1, (short)left);
    return _mm512_or_si512(_mm512_ternarylogic_epi64(v1, v3, from_left, 0xFE), from_right);
}

/* A block on its way through its rows. */
typedef struct {
    ck_ht_job *job;
    __m128i up, down, shift; /* from mu to the value */
    __m512i largest;
    size_t position;
    uint32_t legal, chunks;
    row_above above;
} progress;

INLINE void begin(progress *p, ck_ht_job *job, int is_wide) {
    const ck_ht_block *block = job->block;
    const uint32_t plane = block->k_max - 1u - block->missing_msbs, bits = plane + block->half_steps;
    p->job = job;
    p->legal = job->lane->limit < U_MAX ? job->lane->limit : U_MAX;
    if (!is_wide) {
        if (bits > CK_HT_MAX_BITS16) job->status = CK_ERR_LIMIT;
        if (p->legal + bits > CK_HT_MAX_BITS16 + 1) p->legal = CK_HT_MAX_BITS16 + 1 - bits;
    }
    p->up = _mm_cvtsi32_si128((int)plane);
    p->down = _mm_cvtsi32_si128(1 - block->half_steps);
    p->shift = _mm_cvtsi32_si128((int)bits - 1);
    p->largest = _mm512_setzero_si512();
    p->position = 0;
    p->chunks = (job->lane->quads_x + QUADS - 1) / QUADS;
    for (uint32_t c = 0; c < p->chunks; c++) p->above.v1[c] = p->above.v3[c] = _mm512_setzero_si512();
}

INLINE ck_status row(progress *p, uint32_t y, int is_wide, int general) {
    const ck_ht_lane *lane = p->job->lane;
    const ck_ht_block *block = p->job->block;
    const uint32_t chunks = p->chunks;
    const size_t size = is_wide ? 4 : 2;
    /* Word n of a result: where it comes from in two vectors of eight quads of four words. */
    const __m512i quad0 = _mm512_srli_epi16(_mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), 2);
    const __m512i upper_of = _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32,
        30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i lower_of = _mm512_add_epi16(upper_of, _mm512_set1_epi16(1));
    const __m512i seen_of = _mm512_set_epi16(63, 59, 55, 51, 47, 43, 39, 35, 31, 27, 23, 19, 15, 11, 7, 3,
        61, 57, 53, 49, 45, 41, 37, 33, 29, 25, 21, 17, 13, 9, 5, 1);
    char *upper = (char *)block->out + 2 * y * block->out_stride * size, *lower = upper + block->out_stride * size;
    const int has_lower = 2 * y + 1 < block->height;
    uint16_t left = 0;
    for (uint32_t c = 0; c < chunks; c++) {
        const size_t at = (size_t)y * lane->pairs_x + c * CK_HT_CHUNK_PAIRS;
        const uint32_t pairs = lane->pairs_x - c * CK_HT_CHUNK_PAIRS;
        const __mmask16 present = pairs >= CK_HT_CHUNK_PAIRS ? 0xFFFF : (__mmask16)((1u << pairs) - 1);
        __m512i tags = _mm512_maskz_loadu_epi32(present, lane->tags + at), u;
        if (y == 0)
            u = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(lane->first_u + c * QUADS)));
        else
            u = decode_u(tags, _mm256_loadu_si256((const __m256i *)(lane->raw + at)));
        u = exponents(tags, u, near_above(&p->above, c, chunks, left));
        p->largest = _mm512_max_epu16(p->largest, u);
        if (_mm512_cmpgt_epu16_mask(u, _mm512_set1_epi16((short)p->legal)))
            return _mm512_cmpgt_epu16_mask(u, _mm512_set1_epi16((short)lane->limit)) ? CK_ERR_DAMAGED : CK_ERR_LIMIT;

        __m512i rho = _mm512_and_si512(tags, _mm512_set1_epi16(0x0F)), known = _mm512_and_si512(tags, _mm512_set1_epi16(0xF0));
        __m512i lengths = _mm512_sub_epi16(_mm512_mullo_epi16(_mm512_popcnt_epi16(rho), u), _mm512_popcnt_epi16(known));
        __m512i ends = prefix_sum(lengths), starts = _mm512_sub_epi16(ends, lengths);
        /* Each eight quads get a window of 64 bytes of their own: they take 7 + 8 * 56 bits at most. */
        const uint8_t *base = p->job->magsgn + (p->position >> 3);
        starts = _mm512_add_epi16(starts, _mm512_set1_epi16((short)(p->position & 7)));
        p->position += (uint16_t)_mm_extract_epi16(_mm512_extracti32x4_epi32(ends, 3), 7);
        __m512i begin = _mm512_shuffle_epi8(starts, _mm512_set1_epi16(0x0100)); /* of the eight */
        const uint8_t *window[4];
        window[0] = base;
        window[1] = base + (_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(begin, 1)) >> 3 & 0x1FFF);
        window[2] = base + (_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(begin, 2)) >> 3 & 0x1FFF);
        window[3] = base + (_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(begin, 3)) >> 3 & 0x1FFF);
        starts = _mm512_sub_epi16(starts, _mm512_andnot_si512(_mm512_set1_epi16(7), begin));

        __m512i value[4], seen[4], pick = quad0;
        for (int g = 0; g < 4; g++) {
            value[g] = samples(tags, u, starts, pick, window[g], general && !is_wide, p->up, p->down, &seen[g]);
            pick = _mm512_add_epi16(pick, _mm512_set1_epi16(8));
        }
        const uint32_t columns = block->width - c * 2 * QUADS;
        store(upper + c * 2 * QUADS * size, _mm512_permutex2var_epi16(value[0], upper_of, value[1]), columns, is_wide, general, p->shift);
        if (has_lower) store(lower + c * 2 * QUADS * size, _mm512_permutex2var_epi16(value[0], lower_of, value[1]), columns, is_wide, general, p->shift);
        if (columns > 32) {
            store(upper + (c * 2 * QUADS + 32) * size, _mm512_permutex2var_epi16(value[2], upper_of, value[3]), columns - 32, is_wide, general, p->shift);
            if (has_lower) store(lower + (c * 2 * QUADS + 32) * size, _mm512_permutex2var_epi16(value[2], lower_of, value[3]), columns - 32, is_wide, general, p->shift);
        }
        __m512i s01 = _mm512_permutex2var_epi16(seen[0], seen_of, seen[1]), s23 = _mm512_permutex2var_epi16(seen[2], seen_of, seen[3]);
        if (chunks > 1) left = (uint16_t)_mm_extract_epi16(_mm512_extracti32x4_epi32(p->above.v3[c], 3), 7);
        p->above.v1[c] = _mm512_shuffle_i64x2(s01, s23, 0x44);
        p->above.v3[c] = _mm512_shuffle_i64x2(s01, s23, 0xEE);
    }
    /* An encoder may leave out one last byte of ones, not more (7.1.2). */
    return p->position > p->job->nbits + 8 ? CK_ERR_DAMAGED : CK_OK;
}

/*
 * One or two blocks of equal size. A row waits for the one above it and for its position in the bits, some hundred cycles in all;
 * with rows of two blocks in turn, one computes while the other waits.
 */
INLINE void step2(ck_ht_job *jobs, size_t count, int is_wide, int general) {
    progress p[2];
    for (size_t i = 0; i < count; i++) begin(&p[i], &jobs[i], is_wide);
    for (uint32_t y = 0; y < jobs->lane->quads_y; y++)
        for (size_t i = 0; i < count; i++)
            if (jobs[i].status == CK_OK) jobs[i].status = row(&p[i], y, is_wide, general);
    for (size_t i = 0; i < count; i++) {
        __m512i words = _mm512_max_epu16(p[i].largest, _mm512_srli_epi32(p[i].largest, 16));
        jobs[i].lane->u_max = (uint32_t)_mm512_reduce_max_epu32(_mm512_and_si512(words, _mm512_set1_epi32(0xFFFF)));
    }
}

INLINE void step2_all(ck_ht_job *jobs, size_t count, int is_wide) {
    for (size_t i = 0, n; i < count; i += n) {
        int general = ck_ht_job_is_general(&jobs[i]);
        n = i + 1 < count && ck_ht_job_is_general(&jobs[i + 1]) == general ? 2 : 1;
        if (general)
            step2(jobs + i, n, is_wide, 1);
        else
            step2(jobs + i, n, is_wide, 0);
    }
}

TARGET void ck_ht_step2_16_avx512(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 0); }

TARGET void ck_ht_step2_32_avx512(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 1); }
#endif
