/*
 * Reversible 5/3 synthesis of two rows in one pass, ITU-T T.800 F.3.8.1: both rows horizontally and then the vertical lifting, all in
 * registers; 16-bit samples, resolutions that begin at an even column, one vector width. What it computes is what `horizontal` and
 * `vertical` of ck_dwt53_template.h compute.
 *
 * Parameters: CK_PAIR(x) name with variant; CK_PAIR_LANES lanes as a plain number; CK_VECTOR_NBYTES and CK_TARGET as in ck_vector.h;
 * CK_ROUND4(v) floor((v + 2) / 4) and CK_NEXT16(a, b) lanes 1 and up of a, then the first of b.
 *
 * `checked` 0: the caller knows that no sum of two samples and 2 leaves 16 bits; plain sums do, and nothing is reported. `checked` 1:
 * as in ck_dwt53_template.h. All arguments of the inline functions behind the data are constants where they are called.
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
#define TAIL(n) (*(const V *)(ck_tail_mask + 64 - (n) * 2))
#define MEAN(a, b) (checked ? ADD((a) & (b), ((a) ^ (b)) >> 1) : ADD(a, b) >> 1)
#define QUARTER(a, b, m) (checked ? (m = MEAN(a, b), (V)((U)(m) - (U)((m) >> 1))) : (m = ADD(a, b), (V)CK_ROUND4(m)))
#define LESSER(a, b, m) (m = (V)((a) < (b)), ((a) & m) | ((b) & ~m))
#define GREATER(a, b, m) (m = (V)((a) > (b)), ((a) & m) | ((b) & ~m))
/* Lanes of a vector at n that are among the first `count` samples. */
#define WITHIN(n, count) (place == CK_PAIR_INNER || (n) + LANES <= (count) ? ~(V){0} : (n) < (count) ? TAIL((count) - (n)) : (V){0})
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
CK_TARGET CK_INLINE void CK_PAIR(load)(V *out, const int16_t *row, uint32_t n, uint32_t count, int16_t beyond)
{
    V rest = (V){0} + beyond;
    if (n + LANES <= count) {
        *out = LOAD(row + n);
    } else if (n < count) {
        V v = LOAD(row + n), m = TAIL(count - n);
        *out = (v & m) | (rest & ~m);
    } else {
        *out = rest;
    }
}

/* Samples i.. of a row of n in the output, where nothing behind the row may be touched. */
CK_TARGET CK_INLINE void CK_PAIR(get)(V *v, const uint8_t *row, uint32_t i, uint32_t n, int place)
{
    *v = (V){0};
    if (place != CK_PAIR_END || i + LANES <= n)
        *v = LOAD(row + (size_t)i * 2);
    else if (i < n)
        memcpy(v, row + (size_t)i * 2, (n - i) * 2);
}

CK_TARGET CK_INLINE void CK_PAIR(put)(V v, uint8_t *row, uint32_t i, uint32_t n, uint32_t nbytes, int place)
{
    CK_PAIR(vb) narrow = __builtin_convertvector((U)v, CK_PAIR(vb));
    row += (size_t)i * nbytes;
    if (place != CK_PAIR_END || i + LANES <= n) {
        if (nbytes == 1)
            *(CK_PAIR(vb) *)row = narrow;
        else
            STORE(row, v);
    } else if (i < n) {
        if (nbytes == 1)
            memcpy(row, &narrow, n - i);
        else
            memcpy(row, &v, (n - i) * 2);
    }
}

CK_TARGET CK_INLINE void CK_PAIR(clamp)(const CK_PAIR(state) *s, V *v)
{
    V m;
    *v = GREATER(*v, s->lo, m);
    *v = LESSER(*v, s->hi, m);
    *v = ADD(*v, s->shift);
}

/*
 * Half k of what low-pass samples n.. became, lifted vertically: `row` and `h1` are the even row and the row after it, horizontally done.
 * Split rows have even samples in half 0 and odd ones in half 1.
 */
CK_TARGET CK_INLINE void CK_PAIR(lift)(const ck_row_pair *p, CK_PAIR(state) *s, V *row, V *h1, uint32_t n, uint32_t k, int mode,
                                       uint32_t nbytes, int checked, int place)
{
    uint32_t width = p->n_low + p->n_high, i = 2 * n + k * LANES;
    uint32_t at = mode == CK_PAIR_SPLIT ? n : i, count = mode != CK_PAIR_SPLIT ? width : k ? p->n_high : p->n_low;
    V even, odd, before, over = s->over, m, mask = WITHIN(at, count), h0 = LOAD(p->lifted + i);
    EVEN(even, *row, h0, *h1, mask);
    if (p->before) {
        if (mode == CK_PAIR_EXACT)
            CK_PAIR(get)(&before, (const uint8_t *)p->before, i, width, place);
        else
            before = LOAD(p->before + i);
        ODD(odd, h0, before, even, mask);
        if (mode == CK_PAIR_ROWS) {
            V seen = odd & mask;
            s->most = GREATER(s->most, seen, m), s->least = LESSER(s->least, seen, m);
        }
        if (mode == CK_PAIR_PIXELS)
            CK_PAIR(clamp)(s, &odd);
        if (mode == CK_PAIR_ROWS || mode == CK_PAIR_SPLIT)
            STORE((int16_t *)p->odd_out + i, odd);
        else if (p->odd_out)
            CK_PAIR(put)(odd, p->odd_out, i, width, nbytes, place);
    }
    if (mode == CK_PAIR_ROWS) {
        V seen = even & mask;
        s->most = GREATER(s->most, seen, m), s->least = LESSER(s->least, seen, m);
    }
    STORE(p->lifted + i, *h1);
    if (mode == CK_PAIR_EXACT)
        CK_PAIR(put)(even, (uint8_t *)p->even, i, width, 2, place);
    else
        STORE(p->even + i, even);
    if (mode == CK_PAIR_PIXELS && p->even_out) {
        CK_PAIR(clamp)(s, &even);
        CK_PAIR(put)(even, p->even_out, i, width, nbytes, place);
    }
    s->over = over;
}

/* Low-pass samples n.. of both rows with what follows them. */
CK_TARGET CK_INLINE void CK_PAIR(step)(const ck_row_pair *p, CK_PAIR(state) *s, uint32_t n, const int16_t beyond[4], int mode,
                                       uint32_t nbytes, int checked, int place)
{
    V row[2][2], over = s->over;
    uint32_t next = n + LANES;
    for (int r = 0; r < 2; r++) {
        V h1, l1, e1, between, h = s->h[r], e = s->e[r], o;
        if (place == CK_PAIR_INNER) {
            l1 = LOAD(p->low[r] + next), h1 = LOAD(p->high[r] + next), between = LOAD(p->high[r] + next - 1);
        } else {
            CK_PAIR(load)(&l1, p->low[r], next, place == CK_PAIR_LAST ? next : p->n_low, beyond[r]);
            CK_PAIR(load)(&h1, p->high[r], next, place == CK_PAIR_LAST ? next : p->n_high, beyond[2 + r]);
            between = CK_JOIN_LAST(h, h1, LANES);
        }
        EVEN(e1, l1, between, h1, place == CK_PAIR_LAST ? (V){0} : WITHIN(next, p->n_low));
        ODD(o, h, e, CK_NEXT16(e, e1), WITHIN(n, p->n_high));
        if (mode == CK_PAIR_SPLIT)
            row[r][0] = e, row[r][1] = o;
        else
            row[r][0] = CK_ZIP_LOW(e, o, LANES), row[r][1] = CK_ZIP_HIGH(e, o, LANES);
        s->h[r] = h1, s->e[r] = e1;
    }
    s->over = over;
    CK_PAIR(lift)(p, s, &row[0][0], &row[1][0], n, 0, mode, nbytes, checked, place);
    CK_PAIR(lift)(p, s, &row[0][1], &row[1][1], n, 1, mode, nbytes, checked, place);
}

CK_TARGET CK_INLINE void CK_PAIR(run)(const ck_row_pair *pair, const ck_sample_range *range, int mode, uint32_t nbytes, int checked)
{
    CK_PAIR(state) s;
    const ck_row_pair own = *pair, *p = &own; /* stores of samples cannot change it */
    uint32_t n_low = p->n_low, n_high = p->n_high, n = 0;
    int16_t beyond[4];
    const int place = CK_PAIR_END;
    s.over = s.most = s.least = (V){0};
    if (checked)
        s.over = LOAD(p->watch->over);
    if (mode == CK_PAIR_ROWS)
        s.most = LOAD(p->watch->most), s.least = LOAD(p->watch->least);
    if (mode == CK_PAIR_PIXELS) {
        s.lo = (V){0} + (int16_t)(range->lo < INT16_MIN ? INT16_MIN : range->lo);
        s.hi = (V){0} + (int16_t)(range->hi > INT16_MAX ? INT16_MAX : range->hi);
        s.shift = (V){0} + (int16_t)(uint16_t)range->shift;
    }
    for (int r = 0; r < 2; r++) { /* symmetric extension, F.3.7: what comes after the last sample, and before the first */
        beyond[r] = p->low[r][n_low - 1];
        beyond[2 + r] = p->high[r][n_low > n_high ? n_high - 1 : n_high > 1 ? n_high - 2 : 0];
        V l, over = s.over, first = (V){0} + p->high[r][0];
        CK_PAIR(load)(&l, p->low[r], 0, n_low, beyond[r]);
        CK_PAIR(load)(&s.h[r], p->high[r], 0, n_high, beyond[2 + r]);
        EVEN(s.e[r], l, CK_JOIN_LAST(first, s.h[r], LANES), s.h[r], WITHIN(0, n_low));
        s.over = over;
    }
    for (; n + 2 * LANES <= n_high; n += LANES)
        CK_PAIR(step)(p, &s, n, beyond, mode, nbytes, checked, CK_PAIR_INNER);
    if (n + LANES == n_low && n_low == n_high)
        CK_PAIR(step)(p, &s, n, beyond, mode, nbytes, checked, CK_PAIR_LAST);
    else
        for (; n < n_low; n += LANES)
            CK_PAIR(step)(p, &s, n, beyond, mode, nbytes, checked, CK_PAIR_END);
    if (checked)
        STORE(p->watch->over, s.over);
    if (mode == CK_PAIR_ROWS)
        STORE(p->watch->most, s.most), STORE(p->watch->least, s.least);
}

CK_TARGET static void CK_PAIR(rows_checked)(const ck_row_pair *p) { CK_PAIR(run)(p, NULL, CK_PAIR_ROWS, 0, 1); }
CK_TARGET static void CK_PAIR(rows)(const ck_row_pair *p) { CK_PAIR(run)(p, NULL, CK_PAIR_ROWS, 0, 0); }
CK_TARGET static void CK_PAIR(split_checked)(const ck_row_pair *p) { CK_PAIR(run)(p, NULL, CK_PAIR_SPLIT, 0, 1); }
CK_TARGET static void CK_PAIR(split)(const ck_row_pair *p) { CK_PAIR(run)(p, NULL, CK_PAIR_SPLIT, 0, 0); }
CK_TARGET static void CK_PAIR(exact)(const ck_row_pair *p) { CK_PAIR(run)(p, NULL, CK_PAIR_EXACT, 2, 0); }

CK_TARGET static void CK_PAIR(pixels_checked)(const ck_row_pair *p, const ck_sample_range *range, uint32_t nbytes)
{
    if (nbytes == 1)
        CK_PAIR(run)(p, range, CK_PAIR_PIXELS, 1, 1);
    else
        CK_PAIR(run)(p, range, CK_PAIR_PIXELS, 2, 1);
}

CK_TARGET static void CK_PAIR(pixels)(const ck_row_pair *p, const ck_sample_range *range, uint32_t nbytes)
{
    if (nbytes == 1)
        CK_PAIR(run)(p, range, CK_PAIR_PIXELS, 1, 0);
    else
        CK_PAIR(run)(p, range, CK_PAIR_PIXELS, 2, 0);
}

#undef V
#undef U
#undef LANES
#undef LOAD
#undef STORE
#undef ADD
#undef TAIL
#undef MEAN
#undef QUARTER
#undef LESSER
#undef GREATER
#undef WITHIN
#undef EVEN
#undef ODD
