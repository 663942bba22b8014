/* Rewrites the packets of a stream in other layers, orders and tile-parts. */
#include <stdlib.h>
#include <string.h>

#include "htj2k_packets.h"

/* Main header with Scod, order, layers replaced, and a POC. */
static void put_changed_header(writer *o, const packet_job *j, const uint8_t *data, size_t first_sot)
{
    put_bytes(o, data, first_sot);
    for (size_t at = 2; at < first_sot; at += 2 + ck_be16(data + at + 2))
        if (ck_be16(data + at) == CK_COD) {
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

/* Each block as it is, in a random layer. */
static packed_block *blocks_of(packet_job *j, const ck_tile *tile, const uint8_t *data)
{
    packed_block *blocks = calloc(tile->blocks + 1, sizeof *blocks);
    for (uint64_t i = 0; i < tile->blocks; i++) {
        const ck_codeblock *b = &tile->block[i];
        if (!b->contributions)
            continue;
        blocks[i].zero_planes = b->zero_planes;
        blocks[i].count = 1;
        blocks[i].part[0] = (contribution){.layer = below(&j->rng, j->spec->layers), .cleanup = 1, .length_cleanup = b->length[0],
                                           .data = data + b->offset[0]};
    }
    return blocks;
}

static int read_tiles(packet_job *j, const ck_stream *s, ck_style *style, size_t at, tile_out *tiles, uint32_t count)
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
        packed_block *blocks = blocks_of(j, tile, s->data);
        pack_tile(j, tile, blocks, &tiles[part.tile]);
        free(blocks), free(arena.base);
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
    packet_job j = {.siz = &siz, .spec = spec, .rng = spec->seed};
    j.poc_r = 1 + below(&j.rng, style.component[0].levels + 1u), j.poc_layer = 1 + below(&j.rng, spec->layers);
    j.poc_order = below(&j.rng, 5);
    uint32_t count = siz.tiles_x * siz.tiles_y;
    tile_out *tiles = calloc(count, sizeof *tiles);
    writer o = {0};
    put_changed_header(&o, &j, data, first_sot);
    if (!read_tiles(&j, &s, &style, first_sot, tiles, count))
        return 0;
    put_tile_parts(&o, &j, tiles, count);
    free(tiles);
    *out = o.bytes;
    return o.n;
}
