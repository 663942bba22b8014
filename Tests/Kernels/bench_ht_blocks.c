/*
 * Checks and times block decoding on dumps of real frames, as a whole and by stages: bench_ht_blocks [-m FEATURE-MASK] [-r REPEATS] FILE...
 */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "ck_cpu.h"
#include "ck_ht_lane.h"
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

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

enum { BEGIN, STEP1, UNSTUFF, STEP2, STAGES };
typedef uint8_t magsgn_bits[CK_HT_MAGSGN_NBYTES];

/* One batch through all stages, into samples that nobody looks at. */
static void run_batch(const ck_ht_dispatch *d, ck_ht_block **blocks, size_t n, ck_ht_lane *lanes, magsgn_bits *magsgn, int16_t *out, double t[STAGES]) {
    ck_ht_job jobs[CK_HT_LANES];
    uint32_t scup[CK_HT_LANES];
    double start = now();
    for (size_t i = 0; i < n; i++) {
        const uint8_t *end = blocks[i]->data + blocks[i]->length_cleanup;
        scup[i] = (uint32_t)end[-1] << 4 | (end[-2] & 15u);
        ck_ht_lane_begin(d, &lanes[i], blocks[i], scup[i]);
    }
    t[BEGIN] = now() - start, start = now();
    d->step1(lanes, n);
    t[STEP1] = now() - start, start = now();
    for (size_t i = 0; i < n; i++) {
        size_t nbits = d->unstuff_magsgn(blocks[i]->data, blocks[i]->length_cleanup - scup[i], magsgn[i], CK_HT_MAGSGN_DATA);
        magsgn[i][nbits >> 3] |= (uint8_t)(0xFFu << (nbits & 7));
        memset(magsgn[i] + (nbits >> 3) + 1, 0xFF, lanes[i].quads_x * 16 + 128);
        blocks[i]->out = out, blocks[i]->out_stride = (blocks[i]->width + 31u) & ~31u;
        jobs[i] = (ck_ht_job){&lanes[i], blocks[i], magsgn[i], nbits, CK_OK, NULL};
    }
    t[UNSTUFF] = now() - start, start = now();
    for (size_t i = 0; i < n; i += 3) d->step2_16(jobs + i, n - i < 3 ? n - i : 3);
    t[STEP2] = now() - start;
}

/* Least time of each stage, caches warm, batches as the decoder makes them. */
static void run_stages(const ck_ht_dispatch *d, ht_block_file *f, int repeats, const char *name) {
    uint64_t *order = calloc(f->count, sizeof *order);
    ck_ht_lane *lanes = aligned_alloc(64, CK_HT_LANES * sizeof *lanes);
    magsgn_bits *magsgn = calloc(CK_HT_LANES, sizeof *magsgn);
    int16_t *out = calloc(2 * CK_HT_MAX_SIDE * 32, sizeof *out);
    double total[STAGES] = {0}, samples = 0;
    for (size_t i = 0; i < f->count; i++)
        order[i] = (uint64_t)((f->blocks[i].width + 1) / 2) << 48 | (uint64_t)(CK_HT_MAX_SIDE - (f->blocks[i].height + 1) / 2) << 32 | i;
    qsort(order, f->count, sizeof *order, by_size);
    for (size_t i = 0, n; i < f->count; i += n) {
        ck_ht_block *batch[CK_HT_LANES];
        for (n = 0; n < d->lanes_max && i + n < f->count && order[i + n] >> 48 == order[i] >> 48; n++) {
            batch[n] = &f->blocks[(uint32_t)order[i + n]];
            samples += (double)batch[n]->width * batch[n]->height;
        }
        double least[STAGES], t[STAGES];
        for (int r = 0; r < repeats; r++) {
            run_batch(d, batch, n, lanes, magsgn, out, t);
            for (int s = 0; s < STAGES; s++)
                if (r == 0 || t[s] < least[s]) least[s] = t[s];
        }
        for (int s = 0; s < STAGES; s++) total[s] += least[s];
    }
    printf("%s stages, ns/sample: un-stuffing VLC %.3f, step 1 %.3f, un-stuffing MagSgn %.3f, step 2 %.3f\n", name, total[BEGIN] / samples,
        total[STEP1] / samples, total[UNSTUFF] / samples, total[STEP2] / samples);
    free(order), free(lanes), free(magsgn), free(out);
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
            run_stages(&d, &f, repeats, argv[i]);
            ht_block_file_free(&f);
        }
    }
    free(scratch);
    return wrong != 0;
}
