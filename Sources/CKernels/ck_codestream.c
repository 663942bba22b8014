/* Headers of a codestream, ITU-T T.800 A.3, A.4: which marker segments there are and where the tile-parts lie. */
#include <string.h>

#include "ck_codestream.h"

static ck_status cut(const ck_stream *s) { return ck_fail(s, CK_ERR_TRUNCATED, CK_REASON_DATA_END, s->nbytes); }

/* One marker segment: its marker, body and length. */
typedef struct {
    uint32_t marker;
    size_t body, nbytes, next;
} segment;

static ck_status read_segment(const ck_stream *s, size_t at, segment *out)
{
    if (at > s->nbytes || s->nbytes - at < 2)
        return cut(s);
    out->marker = ck_be16(s->data + at);
    if (out->marker < 0xFF00)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, at);
    out->body = at + 2, out->nbytes = 0, out->next = at + 2;
    if (out->marker == CK_SOD || out->marker == CK_EOC || out->marker == CK_SOC)
        return CK_OK;
    if (s->nbytes - at < 4)
        return cut(s);
    size_t length = ck_be16(s->data + at + 2);
    if (length < 2)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, at);
    if (length > s->nbytes - at - 2)
        return cut(s);
    out->body = at + 4, out->nbytes = length - 2, out->next = at + 2 + length;
    return CK_OK;
}

/* The marker segments that main and tile-part headers have in common; what is not known is declined, for it may change pixels. */
static ck_status read_common(const ck_stream *s, const segment *g, const ck_siz *siz, ck_style *style, int in_tile)
{
    const uint8_t *body = s->data + g->body;
    switch (g->marker) {
    case CK_COD: return ck_read_cod(s, g->body, body, g->nbytes, siz, style, in_tile);
    case CK_COC: return ck_read_coc(s, g->body, body, g->nbytes, siz, style, in_tile);
    case CK_QCD: return ck_read_qcd(s, g->body, body, g->nbytes, siz, style, in_tile);
    case CK_QCC: return ck_read_qcc(s, g->body, body, g->nbytes, siz, style, in_tile);
    case CK_POC: return ck_read_poc(s, g->body, body, g->nbytes, siz, style);
    case CK_RGN: return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_ROI, g->body);
    case CK_PPM:
    case CK_PPT: return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_PACKED_HEADERS, g->body);
    case CK_TLM: case CK_PLM: case CK_PLT: case CK_CRG: case CK_COM: case CK_PRF: case CK_CPF: return CK_OK;
    case CK_SOC: case CK_SIZ: case CK_SOT: case CK_SOP: case CK_EPH: case CK_SOD: case CK_EOC:
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, g->body);
    default: return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_EXTENSION, g->body);
    }
}

ck_status ck_read_main_header(const ck_stream *s, ck_siz *siz, ck_style *style, size_t *first_sot)
{
    memset(siz, 0, sizeof *siz);
    memset(style, 0, sizeof *style);
    if (s->nbytes < 4)
        return cut(s);
    if (ck_be16(s->data) != CK_SOC || ck_be16(s->data + 2) != CK_SIZ)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_NOT_A_CODESTREAM, 0);
    segment g;
    ck_status status = read_segment(s, 2, &g);
    if (status)
        return status;
    if ((status = ck_read_siz(s, g.body, s->data + g.body, g.nbytes, siz)))
        return status;
    for (size_t at = g.next;; at = g.next) {
        if ((status = read_segment(s, at, &g)))
            return status;
        if (g.marker == CK_SOT) {
            *first_sot = at;
            break;
        }
        if (g.marker == CK_CAP)
            status = ck_read_cap(s, g.body, s->data + g.body, g.nbytes);
        else if (g.marker == CK_COD && style->coding_seen)
            status = ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, at);
        else
            status = read_common(s, &g, siz, style, 0);
        if (status)
            return status;
    }
    if (!style->coding_seen || !style->quant_seen)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, *first_sot);
    return CK_OK;
}

/* Start of tile-part, A.4.2. */
ck_status ck_read_tile_part(const ck_stream *s, const ck_siz *siz, size_t offset, ck_tile_part *part)
{
    segment g;
    ck_status status = read_segment(s, offset, &g);
    if (status)
        return status;
    if (g.marker != CK_SOT || g.nbytes != 8)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_TILE_PART, offset);
    const uint8_t *p = s->data + g.body;
    uint32_t tile = ck_be16(p);
    uint64_t psot = ck_be32(p + 2);
    if (tile >= siz->tiles_x * siz->tiles_y || (psot != 0 && psot < 14) || (p[7] != 0 && p[6] >= p[7]))
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_TILE_PART, offset);
    memset(part, 0, sizeof *part);
    part->tile = (uint16_t)tile;
    part->index = p[6], part->count = p[7];
    part->sot = (uint32_t)offset;
    part->next = CK_NO_PART;
    uint64_t end = offset + psot;
    if (psot == 0) { /* up to EOC, which the last two bytes may be */
        end = s->nbytes;
        if (end >= offset + 14 && ck_be16(s->data + end - 2) == CK_EOC)
            end -= 2;
    }
    part->truncated = end > s->nbytes;
    part->last = psot == 0 || end >= s->nbytes;
    part->data_end = (uint32_t)(part->truncated ? s->nbytes : end);
    for (size_t at = g.next;; at = g.next) {
        s->detail->tile = (int32_t)tile;
        if ((status = read_segment(s, at, &g)))
            return status;
        if (g.next > end || g.marker == CK_SOT || g.marker == CK_EOC || g.marker == CK_SOC)
            return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_TILE_PART, at);
        if (g.marker == CK_SOD)
            break;
    }
    s->detail->tile = -1;
    part->header_end = (uint32_t)g.next;
    return CK_OK;
}

ck_status ck_read_tile_header(const ck_stream *s, const ck_siz *siz, const ck_tile_part *part, ck_style *style)
{
    segment g;
    int poc_seen = 0;
    for (size_t at = (size_t)part->sot + 12;; at = g.next) {
        ck_status status = read_segment(s, at, &g);
        if (status)
            return status;
        if (g.marker == CK_SOD)
            return CK_OK;
        int first_only = g.marker == CK_COD || g.marker == CK_COC || g.marker == CK_QCD || g.marker == CK_QCC;
        if (first_only && part->index != 0)
            return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_TILE_PART, at);
        /* A POC of the tile's first tile-part takes the place of the main header's. */
        if (g.marker == CK_POC && part->index == 0 && !poc_seen)
            style->progression_count = 0, poc_seen = 1;
        if ((status = read_common(s, &g, siz, style, 1)))
            return status;
    }
}

/* Components that RCT or ICT joins must be alike, G.2, G.3. */
static ck_status check_colour(const ck_stream *s, const ck_siz *siz, const ck_style *style)
{
    if (!style->colour_transform)
        return CK_OK;
    if (siz->components < 3)
        return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, 0);
    for (int c = 1; c < 3; c++)
        if (siz->xrsiz[c] != siz->xrsiz[0] || siz->yrsiz[c] != siz->yrsiz[0] || siz->precision[c] != siz->precision[0] ||
            style->component[c].reversible != style->component[0].reversible)
            return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_COMPONENTS, 0);
    return CK_OK;
}

ck_status ck_check_style(const ck_stream *s, const ck_siz *siz, ck_style *style)
{
    for (uint32_t c = 0; c < siz->components; c++) {
        const ck_component_style *k = &style->component[c];
        s->detail->component = (int32_t)c;
        if ((k->style & 0xC0) != 0x40)
            return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_PART1_BLOCKS, 0);
        if (k->style & 0x37)
            return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_BLOCK_STYLE, 0);
        if ((k->quant_style == 0) != k->reversible)
            return ck_fail(s, CK_ERR_UNSUPPORTED, CK_REASON_QUANTIZATION, 0);
        if (k->quant_style != 1 && k->quant_count < 3 * k->levels + 1)
            return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, 0);
    }
    s->detail->component = -1;
    if (style->progression_count == 0) {
        style->progression_count = 1;
        style->progression[0] = (ck_progression){.resolution_start = 0, .resolution_end = CK_MAX_LEVELS + 1,
            .component_start = 0, .component_end = (uint8_t)siz->components, .layer_end = style->layers, .order = style->order};
    }
    return check_colour(s, siz, style);
}
