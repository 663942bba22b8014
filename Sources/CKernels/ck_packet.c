/* Packet headers and bodies, ITU-T T.800 B.9, B.10 and T.814 Annex B. */
#include "ck_packet.h"

/* Packet header reader, B.10.1: a byte after FF holds seven bits. */
typedef struct {
    const uint8_t *data;
    size_t at, end;
    uint32_t byte, bits;
    uint8_t overrun, broken; /* read past the end; found a marker */
} ck_header_bits;

static inline uint32_t header_bit(ck_header_bits *h)
{
    if (h->bits == 0) {
        if (h->at >= h->end) {
            h->overrun = 1;
            return 0;
        }
        uint32_t after_ff = h->byte == 0xFF;
        h->byte = h->data[h->at++];
        h->bits = 8 - after_ff;
        if (after_ff && h->byte > 0x8F)
            h->broken = 1;
    }
    h->bits--;
    return h->byte >> h->bits & 1;
}

static uint32_t header_number(ck_header_bits *h, uint32_t nbits)
{
    uint32_t value = 0;
    while (nbits--)
        value = value << 1 | header_bit(h);
    return value;
}

/* Where the nodes of a tag tree's levels are, from the leaves up. */
enum { TAG_LEVELS = 17 };
typedef struct {
    uint32_t offset[TAG_LEVELS], row[TAG_LEVELS], levels;
} ck_tag_shape;

static void shape_tags(ck_tag_shape *shape, uint32_t wide, uint32_t high)
{
    shape->levels = 0;
    for (uint32_t w = wide, v = high, at = 0; shape->levels < TAG_LEVELS; w = (w + 1) / 2, v = (v + 1) / 2) {
        shape->offset[shape->levels] = at, shape->row[shape->levels] = w, shape->levels++;
        if (w <= 1 && v <= 1)
            break;
        at += w * v;
    }
}

/* Tag tree, B.10.2: is the value of leaf (x, y) below `threshold`? */
static int tag_below(ck_header_bits *h, ck_tag_node *nodes, const ck_tag_shape *shape, uint32_t x, uint32_t y, uint32_t threshold)
{
    uint32_t low = 0;
    ck_tag_node *node = nodes;
    for (uint32_t level = shape->levels; level-- > 0;) {
        node = nodes + shape->offset[level] + (y >> level) * shape->row[level] + (x >> level);
        if (node->low > low)
            low = node->low;
        while (low < threshold && !node->known) {
            if (header_bit(h))
                node->known = 1;
            else
                low++;
        }
        node->low = (uint16_t)low;
    }
    return node->known && low < threshold;
}

/* Number of new coding passes, table B.4. */
static uint32_t read_passes(ck_header_bits *h)
{
    if (!header_bit(h))
        return 1;
    if (!header_bit(h))
        return 2;
    uint32_t n = header_number(h, 2);
    if (n < 3)
        return 3 + n;
    n = header_number(h, 5);
    if (n < 31)
        return 6 + n;
    return 37 + header_number(h, 7);
}

static uint32_t floor_log2(uint32_t n) { return 31 - (uint32_t)__builtin_clz(n); }

/* What the body of the packet being read still has to be matched with. */
#define CK_PENDING UINT32_MAX

/*
 * Segment lengths of one included block, B.10.7 with T.814: the first segment holds the placeholder passes (threes, without
 * bytes) and the clean-up pass, the second one the refinement passes; refinement that comes in later layers goes on with it.
 */
static ck_status read_lengths(ck_header_bits *h, ck_codeblock *b, uint32_t k_max, ck_htj2k_reason *reason)
{
    uint32_t passes = read_passes(h);
    while (header_bit(h))
        if (++b->lblock > 32)
            return CK_ERR_DAMAGED;
    uint32_t cleanup = 0, refinement = 0;
    if (b->passes == 0) {
        uint32_t placeholders = (passes - 1) / 3;
        if (b->zero_planes + placeholders >= k_max)
            return CK_ERR_DAMAGED;
        b->zero_planes = (uint8_t)(b->zero_planes + placeholders);
        uint32_t nbits = b->lblock + floor_log2(3 * placeholders + 1);
        if (nbits > 32)
            return CK_ERR_DAMAGED;
        cleanup = header_number(h, nbits);
        passes -= 3 * placeholders + 1;
        b->length_cleanup = cleanup;
        b->passes = 1;
    } else if (b->passes + passes > 3 || b->length_cleanup == 0) {
        *reason = CK_REASON_HT_SETS;
        return CK_ERR_UNSUPPORTED;
    }
    if (passes > 0) {
        uint32_t nbits = b->lblock + floor_log2(passes);
        if (nbits > 32)
            return CK_ERR_DAMAGED;
        refinement = header_number(h, nbits);
        b->passes = (uint8_t)(b->passes + passes);
        if (__builtin_add_overflow(b->length_refinement, refinement, &b->length_refinement))
            return CK_ERR_DAMAGED;
    }
    uint64_t length = (uint64_t)cleanup + refinement;
    if (length >= CK_PENDING)
        return CK_ERR_DAMAGED;
    if (length > 0) {
        b->offset[b->contributions] = CK_PENDING;
        b->length[b->contributions++] = (uint32_t)length;
    }
    return CK_OK;
}

/* The blocks of one sub-band in a packet header, raster order. */
static ck_status read_band_header(ck_header_bits *h, ck_tile *tile, const ck_precinct_band *pb, uint32_t k_max, uint32_t layer,
                                  ck_htj2k_reason *reason)
{
    ck_tag_node *inclusion = tile->node + pb->first_node, *planes = inclusion + pb->tree_nodes;
    ck_codeblock *b = tile->block + pb->first_block;
    ck_tag_shape shape;
    shape_tags(&shape, pb->wide, pb->high);
    for (uint32_t y = 0; y < pb->high; y++)
        for (uint32_t x = 0; x < pb->wide; x++, b++) {
            if (h->overrun || h->broken)
                return CK_OK;
            if (b->included) {
                if (!header_bit(h))
                    continue;
            } else {
                if (!tag_below(h, inclusion, &shape, x, y, layer + 1))
                    continue;
                /* One descent: no node is asked before its parent's value is known, so k_max may be the threshold at once. */
                if (!tag_below(h, planes, &shape, x, y, k_max))
                    return CK_ERR_DAMAGED;
                b->included = 1;
                b->zero_planes = (uint8_t)planes[y * pb->wide + x].low;
            }
            ck_status status = read_lengths(h, b, k_max, reason);
            if (status)
                return status;
        }
    return CK_OK;
}

/* Packet body, B.9: gives the pending contributions their places. */
static ck_status place_body(ck_packet_reader *reader, const ck_precinct *precinct, uint32_t bands)
{
    for (uint32_t i = 0; i < bands; i++) {
        const ck_precinct_band *pb = &precinct->band[i];
        ck_codeblock *b = reader->tile->block + pb->first_block, *end = b + (size_t)pb->wide * pb->high;
        for (; b < end; b++) {
            if (b->contributions == 0 || b->offset[b->contributions - 1] != CK_PENDING)
                continue;
            uint32_t length = b->length[b->contributions - 1];
            if (length > reader->end - reader->at)
                return ck_fail(reader->stream, CK_ERR_TRUNCATED, CK_REASON_DATA_END, reader->end);
            b->offset[b->contributions - 1] = (uint32_t)reader->at;
            reader->at += length;
        }
    }
    return CK_OK;
}

/* Moves to the next tile-part of the tile when the current one is used up. A packet lies in one tile-part. */
static ck_status enter_tile_part(ck_packet_reader *reader)
{
    while (reader->at >= reader->end) {
        uint32_t next = reader->parts[reader->part].next;
        if (reader->parts[reader->part].truncated || next == CK_NO_PART)
            return ck_fail(reader->stream, CK_ERR_TRUNCATED, CK_REASON_DATA_END, reader->end);
        reader->part = next;
        reader->at = reader->parts[next].header_end;
        reader->end = reader->parts[next].data_end;
    }
    return CK_OK;
}

static ck_status read_packet(ck_packet_reader *reader, const ck_resolution *res, ck_precinct *precinct, uint32_t layer)
{
    const ck_stream *s = reader->stream;
    ck_status status = enter_tile_part(reader);
    if (status)
        return status;
    const uint8_t *data = s->data;
    /* SOP, A.8.1: may stand before any packet when Scod allows it. */
    size_t left = reader->end - reader->at;
    if (reader->style->sop && left >= 2 && ck_be16(data + reader->at) == CK_SOP) {
        if (left < 6)
            return ck_fail(s, CK_ERR_TRUNCATED, CK_REASON_DATA_END, reader->end);
        reader->at += 6;
    }
    ck_header_bits h = {.data = data, .at = reader->at, .end = reader->end};
    if (header_bit(&h)) {
        ck_htj2k_reason reason = CK_REASON_PACKET;
        for (uint32_t i = 0; i < res->bands; i++)
            if ((status = read_band_header(&h, reader->tile, &precinct->band[i], res->band[i].k_max, layer, &reason)))
                return h.overrun ? ck_fail(s, CK_ERR_TRUNCATED, CK_REASON_DATA_END, h.at) : ck_fail(s, status, reason, h.at);
    }
    /* B.10.1: a header that ends in FF has one more byte. */
    if (!h.overrun && h.byte == 0xFF) {
        h.bits = 0;
        (void)header_bit(&h);
    }
    if (h.broken)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_PACKET, h.at);
    if (h.overrun)
        return ck_fail(s, CK_ERR_TRUNCATED, CK_REASON_DATA_END, h.at);
    reader->at = h.at;
    if (reader->style->eph) { /* A.8.2 */
        if (reader->end - reader->at < 2)
            return ck_fail(s, CK_ERR_TRUNCATED, CK_REASON_DATA_END, reader->end);
        if (ck_be16(data + reader->at) != CK_EPH)
            return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_PACKET, reader->at);
        reader->at += 2;
    }
    return place_body(reader, precinct, res->bands);
}

ck_status ck_read_packet(ck_packet_reader *reader, uint32_t component, uint32_t resolution, ck_precinct *precinct, uint32_t layer)
{
    const ck_tile_component *tc = &reader->tile->component[component];
    ck_status status = read_packet(reader, &tc->resolution[resolution], precinct, layer);
    if (status) {
        ck_error_detail *d = reader->stream->detail;
        d->tile = (int32_t)reader->tile->index, d->component = (int32_t)component, d->resolution = (int32_t)resolution;
        return status;
    }
    precinct->next_layer = (uint16_t)(layer + 1);
    if (resolution <= tc->wanted)
        reader->needed--;
    return CK_OK;
}
