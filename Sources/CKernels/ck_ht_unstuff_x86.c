/* Un-stuffing with pext for words that have stuffing bits, and 64 bytes at a time with AVX-512 for MagSgn. */
#include "ck_ht_bitsink.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define BMI2 __attribute__((target("bmi,bmi2,lzcnt,popcnt")))
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
            /* Each word takes its low bits from the top of the word before it; pending bits play the word before the first. */
            __m512i pending = _mm512_set1_epi64((long long)(sink.pending << 56 << (8 - sink.npending)));
            __m512i n = _mm512_set1_epi64((long long)sink.npending);
            _mm512_storeu_si512(sink.next, _mm512_shldv_epi64(x, _mm512_alignr_epi64(x, pending, 7), n));
            sink.next += 64;
            sink.pending = last >> (8 - sink.npending);
            continue;
        }
        for (int i = 0; i < 8; i++, stuffed >>= 8) {
            uint64_t word = ck_load64(in - 64 + 8 * i);
            if ((stuffed & 0xFF) == 0)
                ck_bitsink_put64(&sink, word);
            else
                put_stuffed(&sink, word, _pdep_u64(stuffed, 0x8080808080808080u));
        }
    }
    unstuff_forward_bmi2(&sink, last, in, in_end, out_end);
    return (size_t)(sink.next - out) * 8 + sink.npending;
}
#endif
