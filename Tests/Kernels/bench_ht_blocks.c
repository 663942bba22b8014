/* Checks and times block decoding on dumps of real frames: bench_ht_blocks [-m FEATURE-MASK] [-r REPEATS] FILE... */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "ck_cpu.h"
#include "ht_block_file.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A block that says it does not fit 16 bits was answered rightly: the caller decodes it in 32. */
static size_t wrong_blocks(const ht_block_file *f, int size, const ck_status *status) {
    size_t wrong = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (size == 2 && status[i] == CK_ERR_LIMIT) continue;
        const ck_ht_block *b = &f->blocks[i];
        size_t bad = 0;
        for (size_t j = 0; j < (size_t)b->width * b->height; j++) {
            int32_t wanted;
            memcpy(&wanted, f->wanted[i] + 4 * j, 4);
            size_t at = j / b->width * b->out_stride + j % b->width;
            bad += wanted != (size == 4 ? ((int32_t *)b->out)[at] : ((int16_t *)b->out)[at]);
        }
        if (bad && wrong < 4)
            fprintf(stderr, "  block %zu (%ux%u P %u K %u): %zu samples differ\n", i, b->width, b->height, b->missing_msbs, b->k_max, bad);
        wrong += bad != 0;
    }
    return wrong;
}

static size_t run(const ck_ht_dispatch *d, ht_block_file *f, int size, int repeats, void *scratch, const char *name) {
    size_t samples = 0, declined = 0;
    ck_status *status = calloc(f->count, sizeof *status);
    for (size_t i = 0; i < f->count; i++) {
        ck_ht_block *b = &f->blocks[i];
        b->out_stride = (b->width + 31u) & ~31u;
        b->out = aligned_alloc(64, (b->out_stride * b->height * (size_t)size + 63) & ~(size_t)63);
        samples += (size_t)b->width * b->height;
    }
    double *times = calloc((size_t)repeats, sizeof *times);
    for (int r = 0; r < repeats; r++) {
        double start = now();
        if (size == 4)
            ck_ht_decode_blocks32(d, f->blocks, f->count, status, scratch);
        else
            ck_ht_decode_blocks16(d, f->blocks, f->count, status, scratch);
        times[r] = now() - start;
    }
    qsort(times, (size_t)repeats, sizeof *times, by_value);
    for (size_t i = 0; i < f->count; i++) declined += status[i] != CK_OK;
    size_t wrong = wrong_blocks(f, size, status);
    printf("%s int%d: %zu blocks, %zu samples, %zu declined, %zu wrong; median %.3f ms, %.3f ns/sample, best %.3f\n", name, size * 8,
        f->count, samples, declined, wrong, times[repeats / 2] / 1e6, times[repeats / 2] / (double)samples, times[0] / (double)samples);
    for (size_t i = 0; i < f->count; i++) free(f->blocks[i].out);
    free(times);
    free(status);
    return wrong;
}

int main(int argc, char **argv) {
    uint32_t mask = CK_CPU_ALL;
    int repeats = 21;
    size_t wrong = 0;
    void *scratch = aligned_alloc(64, ck_ht_scratch_bytes());
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-m")) {
            mask = (uint32_t)strtoul(argv[++i], NULL, 0);
        } else if (!strcmp(argv[i], "-r")) {
            repeats = atoi(argv[++i]);
        } else {
            ck_ht_dispatch d;
            ht_block_file f;
            ck_ht_dispatch_init(&d, ck_cpu_features() & mask);
            if (!ht_block_file_read(argv[i], &f)) {
                fprintf(stderr, "cannot read %s\n", argv[i]);
                return 2;
            }
            for (int size = 4; size >= 2; size -= 2) wrong += run(&d, &f, size, repeats, scratch, argv[i]);
            ht_block_file_free(&f);
        }
    }
    free(scratch);
    return wrong != 0;
}
