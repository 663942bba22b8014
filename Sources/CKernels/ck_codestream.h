/* Marker segments of a codestream, ITU-T T.800 Annex A. Names are the standard's. */
#ifndef CK_CODESTREAM_H
#define CK_CODESTREAM_H

#include "ck_htj2k.h"

enum {
    CK_SOC = 0xFF4F, CK_CAP = 0xFF50, CK_SIZ = 0xFF51, CK_COD = 0xFF52, CK_COC = 0xFF53, CK_TLM = 0xFF55, CK_PRF = 0xFF56,
    CK_PLM = 0xFF57, CK_PLT = 0xFF58, CK_CPF = 0xFF59, CK_QCD = 0xFF5C, CK_QCC = 0xFF5D, CK_RGN = 0xFF5E, CK_POC = 0xFF5F,
    CK_PPM = 0xFF60, CK_PPT = 0xFF61, CK_CRG = 0xFF63, CK_COM = 0xFF64, CK_SOT = 0xFF90, CK_SOP = 0xFF91, CK_EPH = 0xFF92,
    CK_SOD = 0xFF93, CK_EOC = 0xFFD9
};

enum { CK_MAX_LEVELS = 32, CK_MAX_SUBBANDS = 3 * CK_MAX_LEVELS + 1 };

/* Image and tile size, A.5.1. */
typedef struct {
    uint32_t xsiz, ysiz, xosiz, yosiz, xtsiz, ytsiz, xtosiz, ytosiz;
    uint32_t components;
    uint8_t precision[CK_HTJ2K_MAX_COMPONENTS];
    uint8_t is_signed[CK_HTJ2K_MAX_COMPONENTS];
    uint8_t xrsiz[CK_HTJ2K_MAX_COMPONENTS], yrsiz[CK_HTJ2K_MAX_COMPONENTS];
    uint32_t tiles_x, tiles_y; /* B-5 */
} ck_siz;

/* SPcod or SPcoc (A.6.1, A.6.2) and quantisation (A.6.4, A.6.5) of one tile-component. */
typedef struct {
    uint8_t levels;             /* N_L */
    uint8_t xcb, ycb;           /* exponents */
    uint8_t style;              /* SPcod code-block style */
    uint8_t reversible;         /* 5/3 */
    uint8_t precincts[CK_MAX_LEVELS + 1]; /* PPx | PPy << 4 of each resolution */
    uint8_t quant_style;        /* 0 none, 1 scalar derived, 2 scalar expounded */
    uint8_t guard_bits;
    uint8_t quant_count;        /* steps present */
    uint8_t style_rank, quant_rank; /* which marker set them: main default, main component, tile default, tile component */
    uint16_t steps[CK_MAX_SUBBANDS]; /* epsilon << 11 | mu */
} ck_component_style;

/* One progression order change, A.6.6; also the single progression of COD. */
typedef struct {
    uint8_t resolution_start, resolution_end; /* end is exclusive */
    uint8_t component_start, component_end;
    uint16_t layer_end;
    uint8_t order; /* 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL */
} ck_progression;

/* Everything that a tile's headers may override. */
typedef struct {
    uint16_t layers;
    uint8_t order, colour_transform, sop, eph;
    uint8_t coding_seen, quant_seen; /* in this header or an outer one */
    uint8_t progression_count;
    ck_component_style component[CK_HTJ2K_MAX_COMPONENTS];
    ck_progression progression[CK_HTJ2K_MAX_PROGRESSIONS];
} ck_style;

/* One tile-part, A.4.2. */
typedef struct {
    uint16_t tile;
    uint8_t index;         /* TPsot */
    uint8_t count;         /* TNsot, 0 where the tile-part does not tell; in the first one of a tile, what any has told */
    uint32_t sot;          /* offset of its SOT marker */
    uint32_t header_end;   /* offset behind SOD */
    uint32_t data_end;     /* offset behind its last byte, cut at the end of the data */
    uint8_t truncated;     /* Psot promises more than there is */
    uint8_t last;          /* Psot 0 or nothing follows */
    uint32_t next;         /* index of the tile's next tile-part, or CK_NO_PART */
    uint32_t tail;         /* in the first tile-part of a tile: index of the last one */
} ck_tile_part;

#define CK_NO_PART UINT32_MAX

/* Bytes of the codestream, and where reading goes wrong. */
typedef struct {
    const uint8_t *data;
    size_t nbytes;
    ck_error_detail *detail;
} ck_stream;

static inline uint32_t ck_be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline uint32_t ck_be32(const uint8_t *p) { return ck_be16(p) << 16 | ck_be16(p + 2); }
static inline uint64_t ck_ceil_div(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }
/* ceil(a / 2^n), n up to 63 */
static inline uint64_t ck_ceil_shift(uint64_t a, uint32_t n) { return (a + (((uint64_t)1 << n) - 1)) >> n; }

/* Notes reason and offset; answers `status`, so that a reader can say `return ck_fail(...)`. */
static inline ck_status ck_fail(const ck_stream *s, ck_status status, ck_htj2k_reason reason, size_t offset)
{
    s->detail->reason = reason;
    s->detail->byte_offset = offset;
    return status;
}

/* Main header from SOC up to the first SOT, whose offset goes to *first_sot. */
ck_status ck_read_main_header(const ck_stream *s, ck_siz *siz, ck_style *style, size_t *first_sot);

/* SOT at `offset` and the position of SOD; *part is complete but for `next`. Markers are not looked into. */
ck_status ck_read_tile_part(const ck_stream *s, const ck_siz *siz, size_t offset, ck_tile_part *part);

/* Marker segments of one tile-part header into `style` (that of the tile so far). */
ck_status ck_read_tile_header(const ck_stream *s, const ck_siz *siz, const ck_tile_part *part, ck_style *style);

/* Judges a complete style: declines what the decoder does not do, fills the progression list when there is no POC. */
ck_status ck_check_style(const ck_stream *s, const ck_siz *siz, ck_style *style);

/* The marker segment parsers: `body` of `n` bytes behind the length field, at file offset `at`. */
ck_status ck_read_siz(const ck_stream *s, size_t at, const uint8_t *body, size_t n, ck_siz *siz);
ck_status ck_read_cap(const ck_stream *s, size_t at, const uint8_t *body, size_t n);
ck_status ck_read_cod(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile);
ck_status ck_read_coc(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile);
ck_status ck_read_qcd(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile);
ck_status ck_read_qcc(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style, int in_tile);
ck_status ck_read_poc(const ck_stream *s, size_t at, const uint8_t *body, size_t n, const ck_siz *siz, ck_style *style);

#endif
