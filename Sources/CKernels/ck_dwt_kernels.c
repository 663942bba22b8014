/* The variants of the frame kernels and their table: portable first, then what the CPU has. */
#include "ck_cpu.h"
#include "ck_dwt.h"
#include "ck_vector.h"

/* Table F.4. */
#define CK_97_ALPHA (-1.586134342059924f)
#define CK_97_BETA (-0.052980118572961f)
#define CK_97_GAMMA (0.882911075530934f)
#define CK_97_DELTA (0.443506852043971f)

#define CK_VARIANT portable
#define CK_VECTOR_NBYTES 16
#define CK_LANES16 8
#define CK_LANES32 4
#define CK_TARGET
#define CK_ROUND4(v) (((v) + 2) >> 2)
#define CK_NEXT16(a, b) CK_JOIN_FIRST(a, b, 8)
#define CK_PACKS_BYTES 0
#define CK_PACK_BYTES(a, b) (a)
#include "ck_dwt_variant.h"

/* What the vector extension has no word for. vpmulhrsw rounds (v * 2^13) / 2^15 to the nearest integer, halves upwards. */
#if defined(__x86_64__)
#include <immintrin.h>

#define CK_VARIANT avx2
#define CK_VECTOR_NBYTES 32
#define CK_LANES16 16
#define CK_LANES32 8
#define CK_TARGET __attribute__((target("avx2,bmi,bmi2,lzcnt")))
#define CK_ROUND4(v) ((__typeof__(v))_mm256_mulhrs_epi16((__m256i)(v), _mm256_set1_epi16(8192)))
#define CK_NEXT16(a, b) CK_JOIN_FIRST(a, b, 16)
#define CK_PACKS_BYTES 1
#define CK_PACK_BYTES(a, b) _mm256_packus_epi16((__m256i)(a), (__m256i)(b))
#include "ck_dwt_variant.h"

static const uint16_t ck_one_to_32[32] __attribute__((aligned(64))) = {CK_JOIN_FIRST_32};

#define CK_VARIANT avx512
#define CK_VECTOR_NBYTES 64
#define CK_LANES16 32
#define CK_LANES32 16
#define CK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt")))
#define CK_ROUND4(v) ((__typeof__(v))_mm512_mulhrs_epi16((__m512i)(v), _mm512_set1_epi16(8192)))
#define CK_NEXT16(a, b) ((__typeof__(a))_mm512_permutex2var_epi16((__m512i)(a), *(const __m512i *)ck_one_to_32, (__m512i)(b)))
#define CK_PACKS_BYTES 1
#define CK_PACK_BYTES(a, b) _mm512_packus_epi16((__m512i)(a), (__m512i)(b))
#include "ck_dwt_variant.h"
#endif

size_t ck_htj2k_kernels_nbytes(void) { return sizeof(ck_htj2k_kernels); }

void ck_htj2k_kernels_init(ck_htj2k_kernels *kernels, uint32_t cpu_features)
{
    ck_ht_dispatch_init(&kernels->ht, cpu_features);
    fill_portable(kernels);
#if defined(__x86_64__)
    if (cpu_features & CK_CPU_AVX2)
        fill_avx2(kernels);
    if (cpu_features & CK_CPU_AVX512)
        fill_avx512(kernels);
#endif
}
