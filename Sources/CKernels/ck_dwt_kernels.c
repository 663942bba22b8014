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
#include "ck_dwt_variant.h"

#if defined(__x86_64__)
#define CK_VARIANT avx2
#define CK_VECTOR_NBYTES 32
#define CK_LANES16 16
#define CK_LANES32 8
#define CK_TARGET __attribute__((target("avx2,bmi,bmi2,lzcnt")))
#include "ck_dwt_variant.h"

#define CK_VARIANT avx512
#define CK_VECTOR_NBYTES 64
#define CK_LANES16 32
#define CK_LANES32 16
#define CK_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt")))
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
