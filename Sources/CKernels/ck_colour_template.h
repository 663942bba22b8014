/*
 * From wavelet rows to sample bytes: RCT and ICT (ITU-T T.800 G.2, G.3), level shift (G.1), clamping, narrowing, interleaving; for one
 * vector width.
 *
 * Parameters: CK_C(x) name with variant; CK_VECTOR_NBYTES and CK_TARGET as in ck_vector.h. Rows may be read and written up to 64
 * samples past their ends, but for the bytes that go to the caller.
 */
enum { CK_C(lanes16) = CK_VECTOR_NBYTES / 2, CK_C(lanes32) = CK_VECTOR_NBYTES / 4 };

typedef CK_VECTOR_OF(int16_t, CK_VECTOR_NBYTES) CK_C(v16);
typedef CK_VECTOR_OF(uint16_t, CK_VECTOR_NBYTES) CK_C(vu16);
typedef CK_VECTOR_OF(int32_t, CK_VECTOR_NBYTES) CK_C(v32);
typedef CK_VECTOR_OF(uint32_t, CK_VECTOR_NBYTES) CK_C(vu32);
typedef CK_VECTOR_OF(float, CK_VECTOR_NBYTES) CK_C(vf);
typedef CK_VECTOR_OF(uint8_t, CK_VECTOR_NBYTES / 2) CK_C(v16to8);
typedef CK_VECTOR_OF(uint8_t, CK_VECTOR_NBYTES / 4) CK_C(v32to8);
typedef CK_VECTOR_OF(uint16_t, CK_VECTOR_NBYTES / 2) CK_C(v32to16);

#define V16 CK_C(v16)
#define V32 CK_C(v32)
#define VF CK_C(vf)
#define AT(type, p) (*(const type *)(p))
#define PUT(type, p) (*(type *)(p))
/* Lane-wise choice; compilers see minimum and maximum in it. */
#define CLAMP(v, lo, hi, type) do { \
        type m_ = (type)((v) > (lo)); \
        v = (v & m_) | ((lo) & ~m_); \
        m_ = (type)((v) < (hi)); \
        v = (v & m_) | ((hi) & ~m_); \
    } while (0)

/* RCT, G.2.2, in place of the three rows' copies: out rows are distinct from in rows. Non-zero when 16 bits do not hold a result. */
CK_TARGET static uint32_t CK_C(rct16)(const void *const in[3], void *const out[3], uint32_t n)
{
    const int16_t *y = in[0], *u = in[1], *v = in[2];
    int16_t *red = out[0], *green = out[1], *blue = out[2];
    V16 bad = {0};
    for (uint32_t i = 0; i < n; i += CK_C(lanes16)) {
        V16 a = AT(V16, y + i), b = AT(V16, u + i), c = AT(V16, v + i);
        V16 mean = (V16)((CK_C(vu16))(b & c) + (CK_C(vu16))((b ^ c) >> 1)), quarter = mean >> 1;
        V16 g = (V16)((CK_C(vu16))a - (CK_C(vu16))quarter);
        V16 r = (V16)((CK_C(vu16))c + (CK_C(vu16))g), l = (V16)((CK_C(vu16))b + (CK_C(vu16))g);
        V16 wrong = ((a ^ quarter) & (a ^ g)) | (~(c ^ g) & (c ^ r)) | (~(b ^ g) & (b ^ l));
        bad |= wrong & (i + CK_C(lanes16) <= n ? ~(V16){0} : AT(V16, ck_tail_mask + 64 - (n - i) * 2));
        PUT(V16, red + i) = r, PUT(V16, green + i) = g, PUT(V16, blue + i) = l;
    }
    int16_t lane[CK_C(lanes16)], all = 0;
    memcpy(lane, &bad, sizeof lane);
    for (uint32_t i = 0; i < CK_C(lanes16); i++)
        all |= lane[i];
    return all < 0;
}

CK_TARGET static uint32_t CK_C(rct32)(const void *const in[3], void *const out[3], uint32_t n)
{
    typedef CK_C(vu32) U;
    const int32_t *y = in[0], *u = in[1], *v = in[2];
    int32_t *red = out[0], *green = out[1], *blue = out[2];
    for (uint32_t i = 0; i < n; i += CK_C(lanes32)) {
        V32 a = AT(V32, y + i), b = AT(V32, u + i), c = AT(V32, v + i);
        V32 mean = (V32)((U)(b & c) + (U)((b ^ c) >> 1));
        U g = (U)a - (U)(mean >> 1);
        PUT(U, red + i) = (U)c + g, PUT(U, green + i) = g, PUT(U, blue + i) = (U)b + g;
    }
    return 0;
}

/* ICT, G.3.2. */
CK_TARGET static uint32_t CK_C(ict)(const void *const in[3], void *const out[3], uint32_t n)
{
    const float *y = in[0], *cb = in[1], *cr = in[2];
    float *red = out[0], *green = out[1], *blue = out[2];
    for (uint32_t i = 0; i < n; i += CK_C(lanes32)) {
        VF a = AT(VF, y + i), b = AT(VF, cb + i), c = AT(VF, cr + i);
        PUT(VF, red + i) = a + 1.402f * c;
        PUT(VF, green + i) = a - 0.344136f * b - 0.714136f * c;
        PUT(VF, blue + i) = a + 1.772f * b;
    }
    return 0;
}

/* Rounds to the nearest integer, limited to the range. */
CK_TARGET static void CK_C(round)(const float *in, const ck_sample_range *range, int32_t *out, uint32_t n)
{
    VF lo = (VF){0} + (float)range->lo, hi = (VF){0} + (float)range->hi, half = (VF){0} + 0.5f;
    for (uint32_t i = 0; i < n; i += CK_C(lanes32)) {
        VF v = AT(VF, in + i);
        V32 m = (V32)(v > lo);
        v = (VF)(((V32)v & m) | ((V32)lo & ~m));
        m = (V32)(v < hi);
        v = (VF)(((V32)v & m) | ((V32)hi & ~m));
        VF signed_half = (VF)((V32)half | ((V32)v & INT32_MIN));
        PUT(V32, out + i) = __builtin_convertvector(v + signed_half, V32);
    }
}

CK_TARGET static void CK_C(narrow16)(const int16_t *in, const ck_sample_range *range, void *out, uint32_t nbytes, uint32_t n)
{
    V16 lo = (V16){0} + (int16_t)(range->lo < INT16_MIN ? INT16_MIN : range->lo);
    V16 hi = (V16){0} + (int16_t)(range->hi > INT16_MAX ? INT16_MAX : range->hi);
    CK_C(vu16) shift = (CK_C(vu16)){0} + (uint16_t)range->shift;
    for (uint32_t i = 0; i < n; i += CK_C(lanes16)) {
        V16 v = AT(V16, in + i);
        CLAMP(v, lo, hi, V16);
        v = (V16)((CK_C(vu16))v + shift);
        if (nbytes == 1)
            PUT(CK_C(v16to8), (uint8_t *)out + i) = __builtin_convertvector((CK_C(vu16))v, CK_C(v16to8));
        else
            PUT(V16, (uint8_t *)out + 2 * i) = v;
    }
}

CK_TARGET static void CK_C(narrow32)(const int32_t *in, const ck_sample_range *range, void *out, uint32_t nbytes, uint32_t n)
{
    V32 lo = (V32){0} + range->lo, hi = (V32){0} + range->hi;
    CK_C(vu32) shift = (CK_C(vu32)){0} + (uint32_t)range->shift;
    for (uint32_t i = 0; i < n; i += CK_C(lanes32)) {
        V32 v = AT(V32, in + i);
        CLAMP(v, lo, hi, V32);
        CK_C(vu32) w = (CK_C(vu32))v + shift;
        if (nbytes == 1)
            PUT(CK_C(v32to8), (uint8_t *)out + i) = __builtin_convertvector(w, CK_C(v32to8));
        else if (nbytes == 2)
            PUT(CK_C(v32to16), (uint8_t *)out + 2 * i) = __builtin_convertvector(w, CK_C(v32to16));
        else
            PUT(CK_C(vu32), (uint8_t *)out + 4 * i) = w;
    }
}

/* Three rows of bytes or 16-bit words to pixels, 16 bytes of each row at a time; exactly n pixels are written. */
CK_TARGET static void CK_C(interleave3)(const void *const in[3], uint32_t nbytes, uint32_t n, uint8_t *out)
{
    typedef CK_VECTOR_OF(uint8_t, 16) B;
    typedef CK_VECTOR_OF(uint16_t, 16) W;
    const uint8_t *a = in[0], *b = in[1], *c = in[2];
    uint32_t i = 0, each = 16 / nbytes;
    for (; i + each <= n; i += each, out += 48) {
        if (nbytes == 1) {
            B x = AT(B, a + i), y = AT(B, b + i), z = AT(B, c + i);
            B p = __builtin_shufflevector(x, y, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
            B q = __builtin_shufflevector(x, y, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
            B r = __builtin_shufflevector(x, y, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
            PUT(B, out) = __builtin_shufflevector(p, z, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15);
            PUT(B, out + 16) = __builtin_shufflevector(q, z, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15);
            PUT(B, out + 32) = __builtin_shufflevector(r, z, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31);
        } else {
            W x = AT(W, a + 2 * i), y = AT(W, b + 2 * i), z = AT(W, c + 2 * i);
            W p = __builtin_shufflevector(x, y, 0, 8, 0, 1, 9, 0, 2, 10);
            W q = __builtin_shufflevector(x, y, 0, 3, 11, 0, 4, 12, 0, 5);
            W r = __builtin_shufflevector(x, y, 13, 0, 6, 14, 0, 7, 15, 0);
            PUT(W, out) = __builtin_shufflevector(p, z, 0, 1, 8, 3, 4, 9, 6, 7);
            PUT(W, out + 16) = __builtin_shufflevector(q, z, 10, 1, 2, 11, 4, 5, 12, 7);
            PUT(W, out + 32) = __builtin_shufflevector(r, z, 0, 13, 2, 3, 14, 5, 6, 15);
        }
    }
    for (; i < n; i++, out += 3 * nbytes) {
        memcpy(out, a + (size_t)i * nbytes, nbytes);
        memcpy(out + nbytes, b + (size_t)i * nbytes, nbytes);
        memcpy(out + 2 * nbytes, c + (size_t)i * nbytes, nbytes);
    }
}

#undef V16
#undef V32
#undef VF
#undef AT
#undef PUT
#undef CLAMP
