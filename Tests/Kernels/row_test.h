/* Rows between guard pages, for the tests of the frame kernels. */
#ifndef ROW_TEST_H
#define ROW_TEST_H

#include <stdio.h>

#include "ck_dwt.h"
#include "htj2k_test.h"
#include "kernel_test.h"

/* Rows may be read and written this many samples past their ends; margin: a sample before the start, for those that say so. */
enum { ROW_SLACK = 64, ROW_FILL = 0x5A, ROWS = 12 };

typedef struct {
    guarded area;
    uint8_t *samples;
    size_t nbytes; /* what may be touched from `samples` on */
    size_t margin; /* bytes before it that may be touched */
} test_row;

extern uint64_t row_failures, row_checks;
extern test_row rows[ROWS];

void begin_rows(size_t nbytes_max);
/*
 * Row `i` with room for `count` items of `size` bytes: at random it begins behind the page before or ends at the page behind, or lies at
 * some multiple of `size` between. Filled with random bytes; items are what the caller puts there.
 */
void *place_row(int i, size_t count, size_t size, size_t margin_items, uint64_t *rng);
/* Were bytes outside what may be touched written? */
int row_is_clean(int i);
void row_check(int right, const char *kernel, int mask, uint32_t n, uint64_t seed);

#endif
