/* Rewrites the packets of a stream in other layers, orders and tile-parts. The order is made by sorting, unlike the decoder's loops. */
#include <stdlib.h>
#include <string.h>

#include "ck_packet.h"
#include "htj2k_test.h"

typedef struct {
    uint8_t *bytes;
    size_t n, room;
    uint32_t acc, left; /* packet header bits: `left` free bits in `acc` */
} writer;

static void put(writer *w, uint32_t value, uint32_t nbytes)
{
    if (w->n + nbytes > w->room)
        w->bytes = realloc(w->bytes, w->room = 2 * w->room + 64);
    while (nbytes--)
        w->bytes[w->n++] = (uint8_t)(value >> 8 * nbytes);
}

static void put_bytes(writer *w, const uint8_t *p, size_t n)
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

typedef struct {
    const uint8_t *data;
    const ck_siz *siz;
    const repack_spec *spec;
    uint64_t rng;
    uint32_t poc_r, poc_layer, poc_order;
} job;

static uint64_t start_on_grid(uint32_t res0, uint32_t pp, uint64_t index, uint32_t n, uint32_t step, uint32_t tile0)
{
    uint64_t at = ((uint64_t)(res0 >> pp) + index) << pp;
    return at < res0 ? tile0 : (at << n) * step;
}

static void put_packet(writer *o, const job *j, const ck_tile *tile, const packet *k, enc_node *nodes, const uint32_t *layer_of,
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
            any |= layer_of[p->band[b].first_block + i] == k->layer;
    size_t before = o->n;
    bits_begin(o);
    put_bit(o, any);
    for (uint32_t b = 0; any && b < res->bands; b++) {
        const ck_precinct_band *pb = &p->band[b];
        enc_node *inclusion = nodes + pb->first_node, *planes = inclusion + pb->tree_nodes;
        for (uint32_t i = 0; i < (uint32_t)pb->wide * pb->high; i++) {
            const ck_codeblock *block = &tile->block[pb->first_block + i];
            uint32_t x = i % pb->wide, y = i / pb->wide, mine = layer_of[pb->first_block + i];
            if (mine < k->layer) {
                put_bit(o, 0);
                continue;
            }
            tag_put(o, inclusion, pb->wide, pb->high, x, y, k->layer + 1);
            if (mine != k->layer)
                continue;
            tag_put(o, planes, pb->wide, pb->high, x, y, block->zero_planes + 1u);
            put_bit(o, 0); /* one pass */
            uint32_t lblock = 3, length = block->length[0];
            for (; length >> lblock; lblock++)
                put_bit(o, 1);
            put_bit(o, 0);
            for (uint32_t n = lblock; n-- > 0;)
                put_bit(o, length >> n & 1);
        }
    }
    bits_end(o, o->n == before);
    if (j->spec->eph)
        put(o, CK_EPH, 2);
    for (uint32_t b = 0; any && b < res->bands; b++)
        for (uint32_t i = 0; i < (uint32_t)p->band[b].wide * p->band[b].high; i++)
            if (layer_of[p->band[b].first_block + i] == k->layer) {
                const ck_codeblock *block = &tile->block[p->band[b].first_block + i];
                put_bytes(o, j->data + block->offset[0], block->length[0]);
            }
}

/* The tile-parts of one tile: bytes with borders. */
typedef struct {
    writer w;
    size_t border[256];
    uint32_t parts, done;
} tile_out;

static void pack_tile(job *j, const ck_tile *tile, tile_out *out)
{
    packet *list = NULL;
    size_t count = 0, room = 0;
    enc_node *nodes = calloc(tile->nodes + 1, sizeof *nodes);
    uint32_t *layer_of = malloc((tile->blocks + 1) * sizeof *layer_of);
    for (uint64_t i = 0; i < tile->blocks; i++)
        layer_of[i] = tile->block[i].contributions ? below(&j->rng, j->spec->layers) : UINT32_MAX;
    for (uint32_t c = 0; c < tile->components; c++)
        for (uint32_t r = 0; r <= tile->component[c].levels; r++) {
            const ck_resolution *res = &tile->component[c].resolution[r];
            uint32_t n = tile->component[c].levels - r;
            for (uint64_t p = 0; p < (uint64_t)res->precincts_x * res->precincts_y; p++) {
                for (uint32_t b = 0; b < res->bands; b++) {
                    const ck_precinct_band *pb = &res->precinct[p].band[b];
                    enc_node *inclusion = nodes + pb->first_node, *planes = inclusion + pb->tree_nodes;
                    for (uint32_t i = 0; i < (uint32_t)pb->wide * pb->high; i++) {
                        inclusion[i].value = layer_of[pb->first_block + i];
                        planes[i].value = layer_of[pb->first_block + i] == UINT32_MAX ? UINT32_MAX : tile->block[pb->first_block + i].zero_planes;
                    }
                    if (pb->wide && pb->high)
                        tag_fill(inclusion, pb->wide, pb->high), tag_fill(planes, pb->wide, pb->high);
                }
                for (uint32_t l = 0; l < j->spec->layers; l++) {
                    if (count == room)
                        list = realloc(list, (room = 2 * room + 64) * sizeof *list);
                    list[count++] = (packet){l, r, c, p,
                        start_on_grid(res->x0, res->ppx, p % res->precincts_x, n, j->siz->xrsiz[c], tile->x0),
                        start_on_grid(res->y0, res->ppy, p / res->precincts_x, n, j->siz->yrsiz[c], tile->y0)};
                }
            }
        }
    size_t first = 0;
    if (j->spec->poc) { /* move the packets of the first progression to the front */
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
    uint32_t sequence = 0;
    for (size_t i = 0; i < count; i++) {
        put_packet(&out->w, j, tile, &list[i], nodes, layer_of, &sequence);
        if (j->spec->split && out->parts < 250 && below(&j->rng, 4) == 0)
            out->border[out->parts++] = out->w.n;
    }
    out->border[out->parts++] = out->w.n;
    free(list), free(nodes), free(layer_of);
}

/* Main header with Scod, order, layers replaced, and a POC. */
static void put_main_header(writer *o, job *j, size_t first_sot)
{
    put_bytes(o, j->data, first_sot);
    for (size_t at = 2; at < first_sot; at += 2 + ck_be16(j->data + at + 2))
        if (ck_be16(j->data + at) == CK_COD) {
            o->bytes[at + 4] = (uint8_t)((o->bytes[at + 4] & 1) | j->spec->sop << 1 | j->spec->eph << 2);
            o->bytes[at + 5] = (uint8_t)j->spec->order;
            o->bytes[at + 6] = (uint8_t)(j->spec->layers >> 8), o->bytes[at + 7] = (uint8_t)j->spec->layers;
        }
    if (!j->spec->poc)
        return;
    put(o, CK_POC, 2), put(o, 2 + 14, 2);
    put(o, 0, 1), put(o, 0, 1), put(o, j->poc_layer, 2), put(o, j->poc_r, 1), put(o, j->siz->components, 1), put(o, j->poc_order, 1);
    put(o, 0, 1), put(o, 0, 1), put(o, j->spec->layers, 2), put(o, 33, 1), put(o, j->siz->components, 1), put(o, j->spec->order, 1);
}

static int read_tiles(job *j, const ck_stream *s, ck_style *style, size_t at, tile_out *tiles, uint32_t count)
{
    ck_tile *tile = malloc(sizeof *tile);
    for (uint32_t i = 0; i < count; i++) {
        ck_tile_part part;
        if (ck_read_tile_part(s, j->siz, at, &part))
            return 0;
        ck_arena arena = {0};
        ck_tile_layout(s, j->siz, style, part.tile, 0, tile, &arena);
        arena = (ck_arena){aligned_alloc(64, (arena.used + 127) & ~(uint64_t)63), 0, arena.used};
        ck_tile_layout(s, j->siz, style, part.tile, 0, tile, &arena);
        ck_tile_prepare(tile);
        if (ck_read_packets(s, j->siz, style, tile, &part, 0))
            return 0;
        pack_tile(j, tile, &tiles[part.tile]);
        free(arena.base);
        at = part.data_end;
    }
    free(tile);
    return 1;
}

size_t repack_stream(const uint8_t *data, size_t nbytes, const repack_spec *spec, uint8_t **out)
{
    ck_error_detail detail;
    ck_stream s = {data, nbytes, &detail};
    ck_siz siz;
    ck_style style;
    size_t first_sot;
    if (ck_read_main_header(&s, &siz, &style, &first_sot) || ck_check_style(&s, &siz, &style))
        return 0;
    job j = {.data = data, .siz = &siz, .spec = spec, .rng = spec->seed};
    j.poc_r = 1 + below(&j.rng, style.component[0].levels + 1u), j.poc_layer = 1 + below(&j.rng, spec->layers);
    j.poc_order = below(&j.rng, 5);
    uint32_t count = siz.tiles_x * siz.tiles_y, left = count;
    tile_out *tiles = calloc(count, sizeof *tiles);
    writer o = {0};
    put_main_header(&o, &j, first_sot);
    if (!read_tiles(&j, &s, &style, first_sot, tiles, count))
        return 0;
    while (left > 0) {
        uint32_t t = spec->split ? below(&j.rng, count) : count - left;
        tile_out *tile = &tiles[t];
        if (tile->done == tile->parts)
            continue;
        size_t from = tile->done ? tile->border[tile->done - 1] : 0, n = tile->border[tile->done] - from;
        int last = left == 1 && tile->done + 1 == tile->parts;
        put(&o, CK_SOT, 2), put(&o, 10, 2), put(&o, t, 2);
        put(&o, last && spec->last_psot_zero ? 0 : (uint32_t)(n + 14), 4), put(&o, tile->done, 1);
        put(&o, tile->done + 1 == tile->parts ? tile->parts : 0, 1);
        put(&o, CK_SOD, 2);
        put_bytes(&o, tile->w.bytes + from, n);
        if (++tile->done == tile->parts)
            left--;
    }
    put(&o, CK_EOC, 2);
    for (uint32_t t = 0; t < count; t++)
        free(tiles[t].w.bytes);
    free(tiles);
    *out = o.bytes;
    return o.n;
}
