/*
 * Time of the whole decoder on the fixtures (folder in CK_FRAMES), per stage, against libopenjph and OpenJPEG in the same process, one
 * thread, interleaved, median of repeats. Usage: bench_htj2k [repeats]. Pin it: taskset -c 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ck_cpu.h"
#include "ck_htj2k.h"
#include "frame_file.h"
#include "htj2k_test.h"

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, ascending);
    return v[n / 2];
}

enum { STAGES = CK_STEP_DONE + 1, HEADERS = CK_STEP_DONE, MAX_REPEATS = 501, VARIANTS = 3 };

/* One decoding; adds to stage[]. */
static void run(const ck_htj2k_kernels *k, const uint8_t *data, size_t nbytes, void *arena, size_t arena_nbytes, uint8_t *out,
                size_t out_nbytes, double stage[STAGES])
{
    static const ck_htj2k_limits limits = {(uint64_t)1 << 30, (uint64_t)1 << 32};
    ck_error_detail detail;
    ck_htj2k_decoder *d;
    double t = now_ns();
    ck_status status = ck_htj2k_begin(k, data, nbytes, 0, 1, &limits, arena, arena_nbytes, out, out_nbytes, &d, &detail);
    double u = now_ns();
    stage[HEADERS] = u - t;
    while (!status && ck_htj2k_jobs(d)) {
        t = now_ns();
        ck_htj2k_step step = ck_htj2k_current_step(d);
        size_t jobs = ck_htj2k_jobs(d);
        for (size_t j = 0; j < jobs && !status; j++)
            status = ck_htj2k_run_job(d, j, NULL, &detail);
        if (!status)
            status = ck_htj2k_advance(d, &detail);
        stage[step] += now_ns() - t;
    }
    if (status)
        printf("status %d reason %d\n", status, detail.reason);
}

int main(int argc, char **argv)
{
    int repeats = argc > 1 ? atoi(argv[1]) : 21;
    const char *folder = getenv("CK_FRAMES");
    static const uint32_t masks[VARIANTS] = {CK_CPU_ALL, CK_CPU_AVX2 | CK_CPU_FAST_PDEP, 0};
    static double total[VARIANTS + 2], least[VARIANTS + 2];
    if (!folder || repeats > MAX_REPEATS) {
        printf("SKIPPED: CK_FRAMES is not set\n");
        return 0;
    }
    printf("ns a sample: ours (AVX-512, AVX2, portable), OpenJPH, OpenJPEG; stages of ours with AVX-512\n");
    for (int i = 0; i < FRAMES; i++) {
        size_t nbytes, raw_nbytes;
        uint8_t *data = read_frame(folder, frame_names[i], "j2c", &nbytes), *raw = read_frame(folder, frame_names[i], "RAW", &raw_nbytes);
        ck_htj2k_limits limits = {(uint64_t)1 << 30, (uint64_t)1 << 32};
        ck_htj2k_info info;
        ck_error_detail detail;
        if (!data || !raw || ck_htj2k_parse(data, nbytes, 0, 1, &limits, &info, &detail))
            return 1;
        void *arena = malloc(info.arena_nbytes);
        uint8_t *out = malloc(info.output_nbytes);
        static double time[VARIANTS + 2][MAX_REPEATS], stage[STAGES][MAX_REPEATS];
        ck_htj2k_kernels *k = malloc(ck_htj2k_kernels_nbytes());
        for (int n = -1; n < repeats; n++) {
            int at = n < 0 ? 0 : n;
            for (int v = 0; v < VARIANTS; v++) {
                double part[STAGES] = {0}, t;
                ck_htj2k_kernels_init(k, ck_cpu_features() & masks[v]);
                memset(out, 0, info.output_nbytes);
                t = now_ns();
                run(k, data, nbytes, arena, info.arena_nbytes, out, info.output_nbytes, part);
                time[v][at] = now_ns() - t;
                for (int s = 0; v == 0 && s < STAGES; s++)
                    stage[s][at] = part[s];
                if (memcmp(out, raw, raw_nbytes) != 0)
                    printf("%s: WRONG PIXELS\n", frame_names[i]);
            }
            double t = now_ns();
            openjph_decode(data, nbytes, out, info.bytes_per_sample, info.is_signed[0], info.precision[0]);
            time[VARIANTS][at] = now_ns() - t;
            if (memcmp(out, raw, raw_nbytes) != 0)
                printf("%s: OpenJPH differs\n", frame_names[i]);
            oracle_image image;
            t = now_ns();
            oracle_decode(data, nbytes, 0, &image);
            time[VARIANTS + 1][at] = now_ns() - t;
            oracle_free(&image);
        }
        double samples = (double)info.width * info.height * info.components;
        printf("%s:", frame_names[i]);
        for (int v = 0; v < VARIANTS + 2; v++) {
            double m = median(time[v], repeats);
            total[v] += m;
            least[v] += time[v][0]; /* sorted by median() */
            printf(" %.3f", m / samples);
        }
        printf(" | headers and packets %.3f blocks %.3f wavelet %.3f finish %.3f\n", median(stage[HEADERS], repeats) / samples,
               median(stage[CK_STEP_BLOCKS], repeats) / samples, median(stage[CK_STEP_WAVELET], repeats) / samples,
               median(stage[CK_STEP_FINISH], repeats) / samples);
        free(data), free(raw), free(arena), free(out), free(k);
    }
    printf("five frames, ms: AVX-512 %.2f AVX2 %.2f portable %.2f OpenJPH %.2f OpenJPEG %.2f; OpenJPH : ours %.2f (AVX-512) %.2f (AVX2); "
           "OpenJPEG : ours %.2f (AVX-512) %.2f (portable)\n", total[0] / 1e6, total[1] / 1e6, total[2] / 1e6, total[3] / 1e6, total[4] / 1e6,
           total[3] / total[0], total[3] / total[1], total[4] / total[0], total[4] / total[2]);
    printf("the same from the least times: AVX-512 %.2f AVX2 %.2f portable %.2f OpenJPH %.2f OpenJPEG %.2f; OpenJPH : ours %.2f %.2f; "
           "OpenJPEG : ours %.2f %.2f\n", least[0] / 1e6, least[1] / 1e6, least[2] / 1e6, least[3] / 1e6, least[4] / 1e6,
           least[3] / least[0], least[3] / least[1], least[4] / least[0], least[4] / least[2]);
    return 0;
}
