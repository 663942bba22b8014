/* Order of the packets of a tile, ITU-T T.800 B.12: five progressions, progression order changes. */
#include "ck_packet.h"

/* A precinct's packets of the layers that the progression includes and that have not come yet (B.12.2). */
static ck_status read_layers(ck_packet_reader *reader, uint32_t c, uint32_t r, uint64_t precinct, uint32_t from, uint32_t to)
{
    ck_precinct *p = &reader->tile->component[c].resolution[r].precinct[precinct];
    for (uint32_t layer = from > p->next_layer ? from : p->next_layer; layer < to && reader->needed > 0; layer++) {
        ck_status status = ck_read_packet(reader, c, r, p, layer);
        if (status)
            return status;
    }
    return CK_OK;
}

/* All precincts of one resolution of the progression's components, one layer. */
static ck_status read_components(ck_packet_reader *reader, const ck_progression *g, uint32_t r, uint32_t layer)
{
    for (uint32_t c = g->component_start; c < g->component_end; c++) {
        const ck_tile_component *tc = &reader->tile->component[c];
        if (r > tc->levels)
            continue;
        uint64_t precincts = (uint64_t)tc->resolution[r].precincts_x * tc->resolution[r].precincts_y;
        for (uint64_t p = 0; p < precincts && reader->needed > 0; p++) {
            ck_status status = read_layers(reader, c, r, p, layer, layer + 1);
            if (status)
                return status;
        }
    }
    return CK_OK;
}

/* LRCP and RLCP, B.12.1.1 and B.12.1.2. */
static ck_status read_by_layer(ck_packet_reader *reader, const ck_progression *g, uint32_t r_end, uint32_t layer_end)
{
    int layer_first = g->order == 0;
    uint32_t outer_end = layer_first ? layer_end : r_end, inner_end = layer_first ? r_end : layer_end;
    for (uint32_t outer = layer_first ? 0 : g->resolution_start; outer < outer_end; outer++)
        for (uint32_t inner = layer_first ? g->resolution_start : 0; inner < inner_end; inner++) {
            ck_status status = read_components(reader, g, layer_first ? inner : outer, layer_first ? outer : inner);
            if (status || reader->needed == 0)
                return status;
        }
    return CK_OK;
}

/* One tile-component's resolution among those whose precincts a position loop visits. */
typedef struct {
    uint32_t component, resolution, down; /* down: N_L - r */
    uint64_t step_x, step_y;              /* precinct size on the reference grid */
} visited;

/* B.12.1.3: does a row (or column) of precincts begin at grid position v? */
static int begins(uint64_t v, uint64_t step, uint64_t tile_start, uint32_t resolution_start, uint32_t pp)
{
    return v % step == 0 || (v == tile_start && (resolution_start & (((uint64_t)1 << pp) - 1)) != 0);
}

static uint64_t next_multiple(uint64_t v, uint64_t step) { return (v / step + 1) * step; }

/* The precinct of one resolution at grid position (x, y), B-20. Positions outside it have none. */
static ck_status visit(ck_packet_reader *reader, const visited *v, uint64_t x, uint64_t y, uint32_t layer_end)
{
    const ck_siz *siz = reader->siz;
    const ck_resolution *res = &reader->tile->component[v->component].resolution[v->resolution];
    uint64_t px = ck_ceil_shift(ck_ceil_div(x, siz->xrsiz[v->component]), v->down) >> res->ppx;
    uint64_t py = ck_ceil_shift(ck_ceil_div(y, siz->yrsiz[v->component]), v->down) >> res->ppy;
    px -= res->x0 >> res->ppx, py -= res->y0 >> res->ppy;
    if (px >= res->precincts_x || py >= res->precincts_y)
        return CK_OK;
    return read_layers(reader, v->component, v->resolution, py * res->precincts_x + px, 0, layer_end);
}

static ck_status read_row(ck_packet_reader *reader, const visited *row, uint32_t count, uint64_t y, uint32_t layer_end)
{
    const ck_tile *tile = reader->tile;
    for (uint64_t x = tile->x0, next; x < tile->x1; x = next) {
        next = UINT64_MAX;
        for (uint32_t i = 0; i < count; i++) {
            const ck_resolution *res = &tile->component[row[i].component].resolution[row[i].resolution];
            uint64_t mine = next_multiple(x, row[i].step_x);
            next = mine < next ? mine : next;
            if (!begins(x, row[i].step_x, tile->x0, res->x0, res->ppx))
                continue;
            ck_status status = visit(reader, &row[i], x, y, layer_end);
            if (status || reader->needed == 0)
                return status;
        }
    }
    return CK_OK;
}

/*
 * Positions from top-left to bottom-right; at each, components and then resolutions of the given ranges. Only rows and columns
 * where some precinct begins are visited, so that the work stays in proportion to the packets.
 */
static ck_status read_by_position(ck_packet_reader *reader, uint32_t c0, uint32_t c1, uint32_t r0, uint32_t r1, uint32_t layer_end)
{
    const ck_tile *tile = reader->tile;
    visited all[CK_HTJ2K_MAX_COMPONENTS * (CK_MAX_LEVELS + 1)], row[CK_HTJ2K_MAX_COMPONENTS * (CK_MAX_LEVELS + 1)];
    uint32_t count = 0;
    for (uint32_t c = c0; c < c1; c++)
        for (uint32_t r = r0; r < r1 && r <= tile->component[c].levels; r++) {
            const ck_resolution *res = &tile->component[c].resolution[r];
            uint32_t down = tile->component[c].levels - r;
            if (res->precincts_x != 0 && res->precincts_y != 0)
                all[count++] = (visited){c, r, down, (uint64_t)reader->siz->xrsiz[c] << (res->ppx + down),
                                         (uint64_t)reader->siz->yrsiz[c] << (res->ppy + down)};
        }
    if (count == 0)
        return CK_OK;
    for (uint64_t y = tile->y0, next; y < tile->y1; y = next) {
        uint32_t active = 0;
        next = UINT64_MAX;
        for (uint32_t i = 0; i < count; i++) {
            const ck_resolution *res = &tile->component[all[i].component].resolution[all[i].resolution];
            uint64_t mine = next_multiple(y, all[i].step_y);
            next = mine < next ? mine : next;
            if (begins(y, all[i].step_y, tile->y0, res->y0, res->ppy))
                row[active++] = all[i];
        }
        ck_status status = active ? read_row(reader, row, active, y, layer_end) : CK_OK;
        if (status || reader->needed == 0)
            return status;
    }
    return CK_OK;
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

static ck_status read_progression(ck_packet_reader *reader, const ck_progression *g)
{
    uint32_t most = 0;
    for (uint32_t c = g->component_start; c < g->component_end; c++)
        if (reader->tile->component[c].levels > most)
            most = reader->tile->component[c].levels;
    uint32_t r0 = g->resolution_start, r1 = smaller(g->resolution_end, most + 1);
    uint32_t c0 = g->component_start, c1 = g->component_end, layers = smaller(g->layer_end, reader->style->layers);
    ck_status status = CK_OK;
    switch (g->order) {
    case 0:
    case 1: return read_by_layer(reader, g, r1, layers);
    case 2: /* RPCL, B.12.1.3 */
        for (uint32_t r = r0; r < r1 && !status && reader->needed; r++)
            status = read_by_position(reader, c0, c1, r, r + 1, layers);
        return status;
    case 3: return read_by_position(reader, c0, c1, r0, r1, layers); /* PCRL, B.12.1.4 */
    default: /* CPRL, B.12.1.5 */
        for (uint32_t c = c0; c < c1 && !status && reader->needed; c++)
            status = read_by_position(reader, c, c + 1, r0, r1, layers);
        return status;
    }
}

ck_status ck_read_packets(const ck_stream *s, const ck_siz *siz, const ck_style *style, ck_tile *tile, const ck_tile_part *parts,
                          uint32_t first_part)
{
    ck_packet_reader reader = {.stream = s, .siz = siz, .style = style, .tile = tile, .parts = parts, .part = first_part};
    for (uint32_t c = 0; c < tile->components; c++)
        for (uint32_t r = 0; r <= tile->component[c].wanted; r++) {
            const ck_resolution *res = &tile->component[c].resolution[r];
            reader.needed += (uint64_t)res->precincts_x * res->precincts_y * style->layers;
        }
    if (reader.needed == 0)
        return CK_OK;
    s->detail->tile = (int32_t)tile->index;
    if (first_part == CK_NO_PART)
        return ck_fail(s, CK_ERR_TRUNCATED, CK_REASON_DATA_END, s->nbytes);
    reader.at = parts[first_part].header_end;
    reader.end = parts[first_part].data_end;
    for (uint32_t i = 0; i < style->progression_count && reader.needed > 0; i++) {
        ck_status status = read_progression(&reader, &style->progression[i]);
        if (status)
            return status;
    }
    if (reader.needed > 0) /* the progressions leave packets out */
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_PACKET, reader.at);
    s->detail->tile = -1;
    return CK_OK;
}
