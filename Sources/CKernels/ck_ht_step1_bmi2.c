/* Step 1 of the portable code compiled for BMI2, whose shifts take their count from any register. */
#include "ck_ht_lane.h"
#include "ck_ht_tables.h"

#if defined(__x86_64__)
#define CK_HT_N 1
#define CK_HT_NAME(x) x##_1
#define CK_HT_TARGET __attribute__((target("bmi,bmi2,lzcnt")))
#include "ck_ht_step1_template.h"
#define CK_HT_N 2
#define CK_HT_NAME(x) x##_2
#define CK_HT_TARGET __attribute__((target("bmi,bmi2,lzcnt")))
#include "ck_ht_step1_template.h"
#define CK_HT_N 3
#define CK_HT_NAME(x) x##_3
#define CK_HT_TARGET __attribute__((target("bmi,bmi2,lzcnt")))
#include "ck_ht_step1_template.h"
#define CK_HT_N 4
#define CK_HT_NAME(x) x##_4
#define CK_HT_TARGET __attribute__((target("bmi,bmi2,lzcnt")))
#include "ck_ht_step1_template.h"

__attribute__((target("bmi,bmi2,lzcnt"))) void ck_ht_step1_rows_bmi2(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to) {
    for (; count >= 4; count -= 4, lanes += 4) step1_4(lanes, from, to);
    if (count == 3) step1_3(lanes, from, to);
    if (count == 2) step1_2(lanes, from, to);
    if (count == 1) step1_1(lanes, from, to);
}

void ck_ht_step1_bmi2(ck_ht_lane *lanes, size_t count) { ck_ht_step1_all_rows(lanes, count, ck_ht_step1_rows_bmi2); }
#endif
