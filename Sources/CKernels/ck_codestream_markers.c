/* Marker segments of the headers, ITU-T T.800 A.5, A.6 and T.814 A.2 - A.4: each function reads one. */
#include <string.h>

#include "ck_codestream.h"

/* Precedence of markers, A.6.1: tile-part COC > tile-part COD > main COC > main COD; the same for QCD and QCC. */
enum { CK_RANK_MAIN_DEFAULT = 1, CK_RANK_MAIN_COMPONENT = 2, CK_RANK_TILE_DEFAULT = 3, CK_RANK_TILE_COMPONENT = 4 };

static ck_status bad(const ck_stream *s, size_t at) { return ck_fail(s, CK_ERR_DAMAGED, CK_REASON_MARKER, at); }

static ck_status declined(const ck_stream *s, ck_htj2k_reason reason, size_t at)
{
    return ck_fail(s, CK_ERR_UNSUPPORTED, reason, at);
}

/* Image and tile size, A.5.1. Component sizes follow B-2; every component must have samples. */
ck_status ck_read_siz(const ck_stream *s, size_t at, const uint8_t *body, size_t n, ck_siz *siz)
{
    if (n < 36)
        return bad(s, at);
    uint32_t rsiz = ck_be16(body);
    uint32_t components = ck_be16(body + 34);
    siz->xsiz = ck_be32(body + 2), siz->ysiz = ck_be32(body + 6);
    siz->xosiz = ck_be32(body + 10), siz->yosiz = ck_be32(body + 14);
    siz->xtsiz = ck_be32(body + 18), siz->ytsiz = ck_be32(body + 22);
    siz->xtosiz = ck_be32(body + 26), siz->ytosiz = ck_be32(body + 30);
    if (components == 0 || components > 16384 || n != 36 + 3 * (size_t)components)
        return bad(s, at);
    if (siz->xosiz >= siz->xsiz || siz->yosiz >= siz->ysiz || siz->xtsiz == 0 || siz->ytsiz == 0)
        return bad(s, at);
    /* B-3, B-4: the first tile contains image. */
    if (siz->xtosiz > siz->xosiz || siz->ytosiz > siz->yosiz || (uint64_t)siz->xtosiz + siz->xtsiz <= siz->xosiz ||
        (uint64_t)siz->ytosiz + siz->ytsiz <= siz->yosiz)
        return bad(s, at);
    uint64_t tiles_x = ck_ceil_div((uint64_t)siz->xsiz - siz->xtosiz, siz->xtsiz);
    uint64_t tiles_y = ck_ceil_div((uint64_t)siz->ysiz - siz->ytosiz, siz->ytsiz);
    if (tiles_x > 65535 || tiles_y > 65535 || tiles_x * tiles_y > 65535)
        return bad(s, at);
    siz->tiles_x = (uint32_t)tiles_x, siz->tiles_y = (uint32_t)tiles_y;
    if (rsiz & 0x8000)
        return declined(s, CK_REASON_EXTENSION, at);
    if (components > CK_HTJ2K_MAX_COMPONENTS)
        return declined(s, CK_REASON_COMPONENTS, at);
    siz->components = components;
    for (uint32_t c = 0; c < components; c++) {
        const uint8_t *p = body + 36 + 3 * c;
        siz->precision[c] = (uint8_t)((p[0] & 0x7F) + 1);
        siz->is_signed[c] = p[0] >> 7;
        siz->xrsiz[c] = p[1], siz->yrsiz[c] = p[2];
        if (siz->precision[c] > 38 || p[1] == 0 || p[2] == 0)
            return bad(s, at);
        if (siz->precision[c] > CK_HTJ2K_MAX_PRECISION)
            return declined(s, CK_REASON_PRECISION, at);
        if (ck_ceil_div(siz->xsiz, p[1]) == ck_ceil_div(siz->xosiz, p[1]) ||
            ck_ceil_div(siz->ysiz, p[2]) == ck_ceil_div(siz->yosiz, p[2]))
            return declined(s, CK_REASON_COMPONENTS, at);
    }
    return CK_OK;
}

/* Extended capabilities, T.800 A.5.2 and T.814 A.3: only Part 15 is known here. */
ck_status ck_read_cap(const ck_stream *s, size_t at, const uint8_t *body, size_t n)
{
    if (n < 4)
        return bad(s, at);
    uint32_t pcap = ck_be32(body);
    uint32_t parts = 0;
    for (uint32_t bits = pcap; bits; bits &= bits - 1)
        parts++;
    if (n != 4 + 2 * (size_t)parts)
        return bad(s, at);
    if (pcap & ~(uint32_t)0x00020000)
        return declined(s, CK_REASON_EXTENSION, at);
    if (parts == 1) {
        uint32_t ccap = ck_be16(body + 4);
        if (ccap & 0x4000 && !(ccap & 0x8000)) /* bits 14, 15: 01 is reserved */
            return bad(s, at);
    }
    return CK_OK;
}

/* SPcod, SPcoc: table A.20 onward. `user_precincts` is bit 0 of Scod or Scoc. */
static ck_status read_coding(const ck_stream *s, size_t at, const uint8_t *p, size_t n, int user_precincts,
                             ck_component_style *c)
{
    if (n < 5 || p[0] > CK_MAX_LEVELS)
        return bad(s, at);
    uint32_t levels = p[0];
    if (n != 5 + (user_precincts ? levels + 1 : 0))
        return bad(s, at);
    if (p[1] > 8 || p[2] > 8 || p[1] + p[2] + 4 > 12 || p[4] > 1)
        return bad(s, at);
    c->levels = (uint8_t)levels;
    c->xcb = (uint8_t)(p[1] + 2), c->ycb = (uint8_t)(p[2] + 2);
    c->style = p[3];
    c->reversible = p[4] == 1;
    memset(c->precincts, 0xFF, sizeof c->precincts);
    if (user_precincts)
        memcpy(c->precincts, p + 5, levels + 1);
    for (uint32_t r = 1; r <= levels; r++)
        if ((c->precincts[r] & 15) == 0 || c->precincts[r] >> 4 == 0)
            return bad(s, at);
    return CK_OK;
}

static void copy_coding(ck_component_style *to, const ck_component_style *from, uint8_t rank)
{
    to->levels = from->levels, to->xcb = from->xcb, to->ycb = from->ycb;
    to->style = from->style, to->reversible = from->reversible;
    memcpy(to->precincts, from->precincts, sizeof to->precincts);
    to->style_rank = rank;
}

/* Coding style default, A.6.1. */
ck_status ck_read_cod(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile)
{
    if (n < 10 || body[0] > 7 || body[1] > 4 || body[4] > 1)
        return bad(s, at);
    uint32_t layers = ck_be16(body + 2);
    if (layers == 0)
        return bad(s, at);
    ck_component_style coding;
    ck_status status = read_coding(s, at, body + 5, n - 5, body[0] & 1, &coding);
    if (status)
        return status;
    style->sop = body[0] >> 1 & 1, style->eph = body[0] >> 2 & 1;
    style->order = body[1];
    style->layers = (uint16_t)layers;
    style->colour_transform = body[4];
    style->coding_seen = 1;
    uint8_t rank = in_tile ? CK_RANK_TILE_DEFAULT : CK_RANK_MAIN_DEFAULT;
    for (uint32_t c = 0; c < siz->components; c++)
        if (style->component[c].style_rank <= rank)
            copy_coding(&style->component[c], &coding, rank);
    return CK_OK;
}

/* Component index of COC and QCC: one byte, since more than 256 components are declined by SIZ. */
ck_status ck_read_coc(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile)
{
    if (n < 7 || body[0] >= siz->components || body[1] > 1)
        return bad(s, at);
    ck_component_style coding;
    ck_status status = read_coding(s, at, body + 2, n - 2, body[1] & 1, &coding);
    if (status)
        return status;
    copy_coding(&style->component[body[0]], &coding, in_tile ? CK_RANK_TILE_COMPONENT : CK_RANK_MAIN_COMPONENT);
    return CK_OK;
}

/* Sqcd and SPqcd, tables A.27 to A.30. */
static ck_status read_quant(const ck_stream *s, size_t at, const uint8_t *p, size_t n, ck_component_style *c)
{
    if (n < 2)
        return bad(s, at);
    uint32_t kind = p[0] & 31;
    size_t count = kind == 0 ? n - 1 : kind == 1 ? 1 : (n - 1) / 2;
    size_t expected = kind == 0 ? 1 + count : 1 + 2 * count;
    if (kind > 2 || n != expected || count == 0 || count > CK_MAX_SUBBANDS)
        return bad(s, at);
    c->quant_style = (uint8_t)kind;
    c->guard_bits = p[0] >> 5;
    c->quant_count = (uint8_t)count;
    for (size_t b = 0; b < count; b++)
        c->steps[b] = (uint16_t)(kind == 0 ? (uint32_t)(p[1 + b] >> 3) << 11 : ck_be16(p + 1 + 2 * b));
    return CK_OK;
}

static void copy_quant(ck_component_style *to, const ck_component_style *from, uint8_t rank)
{
    to->quant_style = from->quant_style, to->guard_bits = from->guard_bits, to->quant_count = from->quant_count;
    memcpy(to->steps, from->steps, (size_t)from->quant_count * sizeof to->steps[0]);
    to->quant_rank = rank;
}

/* Quantisation default, A.6.4. */
ck_status ck_read_qcd(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile)
{
    ck_component_style quant;
    ck_status status = read_quant(s, at, body, n, &quant);
    if (status)
        return status;
    uint8_t rank = in_tile ? CK_RANK_TILE_DEFAULT : CK_RANK_MAIN_DEFAULT;
    for (uint32_t c = 0; c < siz->components; c++)
        if (style->component[c].quant_rank <= rank)
            copy_quant(&style->component[c], &quant, rank);
    style->quant_seen = 1;
    return CK_OK;
}

/* Quantisation component, A.6.5. */
ck_status ck_read_qcc(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile)
{
    if (n < 3 || body[0] >= siz->components)
        return bad(s, at);
    ck_component_style quant;
    ck_status status = read_quant(s, at, body + 1, n - 1, &quant);
    if (status)
        return status;
    copy_quant(&style->component[body[0]], &quant, in_tile ? CK_RANK_TILE_COMPONENT : CK_RANK_MAIN_COMPONENT);
    return CK_OK;
}

/* Progression order change, A.6.6: appends its records. Component fields have one byte (fewer than 257 components). */
ck_status ck_read_poc(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style)
{
    if (n == 0 || n % 7 != 0)
        return bad(s, at);
    for (size_t i = 0; i < n; i += 7) {
        const uint8_t *p = body + i;
        uint32_t component_end = p[5] == 0 || p[5] > siz->components ? siz->components : p[5];
        if (p[0] > 32 || p[4] > 33 || p[4] <= p[0] || p[1] >= component_end || p[6] > 4 || ck_be16(p + 2) == 0)
            return bad(s, at + i);
        if (style->progression_count == CK_HTJ2K_MAX_PROGRESSIONS)
            return declined(s, CK_REASON_PROGRESSIONS, at + i);
        style->progression[style->progression_count++] = (ck_progression){
            .resolution_start = p[0], .resolution_end = p[4], .component_start = p[1],
            .component_end = (uint8_t)component_end, .layer_end = (uint16_t)ck_be16(p + 2), .order = p[6]};
    }
    return CK_OK;
}
