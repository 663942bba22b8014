/*
 * Irreversible 9/7 synthesis of rows, ITU-T T.800 F.3.8.2, in single precision for one vector width. The factors K and 1/K of steps 1
 * and 2 are in the band's scale already (see ck_tile.c), except where a row or column has one sample and no lifting at all.
 *
 * Parameters: CK_97(x) name with variant, CK_97_LANES floats of a vector; CK_VECTOR_NBYTES and CK_TARGET as in ck_vector.h.
 */
typedef CK_VECTOR_OF(float, CK_VECTOR_NBYTES) CK_97(vf);
typedef CK_VECTOR_OF(int32_t, CK_VECTOR_NBYTES) CK_97(vi);

#define V CK_97(vf)
#define LOAD(p) (*(const V *)(p))
#define STORE(p, v) (*(V *)(p) = (v))

/* Coefficients to floats, scaled. */
CK_TARGET static void CK_97(load)(const int32_t *in, float scale, float *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += CK_97_LANES) {
        V v = __builtin_convertvector(*(const CK_97(vi) *)(in + i), V);
        STORE(out + i, v * scale);
    }
}

/* target[n] -= factor * (beside[n - 1 + ahead] + beside[n + ahead]), with one sample of symmetric extension of `beside`. */
CK_TARGET CK_INLINE void CK_97(lift)(float *target, uint32_t n_target, float *beside, uint32_t n_beside, uint32_t ahead, float factor)
{
    beside[-1] = beside[0], beside[n_beside] = beside[n_beside - 1];
    const float *left = beside - 1 + ahead;
    for (uint32_t n = 0; n < n_target; n += CK_97_LANES)
        STORE(target + n, LOAD(target + n) - factor * (LOAD(left + n) + LOAD(left + n + 1)));
}

/* One row; low and high are scratch rows, overwritten, with a margin of one sample on both sides. */
CK_TARGET static void CK_97(horizontal)(float *low, float *high, uint32_t n_low, uint32_t n_high, uint32_t odd, float *out)
{
    if (n_low + n_high == 1) { /* F.3.6, with the folded gain taken back */
        out[0] = odd ? high[0] * (float)(0.5 / CK_97_HIGH_GAIN) : low[0] * (float)(1 / CK_97_LOW_GAIN);
        return;
    }
    CK_97(lift)(low, n_low, high, n_high, odd, CK_97_DELTA);
    CK_97(lift)(high, n_high, low, n_low, 1 - odd, CK_97_GAMMA);
    CK_97(lift)(low, n_low, high, n_high, odd, CK_97_BETA);
    CK_97(lift)(high, n_high, low, n_low, 1 - odd, CK_97_ALPHA);
    uint32_t pairs = n_low > n_high ? n_low : n_high;
    for (uint32_t n = 0; n < pairs; n += CK_97_LANES) {
        V a = LOAD((odd ? high : low) + n), b = LOAD((odd ? low : high) + n);
        STORE(out + 2 * n, CK_ZIP_LOW(a, b, CK_97_LANES));
        STORE(out + 2 * n + CK_97_LANES, CK_ZIP_HIGH(a, b, CK_97_LANES));
    }
}

/*
 * The four lifting steps of a pair of rows as it comes, row k (low) and row k + 1 (high): steps 3 to 6 on rows k, k - 1, k - 2, k - 3.
 * State rows: high_before = raw row k - 1; s1 = row k - 2 after step 3; d1 = row k - 3 after step 4; s2 = row k - 4 after step 5.
 */
CK_TARGET static void CK_97(vertical)(const float *low, const float *high_before, const float *high, float *s1, float *d1, float *s2,
                                      float *odd, float *even, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += CK_97_LANES) {
        V d0 = LOAD(high_before + i), s1_before = LOAD(s1 + i), d1_before = LOAD(d1 + i), s2_before = LOAD(s2 + i);
        V s1_now = LOAD(low + i) - CK_97_DELTA * (d0 + LOAD(high + i));
        V d1_now = d0 - CK_97_GAMMA * (s1_before + s1_now);
        V s2_now = s1_before - CK_97_BETA * (d1_before + d1_now);
        STORE(odd + i, d1_before - CK_97_ALPHA * (s2_before + s2_now));
        STORE(even + i, s2_now);
        STORE(s1 + i, s1_now);
        STORE(d1 + i, d1_now);
        STORE(s2 + i, s2_now);
    }
}

#undef V
#undef LOAD
#undef STORE
