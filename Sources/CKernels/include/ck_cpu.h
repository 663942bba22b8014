#ifndef CK_CPU_H
#define CK_CPU_H

#include <stdint.h>

/*
 * What a variant may need. Bits say what CPU *and* operating system support, except the two "fast" bits, which are policy:
 * the instruction exists wherever its set exists, but does not pay everywhere.
 */
enum {
    CK_CPU_AVX2 = 1u << 0,        /* AVX2, BMI1, BMI2, LZCNT */
    CK_CPU_FAST_PDEP = 1u << 1,   /* pdep and pext are not microcode (they are before AMD Zen 3) */
    CK_CPU_AVX512 = 1u << 2,      /* AVX-512 F, BW, DQ, VL, CD, VBMI, VBMI2, BITALG */
    CK_CPU_FAST_GATHER = 1u << 3, /* vpgatherdd beats scalar loads; not so with Intel's gather-sampling microcode */
    CK_CPU_ALL = 0xFFFFFFFFu
};

/* Asks the CPU each time (no hidden state); callers keep the answer. Tests pass `ck_cpu_features() & mask` to the dispatch tables. */
uint32_t ck_cpu_features(void);

#endif
