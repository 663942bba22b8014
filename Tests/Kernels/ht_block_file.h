#ifndef HT_BLOCK_FILE_H
#define HT_BLOCK_FILE_H

/* Reads what make-block-dump.py writes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ck_ht_block.h"

typedef struct {
    uint8_t *bytes;
    size_t nbytes, count;
    ck_ht_block *blocks; /* out and out_stride are left to the caller */
    const uint8_t **wanted; /* int32 little-endian, unaligned */
} ht_block_file;

static inline int ht_block_file_read(const char *path, ht_block_file *file) {
    memset(file, 0, sizeof *file);
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    fseek(f, 0, SEEK_END);
    file->nbytes = (size_t)ftell(f);
    rewind(f);
    file->bytes = malloc(file->nbytes);
    if (fread(file->bytes, 1, file->nbytes, f) != file->nbytes) abort();
    fclose(f);
    for (int store = 0; store < 2; store++) {
        size_t n = 0;
        for (const uint8_t *p = file->bytes; p < file->bytes + file->nbytes; n++) {
            uint16_t side[2];
            uint32_t length[2];
            memcpy(side, p, 4);
            memcpy(length, p + 8, 8);
            if (store) {
                ck_ht_block b = {0};
                b.width = side[0], b.height = side[1], b.missing_msbs = p[4], b.k_max = p[5], b.passes = p[6];
                b.length_cleanup = length[0], b.length_refinement = length[1], b.data = p + 16;
                file->blocks[n] = b;
                file->wanted[n] = p + 16 + length[0] + length[1];
            }
            p += 16 + length[0] + length[1] + (size_t)side[0] * side[1] * 4;
        }
        if (!store) {
            file->count = n;
            file->blocks = calloc(n, sizeof *file->blocks);
            file->wanted = calloc(n, sizeof *file->wanted);
        }
    }
    return 1;
}

static inline void ht_block_file_free(ht_block_file *file) {
    free(file->bytes);
    free(file->blocks);
    free(file->wanted);
}

#endif
