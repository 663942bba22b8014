// The kernel's core affinity calls. glibc declares them only under _GNU_SOURCE, which Swift's Glibc module does not set.
#ifndef CSCHED_SHIM_H
#define CSCHED_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// Fills `mask`, one bit a core, for the calling thread. Returns the number of bytes filled, or -1 with errno set.
static inline long csched_get_affinity(uint64_t *mask, size_t bytes) {
    return syscall(SYS_sched_getaffinity, 0, bytes, mask);
}

// Restricts the calling thread to the cores in `mask`. Returns 0, or -1 with errno set.
static inline long csched_set_affinity(const uint64_t *mask, size_t bytes) {
    return syscall(SYS_sched_setaffinity, 0, bytes, mask);
}

#endif
