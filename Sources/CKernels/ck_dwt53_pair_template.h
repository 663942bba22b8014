/*
 * Reversible 5/3 synthesis of two rows in one pass, ITU-T T.800 F.3.8.1: both rows horizontally and then the vertical lifting, all in
 * registers; 16-bit samples, resolutions that begin at an even column, one vector width. What it computes is what `horizontal` and
 * `vertical` of ck_dwt53_template.h compute.
 *
 * Parameters: CK_PAIR(x) name with variant; CK_PAIR_LANES lanes as a plain number; CK_VECTOR_NBYTES and CK_TARGET as in ck_vector.h.
 *
 * `checked` 0: the caller knows that no sum of two samples and 2 leaves 16 bits; plain sums do, and nothing is reported. `checked` 1:
 * as in ck_dwt53_template.h.
 */
typedef CK_VECTOR_OF(int16_t, CK_VECTOR_NBYTES) CK_PAIR(vs);
typedef CK_VECTOR_OF(uint16_t, CK_VECTOR_NBYTES) CK_PAIR(vu);
typedef CK_VECTOR_OF(uint8_t, CK_VECTOR_NBYTES / 2) CK_PAIR(vb);

#define V CK_PAIR(vs)
#define U CK_PAIR(vu)
#define LANES CK_PAIR_LANES
#define LOAD(p) (*(const V *)(p))
#define STORE(p, v) (*(V *)(p) = (v))
#define ADD(a, b) ((V)((U)(a) + (U)(b)))
#define MEAN(a, b) (checked ? ADD((a) & (b), ((a) ^ (b)) >> 1) : ADD(a, b) >> 1)
#define QUARTER(a, b, m) (checked ? (m = MEAN(a, b), (V)((U)(m) - (U)((m) >> 1))) : ADD(ADD(a, b), (V){0} + 2) >> 2)
#define LESSER(a, b, m) (m = (V)((a) < (b)), ((a) & m) | ((b) & ~m))
#define GREATER(a, b, m) (m = (V)((a) > (b)), ((a) & m) | ((b) & ~m))
/* Lanes of a vector at n that are among the first `count` samples. */
#define WITHIN(n, count) (inner || (n) + LANES <= (count) ? ~(V){0} : (n) < (count) ? \
    *(const V *)(ck_tail_mask + 64 - ((count) - (n)) * 2) : (V){0})
#define EVEN(e, l, h0, h1, mask) do { \
        V m_, t_ = QUARTER(h0, h1, m_); \
        e = (V)((U)(l) - (U)t_); \
        if (checked) over |= ((l) ^ t_) & ((l) ^ e) & (mask); \
    } while (0)
#define ODD(o, h, e0, e1, mask) do { \
        V t_ = MEAN(e0, e1); \
        o = ADD(h, t_); \
        if (checked) over |= ~((h) ^ t_) & ((h) ^ o) & (mask); \
    } while (0)

typedef struct {
    V e[2], h[2]; /* of both rows: even samples and high-pass samples of the vector in work */
    V over, most, least;
    V lo, hi, shift;
} CK_PAIR(state);

/* Samples n.. of a band row, whose length is `count`; `beyond` goes on after its end. */
CK_TARGET CK_INLINE void CK_PAIR(load)(V *out, const int16_t *row, uint32_t n, uint32_t count, int16_t beyond, int inner)
{
    V rest = (V){0} + beyond;
    if (inner || n + LANES <= count) {
        *out = LOAD(row + n);
    } else if (n < count) {
        V v = LOAD(row + n), m = *(const V *)(ck_tail_mask + 64 - (count - n) * 2);
        *out = (v & m) | (rest & ~m);
    } else {
        *out = rest;
    }
}

/* Clamped, shifted samples i.. of an output row of n. */
CK_TARGET CK_INLINE void CK_PAIR(put)(const CK_PAIR(state) *s, V v, uint8_t *out, uint32_t i, uint32_t n, uint32_t nbytes, int inner)
{
    V m;
    v = GREATER(v, s->lo, m);
    v = LESSER(v, s->hi, m);
    v = ADD(v, s->shift);
    CK_PAIR(vb) narrow = __builtin_convertvector((U)v, CK_PAIR(vb));
    out += (size_t)i * nbytes;
    if (inner || i + LANES <= n) {
        if (nbytes == 1)
            *(CK_PAIR(vb) *)out = narrow;
        else
            STORE(out, v);
    } else if (i < n) {
        if (nbytes == 1)
            memcpy(out, &narrow, n - i);
        else
            memcpy(out, &v, (n - i) * 2);
    }
}

/* Low-pass samples n.. of both rows with what follows them. `nbytes`: 0 for rows of samples, or of a pixel. */
CK_TARGET CK_INLINE void CK_PAIR(step)(const ck_row_pair *p, CK_PAIR(state) *s, uint32_t n, const int16_t beyond[4], uint32_t nbytes,
                                       int checked, int inner)
{
    V row[2][2], over = s->over, m;
    uint32_t width = p->n_low + p->n_high;
    for (int r = 0; r < 2; r++) {
        V h1, l1, e1, h = s->h[r], e = s->e[r], o;
        CK_PAIR(load)(&l1, p->low[r], n + LANES, p->n_low, beyond[r], inner);
        CK_PAIR(load)(&h1, p->high[r], n + LANES, p->n_high, beyond[2 + r], inner);
        EVEN(e1, l1, CK_JOIN_LAST(h, h1, LANES), h1, WITHIN(n + LANES, p->n_low));
        ODD(o, h, e, CK_JOIN_FIRST(e, e1, LANES), WITHIN(n, p->n_high));
        row[r][0] = CK_ZIP_LOW(e, o, LANES), row[r][1] = CK_ZIP_HIGH(e, o, LANES);
        s->h[r] = h1, s->e[r] = e1;
    }
    for (uint32_t k = 0, i = 2 * n; k < 2; k++, i += LANES) {
        V even, odd, mask = WITHIN(i, width), h0 = LOAD(p->lifted + i), h1 = row[1][k];
        EVEN(even, row[0][k], h0, h1, mask);
        if (p->before) {
            ODD(odd, h0, LOAD(p->before + i), even, mask);
            if (nbytes && p->odd_out)
                CK_PAIR(put)(s, odd, p->odd_out, i, width, nbytes, inner);
            if (!nbytes) {
                STORE((int16_t *)p->odd_out + i, odd);
                V seen = odd & mask;
                s->most = GREATER(s->most, seen, m), s->least = LESSER(s->least, seen, m);
            }
        }
        if (nbytes && p->even_out)
            CK_PAIR(put)(s, even, p->even_out, i, width, nbytes, inner);
        if (!nbytes) {
            V seen = even & mask;
            s->most = GREATER(s->most, seen, m), s->least = LESSER(s->least, seen, m);
        }
        STORE(p->lifted + i, h1);
        STORE(p->even + i, even);
    }
    s->over = over;
}

CK_TARGET CK_INLINE void CK_PAIR(run)(const ck_row_pair *pair, const ck_sample_range *range, uint32_t nbytes, int checked)
{
    CK_PAIR(state) s;
    const ck_row_pair own = *pair, *p = &own; /* stores of samples cannot change it */
    uint32_t n_low = p->n_low, n_high = p->n_high, n = 0;
    int16_t beyond[4];
    const int inner = 0;
    s.over = LOAD(p->watch->over), s.most = LOAD(p->watch->most), s.least = LOAD(p->watch->least);
    if (nbytes) {
        s.lo = (V){0} + (int16_t)(range->lo < INT16_MIN ? INT16_MIN : range->lo);
        s.hi = (V){0} + (int16_t)(range->hi > INT16_MAX ? INT16_MAX : range->hi);
        s.shift = (V){0} + (int16_t)(uint16_t)range->shift;
    }
    for (int r = 0; r < 2; r++) { /* symmetric extension, F.3.7: what comes after the last sample, and before the first */
        beyond[r] = p->low[r][n_low - 1];
        beyond[2 + r] = p->high[r][n_low > n_high ? n_high - 1 : n_high > 1 ? n_high - 2 : 0];
        V l, over = s.over, first = (V){0} + p->high[r][0];
        CK_PAIR(load)(&l, p->low[r], 0, n_low, beyond[r], 0);
        CK_PAIR(load)(&s.h[r], p->high[r], 0, n_high, beyond[2 + r], 0);
        EVEN(s.e[r], l, CK_JOIN_LAST(first, s.h[r], LANES), s.h[r], WITHIN(0, n_low));
        s.over = over;
    }
    for (; n + 2 * LANES <= n_high; n += LANES)
        CK_PAIR(step)(p, &s, n, beyond, nbytes, checked, 1);
    for (; n < n_low; n += LANES)
        CK_PAIR(step)(p, &s, n, beyond, nbytes, checked, 0);
    STORE(p->watch->over, s.over), STORE(p->watch->most, s.most), STORE(p->watch->least, s.least);
}

CK_TARGET static void CK_PAIR(samples_checked)(const ck_row_pair *p) { CK_PAIR(run)(p, NULL, 0, 1); }
CK_TARGET static void CK_PAIR(samples)(const ck_row_pair *p) { CK_PAIR(run)(p, NULL, 0, 0); }

CK_TARGET static void CK_PAIR(pixels_checked)(const ck_row_pair *p, const ck_sample_range *range, uint32_t nbytes)
{
    if (nbytes == 1)
        CK_PAIR(run)(p, range, 1, 1);
    else
        CK_PAIR(run)(p, range, 2, 1);
}

CK_TARGET static void CK_PAIR(pixels)(const ck_row_pair *p, const ck_sample_range *range, uint32_t nbytes)
{
    if (nbytes == 1)
        CK_PAIR(run)(p, range, 1, 0);
    else
        CK_PAIR(run)(p, range, 2, 0);
}

#undef V
#undef U
#undef LANES
#undef LOAD
#undef STORE
#undef ADD
#undef MEAN
#undef QUARTER
#undef LESSER
#undef GREATER
#undef WITHIN
#undef EVEN
#undef ODD
