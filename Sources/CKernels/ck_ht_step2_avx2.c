/*
 * Step 2 with AVX2 and BMI2: exponents and MagSgn values (T.814 7.3.6 to 7.3.8) of 16 quads at a time.
 *
 * Vectors turn tags and exponents of 16 quads into masks of 64 bits, four fields of 16 with as many ones as the sample has MagSgn
 * bits; one pdep then deals the bits of a quad out to its four samples, and the population count of the mask is what it took.
 * A quad must fit 64 bits wherever in a byte it starts: 4 * 14 + 7 <= 64, so blocks with U_q > 14 are left to portable C.
 */
#include "ck_ht_lane.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define NOT_INLINE TARGET static __attribute__((noinline))

enum { U_MAX = 14, PAIRS = 8, QUADS = 2 * PAIRS, MAX_CHUNKS = CK_HT_MAX_SIDE / 2 / QUADS };

/*
 * u_q of 8 pairs from their raw U-VLC bits, 7.3.6; an extension is left out, it means u_q >= 33. By three bits of the stream:
 * u_pfx | mask of the suffix << 8 | suffix bits << 16 | prefix bits << 21.
 */
INLINE __m256i decode_u(__m256i tags, __m128i raw16) {
    enum { ONE = 1 | 1 << 21, TWO = 2 | 2 << 21, THREE = 3 | 1 << 8 | 1 << 16 | 3 << 21, FIVE = 5 | 31 << 8 | 5 << 16 | 3 << 21 };
    const __m256i prefix = _mm256_setr_epi32(FIVE, ONE, TWO, ONE, THREE, ONE, TWO, ONE);
    __m256i raw = _mm256_cvtepu16_epi32(raw16);
    __m256i off0 = _mm256_srai_epi32(_mm256_slli_epi32(tags, 31 - CK_TAG_UOFF), 31), off1 = _mm256_srai_epi32(tags, 31);
    __m256i p0 = _mm256_and_si256(off0, _mm256_permutevar8x32_epi32(prefix, raw));
    raw = _mm256_srlv_epi32(raw, _mm256_srli_epi32(p0, 21));
    __m256i p1 = _mm256_and_si256(off1, _mm256_permutevar8x32_epi32(prefix, raw));
    raw = _mm256_srlv_epi32(raw, _mm256_srli_epi32(p1, 21));
    __m256i raw1 = _mm256_srlv_epi32(raw, _mm256_and_si256(_mm256_srli_epi32(p0, 16), _mm256_set1_epi32(31)));
    __m256i p = _mm256_blend_epi16(p0, _mm256_slli_epi32(p1, 16), 0xAA);
    raw = _mm256_blend_epi16(raw, _mm256_slli_epi32(raw1, 16), 0xAA);
    return _mm256_add_epi16(_mm256_and_si256(p, _mm256_set1_epi16(7)), _mm256_and_si256(raw, _mm256_srli_epi16(p, 8)));
}

/*
 * floor(log2) + 127 of the OR of the four samples above each of eight quads, which are one less than the exponent that 7.3.7 asks for;
 * 0 of 0. `own` holds the two below each quad of the row above as 2 (mu - 1) + 1 or 0, `before` and `after` the eight quads on both
 * sides. The conversion to float is exact (15 bits) and its exponent field is the logarithm.
 */
INLINE __m256i logarithms(__m256i before, __m256i own, __m256i after) {
    /* Else compilers make one load of shuffled loads, which must wait until what it spans has left the store queue. */
    __asm__("" : "+x"(before), "+x"(own), "+x"(after));
    __m256i left = _mm256_permutevar8x32_epi32(_mm256_blend_epi32(own, before, 0x80), _mm256_setr_epi32(7, 0, 1, 2, 3, 4, 5, 6));
    __m256i right = _mm256_permutevar8x32_epi32(_mm256_blend_epi32(own, after, 0x01), _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 0));
    __m256i near = _mm256_srli_epi32(_mm256_or_si256(own, left), 16);
    near = _mm256_or_si256(near, _mm256_blend_epi16(_mm256_or_si256(own, right), _mm256_setzero_si256(), 0xAA));
    return _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(near)), 23);
}

/* U_q of 16 quads; `above`: their two vectors of the row above. */
INLINE __m256i exponents(__m256i tags, __m256i u, const __m256i *above) {
    const __m256i one = _mm256_set1_epi16(1), none = _mm256_setzero_si256();
    __m256i a = above[0], b = above[1];
    __m256i log = _mm256_packs_epi32(logarithms(above[-1], a, b), logarithms(a, b, above[2]));
    log = _mm256_sub_epi16(_mm256_permute4x64_epi64(log, 0xD8), _mm256_set1_epi16(127));
    __m256i rho = _mm256_and_si256(tags, _mm256_set1_epi16(15));
    __m256i at_most_one = _mm256_cmpeq_epi16(_mm256_and_si256(rho, _mm256_sub_epi16(rho, one)), none);
    __m256i kappa = _mm256_max_epi16(one, _mm256_andnot_si256(at_most_one, log));
    return _mm256_andnot_si256(_mm256_cmpeq_epi16(rho, none), _mm256_add_epi16(kappa, u));
}

/* 1 << x for words of 0..15; 0 for -1. */
INLINE __m256i powers(__m256i x) {
    const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128));
    __m256i hidden = _mm256_or_si256(x, _mm256_set1_epi16((short)0x8000)); /* pshufb gives 0 for the upper bytes */
    return _mm256_or_si256(_mm256_shuffle_epi8(low, hidden), _mm256_slli_epi16(_mm256_shuffle_epi8(high, hidden), 8));
}

/* Of 16 words, each to the four words of a quad: with i 0 to 3 quads 2i, 2i + 1 and 2i + 8, 2i + 9. */
INLINE __m256i spread(__m256i x, int i) {
    const __m256i first = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3));
    return _mm256_shuffle_epi8(x, _mm256_add_epi8(first, _mm256_set1_epi8((char)(4 * i))));
}

/* Whether each sample has its bit of those from `bit` on; in all bits of the sample. */
INLINE __m256i has(__m256i tag, int bit) {
    const __m256i which = _mm256_slli_epi16(_mm256_set1_epi64x(0x0008000400020001), bit);
    return _mm256_cmpeq_epi16(_mm256_and_si256(tag, which), which);
}

/* 16 samples of a row. is_wide: to 32 bits; general: (2 x + sign of x) << shift. */
INLINE void store16(void *out, __m256i x, int is_wide, int general, __m128i shift) {
    if (!is_wide) {
        _mm256_storeu_si256(out, x);
        return;
    }
    __m256i half[2] = {_mm256_cvtepi16_epi32(_mm256_castsi256_si128(x)), _mm256_cvtepi16_epi32(_mm256_extracti128_si256(x, 1))};
    for (int i = 0; i < 2; i++) {
        __m256i y = half[i];
        if (general) {
            __m256i sign = _mm256_sign_epi32(_mm256_set1_epi32(1), y);
            y = _mm256_sll_epi32(_mm256_add_epi32(_mm256_add_epi32(y, y), sign), shift);
        }
        _mm256_storeu_si256((__m256i *)out + i, y);
    }
}

INLINE void store(void *out, __m256i x, uint32_t columns, int is_wide, int general, __m128i shift) {
    if (columns >= 16) {
        store16(out, x, is_wide, general, shift);
        return;
    }
    uint8_t part[64], *to = out;
    const uint8_t *from = part;
    store16(part, x, is_wide, general, shift);
    for (uint32_t nbytes = 32; nbytes >= 2; nbytes /= 2)
        if (columns * (is_wide ? 4 : 2) & nbytes) {
            switch (nbytes) {
            case 32: memcpy(to, from, 32); break;
            case 16: memcpy(to, from, 16); break;
            case 8: memcpy(to, from, 8); break;
            case 4: memcpy(to, from, 4); break;
            default: memcpy(to, from, 2);
            }
            to += nbytes, from += nbytes;
        }
}

/* Rows of two vectors of quads 0-1 | 8-9 and 2-3 | 10-11: upper of quads 0-3, 8-11, lower of the same. */
INLINE void rows_of(__m256i a, __m256i b, __m256i *upper, __m256i *lower) {
    const __m256i apart = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15));
    a = _mm256_shuffle_epi8(a, apart);
    b = _mm256_shuffle_epi8(b, apart);
    *upper = _mm256_unpacklo_epi64(a, b);
    *lower = _mm256_unpackhi_epi64(a, b);
}

/* A block on its way through its rows. */
typedef struct {
    /* 2 (mu - 1) + 1 of the row above and of the lower row in work, by turns; zeros on both sides. */
    __m256i seen[2][1 + 2 * MAX_CHUNKS + 1];
    ck_ht_job *job;
    __m128i up, down, shift; /* from mu to the value */
    __m256i largest;
    size_t position;
    uint32_t legal, chunks, rows; /* rows to decode: 0 once something is wrong */
} progress;

INLINE void begin(progress *p, ck_ht_job *job, int is_wide) {
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
    p->largest = _mm256_setzero_si256();
    p->position = 0;
    p->chunks = (job->lane->quads_x + QUADS - 1) / QUADS;
    for (uint32_t i = 0; i < 2 * p->chunks + 2; i++) p->seen[0][i] = p->seen[1][i] = _mm256_setzero_si256();
}

/*
 * 16 quads on their way: the known one above a sample's bits, whether it is significant, as many ones as it has MagSgn bits, and these
 * bits. What one stage stores, and the next one reads in other pieces, has long left the store queue by then.
 */
typedef struct {
    __m256i ones[4], sigma[4];
    uint64_t masks[QUADS], dealt[QUADS];
} plan;

/* First stage: exponents of chunk c of row y, and what follows from them. */
INLINE void look(progress *p, plan *q, uint32_t y, uint32_t c) {
    const ck_ht_lane *lane = p->job->lane;
    const size_t at = ck_ht_record(lane, y, c * PAIRS);
    const uint32_t pairs = lane->pairs_x - c * PAIRS;
    __m256i tags = _mm256_loadu_si256((const __m256i *)(lane->tags + at)), u;
    if (pairs < PAIRS) /* beyond are tags of the next row, or of another block */
        tags = _mm256_and_si256(tags, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)pairs), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
    if (y == 0)
        u = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(lane->first_u + c * QUADS)));
    else
        u = decode_u(tags, _mm_loadu_si128((const __m128i *)(lane->raw + at)));
    u = exponents(tags, u, p->seen[y & 1] + 1 + 2 * c);
    p->largest = _mm256_max_epi16(p->largest, u);
    if (_mm256_movemask_epi8(_mm256_cmpgt_epi16(u, _mm256_set1_epi16((short)p->legal)))) {
        int damaged = _mm256_movemask_epi8(_mm256_cmpgt_epi16(u, _mm256_set1_epi16((short)lane->limit)));
        p->job->status = damaged ? CK_ERR_DAMAGED : CK_ERR_LIMIT;
        p->rows = 0;
    }
    const __m256i one = _mm256_set1_epi16(1);
    __m256i half = powers(_mm256_sub_epi16(u, one)), full = _mm256_sub_epi16(_mm256_add_epi16(half, half), one);
    for (int i = 0; i < 4; i++) {
        __m256i tag = spread(tags, i), top = spread(half, i), sigma = has(tag, CK_TAG_RHO);
        __m256i mask = _mm256_sub_epi16(spread(full, i), _mm256_and_si256(has(tag, CK_TAG_KNOWN), top));
        mask = _mm256_and_si256(sigma, mask);
        _mm_storeu_si128((__m128i *)(q->masks + 2 * i), _mm256_castsi256_si128(mask));
        _mm_storeu_si128((__m128i *)(q->masks + 8 + 2 * i), _mm256_extracti128_si256(mask, 1));
        q->sigma[i] = sigma;
        q->ones[i] = _mm256_and_si256(has(tag, CK_TAG_ONE), top);
    }
}

/* Second stage: deals the bits to their samples. */
INLINE void deal(progress *p, plan *q) {
    const uint8_t *magsgn = p->job->magsgn;
    size_t position = p->position;
    __asm__("" : "+m"(q->masks)); /* from memory, please: compilers know where it came from and run out of registers */
    for (int i = 0; i < QUADS; i++) {
        q->dealt[i] = _pdep_u64(ck_load64(magsgn + (position >> 3)) >> (position & 7), q->masks[i]);
        position += (uint32_t)_mm_popcnt_u64(q->masks[i]);
    }
    __asm__("" : "+m"(q->dealt));
    p->position = position;
}

/* Third stage: samples of chunk c of row y. */
INLINE void take(progress *p, const plan *q, uint32_t y, uint32_t c, int is_wide, int general) {
    const ck_ht_block *block = p->job->block;
    const size_t size = is_wide ? 4 : 2;
    const __m256i one = _mm256_set1_epi16(1), none = _mm256_setzero_si256();
    if (c == 0) ck_ht_prefetch_ahead(p->job, y, size);
    const __m256i *ones = q->ones, *sigma = q->sigma;
    __m256i dealt[4];
    for (int i = 0; i < 4; i++)
        dealt[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(q->dealt + 2 * i))),
            _mm_loadu_si128((const __m128i *)(q->dealt + 8 + 2 * i)), 1);
    __m256i value[4], seen[4];
    for (int i = 0; i < 4; i++) {
        __m256i v = _mm256_or_si256(dealt[i], ones[i]);
        seen[i] = _mm256_and_si256(_mm256_or_si256(v, one), sigma[i]);
        __m256i sign = _mm256_cmpeq_epi16(v, seen[i]), magnitude;
        if (general && !is_wide) {
            magnitude = _mm256_sll_epi16(_mm256_add_epi16(seen[i], _mm256_set1_epi16(2)), p->up);
            magnitude = _mm256_and_si256(_mm256_srl_epi16(magnitude, p->down), sigma[i]);
        } else {
            magnitude = _mm256_avg_epu16(seen[i], none); /* mu, or 0 for 0 */
        }
        value[i] = _mm256_sub_epi16(_mm256_xor_si256(magnitude, sign), sign);
    }
    /* Two vectors hold quads 0-3 | 8-11 and 4-7 | 12-15 of a row; swapping their middle halves makes 0-7 and 8-15. */
    __m256i ua, ub, la, lb, sa, sb, unused;
    rows_of(value[0], value[1], &ua, &la);
    rows_of(value[2], value[3], &ub, &lb);
    rows_of(seen[0], seen[1], &unused, &sa);
    rows_of(seen[2], seen[3], &unused, &sb);
    p->seen[~y & 1][1 + 2 * c] = _mm256_permute2x128_si256(sa, sb, 0x20);
    p->seen[~y & 1][2 + 2 * c] = _mm256_permute2x128_si256(sa, sb, 0x31);
    char *upper = (char *)block->out + (2 * y * block->out_stride + c * 2 * QUADS) * size, *lower = upper + block->out_stride * size;
    const int has_lower = 2 * y + 1 < block->height;
    const uint32_t columns = block->width - c * 2 * QUADS;
    store(upper, _mm256_permute2x128_si256(ua, ub, 0x20), columns, is_wide, general, p->shift);
    if (has_lower) store(lower, _mm256_permute2x128_si256(la, lb, 0x20), columns, is_wide, general, p->shift);
    if (columns > 16) {
        store(upper + 16 * size, _mm256_permute2x128_si256(ua, ub, 0x31), columns - 16, is_wide, general, p->shift);
        if (has_lower) store(lower + 16 * size, _mm256_permute2x128_si256(la, lb, 0x31), columns - 16, is_wide, general, p->shift);
    }
}

/* An encoder may leave out one last byte of ones, not more (7.1.2). */
INLINE void check_position(progress *p) {
    if (p->position > p->job->nbits + 8) p->job->status = CK_ERR_DAMAGED, p->rows = 0;
}

/* The stages of a row of one or two chunks. One copy of the first two is enough. */
NOT_INLINE void look_row(progress *p, plan q[2], uint32_t y) {
    if (y < p->rows) look(p, &q[0], y, 0);
    if (y < p->rows && p->chunks > 1) look(p, &q[1], y, 1);
}

NOT_INLINE void deal_row(progress *p, plan q[2], uint32_t y) {
    if (y >= p->rows) return;
    deal(p, &q[0]);
    if (p->chunks > 1) deal(p, &q[1]);
    check_position(p);
}

INLINE void take_row(progress *p, const plan q[2], uint32_t y, int is_wide, int general) {
    if (y >= p->rows) return;
    take(p, &q[0], y, 0, is_wide, general);
    if (p->chunks > 1) take(p, &q[1], y, 1, is_wide, general);
}

/*
 * Two blocks in turn (or one, twice the same pointer). The stages of a row wait for each other, and the first one for the row above: a
 * processor looks some four hundred instructions ahead, so what it can do meanwhile must stand between them.
 */
INLINE void step2_pair(progress p[2], int is_wide, int general) {
    plan a[2], b[2];
    look_row(&p[0], a, 0);
    look_row(&p[1], b, 0);
    deal_row(&p[0], a, 0);
    for (uint32_t y = 0; y < p[0].rows || y < p[1].rows; y++) {
        deal_row(&p[1], b, y);
        take_row(&p[0], a, y, is_wide, general);
        look_row(&p[0], a, y + 1);
        deal_row(&p[0], a, y + 1);
        take_row(&p[1], b, y, is_wide, general);
        look_row(&p[1], b, y + 1);
    }
}

INLINE void step2_chunks(progress *p, int is_wide, int general) {
    for (uint32_t y = 0; y < p->rows; y++) {
        for (uint32_t c = 0; c < p->chunks && y < p->rows; c++) {
            plan q;
            look(p, &q, y, c);
            if (p->rows == 0) return;
            deal(p, &q);
            take(p, &q, y, c, is_wide, general);
        }
        check_position(p);
    }
}

INLINE void step2(ck_ht_job *first, ck_ht_job *second, int is_wide, int general) {
    progress p[2];
    begin(&p[0], first, is_wide);
    begin(&p[1], second, is_wide);
    if (first == second) p[1].rows = 0;
    if (p[0].chunks <= 2 && p[1].chunks <= 2) {
        step2_pair(p, is_wide, general);
    } else {
        step2_chunks(&p[0], is_wide, general);
        step2_chunks(&p[1], is_wide, general);
    }
    for (int k = 0; k < (first == second ? 1 : 2); k++) {
        uint16_t words[16], most = 0;
        _mm256_storeu_si256((__m256i *)words, p[k].largest);
        for (int i = 0; i < 16; i++)
            if (words[i] > most) most = words[i];
        p[k].job->lane->u_max = most;
    }
}

INLINE void step2_all(ck_ht_job *jobs, size_t count, int is_wide) {
    for (size_t i = 0; i < count;) {
        ck_ht_job *first = &jobs[i++], *second = first;
        int general = ck_ht_job_is_general(first);
        if (i < count && ck_ht_job_is_general(&jobs[i]) == general) second = &jobs[i++];
        if (general)
            step2(first, second, is_wide, 1);
        else
            step2(first, second, is_wide, 0);
    }
}

TARGET void ck_ht_step2_16_avx2(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 0); }

TARGET void ck_ht_step2_32_avx2(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 1); }
#endif
