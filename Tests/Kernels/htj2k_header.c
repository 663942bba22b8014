/* Main headers of test streams, T.800 A.5, A.6 and T.814 A.2 to A.4. */
#include "htj2k_packets.h"

static void put_siz(writer *w, const header_spec *h)
{
    put(w, CK_SIZ, 2), put(w, 38 + 3 * h->components, 2), put(w, 0x4000, 2);
    put(w, h->x0 + h->width, 4), put(w, h->y0 + h->height, 4), put(w, h->x0, 4), put(w, h->y0, 4);
    put(w, h->tile_w ? h->tile_w : h->x0 + h->width, 4), put(w, h->tile_h ? h->tile_h : h->y0 + h->height, 4);
    put(w, 0, 4), put(w, 0, 4), put(w, h->components, 2);
    for (uint32_t c = 0; c < h->components; c++)
        put(w, h->is_signed << 7 | (h->bits - 1), 1), put(w, 0x0101, 2);
}

void put_main_header(writer *w, const header_spec *h)
{
    put(w, CK_SOC, 2);
    put_siz(w, h);
    put(w, CK_CAP, 2), put(w, 8, 2), put(w, 0x00020000, 4), put(w, 0x000D, 2);
    put(w, CK_COD, 2), put(w, 12 + (h->precinct ? h->levels + 1 : 0), 2);
    put(w, (h->precinct != 0) | h->sop << 1 | h->eph << 2, 1), put(w, h->order, 1), put(w, h->layers, 2), put(w, h->colour, 1);
    put(w, h->levels, 1), put(w, h->xcb - 2, 1), put(w, h->ycb - 2, 1), put(w, h->style, 1), put(w, h->reversible, 1);
    for (uint32_t r = 0; h->precinct && r <= h->levels; r++)
        put(w, h->precinct, 1);
    uint32_t bands = 3 * h->levels + 1;
    put(w, CK_QCD, 2), put(w, 3 + bands * (h->reversible ? 1 : 2), 2), put(w, 1 << 5 | (h->reversible ? 0 : 2), 1);
    for (uint32_t b = 0; b < bands; b++)
        put(w, h->k_max << (h->reversible ? 3 : 11), h->reversible ? 1 : 2);
    if (!h->poc)
        return;
    put(w, CK_POC, 2), put(w, 2 + 14, 2);
    put(w, 0, 1), put(w, 0, 1), put(w, h->poc_layer, 2), put(w, h->poc_r, 1), put(w, h->components, 1), put(w, h->poc_order, 1);
    put(w, 0, 1), put(w, 0, 1), put(w, h->layers, 2), put(w, 33, 1), put(w, h->components, 1), put(w, h->order, 1);
}

void header_of_bytes(const uint8_t b[HEADER_BYTES], header_spec *h)
{
    *h = (header_spec){.width = 1 + b[0] % 80, .height = 1 + b[1] % 80, .x0 = b[2] % 40, .y0 = b[3] % 40};
    if (b[6] & 1)
        h->tile_w = h->x0 + 4 + b[4] % 50, h->tile_h = h->y0 + 4 + b[5] % 50;
    h->components = 1 + (b[6] >> 1 & 3), h->is_signed = b[6] >> 3 & 1;
    h->sop = b[6] >> 4 & 1, h->eph = b[6] >> 5 & 1, h->poc = b[6] >> 6 & 1, h->reversible = !(b[6] >> 7);
    h->levels = (b[7] & 7) % 6, h->order = (b[7] >> 3) % 5;
    h->xcb = 2 + (b[8] & 7) % 5, h->ycb = 2 + (b[8] >> 4 & 7) % 5;
    h->bits = 1 + (b[9] & 128 ? b[9] % 28 : b[9] % 16);
    h->layers = 1 + b[10] % 6;
    if (b[11] & 64)
        h->precinct = (1 + (b[11] & 7)) | (1 + (b[11] >> 3 & 7)) << 4;
    h->style = 0x40 | (b[12] & 8);
    h->colour = h->components >= 3 && (b[12] & 1);
    h->k_max = 1 + b[13] % 30;
    h->poc_r = 1 + b[14] % (h->levels + 1), h->poc_layer = 1 + (b[14] >> 4) % h->layers, h->poc_order = b[15] % 5;
}
