/*
 * One variant of all frame kernels. Parameters, undefined again at the end: CK_VARIANT suffix; CK_VECTOR_NBYTES 16, 32 or 64;
 * CK_LANES16, CK_LANES32 lanes of a vector as plain numbers; CK_TARGET target attribute, or nothing; CK_ROUND4, CK_NEXT16,
 * CK_PACKS_BYTES and CK_PACK_BYTES as ck_dwt53_pair_template.h and ck_pixels_template.h say.
 */
#define CK_V2(x, v) x##_##v
#define CK_V1(x, v) CK_V2(x, v)

#define CK_S int16_t
#define CK_U uint16_t
#define CK_CHECK 1
#define CK_53_LANES CK_LANES16
#define CK_53(x) CK_V1(ck_dwt53_16_##x, CK_VARIANT)
#include "ck_dwt53_template.h"
#undef CK_S
#undef CK_U
#undef CK_CHECK
#undef CK_53_LANES
#undef CK_53

#define CK_S int32_t
#define CK_U uint32_t
#define CK_CHECK 0
#define CK_53_LANES CK_LANES32
#define CK_53(x) CK_V1(ck_dwt53_32_##x, CK_VARIANT)
#include "ck_dwt53_template.h"
#undef CK_S
#undef CK_U
#undef CK_CHECK
#undef CK_53_LANES
#undef CK_53

#define CK_PAIR_LANES CK_LANES16
#define CK_PAIR(x) CK_V1(ck_dwt53_pair_##x, CK_VARIANT)
#include "ck_dwt53_pair_template.h"
#undef CK_PAIR_LANES
#undef CK_PAIR

#define CK_PX_LANES CK_LANES16
#define CK_PX(x) CK_V1(ck_pixels_##x, CK_VARIANT)
#include "ck_pixels_template.h"
#undef CK_PX_LANES
#undef CK_PX

#define CK_97_LANES CK_LANES32
#define CK_97(x) CK_V1(ck_dwt97_##x, CK_VARIANT)
#include "ck_dwt97_template.h"
#undef CK_97_LANES
#undef CK_97

#define CK_C(x) CK_V1(ck_colour_##x, CK_VARIANT)
#include "ck_colour_template.h"
#undef CK_C

static void CK_V1(fill, CK_VARIANT)(ck_htj2k_kernels *k)
{
    k->reversible[CK_ROWS_16].horizontal = CK_V1(ck_dwt53_16_horizontal, CK_VARIANT);
    k->reversible[CK_ROWS_16].vertical = CK_V1(ck_dwt53_16_vertical, CK_VARIANT);
    k->reversible[CK_ROWS_16].rct = CK_V1(ck_colour_rct16, CK_VARIANT);
    k->reversible[CK_ROWS_32].horizontal = CK_V1(ck_dwt53_32_horizontal, CK_VARIANT);
    k->reversible[CK_ROWS_32].vertical = CK_V1(ck_dwt53_32_vertical, CK_VARIANT);
    k->reversible[CK_ROWS_32].rct = CK_V1(ck_colour_rct32, CK_VARIANT);
    k->pair_rows[0] = CK_V1(ck_dwt53_pair_rows, CK_VARIANT);
    k->pair_rows[1] = CK_V1(ck_dwt53_pair_rows_checked, CK_VARIANT);
    k->pair_split[0] = CK_V1(ck_dwt53_pair_split, CK_VARIANT);
    k->pair_split[1] = CK_V1(ck_dwt53_pair_split_checked, CK_VARIANT);
    k->pair_pixels[0] = CK_V1(ck_dwt53_pair_pixels, CK_VARIANT);
    k->pair_pixels[1] = CK_V1(ck_dwt53_pair_pixels_checked, CK_VARIANT);
    k->pair_exact = CK_V1(ck_dwt53_pair_exact, CK_VARIANT);
    k->pixels3 = CK_V1(ck_pixels_plain, CK_VARIANT);
    k->pixels3_split = CK_V1(ck_pixels_plain_split, CK_VARIANT);
    k->rct_pixels = CK_V1(ck_pixels_rct_checked, CK_VARIANT);
    k->rct_pixels_split[0] = CK_V1(ck_pixels_rct_split, CK_VARIANT);
    k->rct_pixels_split[1] = CK_V1(ck_pixels_rct_split_checked, CK_VARIANT);
    k->irreversible.load = CK_V1(ck_dwt97_load, CK_VARIANT);
    k->irreversible.horizontal = CK_V1(ck_dwt97_horizontal, CK_VARIANT);
    k->irreversible.vertical = CK_V1(ck_dwt97_vertical, CK_VARIANT);
    k->irreversible.ict = CK_V1(ck_colour_ict, CK_VARIANT);
    k->irreversible.round = CK_V1(ck_colour_round, CK_VARIANT);
    k->narrow16 = CK_V1(ck_colour_narrow16, CK_VARIANT);
    k->narrow32 = CK_V1(ck_colour_narrow32, CK_VARIANT);
    k->interleave3 = CK_V1(ck_colour_interleave3, CK_VARIANT);
}

#undef CK_V1
#undef CK_V2
#undef CK_VARIANT
#undef CK_VECTOR_NBYTES
#undef CK_LANES16
#undef CK_LANES32
#undef CK_TARGET
#undef CK_ROUND4
#undef CK_NEXT16
#undef CK_PACKS_BYTES
#undef CK_PACK_BYTES
