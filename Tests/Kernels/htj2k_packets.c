/*
 * Packets of one tile in any layers, order and tile-parts. The order is made by sorting, unlike the decoder's loops. Written from T.800
 * B.9 to B.12 and T.814 Annex B.
 */
#include <stdlib.h>
#include <string.h>

#include "htj2k_packets.h"

void put(writer *w, uint32_t value, uint32_t nbytes)
{
    if (w->n + nbytes > w->room)
        w->bytes = realloc(w->bytes, w->room = 2 * w->room + 64);
    while (nbytes--)
        w->bytes[w->n++] = (uint8_t)(value >> 8 * nbytes);
}

void put_bytes(writer *w, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(w, p[i], 1);
}

static void bits_begin(writer *w) { w->acc = 0, w->left = 8; }

static void put_bit(writer *w, uint32_t bit)
{
    w->acc |= bit << --w->left;
    if (w->left == 0) {
        put(w, w->acc, 1);
        w->left = w->acc == 0xFF ? 7 : 8;
        w->acc = 0;
    }
}

static void bits_end(writer *w, int fresh)
{
    int stuffed = w->n > 0 && !fresh && w->bytes[w->n - 1] == 0xFF;
    if (w->left < (stuffed ? 7u : 8u) || stuffed) {
        put(w, w->acc, 1);
        if (w->acc == 0xFF)
            put(w, 0, 1);
    }
}

typedef struct {
    uint32_t value, low, known;
} enc_node;

static void tag_fill(enc_node *nodes, uint32_t w, uint32_t h)
{
    while (w > 1 || h > 1) {
        uint32_t pw = (w + 1) / 2, ph = (h + 1) / 2;
        enc_node *up = nodes + w * h;
        for (uint32_t i = 0; i < pw * ph; i++)
            up[i] = (enc_node){UINT32_MAX, 0, 0};
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++)
                if (nodes[y * w + x].value < up[y / 2 * pw + x / 2].value)
                    up[y / 2 * pw + x / 2].value = nodes[y * w + x].value;
        nodes = up, w = pw, h = ph;
    }
}

static uint32_t tag_put(writer *o, enc_node *nodes, uint32_t w, uint32_t h, uint32_t x, uint32_t y, uint32_t threshold)
{
    enc_node *up = nodes + w * h, *me = &nodes[y * w + x];
    uint32_t low = w > 1 || h > 1 ? tag_put(o, up, (w + 1) / 2, (h + 1) / 2, x / 2, y / 2, threshold) : 0;
    low = me->low > low ? me->low : low;
    while (low < threshold) {
        if (low >= me->value) {
            if (!me->known)
                put_bit(o, 1), me->known = 1;
            break;
        }
        put_bit(o, 0), low++;
    }
    return me->low = low;
}

/* A packet and its place in the orders. */
typedef struct {
    uint32_t layer, r, c;
    uint64_t p, x, y;
} packet;

static int order_now;

static int compare(const void *a_, const void *b_)
{
    const packet *a = a_, *b = b_;
    const uint64_t keys[5][2][6] = {
        {{a->layer, a->r, a->c, a->p, 0, 0}, {b->layer, b->r, b->c, b->p, 0, 0}},
        {{a->r, a->layer, a->c, a->p, 0, 0}, {b->r, b->layer, b->c, b->p, 0, 0}},
        {{a->r, a->y, a->x, a->c, a->p, a->layer}, {b->r, b->y, b->x, b->c, b->p, b->layer}},
        {{a->y, a->x, a->c, a->r, a->p, a->layer}, {b->y, b->x, b->c, b->r, b->p, b->layer}},
        {{a->c, a->y, a->x, a->r, a->p, a->layer}, {b->c, b->y, b->x, b->r, b->p, b->layer}}};
    for (int i = 0; i < 6; i++)
        if (keys[order_now][0][i] != keys[order_now][1][i])
            return keys[order_now][0][i] < keys[order_now][1][i] ? -1 : 1;
    return 0;
}

static uint64_t start_on_grid(uint32_t res0, uint32_t pp, uint64_t index, uint32_t n, uint32_t step, uint32_t tile0)
{
    uint64_t at = ((uint64_t)(res0 >> pp) + index) << pp;
    return at < res0 ? tile0 : (at << n) * step;
}

/* Number of new coding passes, table B.4. */
static void put_passes(writer *o, uint32_t n)
{
    static const struct { uint32_t first, bits, prefix, prefix_bits; } rows[] = {{1, 0, 0, 1}, {2, 0, 2, 2}, {3, 2, 3, 2}, {6, 5, 15, 4},
                                                                                {37, 7, 511, 9}};
    int row = n >= 37 ? 4 : n >= 6 ? 3 : n >= 3 ? 2 : n == 2 ? 1 : 0;
    for (uint32_t i = rows[row].prefix_bits; i-- > 0;)
        put_bit(o, rows[row].prefix >> i & 1);
    for (uint32_t i = rows[row].bits; i-- > 0;)
        put_bit(o, (n - rows[row].first) >> i & 1);
}

static uint32_t floor_log2(uint32_t n) { return 31 - (uint32_t)__builtin_clz(n); }

static void put_length(writer *o, uint32_t lblock, uint32_t passes, uint32_t length)
{
    for (uint32_t i = lblock + floor_log2(passes); i-- > 0;)
        put_bit(o, length >> i & 1);
}

/* B.10.7 with T.814: a segment of the placeholder and clean-up passes, one of the refinement passes. */
static void put_contribution(writer *o, packed_block *b, const contribution *k, uint32_t spare)
{
    uint32_t first = k->cleanup ? 3 * k->placeholders + 1 : 0;
    put_passes(o, first + k->refinement);
    uint32_t lblock = b->lblock + spare;
    while (first && k->length_cleanup >> (lblock + floor_log2(first)))
        lblock++;
    while (k->refinement && k->length_refinement >> (lblock + floor_log2(k->refinement)))
        lblock++;
    for (; b->lblock < lblock; b->lblock++)
        put_bit(o, 1);
    put_bit(o, 0);
    if (first)
        put_length(o, lblock, first, k->length_cleanup);
    if (k->refinement)
        put_length(o, lblock, k->refinement, k->length_refinement);
}

static const contribution *part_in_layer(const packed_block *b, uint32_t layer)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (b->part[i].layer == layer)
            return &b->part[i];
    return NULL;
}

static void put_packet(writer *o, packet_job *j, const ck_tile *tile, const packet *k, enc_node *nodes, packed_block *blocks,
                       uint32_t *sequence)
{
    const ck_resolution *res = &tile->component[k->c].resolution[k->r];
    const ck_precinct *p = &res->precinct[k->p];
    if (j->spec->sop)
        put(o, CK_SOP, 2), put(o, 4, 2), put(o, *sequence & 0xFFFF, 2);
    ++*sequence;
    uint32_t any = k->layer & 1; /* odd layers: a full header even when nothing is in it */
    for (uint32_t b = 0; b < res->bands; b++)
        for (uint32_t i = 0; i < (uint32_t)p->band[b].wide * p->band[b].high; i++)
            any |= part_in_layer(&blocks[p->band[b].first_block + i], k->layer) != NULL;
    size_t before = o->n;
    bits_begin(o);
    put_bit(o, any);
    for (uint32_t b = 0; any && b < res->bands; b++) {
        const ck_precinct_band *pb = &p->band[b];
        enc_node *inclusion = nodes + pb->first_node, *planes = inclusion + pb->tree_nodes;
        for (uint32_t i = 0; i < (uint32_t)pb->wide * pb->high; i++) {
            packed_block *block = &blocks[pb->first_block + i];
            const contribution *part = part_in_layer(block, k->layer);
            uint32_t x = i % pb->wide, y = i / pb->wide;
            if (block->count && block->part[0].layer < k->layer) {
                put_bit(o, part != NULL);
            } else {
                tag_put(o, inclusion, pb->wide, pb->high, x, y, k->layer + 1);
                if (part)
                    tag_put(o, planes, pb->wide, pb->high, x, y, block->zero_planes + 1u);
            }
            if (part)
                put_contribution(o, block, part, below(&j->rng, 8) == 0);
        }
    }
    bits_end(o, o->n == before);
    if (j->spec->eph)
        put(o, CK_EPH, 2);
    for (uint32_t b = 0; any && b < res->bands; b++)
        for (uint32_t i = 0; i < (uint32_t)p->band[b].wide * p->band[b].high; i++) {
            const contribution *part = part_in_layer(&blocks[p->band[b].first_block + i], k->layer);
            if (part)
                put_bytes(o, part->data, part->length_cleanup + part->length_refinement);
        }
}

static void fill_trees(const ck_precinct_band *pb, enc_node *nodes, const packed_block *blocks)
{
    enc_node *inclusion = nodes + pb->first_node, *planes = inclusion + pb->tree_nodes;
    for (uint32_t i = 0; i < (uint32_t)pb->wide * pb->high; i++) {
        const packed_block *b = &blocks[pb->first_block + i];
        inclusion[i].value = b->count ? b->part[0].layer : UINT32_MAX;
        planes[i].value = b->count ? b->zero_planes : UINT32_MAX;
    }
    if (pb->wide && pb->high)
        tag_fill(inclusion, pb->wide, pb->high), tag_fill(planes, pb->wide, pb->high);
}

static void sort_packets(const packet_job *j, packet *list, size_t count)
{
    size_t first = 0;
    if (j->spec->poc) { /* the packets of the first progression go to the front */
        for (size_t i = 0; i < count; i++)
            if (list[i].r < j->poc_r && list[i].layer < j->poc_layer) {
                packet k = list[i];
                list[i] = list[first], list[first++] = k;
            }
        order_now = (int)j->poc_order;
        qsort(list, first, sizeof *list, compare);
    }
    order_now = (int)j->spec->order;
    if (count > first)
        qsort(list + first, count - first, sizeof *list, compare);
}

void pack_tile(packet_job *j, const ck_tile *tile, packed_block *blocks, tile_out *out)
{
    packet *list = NULL;
    size_t count = 0, room = 0;
    enc_node *nodes = calloc(tile->nodes + 1, sizeof *nodes);
    for (uint64_t i = 0; i < tile->blocks; i++)
        blocks[i].lblock = 3;
    for (uint32_t c = 0; c < tile->components; c++)
        for (uint32_t r = 0; r <= tile->component[c].levels; r++) {
            const ck_resolution *res = &tile->component[c].resolution[r];
            uint32_t n = tile->component[c].levels - r;
            for (uint64_t p = 0; p < (uint64_t)res->precincts_x * res->precincts_y; p++) {
                for (uint32_t b = 0; b < res->bands; b++)
                    fill_trees(&res->precinct[p].band[b], nodes, blocks);
                for (uint32_t l = 0; l < j->spec->layers; l++) {
                    if (count == room)
                        list = realloc(list, (room = 2 * room + 64) * sizeof *list);
                    list[count++] = (packet){l, r, c, p,
                        start_on_grid(res->x0, res->ppx, p % res->precincts_x, n, j->siz->xrsiz[c], tile->x0),
                        start_on_grid(res->y0, res->ppy, p / res->precincts_x, n, j->siz->yrsiz[c], tile->y0)};
                }
            }
        }
    if (count)
        sort_packets(j, list, count);
    uint32_t sequence = 0;
    for (size_t i = 0; i < count; i++) {
        put_packet(&out->w, j, tile, &list[i], nodes, blocks, &sequence);
        if (j->spec->split && out->parts < MAX_TILE_PARTS - 5 && below(&j->rng, 4) == 0)
            out->border[out->parts++] = out->w.n;
    }
    out->border[out->parts++] = out->w.n;
    free(list), free(nodes);
}

void put_tile_parts(writer *o, packet_job *j, tile_out *tiles, uint32_t count)
{
    uint32_t left = count;
    while (left > 0) {
        uint32_t t = j->spec->split ? below(&j->rng, count) : count - left;
        tile_out *tile = &tiles[t];
        if (tile->done == tile->parts)
            continue;
        size_t from = tile->done ? tile->border[tile->done - 1] : 0, n = tile->border[tile->done] - from;
        int last = left == 1 && tile->done + 1 == tile->parts;
        put(o, CK_SOT, 2), put(o, 10, 2), put(o, t, 2);
        put(o, last && j->spec->last_psot_zero ? 0 : (uint32_t)(n + 14), 4), put(o, tile->done, 1);
        put(o, tile->done + 1 == tile->parts ? tile->parts : 0, 1);
        put(o, CK_SOD, 2);
        if (n)
            put_bytes(o, tile->w.bytes + from, n);
        if (++tile->done == tile->parts)
            left--;
    }
    put(o, CK_EOC, 2);
    for (uint32_t t = 0; t < count; t++)
        free(tiles[t].w.bytes), tiles[t].w.bytes = NULL;
}
