/*
 * Reversible 5/3 synthesis of rows, ITU-T T.800 F.3.8.1, for one sample type and one vector width.
 *
 * Parameters: CK_S sample type (int16_t, int32_t), CK_U its unsigned twin, CK_53(x) name with type and variant, CK_53_LANES lanes of
 * a vector as a plain number, CK_CHECK 1 to report overflow; CK_VECTOR_NBYTES and CK_TARGET as in ck_vector.h.
 *
 * floor((a + b) / 2) is taken as (a & b) + ((a ^ b) >> 1) and floor((a + b + 2) / 4) as m - (m >> 1) of that mean m, so that only the
 * final addition of a lifting step can leave the type. With CK_CHECK the functions answer non-zero when one did.
 */
typedef CK_VECTOR_OF(CK_S, CK_VECTOR_NBYTES) CK_53(vs);
typedef CK_VECTOR_OF(CK_U, CK_VECTOR_NBYTES) CK_53(vu);

#define V CK_53(vs)
#define U CK_53(vu)
#define LANES CK_53_LANES
#define LOAD(p) (*(const V *)(p))
#define STORE(p, v) (*(V *)(p) = (v))
#define MEAN(a, b) ((V)((U)((a) & (b)) + (U)(((a) ^ (b)) >> 1)))
#define QUARTER(m) ((V)((U)(m) - (U)((m) >> 1)))
#define TAIL(n) (*(const V *)(ck_tail_mask + 64 - (n) * sizeof(CK_S)))

/* even sample: l - floor((h0 + h1 + 2) / 4); *bad collects the sign bits of overflowed lanes inside `mask` */
#define EVEN(e, l, h0, h1, bad, mask) do { \
        V mean_ = MEAN(h0, h1), t_ = QUARTER(mean_); \
        e = (V)((U)(l) - (U)t_); \
        if (CK_CHECK) bad |= ((l) ^ t_) & ((l) ^ e) & (mask); \
    } while (0)
/* odd sample: h + floor((e0 + e1) / 2) */
#define ODD(o, h, e0, e1, bad, mask) do { \
        V t_ = MEAN(e0, e1); \
        o = (V)((U)(h) + (U)t_); \
        if (CK_CHECK) bad |= ~((h) ^ t_) & ((h) ^ o) & (mask); \
    } while (0)

CK_TARGET CK_INLINE uint32_t CK_53(any_negative)(V bad)
{
    if (!CK_CHECK)
        return 0;
    CK_S lane[CK_53_LANES];
    memcpy(lane, &bad, sizeof lane);
    CK_S all = 0;
    for (uint32_t i = 0; i < LANES; i++)
        all |= lane[i];
    return all < 0;
}

/* Scalar twin of EVEN for the two ends of a row. */
CK_INLINE CK_S CK_53(even)(CK_S l, CK_S h0, CK_S h1, uint32_t *bad)
{
    int64_t t = ((int64_t)h0 + h1 + 2) >> 2, e = (int64_t)l - t;
    if (CK_CHECK)
        *bad |= e != (CK_S)e;
    return (CK_S)e;
}

/*
 * One row: low[0..n_low) and high[0..n_high) to out[0..n_low + n_high); `odd` when the first sample has an odd coordinate.
 * `even` is a scratch row with a sample of margin on both sides. Rows may be read and written up to 64 samples past their ends.
 */
CK_TARGET static uint32_t CK_53(horizontal)(const void *low_, const void *high_, uint32_t n_low, uint32_t n_high, uint32_t odd,
                                            void *even_, void *out_)
{
    const CK_S *low = low_, *high = high_;
    CK_S *even = even_, *out = out_;
    if (n_low + n_high == 1) { /* F.3.6: a single sample is itself, or half of itself at an odd coordinate, towards zero as OpenJPEG's */
        out[0] = (CK_S)(odd ? high[0] / 2 : low[0]);
        return 0;
    }
    uint32_t bad = 0;
    V over = {0};
    uint32_t first = odd ? 0 : 1; /* even[n] lies between high[n - first] and high[n - first + 1] */
    uint32_t n = first, inner = n_low < n_high - 1 + first ? n_low : n_high - 1 + first; /* both neighbours exist below this */
    for (; n + LANES <= inner; n += LANES) {
        V e, l = LOAD(low + n), h0 = LOAD(high + n - first), h1 = LOAD(high + n - first + 1);
        EVEN(e, l, h0, h1, over, ~(V){0});
        STORE(even + n, e);
    }
    if (n < inner) {
        V e, l = LOAD(low + n), h0 = LOAD(high + n - first), h1 = LOAD(high + n - first + 1);
        EVEN(e, l, h0, h1, over, TAIL(inner - n));
        STORE(even + n, e);
    }
    if (first)
        even[0] = CK_53(even)(low[0], high[0], high[0], &bad);
    if (inner < n_low)
        even[inner] = CK_53(even)(low[inner], high[n_high - 1], high[n_high - 1], &bad);
    even[-1] = even[0], even[n_low] = even[n_low - 1];
    const CK_S *left = even - odd; /* odd sample n lies between left[n] and left[n + 1] */
    uint32_t pairs = n_low > n_high ? n_low : n_high;
    for (n = 0; n < pairs; n += LANES) {
        V o, h = LOAD(high + n), e0 = LOAD(left + n), e1 = LOAD(left + n + 1);
        V mask = n + LANES <= n_high ? ~(V){0} : n < n_high ? TAIL(n_high - n) : (V){0};
        ODD(o, h, e0, e1, over, mask);
        V a = odd ? o : e0, b = odd ? e1 : o;
        STORE(out + 2 * n, CK_ZIP_LOW(a, b, CK_53_LANES));
        STORE(out + 2 * n + LANES, CK_ZIP_HIGH(a, b, CK_53_LANES));
    }
    return bad | CK_53(any_negative)(over);
}

/*
 * Two rows: even[] = low - floor((h0 + h1 + 2) / 4), and, unless even_before is NULL, the row above it,
 * odd[] = h0 + floor((even_before + even) / 2).
 */
CK_TARGET static uint32_t CK_53(vertical)(const void *low_, const void *h0_, const void *h1_, const void *before_, void *even_,
                                          void *odd_, uint32_t n)
{
    const CK_S *low = low_, *high0 = h0_, *high1 = h1_, *before = before_;
    CK_S *even = even_, *odd = odd_;
    V over = {0};
    for (uint32_t i = 0; i < n; i += LANES) {
        V mask = i + LANES <= n ? ~(V){0} : TAIL(n - i);
        V e, h0 = LOAD(high0 + i), h1 = LOAD(high1 + i), l = LOAD(low + i);
        EVEN(e, l, h0, h1, over, mask);
        if (before) {
            V o, e0 = LOAD(before + i);
            ODD(o, h0, e0, e, over, mask);
            STORE(odd + i, o);
        }
        STORE(even + i, e);
    }
    return CK_53(any_negative)(over);
}

#undef V
#undef U
#undef LANES
#undef LOAD
#undef STORE
#undef MEAN
#undef QUARTER
#undef TAIL
#undef EVEN
#undef ODD
