/* Un-stuffing in portable C, and what begins a lane. */
#include "ck_ht_bitsink.h"

static inline void put_stuffed(ck_bitsink *sink, uint64_t x, uint64_t stuffed) {
    for (int i = 0; i < 8; i++, x >>= 8, stuffed >>= 8) {
        uint32_t is_stuffed = (uint32_t)(stuffed >> 7) & 1;
        ck_bitsink_put(sink, x & (0xFFu >> is_stuffed), 8 - is_stuffed);
    }
}

#define CK_HT_NAME(x) x##_scalar
#define CK_HT_TARGET
#define CK_HT_PUT_STUFFED put_stuffed
#include "ck_ht_unstuff_template.h"

void ck_ht_lane_begin(const ck_ht_dispatch *d, ck_ht_lane *lane, const ck_ht_block *block, uint32_t scup) {
    lane->quads_x = (block->width + 1u) / 2;
    lane->quads_y = (block->height + 1u) / 2;
    lane->pairs_x = (lane->quads_x + 1) / 2;
    lane->limit = block->missing_msbs + 2u;

    const uint8_t *end = block->data + block->length_cleanup;
    lane->mel_next = end - scup;
    lane->mel_last = end - 2;
    lane->mel_bits = 0;
    lane->mel_nbits = lane->mel_state = lane->mel_previous = 0;
    lane->events_read = lane->events_written = 0;
    memset(lane->events, 0, sizeof lane->events);

    lane->vlc_position = 0;
    lane->vlc_nbits = d->unstuff_vlc(end - scup, end - 2, lane->vlc, lane->pairs_x * lane->quads_y * 4 + 16);
}
