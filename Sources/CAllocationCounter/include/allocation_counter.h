// Counts a thread's calls of the allocator, for benchmarks and tests that promise none.
//
// An executable that links this target has its malloc, calloc, realloc and aligned relatives counted, whichever
// library calls them; the work is still done by glibc's allocator. The product itself never links it.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

// Whether calls are counted: 0 with another C library than glibc, or under a sanitizer that brings its own allocator.
int cac_is_counting(void);

// Calls on this thread so far that asked for memory. Frees are not counted.
uint64_t cac_calls_on_this_thread(void);

#endif
