/*
 * One large frame over several cores: a mammogram-like image of 4096 x 5120 pixels and 12 bits (bright tissue on black), decoded by 1
 * worker and by more, interleaved; least of repeats of the whole, and of each step by itself (other load on the machine spoils the
 * former first). Usage: bench_htj2k_workers [repeats [workers]].
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ck_cpu.h"
#include "ck_htj2k.h"
#include "htj2k_test.h"

enum { WIDTH = 4096, HEIGHT = 5120, MOST = 16, BEGIN = CK_STEP_DONE, STAGES };

static const ck_htj2k_limits limits = {(uint64_t)1 << 30, (uint64_t)1 << 32};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Helpers wait in a spin: what is measured is the decoder, not waking up. */
typedef struct {
    ck_htj2k_decoder *decoder;
    void *scratch[MOST];
    uint32_t workers;
    atomic_size_t next, jobs, busy;
    atomic_uint turn;
    atomic_int is_over, failed;
} team;

static void take_jobs(team *t, void *scratch)
{
    ck_error_detail detail;
    size_t jobs = atomic_load(&t->jobs);
    for (size_t job; (job = atomic_fetch_add(&t->next, 1)) < jobs;)
        if (ck_htj2k_run_job(t->decoder, job, scratch, &detail))
            atomic_store(&t->failed, 1);
}

typedef struct {
    team *team;
    uint32_t index;
} helper;

static void *help(void *argument)
{
    helper *h = argument;
    for (unsigned seen = 0; !atomic_load(&h->team->is_over);) {
        unsigned turn = atomic_load(&h->team->turn);
        if (turn == seen)
            continue;
        seen = turn;
        take_jobs(h->team, h->team->scratch[h->index]);
        atomic_fetch_sub(&h->team->busy, 1);
    }
    return NULL;
}

static int decode(team *t, const ck_htj2k_kernels *k, const uint8_t *data, size_t nbytes, void *arena, size_t arena_nbytes, uint8_t *out,
                  size_t out_nbytes, double stage[STAGES])
{
    ck_error_detail detail;
    double at = now_ns();
    if (ck_htj2k_begin(k, data, nbytes, 0, t->workers, &limits, arena, arena_nbytes, out, out_nbytes, &t->decoder, &detail))
        return 1;
    stage[BEGIN] = now_ns() - at;
    for (size_t jobs; (jobs = ck_htj2k_jobs(t->decoder)) > 0;) {
        at = now_ns();
        ck_htj2k_step step = ck_htj2k_current_step(t->decoder);
        atomic_store(&t->next, 0), atomic_store(&t->jobs, jobs), atomic_store(&t->busy, t->workers - 1);
        atomic_fetch_add(&t->turn, 1);
        take_jobs(t, NULL);
        while (atomic_load(&t->busy))
            ;
        if (atomic_load(&t->failed) || ck_htj2k_advance(t->decoder, &detail))
            return 1;
        stage[step] += now_ns() - at;
    }
    return 0;
}

static void paint(int32_t *plane)
{
    uint64_t rng = 1;
    for (int64_t y = 0; y < HEIGHT; y++)
        for (int64_t x = 0; x < WIDTH; x++) {
            double dx = (double)x / 3000, dy = (double)(y - HEIGHT / 2) / 2200, depth = 1 - dx * dx - dy * dy;
            int64_t noise = (int64_t)below(&rng, 33) + below(&rng, 33) - 32;
            int64_t v = depth > 0 ? (int64_t)(600 + 2200 * depth) + noise + 150 * ((x / 90 + y / 70) % 3) : 0;
            plane[y * WIDTH + x] = (int32_t)(v < 0 ? 0 : v > 4095 ? 4095 : v);
        }
}

int main(int argc, char **argv)
{
    int repeats = argc > 1 ? atoi(argv[1]) : 11;
    uint32_t most = argc > 2 ? (uint32_t)atoi(argv[2]) : 2;
    if (most < 1 || most > MOST)
        return 1;
    stream_spec s = {.width = WIDTH, .height = HEIGHT, .components = 1, .bits = {12}, .dx = {1}, .dy = {1}, .levels = 5, .block_w = 64,
                     .block_h = 64, .order = 2, .reversible = 1};
    spec_sizes(&s);
    int32_t *planes[4] = {malloc((size_t)WIDTH * HEIGHT * sizeof(int32_t))};
    paint(planes[0]);
    uint8_t *data;
    size_t nbytes = encode_stream(&s, planes, &data);
    ck_htj2k_info info;
    ck_error_detail detail;
    if (nbytes == 0 || ck_htj2k_parse(data, nbytes, 0, most, &limits, &info, &detail))
        return 1;
    ck_htj2k_kernels *k = malloc(ck_htj2k_kernels_nbytes());
    ck_htj2k_kernels_init(k, ck_cpu_features());
    void *arena = aligned_alloc(64, (info.arena_nbytes + 63) & ~(size_t)63);
    uint8_t *out = aligned_alloc(64, (info.output_nbytes + 63) & ~(size_t)63);
    double least[2] = {1e18, 1e18}, stage[2][STAGES], sum[2] = {0};
    for (int i = 0; i < 2 * STAGES; i++)
        stage[i / STAGES][i % STAGES] = 1e18;
    static team teams[2];
    teams[0].workers = 1, teams[1].workers = most;
    for (int n = 0; n < repeats; n++)
        for (int v = 0; v < 2; v++) {
            team *t = &teams[v];
            pthread_t thread[MOST];
            helper helpers[MOST];
            atomic_store(&t->is_over, 0), atomic_store(&t->turn, 0);
            for (uint32_t i = 1; i < t->workers; i++) {
                t->scratch[i] = t->scratch[i] ? t->scratch[i] : aligned_alloc(64, (info.scratch_nbytes + 63) & ~(size_t)63);
                helpers[i] = (helper){t, i};
                pthread_create(&thread[i], NULL, help, &helpers[i]);
            }
            double part[STAGES] = {0}, at = now_ns();
            int failed = decode(t, k, data, nbytes, arena, info.arena_nbytes, out, info.output_nbytes, part);
            double took = now_ns() - at;
            atomic_store(&t->is_over, 1);
            for (uint32_t i = 1; i < t->workers; i++)
                pthread_join(thread[i], NULL);
            for (size_t i = 0; i < (size_t)WIDTH * HEIGHT && !failed; i++)
                failed = (out[2 * i] | out[2 * i + 1] << 8) != planes[0][i];
            if (failed) {
                printf("WRONG PIXELS\n");
                return 1;
            }
            least[v] = took < least[v] ? took : least[v];
            for (int i = 0; i < STAGES; i++)
                stage[v][i] = part[i] < stage[v][i] ? part[i] : stage[v][i];
        }
    for (int v = 0; v < 2; v++) {
        sum[v] = stage[v][BEGIN] + stage[v][CK_STEP_BLOCKS] + stage[v][CK_STEP_WAVELET] + stage[v][CK_STEP_FINISH];
        printf("%u x %u pixels, %u worker(s): %.2f ms (begin %.2f blocks %.2f wavelet %.2f finish %.2f)\n", WIDTH, HEIGHT, teams[v].workers,
               least[v] / 1e6, stage[v][BEGIN] / 1e6, stage[v][CK_STEP_BLOCKS] / 1e6, stage[v][CK_STEP_WAVELET] / 1e6,
               stage[v][CK_STEP_FINISH] / 1e6);
    }
    printf("1 worker : %u workers %.2f; by the steps' least times %.2f\n", most, least[0] / least[1], sum[0] / sum[1]);
    return 0;
}
