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

enum { U_MAX = 14, PAIRS = 8, QUADS = 2 * PAIRS };

/* u_q of 8 pairs from their raw U-VLC bits, 7.3.6; an extension is left out, it means u_q >= 33. */
INLINE __m256i decode_u(__m256i tags, __m128i raw16) {
    /* u_pfx | prefix bits << 8 | suffix bits << 16, by three bits of the stream */
    const __m256i prefix = _mm256_setr_epi32(0x050305, 0x000101, 0x000202, 0x000101, 0x010303, 0x000101, 0x000202, 0x000101);
    const __m256i ones = _mm256_set1_epi32(-1), byte = _mm256_set1_epi32(0xFF);
    __m256i raw = _mm256_cvtepu16_epi32(raw16);
    __m256i off0 = _mm256_srai_epi32(_mm256_slli_epi32(tags, 31 - CK_TAG_UOFF), 31);
    __m256i off1 = _mm256_srai_epi32(_mm256_slli_epi32(tags, 15 - CK_TAG_UOFF), 31);
    __m256i p0 = _mm256_and_si256(off0, _mm256_permutevar8x32_epi32(prefix, raw));
    raw = _mm256_srlv_epi32(raw, _mm256_and_si256(_mm256_srli_epi32(p0, 8), byte));
    __m256i p1 = _mm256_and_si256(off1, _mm256_permutevar8x32_epi32(prefix, raw));
    raw = _mm256_srlv_epi32(raw, _mm256_and_si256(_mm256_srli_epi32(p1, 8), byte));
    __m256i n0 = _mm256_srli_epi32(p0, 16), n1 = _mm256_srli_epi32(p1, 16);
    __m256i u0 = _mm256_add_epi32(_mm256_and_si256(p0, byte), _mm256_andnot_si256(_mm256_sllv_epi32(ones, n0), raw));
    raw = _mm256_srlv_epi32(raw, n0);
    __m256i u1 = _mm256_add_epi32(_mm256_and_si256(p1, byte), _mm256_andnot_si256(_mm256_sllv_epi32(ones, n1), raw));
    return _mm256_or_si256(u0, _mm256_slli_epi32(u1, 16));
}

/*
 * floor(log2) of the OR of four samples each, `above` being the row's 2 (mu - 1) + 1 and 0: one less than the exponent that 7.3.7
 * asks for. The conversion to float is exact (15 bits) and its exponent field is the logarithm; 0 gives a very negative one.
 */
INLINE __m256i logarithms(const uint16_t *above) {
    __m256i near = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(above - 1)), _mm256_loadu_si256((const __m256i *)(above + 1)));
    near = _mm256_and_si256(_mm256_or_si256(near, _mm256_srli_epi32(near, 16)), _mm256_set1_epi32(0xFFFF));
    __m256i bits = _mm256_castps_si256(_mm256_cvtepi32_ps(near));
    return _mm256_sub_epi32(_mm256_srli_epi32(bits, 23), _mm256_set1_epi32(127));
}

/* U_q of 16 quads. */
INLINE __m256i exponents(__m256i tags, __m256i u, const uint16_t *above) {
    const __m256i one = _mm256_set1_epi16(1), none = _mm256_setzero_si256();
    __m256i log = _mm256_packs_epi32(logarithms(above), logarithms(above + 16));
    log = _mm256_permute4x64_epi64(log, 0xD8);
    __m256i rho = _mm256_and_si256(tags, _mm256_set1_epi16(15));
    __m256i at_most_one = _mm256_cmpeq_epi16(_mm256_and_si256(rho, _mm256_sub_epi16(rho, one)), none);
    __m256i kappa = _mm256_max_epi16(one, _mm256_andnot_si256(at_most_one, log));
    return _mm256_andnot_si256(_mm256_cmpeq_epi16(rho, none), _mm256_add_epi16(kappa, u));
}

/* 1 << x for words of 0..15. */
INLINE __m256i powers(__m256i x) {
    const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128));
    __m256i hidden = _mm256_or_si256(x, _mm256_set1_epi16((short)0x8000)); /* pshufb gives 0 for the upper bytes */
    return _mm256_or_si256(_mm256_shuffle_epi8(low, hidden), _mm256_slli_epi16(_mm256_shuffle_epi8(high, hidden), 8));
}

typedef struct {
    __m256i mask, ones, sigma; /* of four quads, per sample: MagSgn bits; the known one above them; all ones where significant */
} fields;

INLINE fields fields_of(__m256i tag, __m256i power) {
    const __m256i s = _mm256_set1_epi64x(0x0008000400020001), k = _mm256_slli_epi16(s, 4), o = _mm256_slli_epi16(s, 8);
    __m256i half = _mm256_srli_epi16(power, 1);
    __m256i known = _mm256_and_si256(_mm256_cmpeq_epi16(_mm256_and_si256(tag, k), k), half);
    fields f;
    f.sigma = _mm256_cmpeq_epi16(_mm256_and_si256(tag, s), s);
    f.ones = _mm256_and_si256(_mm256_cmpeq_epi16(_mm256_and_si256(tag, o), o), half);
    f.mask = _mm256_and_si256(f.sigma, _mm256_sub_epi16(_mm256_sub_epi16(power, _mm256_set1_epi16(1)), known));
    return f;
}

/* Of 16 words, each to the four words of a quad: quads 0-1 and 8-9, 2-3 and 10-11, 4-5 and 12-13, 6-7 and 14-15. */
INLINE void spread(__m256i x, __m256i out[4]) {
    __m256i low = _mm256_unpacklo_epi16(x, x), high = _mm256_unpackhi_epi16(x, x);
    out[0] = _mm256_unpacklo_epi32(low, low);
    out[1] = _mm256_unpackhi_epi32(low, low);
    out[2] = _mm256_unpacklo_epi32(high, high);
    out[3] = _mm256_unpackhi_epi32(high, high);
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
    } else {
        int32_t part[16];
        store16(part, x, is_wide, general, shift);
        memcpy(out, part, columns * (is_wide ? 4u : 2u));
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

INLINE ck_status step2(ck_ht_lane *lane, const ck_ht_block *block, const uint8_t *magsgn, size_t nbits, int is_wide, int general) {
    const uint32_t plane = block->k_max - 1u - block->missing_msbs;
    const size_t size = is_wide ? 4 : 2;
    uint32_t legal = lane->limit < U_MAX ? lane->limit : U_MAX;
    if (!is_wide) {
        uint32_t bits = plane + block->half_steps;
        if (bits > CK_HT_MAX_BITS16) return CK_ERR_LIMIT;
        if (legal > CK_HT_MAX_BITS16 + 1 - bits) legal = CK_HT_MAX_BITS16 + 1 - bits;
    }
    const __m128i up = _mm_cvtsi32_si128((int)plane), down = _mm_cvtsi32_si128(1 - block->half_steps);
    const __m128i shift = _mm_cvtsi32_si128((int)(plane + block->half_steps) - 1);
    const __m256i one = _mm256_set1_epi16(1), max = _mm256_set1_epi16((short)legal);

    /* 2 (mu - 1) + 1 of the row above and of the lower row in work, from column 0 at [16]; zeros on both sides. */
    uint16_t seen_rows[2][16 + CK_HT_MAX_SIDE + 64];
    memset(seen_rows[0], 0, (16 + 2 * lane->quads_x + 64) * 2);
    memset(seen_rows[1], 0, (16 + 2 * lane->quads_x + 64) * 2);
    __m256i largest = _mm256_setzero_si256();
    size_t position = 0;
    for (uint32_t y = 0; y < lane->quads_y; y++) {
        char *upper = (char *)block->out + 2 * y * block->out_stride * size, *lower = upper + block->out_stride * size;
        const int has_lower = 2 * y + 1 < block->height;
        const uint16_t *above = seen_rows[y & 1] + 16;
        uint16_t *below = seen_rows[~y & 1] + 16;
        for (uint32_t x = 0; x < lane->quads_x; x += QUADS) {
            const size_t at = (size_t)y * lane->pairs_x + x / 2;
            const uint32_t pairs = lane->pairs_x - x / 2;
            __m256i tags = _mm256_loadu_si256((const __m256i *)(lane->tags + at)), u;
            if (pairs < PAIRS) /* beyond are tags of the next row, or of another block */
                tags = _mm256_and_si256(tags, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)pairs), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
            if (y == 0)
                u = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(lane->first_u + x)));
            else
                u = decode_u(tags, _mm_loadu_si128((const __m128i *)(lane->raw + at)));
            u = exponents(tags, u, above + 2 * x);
            largest = _mm256_max_epi16(largest, u);
            if (_mm256_movemask_epi8(_mm256_cmpgt_epi16(u, max)))
                return _mm256_movemask_epi8(_mm256_cmpgt_epi16(u, _mm256_set1_epi16((short)lane->limit))) ? CK_ERR_DAMAGED : CK_ERR_LIMIT;

            __m256i tag4[4], power4[4];
            fields f[4];
            uint64_t masks[QUADS];
            __m128i dealt[QUADS / 2];
            spread(tags, tag4);
            spread(powers(u), power4);
            for (int i = 0; i < 4; i++) {
                f[i] = fields_of(tag4[i], power4[i]);
                _mm_storeu_si128((__m128i *)(masks + 2 * i), _mm256_castsi256_si128(f[i].mask));
                _mm_storeu_si128((__m128i *)(masks + 8 + 2 * i), _mm256_extracti128_si256(f[i].mask, 1));
            }
            for (int q = 0; q < QUADS; q += 2) {
                uint64_t first = _pdep_u64(ck_load64(magsgn + (position >> 3)) >> (position & 7), masks[q]);
                position += (uint32_t)_mm_popcnt_u64(masks[q]);
                uint64_t second = _pdep_u64(ck_load64(magsgn + (position >> 3)) >> (position & 7), masks[q + 1]);
                position += (uint32_t)_mm_popcnt_u64(masks[q + 1]);
                dealt[q / 2] = _mm_insert_epi64(_mm_cvtsi64_si128((long long)first), (long long)second, 1);
            }
            __m256i value[4], seen[4];
            for (int i = 0; i < 4; i++) {
                __m256i v = _mm256_inserti128_si256(_mm256_castsi128_si256(dealt[i]), dealt[4 + i], 1);
                v = _mm256_or_si256(v, f[i].ones);
                __m256i sign = _mm256_sub_epi16(_mm256_setzero_si256(), _mm256_and_si256(v, one));
                __m256i odd = _mm256_or_si256(v, one);
                seen[i] = _mm256_and_si256(odd, f[i].sigma);
                __m256i magnitude;
                if (general && !is_wide)
                    magnitude = _mm256_srl_epi16(_mm256_sll_epi16(_mm256_add_epi16(odd, _mm256_set1_epi16(2)), up), down);
                else
                    magnitude = _mm256_add_epi16(_mm256_srli_epi16(v, 1), one);
                magnitude = _mm256_and_si256(magnitude, f[i].sigma);
                value[i] = _mm256_sub_epi16(_mm256_xor_si256(magnitude, sign), sign);
            }
            /* Two vectors hold quads 0-3 | 8-11 and 4-7 | 12-15 of a row; swapping their middle halves makes 0-7 and 8-15. */
            __m256i ua, ub, la, lb, sa, sb, unused;
            rows_of(value[0], value[1], &ua, &la);
            rows_of(value[2], value[3], &ub, &lb);
            rows_of(seen[0], seen[1], &unused, &sa);
            rows_of(seen[2], seen[3], &unused, &sb);
            _mm256_storeu_si256((__m256i *)(below + 2 * x), _mm256_permute2x128_si256(sa, sb, 0x20));
            _mm256_storeu_si256((__m256i *)(below + 2 * x + 16), _mm256_permute2x128_si256(sa, sb, 0x31));
            const uint32_t columns = block->width - 2 * x;
            store(upper + 2 * x * size, _mm256_permute2x128_si256(ua, ub, 0x20), columns, is_wide, general, shift);
            if (has_lower) store(lower + 2 * x * size, _mm256_permute2x128_si256(la, lb, 0x20), columns, is_wide, general, shift);
            if (columns > 16) {
                store(upper + (2 * x + 16) * size, _mm256_permute2x128_si256(ua, ub, 0x31), columns - 16, is_wide, general, shift);
                if (has_lower) store(lower + (2 * x + 16) * size, _mm256_permute2x128_si256(la, lb, 0x31), columns - 16, is_wide, general, shift);
            }
        }
        /* An encoder may leave out one last byte of ones, not more (7.1.2). */
        if (position > nbits + 8) return CK_ERR_DAMAGED;
    }
    uint16_t words[16];
    _mm256_storeu_si256((__m256i *)words, largest);
    lane->u_max = 0;
    for (int i = 0; i < 16; i++)
        if (words[i] > lane->u_max) lane->u_max = words[i];
    return CK_OK;
}

INLINE void step2_all(ck_ht_job *jobs, size_t count, int is_wide) {
    for (ck_ht_job *j = jobs; j < jobs + count; j++)
        if (ck_ht_job_is_general(j))
            j->status = step2(j->lane, j->block, j->magsgn, j->nbits, is_wide, 1);
        else
            j->status = step2(j->lane, j->block, j->magsgn, j->nbits, is_wide, 0);
}

TARGET void ck_ht_step2_16_avx2(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 0); }

TARGET void ck_ht_step2_32_avx2(ck_ht_job *jobs, size_t count) { step2_all(jobs, count, 1); }
#endif
