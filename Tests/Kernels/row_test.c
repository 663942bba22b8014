#include "row_test.h"

uint64_t row_failures, row_checks;
test_row rows[ROWS];

void begin_rows(size_t nbytes_max)
{
    for (int i = 0; i < ROWS; i++) {
        rows[i].area = guard(nbytes_max);
        memset(rows[i].area.low, ROW_FILL, (size_t)(rows[i].area.high - rows[i].area.low));
    }
}

void *place_row(int i, size_t count, size_t size, size_t margin_items, uint64_t *rng)
{
    test_row *r = &rows[i];
    size_t inner = (size_t)(r->area.high - r->area.low);
    if (r->samples)
        memset(r->samples - r->margin, ROW_FILL, r->nbytes + r->margin);
    r->nbytes = count * size, r->margin = margin_items * size;
    if (r->nbytes + r->margin > inner)
        abort();
    size_t most = inner - r->nbytes - r->margin, at = below(rng, 3);
    at = at == 0 ? 0 : at == 1 ? most : below(rng, (uint32_t)(most < 256 ? most + 1 : 256));
    at -= at % size;
    r->samples = r->area.low + at + r->margin;
    for (size_t k = 0; k < r->nbytes + r->margin; k++)
        r->samples[(ptrdiff_t)k - (ptrdiff_t)r->margin] = (uint8_t)next_random(rng);
    return r->samples;
}

int row_is_clean(int i)
{
    const test_row *r = &rows[i];
    for (const uint8_t *p = r->area.low; p < r->samples - r->margin; p++)
        if (*p != ROW_FILL)
            return 0;
    for (const uint8_t *p = r->samples + r->nbytes; p < r->area.high; p++)
        if (*p != ROW_FILL)
            return 0;
    return 1;
}

void row_check(int right, const char *kernel, int mask, uint32_t n, uint64_t seed)
{
    row_checks++;
    if (right || row_failures++ > 20)
        return;
    printf("FAIL: %s mask %d n %u seed %llu\n", kernel, mask, n, (unsigned long long)seed);
}
