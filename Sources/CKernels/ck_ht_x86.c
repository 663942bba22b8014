/* Fills the x86-64 variants into the dispatch table, later ones over earlier ones. */
#include "ck_cpu.h"
#include "ck_ht_lane.h"

#if defined(__x86_64__)
void ck_ht_dispatch_x86(ck_ht_dispatch *d, uint32_t features) {
    if (features & CK_CPU_AVX2) d->step1 = ck_ht_step1_bmi2;
    if ((features & CK_CPU_AVX2) && (features & CK_CPU_FAST_PDEP)) {
        d->unstuff_vlc = ck_ht_unstuff_vlc_bmi2;
        d->unstuff_magsgn = ck_ht_unstuff_magsgn_avx2;
        d->step2_16 = ck_ht_step2_16_avx2;
        d->step2_32 = ck_ht_step2_32_avx2;
    }
    if (features & CK_CPU_AVX512) {
        if (features & CK_CPU_FAST_PDEP) {
            d->unstuff_vlc = ck_ht_unstuff_vlc_avx512;
            d->unstuff_magsgn = ck_ht_unstuff_magsgn_avx512;
        }
        d->step2_16 = ck_ht_step2_16_avx512;
        d->step2_32 = ck_ht_step2_32_avx512;
    }
    if ((features & CK_CPU_AVX512) && (features & CK_CPU_AVX2) && (features & CK_CPU_FAST_GATHER)) {
        d->step1 = ck_ht_step1_gather;
        d->lanes_max = CK_HT_LANES;
    }
}
#endif
