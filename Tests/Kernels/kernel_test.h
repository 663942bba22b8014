/* What the tests of all kernels share: CPU feature masks, and memory between pages that fault. */
#ifndef KERNEL_TEST_H
#define KERNEL_TEST_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ck_cpu.h"

/* The feature sets that differ on this CPU, portable first; answers how many. */
enum { KERNEL_MASKS = 5 };
static inline int kernel_masks(uint32_t features[KERNEL_MASKS])
{
    static const uint32_t masks[KERNEL_MASKS] = {0, CK_CPU_AVX2, CK_CPU_AVX2 | CK_CPU_FAST_PDEP,
                                                 CK_CPU_AVX2 | CK_CPU_FAST_PDEP | CK_CPU_AVX512, CK_CPU_ALL};
    int count = 0;
    for (int m = 0; m < KERNEL_MASKS; m++) {
        uint32_t here = ck_cpu_features() & masks[m];
        if (m == 0 || here != features[count - 1])
            features[count++] = here;
    }
    return count;
}

/* Whole pages [low, high) with a page that faults before and one behind. */
typedef struct {
    uint8_t *low, *high;
} guarded;

static inline size_t page_nbytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static inline guarded guard(size_t nbytes)
{
    size_t page = page_nbytes(), inner = (nbytes + page - 1) / page * page;
    uint8_t *map = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || (inner && mprotect(map + page, inner, PROT_READ | PROT_WRITE)))
        abort();
    return (guarded){map + page, map + page + inner};
}

static inline void unguard(guarded g)
{
    if (g.low)
        munmap(g.low - page_nbytes(), (size_t)(g.high - g.low) + 2 * page_nbytes());
}

#endif
