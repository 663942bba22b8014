/* Step 2 in portable C: exponents and MagSgn values, T.814 7.3.6 to 7.3.8. */
#include "ck_ht_lane.h"
#include "ck_ht_tables.h"

static inline uint32_t bit_length(uint32_t x) { return x ? 32u - (uint32_t)__builtin_clz(x) : 0; }

/* U-VLC of a pair below the first row, 7.3.6. An extension is left out: it means u_q >= 33, above every legal limit. */
static inline void decode_u(uint32_t bits, uint32_t tags, uint32_t u[2]) {
    uint32_t p0 = ck_ht_uvlc_prefix[bits & 7] & (0u - (tags >> CK_TAG_UOFF & 1));
    bits >>= p0 >> 3 & 3;
    uint32_t p1 = ck_ht_uvlc_prefix[bits & 7] & (0u - (tags >> (16 + CK_TAG_UOFF) & 1));
    bits >>= p1 >> 3 & 3;
    uint32_t n0 = p0 >> 5, n1 = p1 >> 5;
    u[0] = (p0 & 7) + (bits & ((1u << n0) - 1));
    u[1] = (p1 & 7) + (bits >> n0 & ((1u << n1) - 1));
}

/* Bit n of four to the lowest bit of lane n of 16 bits. */
#define LANES 0x0001000100010001u
static inline uint64_t lanes_of(uint32_t bits) { return bits * 0x0000200040008001u & LANES; }

#define CK_HT_SAMPLE int32_t
#define CK_HT_STEP2 step2_32
#include "ck_ht_step2_scalar_template.h"
#define CK_HT_SAMPLE int16_t
#define CK_HT_STEP2 step2_16
#include "ck_ht_step2_scalar_template.h"

void ck_ht_step2_32_scalar(ck_ht_job *jobs, size_t count) {
    for (ck_ht_job *j = jobs; j < jobs + count; j++) j->status = step2_32(j);
}

void ck_ht_step2_16_scalar(ck_ht_job *jobs, size_t count) {
    for (ck_ht_job *j = jobs; j < jobs + count; j++) j->status = step2_16(j);
}
