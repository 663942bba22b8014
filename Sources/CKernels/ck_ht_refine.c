/*
 * Refinement passes of an HT set, T.814 7.4 (SPP) and 7.5 (MRP), over the result of the clean-up pass. Both go through stripes of
 * four rows, column by column. They share one segment: SPP reads it forwards, MRP backwards. Past its end both read zeros.
 * Written for clearness: streams with these passes are lossy or layered and rare in this field.
 */
#include "ck_ht_lane.h"

enum { SIGNIFICANT = 1, FOUND = 2 }; /* by the clean-up pass; by SPP */

typedef struct {
    const uint8_t *next, *end; /* MRP: next is one past the byte to read, end the segment's start */
    uint32_t bits, nbits, last;
} refine_reader;

static uint32_t forward_bit(refine_reader *r) {
    if (r->nbits == 0) {
        r->bits = r->next != r->end ? *r->next++ : 0;
        r->nbits = r->last == 0xFF ? 7 : 8;
        r->last = r->bits;
    }
    uint32_t bit = r->bits & 1;
    r->bits >>= 1;
    r->nbits--;
    return bit;
}

static uint32_t backward_bit(refine_reader *r) {
    if (r->nbits == 0) {
        r->bits = r->next != r->end ? *--r->next : 0;
        r->nbits = r->last > 0x8F && (r->bits & 0x7F) == 0x7F ? 7 : 8;
        r->last = r->bits;
    }
    uint32_t bit = r->bits & 1;
    r->bits >>= 1;
    r->nbits--;
    return bit;
}

static void fill_states(const ck_ht_lane *lane, const ck_ht_block *block, uint8_t *states) {
    size_t stride = block->width + 2u;
    memset(states, 0, stride * (block->height + 2u));
    for (uint32_t y = 0; y < block->height; y++) {
        const uint32_t *tags = lane->tags + ck_ht_record(lane, y / 2, 0);
        uint8_t *row = states + (y + 1) * stride + 1;
        for (uint32_t x = 0; x < block->width; x++)
            row[x] = tags[x / 4] >> ((x & 2 ? 16 : 0) + (x & 1) * 2 + (y & 1)) & 1 ? SIGNIFICANT : 0;
    }
}

static int has_significant_neighbour(const uint8_t *s, size_t stride, int below_counts) {
    uint32_t any = s[-1] | s[1];
    const uint8_t *above = s - stride, *below = s + stride;
    any |= above[-1] | above[0] | above[1];
    if (below_counts) any |= below[-1] | below[0] | below[1];
    return any != 0;
}

/* 7.4: the significance bits of a stripe's four columns come first, then the signs of those found. */
static void propagate(const ck_ht_block *block, int32_t *image, uint8_t *states) {
    const uint32_t width = block->width, height = block->height;
    const uint8_t *start = block->data + block->length_cleanup;
    refine_reader reader = {start, start + block->length_refinement, 0, 0, 0};
    const size_t stride = width + 2u;
    const uint32_t value = 3u << (block->k_max - 2u - block->missing_msbs);
    for (uint32_t y0 = 0; y0 < height; y0 += 4) {
        uint32_t y1 = y0 + 4 < height ? y0 + 4 : height;
        for (uint32_t x0 = 0; x0 < width; x0 += 4) {
            uint32_t x1 = x0 + 4 < width ? x0 + 4 : width;
            uint32_t found = 0, at = 0;
            for (uint32_t x = x0; x < x1; x++)
                for (uint32_t y = y0; y < y1; y++, at++) {
                    uint8_t *s = states + (y + 1) * stride + x + 1;
                    int below_counts = !(block->stripe_causal && y == y0 + 3);
                    if (*s || !has_significant_neighbour(s, stride, below_counts) || !forward_bit(&reader)) continue;
                    *s = FOUND;
                    found |= 1u << at;
                }
            for (at = 0; found; at++, found >>= 1) {
                if (!(found & 1)) continue;
                uint32_t x = x0 + at / (y1 - y0), y = y0 + at % (y1 - y0);
                uint32_t sign = 0u - forward_bit(&reader);
                image[(size_t)y * width + x] = (int32_t)((value ^ sign) - sign);
            }
        }
    }
}

/* 7.5: one bit more of every sample that the clean-up pass found. */
static void refine(const ck_ht_block *block, int32_t *image, const uint8_t *states) {
    const uint32_t width = block->width, height = block->height;
    const uint8_t *start = block->data + block->length_cleanup;
    refine_reader reader = {start + block->length_refinement, start, 0, 0, 0xFF};
    const size_t stride = width + 2u;
    const uint32_t half = 1u << (block->k_max - 2u - block->missing_msbs);
    for (uint32_t y0 = 0; y0 < height; y0 += 4)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t y = y0; y < height && y < y0 + 4; y++) {
                if (states[(y + 1) * stride + x + 1] != SIGNIFICANT) continue;
                /* The middle of the interval moves up or down by half of its new length. */
                int32_t *sample = image + (size_t)y * width + x;
                uint32_t sign = 0u - (*sample < 0), change = backward_bit(&reader) ? half : 0u - half;
                *sample = (int32_t)((uint32_t)*sample + ((change ^ sign) - sign));
            }
}

void ck_ht_refine(const ck_ht_lane *lane, const ck_ht_block *block, int32_t *image, uint8_t *states) {
    fill_states(lane, block, states);
    propagate(block, image, states);
    if (block->passes > 2) refine(block, image, states);
}
