/*
 * From three rows of 16-bit samples to pixels in one pass: RCT (ITU-T T.800 G.2.2) or none, level shift (G.1), clamping, narrowing,
 * interleaving; for one vector width.
 *
 * Parameters: CK_PX(x) name with variant, CK_PX_LANES lanes as a plain number; CK_VECTOR_NBYTES and CK_TARGET as in ck_vector.h;
 * CK_PACKS_BYTES 1 if there is CK_PACK_BYTES(a, b), which narrows with clamping, in every 16 bytes eight of a and then eight of b.
 * Rows may be read up to 64 samples past their ends; exactly n pixels are written.
 *
 * `checked` 0: the caller knows that the transform's sums stay in 16 bits.
 */
typedef CK_VECTOR_OF(int16_t, CK_VECTOR_NBYTES) CK_PX(vs);
typedef CK_VECTOR_OF(uint16_t, CK_VECTOR_NBYTES) CK_PX(vu);
typedef CK_VECTOR_OF(uint8_t, CK_VECTOR_NBYTES / 2) CK_PX(vb);

#define V CK_PX(vs)
#define U CK_PX(vu)
#define LANES CK_PX_LANES
#define ADD(a, b) ((V)((U)(a) + (U)(b)))

enum { CK_PX(group) = 64 /* pixels at a time */ };

/* 16 bytes or 8 words of each component at `in` (rows of `group` samples) to pixels. */
#if CK_PX_LANES == 32
#define CK_PX_BLOCK 64
#else
#define CK_PX_BLOCK 16
#endif
typedef CK_VECTOR_OF(uint8_t, CK_PX_BLOCK) CK_PX(bytes);
typedef CK_VECTOR_OF(uint16_t, CK_PX_BLOCK) CK_PX(words);

/*
 * Element j of the interleaved pixels is of component j % 3. First the two of components 0 and 1, then component 2 in between; `whole`:
 * elements of one vector.
 */
#define TWO(j, whole) ((j) % 3 == 0 ? (j) / 3 : (j) % 3 == 1 ? (whole) + (j) / 3 : 0)
#define THIRD(j, whole) ((j) % 3 == 2 ? (whole) + (j) / 3 : (j) % (whole))
/* The same where pixel p is at PACKED(p): eight even ones and eight odd ones by turns. */
#define PACKED(p) ((p) / 16 * 16 + (p) % 16 / 2 + (p) % 2 * 8)
#define TWO_PACKED(j, whole) ((j) % 3 == 0 ? PACKED((j) / 3) : (j) % 3 == 1 ? (whole) + PACKED((j) / 3) : 0)
#define THIRD_PACKED(j, whole) ((j) % 3 == 2 ? (whole) + PACKED((j) / 3) : (j) % (whole))
#define TWO_THEN_THIRD(type, x, y, z, EACH, order, whole, base, out) do { \
        type two_ = __builtin_shufflevector(x, y, EACH(TWO##order, base, whole)); \
        *(type *)(out) = __builtin_shufflevector(two_, z, EACH(THIRD##order, base, whole)); \
    } while (0)
#define EACH8(F, b, w) F(b, w), F(b + 1, w), F(b + 2, w), F(b + 3, w), F(b + 4, w), F(b + 5, w), F(b + 6, w), F(b + 7, w)
#define EACH16(F, b, w) EACH8(F, b, w), EACH8(F, b + 8, w)
#define EACH32(F, b, w) EACH16(F, b, w), EACH16(F, b + 16, w)
#define EACH64(F, b, w) EACH32(F, b, w), EACH32(F, b + 32, w)
#if CK_PX_BLOCK == 64
#define BYTES_EACH EACH64
#define WORDS_EACH EACH32
#else
#define BYTES_EACH EACH16
#define WORDS_EACH EACH8
#endif

#define THREE(type, EACH, order, whole) do { \
        type x = *(const type *)(in[0] + at), y = *(const type *)(in[1] + at), z = *(const type *)(in[2] + at); \
        TWO_THEN_THIRD(type, x, y, z, EACH, order, whole, 0, out); \
        TWO_THEN_THIRD(type, x, y, z, EACH, order, whole, whole, out + CK_PX_BLOCK); \
        TWO_THEN_THIRD(type, x, y, z, EACH, order, whole, 2 * (whole), out + 2 * CK_PX_BLOCK); \
    } while (0)

CK_TARGET CK_INLINE void CK_PX(interleave)(const uint8_t in[3][CK_PX(group) * 2], uint32_t nbytes, int packed, uint8_t *out)
{
    for (uint32_t at = 0; at < CK_PX(group) * nbytes; at += CK_PX_BLOCK, out += 3 * CK_PX_BLOCK)
        if (nbytes == 2)
            THREE(CK_PX(words), WORDS_EACH, , (CK_PX_BLOCK / 2));
        else if (packed)
            THREE(CK_PX(bytes), BYTES_EACH, _PACKED, CK_PX_BLOCK);
        else
            THREE(CK_PX(bytes), BYTES_EACH, , CK_PX_BLOCK);
}

typedef struct {
    V lo[3], hi[3], shift[3], over;
} CK_PX(state);

/* LANES pixels to samples of the output, not narrowed yet. */
CK_TARGET CK_INLINE void CK_PX(colour)(CK_PX(state) *s, V v[3], int rct, int checked, int clamped, uint32_t left)
{
    if (rct) {
        V a = v[0], b = v[1], c = v[2];
        V quarter = checked ? ADD(b & c, (b ^ c) >> 1) >> 1 : ADD(b, c) >> 2;
        V g = (V)((U)a - (U)quarter), red = ADD(c, g), blue = ADD(b, g);
        if (checked) {
            V mask = left >= LANES ? ~(V){0} : *(const V *)(ck_tail_mask + 64 - left * 2);
            s->over |= (((a ^ quarter) & (a ^ g)) | (~(c ^ g) & (c ^ red)) | (~(b ^ g) & (b ^ blue))) & mask;
        }
        v[0] = red, v[1] = g, v[2] = blue;
    }
    for (int c = 0; clamped && c < 3; c++) {
        V m = (V)(v[c] > s->lo[c]);
        v[c] = (v[c] & m) | (s->lo[c] & ~m);
        m = (V)(v[c] < s->hi[c]);
        v[c] = (v[c] & m) | (s->hi[c] & ~m);
        v[c] = ADD(v[c], s->shift[c]);
    }
}

/*
 * `split`: rows hold LANES even and LANES odd samples by turns. `bytes` (of split rows): the range is 0 to 255 without a shift, so that
 * narrowing clamps.
 */
CK_TARGET CK_INLINE void CK_PX(run)(const int16_t *const in[3], const ck_sample_range range[3], uint32_t n, uint8_t *out,
                                    ck_row_watch *watch, int rct, int checked, uint32_t nbytes, int split, int bytes)
{
    CK_PX(state) s;
    s.over = *(const V *)watch->over;
    for (int c = 0; !bytes && c < 3; c++) {
        s.lo[c] = (V){0} + (int16_t)(range[c].lo < INT16_MIN ? INT16_MIN : range[c].lo);
        s.hi[c] = (V){0} + (int16_t)(range[c].hi > INT16_MAX ? INT16_MAX : range[c].hi);
        s.shift[c] = (V){0} + (int16_t)(uint16_t)range[c].shift;
    }
    for (uint32_t i = 0; i < n; i += CK_PX(group)) {
        uint8_t narrow[3][CK_PX(group) * 2] __attribute__((aligned(64)));
        for (uint32_t k = 0; k < CK_PX(group); k += 2 * LANES) {
            uint32_t left = n - i > k ? n - i - k : 0;
            V v[2][3];
            for (int c = 0; c < 3; c++)
                v[0][c] = *(const V *)(in[c] + i + k), v[1][c] = *(const V *)(in[c] + i + k + LANES);
            CK_PX(colour)(&s, v[0], rct, checked, !bytes, split ? (left + 1) / 2 : left);
            CK_PX(colour)(&s, v[1], rct, checked, !bytes, split ? left / 2 : left > LANES ? left - LANES : 0);
            for (int c = 0; c < 3; c++) {
                V a = v[0][c], b = v[1][c];
                if (bytes) {
                    *(V *)(narrow[c] + k) = (V)CK_PACK_BYTES(a, b);
                } else if (nbytes == 1 && split) {
                    *(V *)(narrow[c] + k) = (a & 255) | (V)((U)b << 8);
                } else if (nbytes == 1) {
                    *(CK_PX(vb) *)(narrow[c] + k) = __builtin_convertvector((U)a, CK_PX(vb));
                    *(CK_PX(vb) *)(narrow[c] + k + LANES) = __builtin_convertvector((U)b, CK_PX(vb));
                } else {
                    *(V *)(narrow[c] + 2 * k) = split ? (V)CK_ZIP_LOW(a, b, LANES) : a;
                    *(V *)(narrow[c] + 2 * k + 2 * LANES) = split ? (V)CK_ZIP_HIGH(a, b, LANES) : b;
                }
            }
        }
        if (i + CK_PX(group) <= n) {
            CK_PX(interleave)(narrow, nbytes, bytes, out + (size_t)i * 3 * nbytes);
        } else {
            uint8_t last[3 * CK_PX(group) * 2];
            CK_PX(interleave)(narrow, nbytes, bytes, last);
            memcpy(out + (size_t)i * 3 * nbytes, last, (size_t)(n - i) * 3 * nbytes);
        }
    }
    *(V *)watch->over = s.over;
}

#define CK_PX_FUNCTION(name, rct, checked, split) \
    CK_TARGET static void CK_PX(name)(const int16_t *const in[3], const ck_sample_range range[3], uint32_t nbytes, uint32_t n, \
                                      uint8_t *out, ck_row_watch *watch) \
    { \
        int bytes = split && CK_PACKS_BYTES; \
        for (int c = 0; c < 3; c++) \
            bytes &= range[c].lo == 0 && range[c].hi == 255 && range[c].shift == 0; \
        if (nbytes == 1 && bytes) \
            CK_PX(run)(in, range, n, out, watch, rct, checked, 1, split, 1); \
        else if (nbytes == 1) \
            CK_PX(run)(in, range, n, out, watch, rct, checked, 1, split, 0); \
        else \
            CK_PX(run)(in, range, n, out, watch, rct, checked, 2, split, 0); \
    }
CK_PX_FUNCTION(plain, 0, 0, 0)
CK_PX_FUNCTION(plain_split, 0, 0, 1)
CK_PX_FUNCTION(rct_checked, 1, 1, 0)
CK_PX_FUNCTION(rct_split, 1, 0, 1)
CK_PX_FUNCTION(rct_split_checked, 1, 1, 1)
#undef CK_PX_FUNCTION

#undef V
#undef U
#undef LANES
#undef ADD
#undef THREE
#undef PACKED
#undef TWO_PACKED
#undef THIRD_PACKED
#undef TWO
#undef THIRD
#undef TWO_THEN_THIRD
#undef EACH8
#undef EACH16
#undef EACH32
#undef EACH64
#undef BYTES_EACH
#undef WORDS_EACH
#undef CK_PX_BLOCK
