/*
 * Kernels that take 16-bit rows two by two, or three to pixels. Usage: test_row_pairs [seed [rounds]]. Every variant is compared with
 * plain C written here, at every width up to 200 and random ones up to 1100, at any address that suits its type (pixels: any), between
 * guard pages; bytes outside the rows' slack must stay as they were.
 */
#include "row_test.h"

enum { LONGEST = 1100 };
static ck_htj2k_kernels *kernels[KERNEL_MASKS];
static uint32_t lanes_of[KERNEL_MASKS];
static int masks;
static uint64_t overflows;

/* Where rows are. */
enum { LL, HL, LH, HH, LIFTED, EVEN, ODD, BEFORE, OUT_ODD, OUT_EVEN };

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

static int16_t *random_row(int i, uint32_t n, uint32_t bits, uint64_t *rng)
{
    int16_t *row = place_row(i, n + ROW_SLACK, sizeof(int16_t), 0, rng);
    for (uint32_t k = 0; k < n; k++) {
        int32_t range = 1 << bits, v = (int32_t)below(rng, (uint32_t)(2 * range)) - range;
        row[k] = (int16_t)(below(rng, 8) ? v : v < 0 ? -range : range - 1);
    }
    return row;
}

/* What the rows must become: horizontally [0] even row, [1] row after it; then finished. */
typedef struct {
    int32_t low[2][LONGEST], even[LONGEST], odd[LONGEST];
    int over; /* some result, on the way too, is not 16 bits wide */
} expected_rows;

static int32_t checked_sum(expected_rows *e, int64_t v)
{
    e->over |= v != (int16_t)v;
    return (int32_t)v;
}

static void expect(expected_rows *e, const ck_row_pair *p)
{
    int64_t width = p->n_low + p->n_high;
    e->over = 0;
    for (int r = 0; r < 2; r++) {
        int32_t *x = e->low[r];
        for (int64_t i = 0; i < width; i++)
            x[i] = i % 2 ? p->high[r][i / 2] : p->low[r][i / 2];
        for (int64_t i = 0; i < width; i += 2)
            x[i] = checked_sum(e, x[i] - floor_div((int64_t)x[i ? i - 1 : 1] + x[i + 1 < width ? i + 1 : i - 1] + 2, 4));
        for (int64_t i = 1; i < width; i += 2)
            x[i] = checked_sum(e, x[i] + floor_div((int64_t)x[i - 1] + x[i + 1 < width ? i + 1 : i - 1], 2));
    }
    for (int64_t i = 0; i < width; i++) {
        e->even[i] = checked_sum(e, e->low[0][i] - floor_div((int64_t)p->lifted[i] + e->low[1][i] + 2, 4));
        if (p->before)
            e->odd[i] = checked_sum(e, p->lifted[i] + floor_div((int64_t)p->before[i] + e->even[i], 2));
    }
}

/* Where sample i of a row is when even and odd ones take turns by vectors. */
static uint32_t split_at(uint32_t i, uint32_t lanes) { return i / (2 * lanes) * 2 * lanes + i % 2 * lanes + i % (2 * lanes) / 2; }

static int same(const int16_t *row, const int32_t *expected, uint32_t n, uint32_t split)
{
    for (uint32_t i = 0; i < n; i++)
        if (row[split ? split_at(i, split) : i] != expected[i])
            return 0;
    return 1;
}

static void put_in_order(int16_t *row, uint32_t n, uint32_t lanes)
{
    int16_t copy[LONGEST];
    memcpy(copy, row, n * sizeof *row);
    for (uint32_t i = 0; i < n; i++)
        row[split_at(i, lanes)] = copy[i];
}

static int any_over(const ck_row_watch *w)
{
    int16_t all = 0;
    for (int i = 0; i < 32; i++)
        all |= w->over[i];
    return all < 0;
}

static int watch_is_right(const ck_row_watch *w, const expected_rows *e, uint32_t n, int with_odd)
{
    int32_t most = 0, least = 0, seen_most = 0, seen_least = 0;
    for (uint32_t i = 0; i < n; i++)
        for (int k = 0; k <= with_odd; k++) {
            int32_t v = k ? e->odd[i] : e->even[i];
            most = v > most ? v : most, least = v < least ? v : least;
        }
    for (int i = 0; i < 32; i++) {
        seen_most = w->most[i] > seen_most ? w->most[i] : seen_most;
        seen_least = w->least[i] < seen_least ? w->least[i] : seen_least;
    }
    return most == seen_most && least == seen_least;
}

static ck_row_pair make_pair(uint32_t n, uint32_t bits, int with_odd, uint64_t *rng, ck_row_watch *watch)
{
    uint32_t n_low = (n + 1) / 2, n_high = n / 2;
    *watch = (ck_row_watch){0};
    ck_row_pair p = {.n_low = n_low, .n_high = n_high, .watch = watch};
    p.low[0] = random_row(LL, n_low, bits, rng), p.high[0] = random_row(HL, n_high, bits, rng);
    p.low[1] = random_row(LH, n_low, bits, rng), p.high[1] = random_row(HH, n_high, bits, rng);
    p.lifted = random_row(LIFTED, n, bits, rng), p.even = random_row(EVEN, n, bits, rng);
    p.before = with_odd ? random_row(BEFORE, n, bits, rng) : NULL;
    p.odd_out = random_row(ODD, n, bits, rng);
    return p;
}

static int are_clean(void)
{
    int clean = 1;
    for (int i = LL; i <= OUT_EVEN; i++)
        clean &= !rows[i].samples || row_is_clean(i);
    return clean;
}

static void rows_and_split(uint32_t n, int with_odd, uint64_t seed)
{
    static expected_rows e;
    for (int m = 0; m < masks; m++)
        for (int checked = 0; checked < 2; checked++)
            for (uint32_t split = 0; split < 2; split++) {
                uint64_t rng = seed;
                uint32_t bits = checked ? 12 + below(&rng, 4) : 12, lanes = lanes_of[m];
                ck_row_watch watch;
                ck_row_pair p = make_pair(n, bits, with_odd, &rng, &watch);
                expect(&e, &p);
                if (split) {
                    put_in_order(p.lifted, n, lanes);
                    if (with_odd)
                        put_in_order((int16_t *)(uintptr_t)p.before, n, lanes);
                }
                (split ? kernels[m]->pair_split : kernels[m]->pair_rows)[checked](&p);
                int right = checked ? any_over(&watch) == e.over : !e.over;
                overflows += (uint64_t)e.over;
                if (!e.over) {
                    right &= same(p.even, e.even, n, split ? lanes : 0) && same(p.lifted, e.low[1], n, split ? lanes : 0);
                    right &= !with_odd || same(p.odd_out, e.odd, n, split ? lanes : 0);
                    right &= split || watch_is_right(&watch, &e, n, with_odd);
                }
                row_check(right && are_clean(), split ? "pair_split" : "pair_rows", m, n, seed);
            }
}

static int64_t to_pixel(int64_t v, const ck_sample_range *r) { return (v < r->lo ? r->lo : v > r->hi ? r->hi : v) + r->shift; }

static int pixels_are(const uint8_t *out, const int32_t *expected, uint32_t n, const ck_sample_range *range, uint32_t nbytes)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = (uint32_t)to_pixel(expected[i], range), got = nbytes == 1 ? out[i] : (uint32_t)(out[2 * i] | out[2 * i + 1] << 8);
        if (got != (v & (nbytes == 1 ? 0xFF : 0xFFFF)))
            return 0;
    }
    return 1;
}

static ck_sample_range random_range(uint32_t nbytes, uint64_t *rng)
{
    int32_t half = 1 << below(rng, nbytes == 1 ? 8 : 15);
    return (ck_sample_range){-half, half - 1, below(rng, 2) ? half : 0};
}

static void pixels_and_exact(uint32_t n, int with_odd, uint64_t seed)
{
    static expected_rows e;
    const ck_sample_range whole = {INT16_MIN, INT16_MAX, 0};
    for (int m = 0; m < masks; m++)
        for (int kind = 0; kind < 3; kind++) { /* unchecked, checked, exact */
            uint64_t rng = seed;
            uint32_t nbytes = kind == 2 ? 2 : 1 + below(&rng, 2);
            int wants_even = below(&rng, 4) != 0, wants_odd = below(&rng, 4) != 0;
            ck_row_watch watch;
            ck_row_pair p = make_pair(n, kind == 1 ? 12 + below(&rng, 4) : 12, with_odd, &rng, &watch);
            ck_sample_range range = kind == 2 ? whole : random_range(nbytes, &rng);
            expect(&e, &p);
            uint8_t *odd = place_row(OUT_ODD, (size_t)n * nbytes, 1, 0, &rng), *even = place_row(OUT_EVEN, (size_t)n * nbytes, 1, 0, &rng);
            p.odd_out = wants_odd ? odd : NULL;
            if (kind == 2) { /* row e - 2 is in an output too */
                uint8_t *before = place_row(ODD, (size_t)n * 2, 1, 0, &rng);
                if (with_odd)
                    memcpy(before, p.before, (size_t)n * 2), p.before = (const int16_t *)(uintptr_t)before;
                p.even = (int16_t *)(uintptr_t)even;
                kernels[m]->pair_exact(&p);
                wants_even = 1;
            } else {
                p.even_out = wants_even ? even : NULL;
                kernels[m]->pair_pixels[kind](&p, &range, nbytes);
            }
            int right = kind == 1 ? any_over(&watch) == e.over : !e.over;
            if (!e.over) {
                right &= same(p.lifted, e.low[1], n, 0) && (kind == 2 || same(p.even, e.even, n, 0));
                right &= !wants_even || pixels_are(even, e.even, n, &range, nbytes);
                right &= !with_odd || !wants_odd || pixels_are(odd, e.odd, n, &range, nbytes);
            }
            row_check(right && are_clean(), kind == 2 ? "pair_exact" : "pair_pixels", m, n, seed);
        }
}

/* Three rows to pixels: with RCT or without, rows in order or split, unchecked or checked. */
static void three(uint32_t n, uint64_t seed)
{
    for (int m = 0; m < masks; m++)
        for (int kind = 0; kind < 5; kind++) {
            const ck_htj2k_kernels *k = kernels[m];
            const ck_pixels3 function[5] = {k->pixels3, k->pixels3_split, k->rct_pixels, k->rct_pixels_split[0], k->rct_pixels_split[1]};
            int rct = kind >= 2, split = kind == 1 || kind >= 3, checked = kind == 2 || kind == 4;
            uint64_t rng = seed;
            uint32_t nbytes = 1 + below(&rng, 2);
            ck_sample_range range[3];
            int is_whole_byte = nbytes == 1 && below(&rng, 2);
            for (int c = 0; c < 3; c++)
                range[c] = is_whole_byte ? (ck_sample_range){0, 255, 0} : random_range(nbytes, &rng);
            ck_row_watch watch = {0};
            const int16_t *in[3];
            static int32_t expected[3][LONGEST];
            int over = 0;
            for (int c = 0; c < 3; c++)
                in[c] = random_row(LL + c, n, checked ? 13 + below(&rng, 3) : is_whole_byte ? 9 : 13, &rng);
            for (uint32_t i = 0; i < n; i++) {
                int32_t y = in[0][i], u = in[1][i], v = in[2][i], g = (int32_t)(y - floor_div((int64_t)u + v, 4));
                expected[0][i] = rct ? v + g : y, expected[1][i] = rct ? g : u, expected[2][i] = rct ? u + g : v;
                for (int c = 0; c < 3; c++)
                    over |= expected[c][i] != (int16_t)expected[c][i];
            }
            for (int c = 0; split && c < 3; c++)
                put_in_order((int16_t *)(uintptr_t)in[c], n, lanes_of[m]);
            uint8_t *out = place_row(OUT_ODD, (size_t)n * 3 * nbytes, 1, 0, &rng);
            function[kind](in, range, nbytes, n, out, &watch);
            overflows += (uint64_t)over;
            int right = any_over(&watch) == over;
            for (uint32_t i = 0; i < n && !over; i++)
                for (uint32_t c = 0; c < 3; c++)
                    right &= pixels_are(out + (i * 3 + c) * nbytes, &expected[c][i], 1, &range[c], nbytes);
            row_check(right && are_clean(), rct ? "rct_pixels" : "pixels3", m, n, seed);
        }
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 0) : 600;
    uint32_t features[KERNEL_MASKS];
    setvbuf(stdout, NULL, _IOLBF, 0);
    masks = kernel_masks(features);
    for (int m = 0; m < masks; m++) {
        kernels[m] = malloc(ck_htj2k_kernels_nbytes());
        ck_htj2k_kernels_init(kernels[m], features[m]);
        lanes_of[m] = features[m] & CK_CPU_AVX512 ? 32 : features[m] & CK_CPU_AVX2 ? 16 : 8;
    }
    begin_rows(3 * LONGEST * 4 + 1024);
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t rng = seed + i;
        uint32_t n = i < 400 ? 2 + (uint32_t)(i % 199) : 2 + below(&rng, LONGEST - 2);
        uint64_t at = next_random(&rng);
        rows_and_split(n, (int)(i % 4 != 0), at), pixels_and_exact(n, (int)(i % 4 != 0), at), three(n - (uint32_t)(i & 1), at);
    }
    if (overflows == 0)
        row_failures++, printf("FAIL: no sum left 16 bits\n");
    printf("%llu row pairs, seeds %llu to %llu, widths 1 to %d, %d feature masks, %llu failures\n", (unsigned long long)row_checks,
           (unsigned long long)seed, (unsigned long long)(seed + rounds - 1), LONGEST, masks, (unsigned long long)row_failures);
    return row_failures != 0;
}
