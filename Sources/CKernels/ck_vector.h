/*
 * Vector types of one width for the template headers, in the compilers' vector extension: the same source gives SSE2 or NEON
 * (16 bytes), AVX2 (32) and AVX-512 (64) code through per-function target attributes. No function takes or returns a vector: that
 * would need one calling convention for all widths.
 */
#ifndef CK_VECTOR_H
#define CK_VECTOR_H
#include <stdint.h>
#include <string.h>

#define CK_INLINE static inline __attribute__((always_inline))

/* 64 bytes of ones, then 64 of zeros: a load at 64 - k gives a vector whose first k bytes are ones. */
static const uint8_t ck_tail_mask[128] __attribute__((aligned(64))) = {
#define CK_ONES16 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
    CK_ONES16, CK_ONES16, CK_ONES16, CK_ONES16};

/* aligned(1), may_alias: loads and stores at any address. */
#define CK_VECTOR_OF(type, nbytes) type __attribute__((vector_size(nbytes), aligned(1), may_alias))

/* Interleaves two vectors of `lanes` samples: the first or the second half of a0 b0 a1 b1 ... */
#define CK_ZIP_LOW(a, b, lanes) CK_ZIP_WITH(a, b, CK_PASTE(CK_ZIP_LOW_, lanes))
#define CK_ZIP_HIGH(a, b, lanes) CK_ZIP_WITH(a, b, CK_PASTE(CK_ZIP_HIGH_, lanes))
#define CK_ZIP_WITH(a, b, indices) CK_ZIP_CALL(a, b, indices)
#define CK_ZIP_CALL(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define CK_PASTE(a, b) CK_PASTE2(a, b)
#define CK_PASTE2(a, b) a##b
#define CK_ZIP_LOW_4 0, 4, 1, 5
#define CK_ZIP_HIGH_4 2, 6, 3, 7
#define CK_ZIP_LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define CK_ZIP_HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define CK_ZIP_LOW_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define CK_ZIP_HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define CK_ZIP_LOW_32 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47
#define CK_ZIP_HIGH_32 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, \
    62, 31, 63

/* `lanes` samples of two neighbouring vectors: from the last one of a on, or up to the first one of b. */
#define CK_JOIN_LAST(a, b, lanes) CK_ZIP_WITH(a, b, CK_PASTE(CK_JOIN_LAST_, lanes))
#define CK_JOIN_FIRST(a, b, lanes) CK_ZIP_WITH(a, b, CK_PASTE(CK_JOIN_FIRST_, lanes))
#define CK_JOIN_LAST_8 7, 8, 9, 10, 11, 12, 13, 14
#define CK_JOIN_FIRST_8 1, 2, 3, 4, 5, 6, 7, 8
#define CK_JOIN_LAST_16 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
#define CK_JOIN_FIRST_16 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define CK_JOIN_LAST_32 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, \
    56, 57, 58, 59, 60, 61, 62
#define CK_JOIN_FIRST_32 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, \
    28, 29, 30, 31, 32

#endif
