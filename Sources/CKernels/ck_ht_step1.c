/* Step 1 in portable C: one to four blocks in step, MEL refill for all variants. T.814 7.3.3 to 7.3.6. */
#include "ck_ht_lane.h"
#include "ck_ht_tables.h"

/* 7.1.3 and 7.3.3: bytes become bits; past the end ones, which is what an encoder may have left out. */
static void mel_more_bits(ck_ht_lane *lane) {
    while (lane->mel_nbits <= 56) {
        uint32_t byte = 0xFF;
        if (lane->mel_next < lane->mel_last)
            byte = *lane->mel_next++;
        else if (lane->mel_next == lane->mel_last)
            byte = *lane->mel_next++ | 0x0Fu;
        uint32_t nbits = lane->mel_previous == 0xFF ? 7 : 8;
        lane->mel_previous = byte;
        byte &= 0xFFu >> (8 - nbits);
        lane->mel_nbits += nbits;
        lane->mel_bits |= (uint64_t)byte << (64 - lane->mel_nbits);
    }
}

void ck_ht_mel_refill(ck_ht_lane *lane, uint32_t needed) {
    while (lane->events_written - lane->events_read < needed) {
        if (lane->mel_nbits < 6) mel_more_bits(lane);
        uint64_t entry = ck_ht_mel[lane->mel_state << 6 | lane->mel_bits >> 58];
        uint64_t events = entry & 0xFFFFFFFFFFFFu;
        uint32_t used = entry >> 54 & 7;
        uint32_t word = lane->events_written >> 6, bit = lane->events_written & 63;
        lane->events[word] |= events << bit;
        lane->events[word + 1] |= events >> 1 >> (63 - bit);
        lane->events_written += entry >> 48 & 63;
        lane->mel_bits <<= used;
        lane->mel_nbits -= used;
        lane->mel_state = entry >> 57 & 15;
    }
}

#define CK_HT_N 1
#define CK_HT_NAME(x) x##_1
#include "ck_ht_step1_template.h"
#define CK_HT_N 2
#define CK_HT_NAME(x) x##_2
#include "ck_ht_step1_template.h"
#define CK_HT_N 3
#define CK_HT_NAME(x) x##_3
#include "ck_ht_step1_template.h"
#define CK_HT_N 4
#define CK_HT_NAME(x) x##_4
#include "ck_ht_step1_template.h"

void ck_ht_step1_rows_scalar(ck_ht_lane *lanes, size_t count, uint32_t from, uint32_t to) {
    for (; count >= 4; count -= 4, lanes += 4) step1_4(lanes, from, to);
    if (count == 3) step1_3(lanes, from, to);
    if (count == 2) step1_2(lanes, from, to);
    if (count == 1) step1_1(lanes, from, to);
}

void ck_ht_step1_scalar(ck_ht_lane *lanes, size_t count) { ck_ht_step1_all_rows(lanes, count, ck_ht_step1_rows_scalar); }
