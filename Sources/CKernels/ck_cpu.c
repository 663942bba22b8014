#include "ck_cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

static int has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

static uint32_t fast_bits(void) {
    uint32_t a, b, c, d;
    uint32_t result = CK_CPU_FAST_PDEP;
    __cpuid(0, a, b, c, d);
    int is_amd = b == 0x68747541u; /* "Auth" */
    __cpuid(1, a, b, c, d);
    uint32_t family = (a >> 8) & 15;
    if (family == 15) family += (a >> 20) & 255;
    /* Zen 1 and 2 (family 17h) run pdep in microcode at 18 cycles and more; Zen 3 (19h) in 3. */
    if (is_amd && family < 0x19) result &= ~(uint32_t)CK_CPU_FAST_PDEP;
    /* Measured to pay on Zen 5 (family 1Ah): 12.5 cycles per 16 lanes. Elsewhere unmeasured, so off. */
    if (is_amd && family >= 0x1A) result |= CK_CPU_FAST_GATHER;
    return result;
}

uint32_t ck_cpu_features(void) {
    uint32_t a, b, c, d, b7, c7, d7, ext;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (!has(c, bit_OSXSAVE | bit_AVX | bit_POPCNT)) return 0;
    uint64_t state = enabled_state();
    if ((state & 0x6) != 0x6) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) return 0;
    if (!__get_cpuid(0x80000001u, &a, &b, &ext, &d)) return 0;
    if (!has(b7, bit_AVX2 | bit_BMI | bit_BMI2) || !has(ext, bit_LZCNT)) return 0;
    uint32_t features = CK_CPU_AVX2 | fast_bits();
    const uint32_t need_b = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
    const uint32_t need_c = bit_AVX512VBMI | bit_AVX512VBMI2 | bit_AVX512BITALG;
    if ((state & 0xE0) == 0xE0 && has(b7, need_b) && has(c7, need_c))
        features |= CK_CPU_AVX512;
    else
        features &= ~(uint32_t)CK_CPU_FAST_GATHER;
    return features;
}
#else
uint32_t ck_cpu_features(void) { return 0; }
#endif
