/* Decoding between guard pages, once per CPU feature mask. */
#ifndef HTJ2K_GUARDED_H
#define HTJ2K_GUARDED_H

#include "ck_htj2k.h"
#include "htj2k_test.h"
#include "kernel_test.h"

extern uint64_t failures, decodings, summed; /* summed: those with a checksum on the way */
extern int mask_count; /* those that differ on this CPU */
extern const ck_htj2k_limits wide_limits, *test_limits; /* the latter is what decode_guarded takes, the former unless changed */

/* Fills the kernels of all masks; first of all. */
void begin_masks(void);
const ck_htj2k_kernels *kernels_of(int mask);

/* Input, arena and output end at pages that fault. `workers` jobs a step, last one first; *out is malloc'd pixels, or NULL. */
ck_status decode_guarded(int mask, const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers, uint8_t **out,
                         ck_htj2k_info *info, ck_error_detail *detail);

/* Largest difference between pixels and planes that lie on the components' own grids, by the replication rule. */
int64_t difference(const stream_spec *s, const uint8_t *pixels, const ck_htj2k_info *info, uint32_t reduction,
                   int32_t *const planes[4], const uint32_t *w, const uint32_t *h);

#endif
