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

enum { U_MAX = 14, QUADS = 2 * CK_HT_CHUNK_PAIRS, TOGETHER = 3 };

/*
 * u_q of 16 pairs from their raw U-VLC bits, 7.3.6; an extension is left out, it means u_q >= 33. By three bits of the stream (here
 * four, to save a mask): u_pfx | mask of the suffix << 8 | suffix bits << 16 | prefix bits << 21.
 */
INLINE __m512i decode_u(__m512i tags, __m256i raw16) {
    enum { ONE = 1 | 1 << 21, TWO = 2 | 2 << 21, THREE = 3 | 1 << 8 | 1 << 16 | 3 << 21, FIVE = 5 | 31 << 8 | 5 << 16 | 3 << 21 };
    const __m512i prefix = _mm512_broadcast_i32x8(_mm256_setr_epi32(FIVE, ONE, TWO, ONE, THREE, ONE, TWO, ONE));
    __m512i raw = _mm512_cvtepu16_epi32(raw16);
    __mmask16 off0 = _mm512_test_epi32_mask(tags, _mm512_set1_epi32(1 << CK_TAG_UOFF));
    __mmask16 off1 = _mm512_movepi32_mask(tags);
    __m512i p0 = _mm512_maskz_permutexvar_epi32(off0, raw, prefix);
    raw = _mm512_srlv_epi32(raw, _mm512_srli_epi32(p0, 21));
    __m512i p1 = _mm512_maskz_permutexvar_epi32(off1, raw, prefix);
    raw = _mm512_srlv_epi32(raw, _mm512_srli_epi32(p1, 21));
    __m512i raw1 = _mm512_shrdv_epi32(raw, raw, _mm512_srli_epi32(p0, 16)); /* takes the count modulo 32 */
    __m512i p = _mm512_mask_blend_epi16(0xAAAAAAAA, p0, _mm512_slli_epi32(p1, 16));
    raw = _mm512_mask_blend_epi16(0xAAAAAAAA, raw, _mm512_slli_epi32(raw1, 16));
    return _mm512_add_epi16(_mm512_and_si512(p, _mm512_set1_epi16(7)), _mm512_and_si512(raw, _mm512_srli_epi16(p, 8)));
}

/* U_q of 32 quads: kappa from `near`, the OR of 2 (mu - 1) + 1 of the four samples above (7.3.7), plus u. */
INLINE __m512i exponents(__m512i rho, __m512i u, __m512i near) {
    const __m512i one = _mm512_set1_epi16(1);
    __m512i high = _mm512_lzcnt_epi32(_mm512_andnot_si512(_mm512_set1_epi32(0xFFFF), near));
    __m512i low = _mm512_lzcnt_epi32(_mm512_slli_epi32(near, 16));
    __m512i zeros = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
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

/* Both bytes of each word become the lower one. */
INLINE __m512i twice(__m512i x) {
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14)));
}

/* What is known of 32 quads before their bits are read: per quad, bytes of U_q, bit and byte offset in a window, twice each. */
typedef struct {
    __m512i tags, exponent, bit, byte;
    const uint8_t *window[4]; /* of eight quads each, which take 7 + 8 * 56 bits at most */
} plan;

/* Sample values of eight quads, two's complement; `seen` gets 2 (mu - 1) + sign, or 0. */
INLINE __m512i samples(const plan *q, __m512i pick, const uint8_t *window, int general, __m128i up, __m128i down, __m512i *seen) {
    const __m512i one = _mm512_set1_epi16(1);
    __m512i tag = _mm512_permutexvar_epi16(pick, q->tags);
    __mmask32 is_one = _mm512_test_epi16_mask(tag, _mm512_set1_epi64(0x0800040002000100));
    __mmask32 is_known = _mm512_test_epi16_mask(tag, _mm512_set1_epi64(0x0080004000200010));
    __mmask32 sigma = _mm512_test_epi16_mask(tag, _mm512_set1_epi64(0x0008000400020001));
    __m512i m = _mm512_maskz_permutexvar_epi16(sigma, pick, q->exponent);
    m = _mm512_mask_sub_epi16(m, is_known, m, _mm512_set1_epi16(0x0101));
    __m512i start = _mm512_mullo_epi64(m, _mm512_set1_epi64(0x0001000100010000));
    m = _mm512_srli_epi16(m, 8);

    __m512i control = _mm512_add_epi8(_mm512_permutexvar_epi16(pick, q->byte), _mm512_set1_epi64(0x0706050403020100));
    __m512i bytes = _mm512_permutexvar_epi8(control, _mm512_loadu_si512(window));
    start = _mm512_add_epi16(start, _mm512_permutexvar_epi16(pick, q->bit));
    __m512i v = _mm512_multishift_epi64_epi8(start, bytes);

    /* Of the bits m are the sample's; an EMB one stands above them. */
    __m512i others = _mm512_sllv_epi16(_mm512_set1_epi16(-1), m), power = _mm512_maskz_sllv_epi16(is_one, one, m);
    v = _mm512_ternarylogic_epi64(v, others, power, 0xBA); /* (a & ~b) | c */
    *seen = v;
    __m512i magnitude = _mm512_srli_epi16(v, 1);
    if (general) {
        magnitude = _mm512_add_epi16(_mm512_or_si512(v, one), _mm512_set1_epi16(2));
        magnitude = _mm512_maskz_srl_epi16(sigma, _mm512_sll_epi16(magnitude, up), down);
    } else {
        magnitude = _mm512_mask_add_epi16(magnitude, sigma, magnitude, one); /* mu, or 0 for 0 */
    }
    return _mm512_mask_sub_epi16(magnitude, _mm512_test_epi16_mask(v, one), _mm512_setzero_si512(), magnitude);
}

/* 32 samples of a row, `columns` of them to be written. is_wide: to 32 bits; general: (2 x + sign of x) << shift. */
INLINE void store(void *out, __m512i x, uint32_t columns, int is_wide, int general, __m128i shift) {
    if (!is_wide) {
        if (columns >= 32)
            _mm512_storeu_si512(out, x);
        else
            _mm512_mask_storeu_epi16(out, (1u << columns) - 1, x);
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

/* 2 (mu - 1) + 1 of the lower samples of 32 quads: of 16 quads sample 1, then sample 3. */
typedef struct {
    __m512i first, second;
} lower_row;

/* A block on its way through its rows. */
typedef struct {
    ck_ht_job *job;
    __m128i up, down, shift; /* from mu to the value */
    __m512i largest;
    size_t position;
    uint32_t legal, chunks, rows; /* rows to decode: 0 once something is wrong */
    lower_row above[CK_HT_MAX_CHUNKS];
} progress;

/*
 * OR of the four samples above each quad of chunk c: samples 1 and 3 above, 3 above left, 1 above right. `left` is what the chunk to
 * the left had above before its row was decoded.
 */
INLINE __m512i near_above(const progress *p, uint32_t c, int narrow, uint16_t left) {
    const __m512i sample1 = _mm512_set_epi16(47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i sample3 = _mm512_add_epi16(sample1, _mm512_set1_epi16(16));
    const __m512i from_left = _mm512_set_epi16(62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 31,
        30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 0);
    const __m512i from_right = _mm512_set_epi16(0, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33,
        32, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    __m512i a = p->above[c].first, b = p->above[c].second;
    __m512i l = _mm512_maskz_permutex2var_epi16(~1u, a, from_left, b);
    __m512i r = _mm512_maskz_permutex2var_epi16(~0u >> 1, a, from_right, b);
    if (!narrow) {
        l = _mm512_mask_set1_epi16(l, 1, (short)left);
        if (c + 1 < p->chunks)
            r = _mm512_mask_set1_epi16(r, 1u << 31, (short)_mm_cvtsi128_si32(_mm512_castsi512_si128(p->above[c + 1].first)));
    }
    __m512i x = _mm512_or_si512(_mm512_permutex2var_epi16(a, sample1, b), _mm512_permutex2var_epi16(a, sample3, b));
    return _mm512_ternarylogic_epi64(x, l, r, 0xFE);
}

INLINE void begin(progress *p, ck_ht_job *job, int is_wide, int narrow) {
    const ck_ht_block *block = job->block;
    const uint32_t plane = block->k_max - 1u - block->missing_msbs, bits = plane + block->half_steps;
    p->job = job;
    p->legal = job->lane->limit < U_MAX ? job->lane->limit : U_MAX;
    p->rows = job->lane->quads_y;
    if (!is_wide) {
        if (bits > CK_HT_MAX_BITS16) job->status = CK_ERR_LIMIT, p->rows = 0;
        if (p->legal + bits > CK_HT_MAX_BITS16 + 1) p->legal = CK_HT_MAX_BITS16 + 1 - bits;
    }
    p->up = _mm_cvtsi32_si128((int)plane);
    p->down = _mm_cvtsi32_si128(1 - block->half_steps);
    p->shift = _mm_cvtsi32_si128((int)bits - 1);
    p->largest = _mm512_setzero_si512();
    p->position = 0;
    p->chunks = narrow ? 1 : (job->lane->quads_x + QUADS - 1) / QUADS;
    for (uint32_t c = 0; c < p->chunks; c++) p->above[c].first = p->above[c].second = _mm512_setzero_si512();
}

/* Exponents and places of the bits of chunk c of row y. */
INLINE void look(progress *p, plan *q, uint32_t y, uint32_t c, int narrow, uint16_t left) {
    const ck_ht_lane *lane = p->job->lane;
    const size_t at = ck_ht_record(lane, y, c * CK_HT_CHUNK_PAIRS);
    const uint32_t pairs = lane->pairs_x - c * CK_HT_CHUNK_PAIRS;
    const __mmask16 present = pairs >= CK_HT_CHUNK_PAIRS ? 0xFFFF : (__mmask16)((1u << pairs) - 1);
    const __m512i tags = _mm512_maskz_loadu_epi32(present, lane->tags + at), rho = _mm512_and_si512(tags, _mm512_set1_epi16(0x0F));
    __m512i u;
    if (y == 0)
        u = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(lane->first_u + c * QUADS)));
    else
        u = decode_u(tags, _mm256_loadu_si256((const __m256i *)(lane->raw + at)));
    u = exponents(rho, u, near_above(p, c, narrow, left));
    p->largest = _mm512_max_epu16(p->largest, u);
    if (_mm512_cmpgt_epu16_mask(u, _mm512_set1_epi16((short)p->legal))) {
        p->job->status = _mm512_cmpgt_epu16_mask(u, _mm512_set1_epi16((short)lane->limit)) ? CK_ERR_DAMAGED : CK_ERR_LIMIT;
        p->rows = 0;
        return;
    }
    __m512i known = _mm512_and_si512(tags, _mm512_set1_epi16(0xF0));
    __m512i lengths = _mm512_sub_epi16(_mm512_mullo_epi16(_mm512_popcnt_epi16(rho), u), _mm512_popcnt_epi16(known));
    __m512i ends = prefix_sum(lengths), starts = _mm512_sub_epi16(ends, lengths);
    const uint8_t *base = p->job->magsgn + (p->position >> 3);
    starts = _mm512_add_epi16(starts, _mm512_set1_epi16((short)(p->position & 7)));
    p->position += (uint16_t)_mm_extract_epi16(_mm512_extracti32x4_epi32(ends, 3), 7);
    /* Of each eight quads the first byte, and from there on. */
    __m512i bytes = _mm512_srli_epi16(starts, 3);
    __m512i begin = _mm512_shuffle_epi8(bytes, _mm512_set1_epi16(0x0100));
    const __m512i of_eight = _mm512_zextsi128_si512(_mm_setr_epi16(0, 8, 16, 24, 0, 0, 0, 0));
    uint64_t from = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(_mm512_permutexvar_epi16(of_eight, bytes)));
    q->window[0] = base;
    q->window[1] = base + (from >> 16 & 0xFFFF);
    q->window[2] = base + (from >> 32 & 0xFFFF);
    q->window[3] = base + (from >> 48);
    q->tags = tags;
    q->exponent = twice(u);
    q->byte = twice(_mm512_sub_epi16(bytes, begin));
    q->bit = _mm512_add_epi16(twice(_mm512_and_si512(starts, _mm512_set1_epi16(7))), _mm512_set1_epi16(0x0800));
}

/* Samples of chunk c of row y. */
INLINE void take(progress *p, const plan *q, uint32_t y, uint32_t c, int is_wide, int general) {
    const ck_ht_block *block = p->job->block;
    const size_t size = is_wide ? 4 : 2;
    /* Word n of a result: where it comes from in two vectors of eight quads of four words. */
    const __m512i quad0 = _mm512_srli_epi16(_mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), 2);
    const __m512i upper_of = _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32,
        30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i lower_of = _mm512_add_epi16(upper_of, _mm512_set1_epi16(1));
    const __m512i seen_of = _mm512_set_epi16(63, 59, 55, 51, 47, 43, 39, 35, 31, 27, 23, 19, 15, 11, 7, 3,
        61, 57, 53, 49, 45, 41, 37, 33, 29, 25, 21, 17, 13, 9, 5, 1);
    char *upper = (char *)block->out + (2 * y * block->out_stride + c * 2 * QUADS) * size, *lower = upper + block->out_stride * size;
    const int has_lower = 2 * y + 1 < block->height;
    const uint32_t columns = block->width - c * 2 * QUADS;
    __m512i pick = quad0;
    if (c == 0) ck_ht_prefetch_ahead(p->job, y, size);
    for (uint32_t half = 0; half < 2; half++) {
        if (half && columns <= 32) {
            p->above[c].second = _mm512_setzero_si512();
            break;
        }
        __m512i value[2], seen[2];
        for (uint32_t g = 0; g < 2; g++) {
            value[g] = samples(q, pick, q->window[2 * half + g], general && !is_wide, p->up, p->down, &seen[g]);
            pick = _mm512_add_epi16(pick, _mm512_set1_epi16(8));
        }
        const uint32_t left = half ? columns - 32 : columns;
        const size_t at = half * 32 * size;
        store(upper + at, _mm512_permutex2var_epi16(value[0], upper_of, value[1]), left, is_wide, general, p->shift);
        if (has_lower) store(lower + at, _mm512_permutex2var_epi16(value[0], lower_of, value[1]), left, is_wide, general, p->shift);
        __m512i lower_seen = _mm512_permutex2var_epi16(seen[0], seen_of, seen[1]);
        if (half)
            p->above[c].second = lower_seen;
        else
            p->above[c].first = lower_seen;
    }
}

INLINE void finish_row(progress *p) {
    /* An encoder may leave out one last byte of ones, not more (7.1.2). */
    if (p->position > p->job->nbits + 8) p->job->status = CK_ERR_DAMAGED, p->rows = 0;
}

/* The last word of what is above a chunk. */
INLINE uint16_t last_above(const progress *p, uint32_t c) {
    return (uint16_t)_mm_extract_epi16(_mm512_extracti32x4_epi32(p->above[c].second, 3), 7);
}

INLINE void row_of_chunks(progress *p, uint32_t y, int is_wide, int general) {
    uint16_t left = 0;
    for (uint32_t c = 0; c < p->chunks; c++) {
        plan q;
        look(p, &q, y, c, 0, left);
        if (p->rows == 0) return;
        left = last_above(p, c);
        take(p, &q, y, c, is_wide, general);
    }
    finish_row(p);
}

/*
 * gcc does not see that `take` has a plan: rows only become fewer, so where y is below them afterwards, `look` was called and filled it
 * in. Plans that begin as zeros, or flags in place of the rows, would tell it, and cost 4 % or 2 % of step 2 in 16 bits.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

/*
 * n blocks at the same time. A row waits for the one above it and for its position in the bits, some hundred cycles in all;
 * with rows of several blocks in turn, one computes while the others wait.
 */
INLINE void step2(ck_ht_job *jobs, uint32_t n, int is_wide, int general, int narrow) {
    progress p[TOGETHER];
    uint32_t rows = 0;
    for (uint32_t i = 0; i < n; i++) {
        begin(&p[i], &jobs[i], is_wide, narrow);
        rows = p[i].rows > rows ? p[i].rows : rows;
    }
    for (uint32_t y = 0; y < rows; y++) {
        if (!narrow) {
            for (uint32_t i = 0; i < n; i++)
            if (y < p[i].rows) row_of_chunks(&p[i], y, is_wide, general);
            continue;
        }
        plan q[TOGETHER];
        for (uint32_t i = 0; i < n; i++)
            if (y < p[i].rows) look(&p[i], &q[i], y, 0, 1, 0);
        for (uint32_t i = 0; i < n; i++)
            if (y < p[i].rows) take(&p[i], &q[i], y, 0, is_wide, general), finish_row(&p[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        __m512i words = _mm512_max_epu16(p[i].largest, _mm512_srli_epi32(p[i].largest, 16));
        jobs[i].lane->u_max = (uint32_t)_mm512_reduce_max_epu32(_mm512_and_si512(words, _mm512_set1_epi32(0xFFFF)));
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

INLINE int is_narrow(const ck_ht_job *job) { return job->lane->quads_x <= QUADS; }

INLINE void step2_all(ck_ht_job *jobs, size_t count, int is_wide) {
    for (size_t i = 0; i < count;) {
        ck_ht_job *first = &jobs[i];
        const int general = ck_ht_job_is_general(first), narrow = is_narrow(first);
        uint32_t n = 1;
        while (n < TOGETHER && i + n < count && ck_ht_job_is_general(first + n) == general && is_narrow(first + n) == narrow) n++;
        if (general)
            narrow ? step2(first, n, is_wide, 1, 1) : step2(first, n, is_wide, 1, 0);
        else
            narrow ? step2(first, n, is_wide, 0, 1) : step2(first, n, is_wide, 0, 0);
        i += n;
    }
}

TARGET void ck_ht_step2_16_avx512(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 0); }

TARGET void ck_ht_step2_32_avx512(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 1); }
#endif
