/* Un-stuffing with pext for words that have stuffing bits; where there are none 32 or 64 bytes at a time. */
#include "ck_ht_bitsink.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define BMI2 __attribute__((target("bmi,bmi2,lzcnt,popcnt")))
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vbmi,avx512vbmi2,avx512bitalg,bmi,bmi2,lzcnt,popcnt")))

/* At least one bit goes, so 7 + 63 bits at most: what is left over is again fewer than 8. */
BMI2 static inline void put_stuffed(ck_bitsink *sink, uint64_t x, uint64_t stuffed) {
    uint64_t bits = _pext_u64(x, ~stuffed), word = sink->pending | bits << sink->npending;
    uint32_t total = sink->npending + 64 - (uint32_t)_mm_popcnt_u64(stuffed);
    ck_store64(sink->next, word);
    sink->pending = total >= 64 ? bits >> 1 >> (63 - sink->npending) : word >> (total & 56);
    sink->next += total >> 3;
    sink->npending = total & 7;
}

#define CK_HT_NAME(x) x##_bmi2
#define CK_HT_TARGET BMI2
#define CK_HT_PUT_STUFFED put_stuffed
#include "ck_ht_unstuff_template.h"

/* Appends the n words of eight bytes at `in` without their stuffing bits; bit i of `stuffed` belongs to byte i. */
BMI2 static inline void put_words(ck_bitsink *sink, const uint8_t *in, int n, uint64_t stuffed) {
    for (int i = 0; i < n; i++, stuffed >>= 8) {
        uint64_t word = ck_load64(in + 8 * i);
        if ((stuffed & 0xFF) == 0)
            ck_bitsink_put64(sink, word);
        else
            put_stuffed(sink, word, _pdep_u64(stuffed, 0x8080808080808080u));
    }
}

AVX2 size_t ck_ht_unstuff_magsgn_avx2(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes) {
    ck_bitsink sink = {out, 0, 0};
    const uint8_t *in_end = in + in_nbytes, *out_end = out + out_nbytes;
    uint32_t last = 0;
    for (; in_end - in >= 32 && out_end - sink.next >= 48; in += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)in);
        uint32_t full = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8(-1)));
        uint32_t stuffed = full << 1 | (last == 0xFF);
        last = in[31];
        if (stuffed == 0) {
            /* Each word takes its low bits from the top of the word before it; pending bits play the word before the first. */
            __m256i pending = _mm256_set1_epi64x((long long)(sink.pending << 56 << (8 - sink.npending)));
            __m256i before = _mm256_blend_epi32(_mm256_permute4x64_epi64(x, 0x90), pending, 0x03);
            x = _mm256_sll_epi64(x, _mm_cvtsi32_si128((int)sink.npending));
            x = _mm256_or_si256(x, _mm256_srl_epi64(before, _mm_cvtsi32_si128((int)(64 - sink.npending))));
            _mm256_storeu_si256((__m256i *)sink.next, x);
            sink.next += 32;
            sink.pending = last >> (8 - sink.npending);
        } else {
            put_words(&sink, in, 4, stuffed);
        }
    }
    unstuff_forward_bmi2(&sink, last, in, in_end, out_end);
    return (size_t)(sink.next - out) * 8 + sink.npending;
}

/* Appends 64 bytes that have no stuffing bits. */
AVX512 static inline void put_vector(ck_bitsink *sink, __m512i x, uint32_t last) {
    /* Each word takes its low bits from the top of the word before it; pending bits play the word before the first. */
    __m512i pending = _mm512_set1_epi64((long long)(sink->pending << 56 << (8 - sink->npending)));
    __m512i n = _mm512_set1_epi64((long long)sink->npending);
    _mm512_storeu_si512(sink->next, _mm512_shldv_epi64(x, _mm512_alignr_epi64(x, pending, 7), n));
    sink->next += 64;
    sink->pending = last >> (8 - sink->npending);
}

AVX512 uint32_t ck_ht_unstuff_vlc_avx512(const uint8_t *first, const uint8_t *scup_byte, uint8_t *out, uint32_t wanted_nbytes) {
    ck_bitsink sink;
    uint32_t last = vlc_start_bmi2(&sink, scup_byte, out);
    const uint8_t *end = out + wanted_nbytes, *next = scup_byte;
    const __m512i backwards = _mm512_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
        26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58,
        59, 60, 61, 62, 63);
    while (next - first >= 64 && end - sink.next >= 64) {
        next -= 64;
        __m512i x = _mm512_permutexvar_epi8(backwards, _mm512_loadu_si512(next));
        uint64_t above = _mm512_cmpgt_epu8_mask(x, _mm512_set1_epi8((char)0x8F));
        uint64_t stuffed = _mm512_cmpge_epu8_mask(_mm512_or_si512(x, _mm512_set1_epi8((char)0x80)), _mm512_set1_epi8((char)0xFF));
        stuffed &= above << 1 | (last > 0x8F);
        last = *next;
        if (stuffed == 0) {
            put_vector(&sink, x, last);
        } else {
            uint8_t bytes[64];
            _mm512_storeu_si512(bytes, x);
            put_words(&sink, bytes, 8, stuffed);
        }
    }
    return vlc_rest_bmi2(&sink, last, first, next, out, end);
}

AVX512 size_t ck_ht_unstuff_magsgn_avx512(const uint8_t *in, size_t in_nbytes, uint8_t *out, size_t out_nbytes) {
    ck_bitsink sink = {out, 0, 0};
    const uint8_t *in_end = in + in_nbytes, *out_end = out + out_nbytes;
    uint32_t last = 0;
    while (in_end - in >= 64 && out_end - sink.next >= 80) {
        __m512i x = _mm512_loadu_si512(in);
        uint64_t full = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(-1));
        uint64_t stuffed = full << 1 | (last == 0xFF);
        last = in[63];
        in += 64;
        if (stuffed == 0) {
            put_vector(&sink, x, last);
        } else {
            put_words(&sink, in - 64, 8, stuffed);
        }
    }
    unstuff_forward_bmi2(&sink, last, in, in_end, out_end);
    return (size_t)(sink.next - out) * 8 + sink.npending;
}
#endif
