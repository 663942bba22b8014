/* Packets of one tile: headers (T.800 B.10 with the segments of T.814) and progression order (B.12). */
#ifndef CK_PACKET_H
#define CK_PACKET_H

#include "ck_tile.h"

typedef struct {
    const ck_stream *stream;
    const ck_siz *siz;
    const ck_style *style;
    ck_tile *tile;
    const ck_tile_part *parts; /* all tile-parts; those of the tile are linked */
    uint32_t part;             /* current one, or CK_NO_PART */
    size_t at, end;            /* offsets in the codestream: next packet, end of the tile-part */
    uint64_t needed;           /* packets of wanted resolutions still to come */
} ck_packet_reader;

/* Reads the packets of a tile whose parts begin at `first_part`, up to the last one that wanted resolutions need. */
ck_status ck_read_packets(const ck_stream *s, const ck_siz *siz, const ck_style *style, ck_tile *tile,
                          const ck_tile_part *parts, uint32_t first_part);

/* Reads the packet of one layer of one precinct at the reader's position. */
ck_status ck_read_packet(ck_packet_reader *reader, uint32_t component, uint32_t resolution, ck_precinct *precinct, uint32_t layer);

#endif
