/*
 * From three rows of 16-bit samples to pixels in one pass: RCT (ITU-T T.800 G.2.2) or none, level shift (G.1), clamping, narrowing,
 * interleaving; for one vector width.
 *
 * Parameters: CK_PX(x) name with variant, CK_PX_LANES lanes as a plain number; CK_VECTOR_NBYTES and CK_TARGET as in ck_vector.h. Rows
 * may be read up to 64 samples past their ends; exactly n pixels are written.
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
#define TWO_THEN_THIRD(type, x, y, z, EACH, whole, base, out) do { \
        type two_ = __builtin_shufflevector(x, y, EACH(TWO, base, whole)); \
        *(type *)(out) = __builtin_shufflevector(two_, z, EACH(THIRD, base, whole)); \
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

CK_TARGET CK_INLINE void CK_PX(interleave)(const uint8_t in[3][CK_PX(group) * 2], uint32_t nbytes, uint8_t *out)
{
    for (uint32_t at = 0; at < CK_PX(group) * nbytes; at += CK_PX_BLOCK, out += 3 * CK_PX_BLOCK)
        if (nbytes == 1) {
            typedef CK_PX(bytes) B;
            B x = *(const B *)(in[0] + at), y = *(const B *)(in[1] + at), z = *(const B *)(in[2] + at);
            TWO_THEN_THIRD(B, x, y, z, BYTES_EACH, CK_PX_BLOCK, 0, out);
            TWO_THEN_THIRD(B, x, y, z, BYTES_EACH, CK_PX_BLOCK, CK_PX_BLOCK, out + CK_PX_BLOCK);
            TWO_THEN_THIRD(B, x, y, z, BYTES_EACH, CK_PX_BLOCK, 2 * CK_PX_BLOCK, out + 2 * CK_PX_BLOCK);
        } else {
            typedef CK_PX(words) W;
            W x = *(const W *)(in[0] + at), y = *(const W *)(in[1] + at), z = *(const W *)(in[2] + at);
            TWO_THEN_THIRD(W, x, y, z, WORDS_EACH, CK_PX_BLOCK / 2, 0, out);
            TWO_THEN_THIRD(W, x, y, z, WORDS_EACH, CK_PX_BLOCK / 2, CK_PX_BLOCK / 2, out + CK_PX_BLOCK);
            TWO_THEN_THIRD(W, x, y, z, WORDS_EACH, CK_PX_BLOCK / 2, CK_PX_BLOCK, out + 2 * CK_PX_BLOCK);
        }
}

CK_TARGET CK_INLINE void CK_PX(run)(const int16_t *const in[3], int rct, int checked, const ck_sample_range range[3], uint32_t nbytes,
                                    uint32_t n, uint8_t *out, ck_row_watch *watch)
{
    V lo[3], hi[3], shift[3], over = *(const V *)watch->over;
    for (int c = 0; c < 3; c++) {
        lo[c] = (V){0} + (int16_t)(range[c].lo < INT16_MIN ? INT16_MIN : range[c].lo);
        hi[c] = (V){0} + (int16_t)(range[c].hi > INT16_MAX ? INT16_MAX : range[c].hi);
        shift[c] = (V){0} + (int16_t)(uint16_t)range[c].shift;
    }
    for (uint32_t i = 0; i < n; i += CK_PX(group)) {
        uint8_t narrow[3][CK_PX(group) * 2] __attribute__((aligned(64)));
        for (uint32_t k = 0; k < CK_PX(group); k += LANES) {
            V v[3] = {*(const V *)(in[0] + i + k), *(const V *)(in[1] + i + k), *(const V *)(in[2] + i + k)};
            if (rct) {
                V a = v[0], b = v[1], c = v[2];
                V quarter = checked ? ADD(b & c, (b ^ c) >> 1) >> 1 : ADD(b, c) >> 2;
                V g = (V)((U)a - (U)quarter), red = ADD(c, g), blue = ADD(b, g);
                if (checked) {
                    uint32_t left = n - i > k ? n - i - k : 0;
                    V mask = left >= LANES ? ~(V){0} : *(const V *)(ck_tail_mask + 64 - left * 2);
                    over |= (((a ^ quarter) & (a ^ g)) | (~(c ^ g) & (c ^ red)) | (~(b ^ g) & (b ^ blue))) & mask;
                }
                v[0] = red, v[1] = g, v[2] = blue;
            }
            for (int c = 0; c < 3; c++) {
                V m = (V)(v[c] > lo[c]);
                v[c] = (v[c] & m) | (lo[c] & ~m);
                m = (V)(v[c] < hi[c]);
                v[c] = (v[c] & m) | (hi[c] & ~m);
                v[c] = ADD(v[c], shift[c]);
                if (nbytes == 1)
                    *(CK_PX(vb) *)(narrow[c] + k) = __builtin_convertvector((U)v[c], CK_PX(vb));
                else
                    *(V *)(narrow[c] + 2 * k) = v[c];
            }
        }
        if (i + CK_PX(group) <= n) {
            CK_PX(interleave)(narrow, nbytes, out + (size_t)i * 3 * nbytes);
        } else {
            uint8_t last[3 * CK_PX(group) * 2];
            CK_PX(interleave)(narrow, nbytes, last);
            memcpy(out + (size_t)i * 3 * nbytes, last, (size_t)(n - i) * 3 * nbytes);
        }
    }
    *(V *)watch->over = over;
}

CK_TARGET static void CK_PX(plain)(const int16_t *const in[3], const ck_sample_range range[3], uint32_t nbytes, uint32_t n, uint8_t *out,
                                   ck_row_watch *watch)
{
    if (nbytes == 1)
        CK_PX(run)(in, 0, 0, range, 1, n, out, watch);
    else
        CK_PX(run)(in, 0, 0, range, 2, n, out, watch);
}

CK_TARGET static void CK_PX(rct)(const int16_t *const in[3], const ck_sample_range range[3], uint32_t nbytes, uint32_t n, uint8_t *out,
                                 ck_row_watch *watch)
{
    if (nbytes == 1)
        CK_PX(run)(in, 1, 0, range, 1, n, out, watch);
    else
        CK_PX(run)(in, 1, 0, range, 2, n, out, watch);
}

CK_TARGET static void CK_PX(rct_checked)(const int16_t *const in[3], const ck_sample_range range[3], uint32_t nbytes, uint32_t n,
                                         uint8_t *out, ck_row_watch *watch)
{
    if (nbytes == 1)
        CK_PX(run)(in, 1, 1, range, 1, n, out, watch);
    else
        CK_PX(run)(in, 1, 1, range, 2, n, out, watch);
}

#undef V
#undef U
#undef LANES
#undef ADD
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
