/*
 * Every status and every reason of the decoder, each from a stream or call that gives exactly it, with tile, component, resolution and
 * byte where they apply. An enumerator that nothing here brings about is a failure. Usage: test_htj2k_reasons.
 */
#include <stdio.h>

#include "htj2k_guarded.h"
#include "htj2k_layers.h"

/* No default: a new enumerator does not compile until it is listed, and fails until something brings it about. */
#pragma GCC diagnostic error "-Wswitch"
static const char *reason_name(ck_htj2k_reason reason)
{
    switch (reason) {
#define NAME(x) case CK_REASON_##x: return #x
    NAME(NONE); NAME(NOT_A_CODESTREAM); NAME(MARKER); NAME(TILE_PART); NAME(PACKET); NAME(DATA_END); NAME(BLOCK); NAME(PIXEL_LIMIT);
    NAME(ARENA_LIMIT); NAME(REDUCTION); NAME(OUTPUT_SIZE); NAME(ARENA_SIZE); NAME(PART1_BLOCKS); NAME(BLOCK_STYLE); NAME(ROI);
    NAME(PACKED_HEADERS); NAME(EXTENSION); NAME(COMPONENTS); NAME(PRECISION); NAME(QUANTIZATION); NAME(PROGRESSIONS); NAME(HT_SETS);
#undef NAME
    }
    return NULL;
}

static const char *status_name(ck_status status)
{
    switch (status) {
    case CK_OK: return "OK";
    case CK_ERR_TRUNCATED: return "TRUNCATED";
    case CK_ERR_DAMAGED: return "DAMAGED";
    case CK_ERR_UNSUPPORTED: return "UNSUPPORTED";
    case CK_ERR_LIMIT: return "LIMIT";
    case CK_ERR_ARGUMENT: return "ARGUMENT";
    }
    return NULL;
}

enum { REASONS = 64, STATUSES = 16 };
static int reason_seen[REASONS], status_seen[STATUSES];
static uint32_t cases;

/* Of detail; ANY: not looked at. */
enum { NOT = -1, ANY = -2 };
typedef struct {
    ck_status status;
    ck_htj2k_reason reason;
    int tile, component, resolution;
    int64_t byte;
} wanted;

static void judge(const char *what, wanted w, ck_status status, const ck_error_detail *d)
{
    cases++;
    reason_seen[d->reason]++, status_seen[status]++;
    if (status == w.status && d->reason == w.reason && (w.tile == ANY || d->tile == w.tile) &&
        (w.component == ANY || d->component == w.component) && (w.resolution == ANY || d->resolution == w.resolution) &&
        (w.byte == ANY || d->byte_offset == (uint64_t)w.byte))
        return;
    failures++;
    printf("FAIL: %s: %s %s tile %d component %d resolution %d byte %llu, not %s %s %d %d %d %lld\n", what, status_name(status),
           reason_name(d->reason), d->tile, d->component, d->resolution, (unsigned long long)d->byte_offset, status_name(w.status),
           reason_name(w.reason), w.tile, w.component, w.resolution, (long long)w.byte);
}

static void expect(const char *what, const uint8_t *bytes, size_t n, uint32_t reduction, wanted w)
{
    for (int m = 0; m < mask_count; m++) {
        ck_htj2k_info info;
        ck_error_detail detail;
        uint8_t *pixels;
        ck_status status = decode_guarded(m, bytes, n, reduction, 1, &pixels, &info, &detail);
        judge(what, w, status, &detail);
        free(pixels);
    }
}

/* Four tiles, two components, two resolutions, one layer, EPH. */
static header_spec base_header(void)
{
    return (header_spec){.width = 24, .height = 20, .tile_w = 16, .tile_h = 16, .components = 2, .bits = 8, .levels = 1, .xcb = 3,
                         .ycb = 3, .style = 0x40, .reversible = 1, .k_max = 10, .layers = 1, .eph = 1, .whole_blocks = 1};
}

/* The n-th (from 0) place of a marker; marker segments only have what they should in these streams. */
static size_t find(const layered_image *s, uint32_t marker, uint32_t nth, size_t from)
{
    for (size_t at = from; at + 1 < s->nbytes; at++)
        if (ck_be16(s->bytes + at) == marker && nth-- == 0)
            return at;
    abort();
}

/* A stream of `h` with `value` in the byte `offset` bytes behind a marker of the main header. */
static void expect_changed(const char *what, const header_spec *h, uint32_t marker, size_t offset, uint32_t value, wanted w)
{
    layered_image s;
    make_layered(h, 1, 0, &s);
    size_t at = find(&s, marker, 0, 0);
    s.bytes[at + offset] = (uint8_t)value;
    if (w.byte == 0)
        w.byte = (int64_t)at + 4; /* behind the length field */
    expect(what, s.bytes, s.nbytes, 0, w);
    free_layered(&s);
}

/* A marker segment put in front of the n-th place of another marker; a tile-part's length follows. */
static void expect_inserted(const char *what, uint32_t before, const uint8_t *segment, size_t n, wanted w)
{
    header_spec h = base_header();
    layered_image s;
    make_layered(&h, 1, 0, &s);
    size_t at = find(&s, before, 0, 0), sot = find(&s, CK_SOT, 0, 0);
    writer o = {0};
    put_bytes(&o, s.bytes, at), put_bytes(&o, segment, n), put_bytes(&o, s.bytes + at, s.nbytes - at);
    if (before == CK_SOD)
        o.bytes[sot + 9] = (uint8_t)(o.bytes[sot + 9] + n), o.bytes[sot + 8] = (uint8_t)(o.bytes[sot + 8] + (o.bytes[sot + 9] < n));
    if (w.byte == 0)
        w.byte = (int64_t)at + 4;
    expect(what, o.bytes, o.n, 0, w);
    free(o.bytes);
    free_layered(&s);
}

static void headers(void)
{
    header_spec h = base_header(), odd = h;
    expect_changed("SOC", &h, CK_SOC, 1, 0x4E, (wanted){CK_ERR_DAMAGED, CK_REASON_NOT_A_CODESTREAM, NOT, NOT, NOT, ANY});
    expect_changed("levels", &h, CK_COD, 9, 33, (wanted){CK_ERR_DAMAGED, CK_REASON_MARKER, NOT, NOT, NOT, ANY});
    expect_changed("order", &h, CK_COD, 5, 5, (wanted){CK_ERR_DAMAGED, CK_REASON_MARKER, NOT, NOT, NOT, 0});
    expect_changed("Part-1 blocks", &h, CK_COD, 12, 0, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_PART1_BLOCKS, NOT, 0, NOT, ANY});
    expect_changed("mixed blocks", &h, CK_COD, 12, 0xC0, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_PART1_BLOCKS, NOT, 0, NOT, ANY});
    expect_changed("bypass", &h, CK_COD, 12, 0x41, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_BLOCK_STYLE, NOT, 0, NOT, ANY});
    expect_changed("9/7 without steps", &h, CK_COD, 13, 0, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_QUANTIZATION, NOT, 0, NOT, ANY});
    expect_changed("part 16", &h, CK_CAP, 5, 0x01, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_EXTENSION, NOT, NOT, NOT, ANY});
    expect_changed("Rsiz", &h, CK_SIZ, 4, 0x80, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_EXTENSION, NOT, NOT, NOT, 0});
    expect_changed("29 bits", &h, CK_SIZ, 40, 28, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_PRECISION, NOT, NOT, NOT, 0});
    expect_changed("39 bits", &h, CK_SIZ, 40, 38, (wanted){CK_ERR_DAMAGED, CK_REASON_MARKER, NOT, NOT, NOT, 0});
    odd.components = 3;
    odd.colour = 1;
    expect_changed("RCT over unlike precisions", &odd, CK_SIZ, 43, 9, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_COMPONENTS, NOT, NOT, NOT, ANY});
    static const uint8_t rgn[] = {0xFF, 0x5E, 0, 5, 0, 0, 3}, ppm[] = {0xFF, 0x60, 0, 3, 0}, ppt[] = {0xFF, 0x61, 0, 3, 0},
                         unknown[] = {0xFF, 0x70, 0, 2}, com[] = {0xFF, 0x64, 0, 5, 0, 1, 'x'}, eoc[] = {0xFF, 0xD9};
    expect_inserted("RGN", CK_SOT, rgn, sizeof rgn, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_ROI, NOT, NOT, NOT, 0});
    expect_inserted("PPM", CK_SOT, ppm, sizeof ppm, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_PACKED_HEADERS, NOT, NOT, NOT, 0});
    expect_inserted("PPT", CK_SOD, ppt, sizeof ppt, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_PACKED_HEADERS, 0, NOT, NOT, 0});
    expect_inserted("unknown marker", CK_SOT, unknown, sizeof unknown, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_EXTENSION, NOT, NOT, NOT, 0});
    expect_inserted("EOC before SOT", CK_SOT, eoc, sizeof eoc, (wanted){CK_ERR_DAMAGED, CK_REASON_MARKER, NOT, NOT, NOT, ANY});
    expect_inserted("COM", CK_SOD, com, sizeof com, (wanted){CK_OK, CK_REASON_NONE, NOT, NOT, NOT, ANY});
    uint8_t poc[4 + 65 * 7] = {0xFF, 0x5F, (2 + 65 * 7) >> 8, (2 + 65 * 7) & 255};
    for (int i = 0; i < 65; i++)
        memcpy(poc + 4 + 7 * i, (uint8_t[]){0, 0, 0, 1, 2, 2, 0}, 7);
    writer o = {0};
    put_main_header(&o, &h);
    wanted w = {CK_ERR_UNSUPPORTED, CK_REASON_PROGRESSIONS, NOT, NOT, NOT, (int64_t)o.n + 4 + 64 * 7};
    expect_inserted("65 progressions", CK_SOT, poc, sizeof poc, w);
    free(o.bytes);
    /* Five components never get to packets. */
    writer five = {0};
    odd = h, odd.components = 5;
    put_main_header(&five, &odd);
    expect("five components", five.bytes, five.n, 0, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_COMPONENTS, NOT, NOT, NOT, 6});
    expect("no tile-part", five.bytes, 3, 0, (wanted){CK_ERR_TRUNCATED, CK_REASON_DATA_END, NOT, NOT, NOT, 3});
    free(five.bytes);
}

static void tile_parts_and_packets(void)
{
    header_spec h = base_header();
    layered_image s;
    make_layered(&h, 2, 0, &s); /* one tile-part a tile, in order; the last has a length */
    expect("as it is", s.bytes, s.nbytes, 0, (wanted){CK_OK, CK_REASON_NONE, NOT, NOT, NOT, ANY});
    size_t sot[4] = {find(&s, CK_SOT, 0, 0)};
    for (int t = 1; t < 4; t++)
        sot[t] = sot[t - 1] + ck_be32(s.bytes + sot[t - 1] + 6);
    size_t eph = find(&s, CK_EPH, 0, sot[1]);
    s.bytes[eph + 1] ^= 1;
    expect("no EPH", s.bytes, s.nbytes, 0, (wanted){CK_ERR_DAMAGED, CK_REASON_PACKET, 1, 0, 0, (int64_t)eph});
    s.bytes[eph + 1] ^= 1;
    s.bytes[sot[2] + 9] = 5, s.bytes[sot[2] + 8] = 0;
    expect("Psot", s.bytes, s.nbytes, 0, (wanted){CK_ERR_DAMAGED, CK_REASON_TILE_PART, NOT, NOT, NOT, (int64_t)sot[2]});
    free_layered(&s);
    make_layered(&h, 2, 0, &s);
    s.bytes[sot[2] + 10] = 1, s.bytes[sot[2] + 11] = 0;
    expect("TPsot", s.bytes, s.nbytes, 0, (wanted){CK_ERR_DAMAGED, CK_REASON_TILE_PART, 2, NOT, NOT, (int64_t)sot[2]});
    s.bytes[sot[2] + 10] = 0;
    expect("tile 3 missing", s.bytes, sot[3], 0, (wanted){CK_ERR_TRUNCATED, CK_REASON_DATA_END, 3, NOT, NOT, (int64_t)sot[3]});
    expect("cut in tile 2", s.bytes, sot[2] + 15, 0, (wanted){CK_ERR_TRUNCATED, CK_REASON_DATA_END, 2, 0, 0, (int64_t)sot[2] + 15});
    expect("cut before the last byte of tile 2", s.bytes, sot[3] - 1, 0, (wanted){CK_ERR_TRUNCATED, CK_REASON_DATA_END, 2, 1, 1, (int64_t)sot[3] - 1});
    header_spec narrow = {.width = 5, .height = 4, .x0 = 27, .components = 1, .bits = 8, .levels = 2, .xcb = 3, .ycb = 3, .style = 0x40,
                          .reversible = 1, .k_max = 10, .layers = 1};
    layered_image thin;
    make_layered(&narrow, 1, 0, &thin);
    thin.bytes[find(&thin, CK_SIZ, 0, 0) + 41] = 3; /* XRsiz: samples 9 and 10, of which two reductions leave none */
    expect("nothing left of a component", thin.bytes, thin.nbytes, 2, (wanted){CK_ERR_ARGUMENT, CK_REASON_REDUCTION, NOT, 0, NOT, ANY});
    free_layered(&thin);
    expect("two reductions of one level", s.bytes, s.nbytes, 2, (wanted){CK_ERR_ARGUMENT, CK_REASON_REDUCTION, 0, 0, NOT, ANY});
    free_layered(&s);
}

/* TNsot: of one tile with several tile-parts, of which only the last one tells how many there are. */
static void tile_part_counts(void)
{
    header_spec h = {.width = 16, .height = 16, .components = 3, .bits = 8, .levels = 3, .xcb = 3, .ycb = 3, .style = 0x40,
                     .reversible = 1, .k_max = 10, .layers = 1, .whole_blocks = 1};
    layered_image s;
    size_t sot[MAX_TILE_PARTS], parts = 0;
    make_layered(&h, 3, 1, &s);
    for (size_t at = find(&s, CK_SOT, 0, 0); ck_be16(s.bytes + at) == CK_SOT; at += ck_be32(s.bytes + at + 6))
        sot[parts++] = at;
    if (parts < 4)
        failures++, printf("FAIL: %zu tile-parts are too few to count\n", parts);
    else {
        const wanted good = {CK_OK, CK_REASON_NONE, NOT, NOT, NOT, ANY};
        const wanted last = {CK_ERR_DAMAGED, CK_REASON_TILE_PART, 0, NOT, NOT, (int64_t)sot[parts - 1]};
        uint8_t *first_count = s.bytes + sot[0] + 11, *second_count = s.bytes + sot[1] + 11, *last_count = s.bytes + sot[parts - 1] + 11;
        expect("TNsot in the last tile-part", s.bytes, s.nbytes, 0, good);
        *first_count = (uint8_t)parts;
        expect("TNsot in the first tile-part too", s.bytes, s.nbytes, 0, good);
        *last_count = 0;
        expect("TNsot in the first tile-part", s.bytes, s.nbytes, 0, good);
        *first_count = (uint8_t)(parts - 1);
        expect("TNsot too small in the first tile-part", s.bytes, s.nbytes, 0, last);
        *first_count = 0, *second_count = (uint8_t)(parts - 1);
        expect("TNsot too small in the second tile-part", s.bytes, s.nbytes, 0, last);
        *second_count = (uint8_t)(parts + 1), *last_count = (uint8_t)parts;
        expect("two TNsot", s.bytes, s.nbytes, 0, last);
    }
    free_layered(&s);
}

/* One tile, one component, one block, whose packets are made by hand. */
typedef struct {
    header_spec header;
    uint8_t bytes[8];
    packed_block block;
} one_block;

static size_t make_one_block(one_block *k, uint8_t **out)
{
    writer o = {0};
    put_main_header(&o, &k->header);
    ck_error_detail detail;
    ck_stream s = {o.bytes, o.n, &detail};
    ck_siz siz;
    ck_style style;
    size_t first_sot, header_nbytes = o.n;
    put(&o, CK_SOT, 2), put(&o, 10, 2), put(&o, 0, 4), put(&o, 0, 4);
    s = (ck_stream){o.bytes, o.n, &detail};
    if (ck_read_main_header(&s, &siz, &style, &first_sot) || ck_check_style(&s, &siz, &style))
        abort();
    static uint64_t memory[4096];
    static ck_tile tile;
    ck_arena arena = {(uint8_t *)memory, 0, sizeof memory};
    ck_tile_layout(&s, &siz, &style, 0, 0, &tile, &arena);
    ck_tile_prepare(&tile);
    repack_spec spec = {.layers = k->header.layers, .order = 0};
    packet_job job = {.siz = &siz, .spec = &spec, .rng = 1};
    tile_out out_tile = {0};
    pack_tile(&job, &tile, &k->block, &out_tile);
    o.n = header_nbytes;
    put_tile_parts(&o, &job, &out_tile, 1);
    *out = o.bytes;
    return o.n;
}

static void blocks(void)
{
    one_block k = {.header = {.width = 4, .height = 4, .components = 1, .bits = 8, .xcb = 2, .ycb = 2, .style = 0x40, .reversible = 1,
                              .k_max = 8, .layers = 2},
                   .bytes = {0, 0, 0x20, 0, 0, 0, 0, 0}};
    k.block = (packed_block){.zero_planes = 6, .count = 1, .part = {{.cleanup = 1, .length_cleanup = 4, .data = k.bytes}}};
    k.bytes[2] = 4; /* Scup 4 */
    uint8_t *stream;
    size_t n = make_one_block(&k, &stream), at = n - 2 - 4;
    expect("one block", stream, n, 0, (wanted){CK_OK, CK_REASON_NONE, NOT, NOT, NOT, ANY});
    free(stream);
    k.bytes[2] = 1; /* Scup 1 */
    n = make_one_block(&k, &stream);
    expect("Scup", stream, n, 0, (wanted){CK_ERR_DAMAGED, CK_REASON_BLOCK, 0, 0, 0, (int64_t)at - 1});
    free(stream);
    k.bytes[2] = 4;
    k.block.count = 2; /* a second clean-up pass, in layer 1 */
    k.block.part[1] = (contribution){.layer = 1, .refinement = 3, .length_refinement = 2, .data = k.bytes};
    n = make_one_block(&k, &stream);
    expect("two HT sets", stream, n, 0, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_HT_SETS, 0, 0, 0, ANY});
    free(stream);
    k.block.count = 1, k.header.k_max = 31, k.header.layers = 1;
    n = make_one_block(&k, &stream);
    expect("31 magnitude bits", stream, n, 0, (wanted){CK_ERR_UNSUPPORTED, CK_REASON_PRECISION, 0, ANY, ANY, (int64_t)n - 2 - 4});
    free(stream);
}

static void calls(void)
{
    header_spec h = base_header();
    layered_image s;
    make_layered(&h, 1, 0, &s);
    ck_htj2k_info info;
    ck_error_detail detail;
    ck_htj2k_limits limits = wide_limits;
    wanted w = {CK_ERR_LIMIT, CK_REASON_PIXEL_LIMIT, NOT, NOT, NOT, ANY};
    limits.max_pixels = 24 * 20 - 1;
    judge("pixel limit", w, ck_htj2k_parse(s.bytes, s.nbytes, 0, 1, &limits, &info, &detail), &detail);
    limits = wide_limits;
    if (ck_htj2k_parse(s.bytes, s.nbytes, 0, 1, &limits, &info, &detail))
        abort();
    limits.max_arena_nbytes = info.arena_nbytes - 1;
    w.reason = CK_REASON_ARENA_LIMIT;
    ck_htj2k_info other;
    judge("arena limit", w, ck_htj2k_parse(s.bytes, s.nbytes, 0, 1, &limits, &other, &detail), &detail);
    w.status = CK_ERR_ARGUMENT, w.reason = CK_REASON_NONE;
    judge("no worker", w, ck_htj2k_parse(s.bytes, s.nbytes, 0, 0, &wide_limits, &other, &detail), &detail);
    uint8_t *arena = malloc(info.arena_nbytes), *output = malloc(info.output_nbytes);
    w.reason = CK_REASON_ARENA_SIZE;
    judge("small arena", w, ck_htj2k_decode(kernels_of(0), s.bytes, s.nbytes, 0, &wide_limits, arena, info.arena_nbytes - 1, output,
                                            info.output_nbytes, &detail), &detail);
    w.reason = CK_REASON_OUTPUT_SIZE;
    judge("small output", w, ck_htj2k_decode(kernels_of(0), s.bytes, s.nbytes, 0, &wide_limits, arena, info.arena_nbytes, output,
                                             info.output_nbytes - 1, &detail), &detail);
    free(arena), free(output);
    free_layered(&s);
}

int main(void)
{
    begin_masks();
    headers();
    tile_parts_and_packets();
    tile_part_counts();
    blocks();
    calls();
    uint32_t reasons = 0, statuses = 0;
    for (int i = 0; i < REASONS; i++)
        if (reason_name((ck_htj2k_reason)i) && ++reasons && !reason_seen[i])
            failures++, printf("FAIL: nothing here brings about the reason %s\n", reason_name((ck_htj2k_reason)i));
    for (int i = 0; i < STATUSES; i++)
        if (status_name((ck_status)i) && ++statuses && !status_seen[i])
            failures++, printf("FAIL: nothing here brings about the status %s\n", status_name((ck_status)i));
    printf("%u statuses and %u reasons by %u calls, %d feature masks, %llu failures\n", statuses, reasons, cases, mask_count,
           (unsigned long long)failures);
    return failures != 0;
}
