/*
 * libFuzzer target of the whole decoder. Byte 0: reduction (bits 0-2), workers less one (bits 3-4); then the codestream. Every CPU
 * feature mask must answer the same status and, where all wavelets are reversible, the same bytes, whatever the arena held before.
 * 9/7 pixels are not compared: sums of absurd coefficients cancel differently where multiplication and addition are fused.
 *
 * CK_FUZZ_OPENJPEG=1 in the environment: also stops where OpenJPEG decodes a reversible stream to other pixels. That is for hunting:
 * the libraries may legitimately differ about a stream that contradicts itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ck_cpu.h"
#include "ck_htj2k.h"
#include "htj2k_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ck_htj2k_limits limits = {1 << 20, (uint64_t)64 << 20};

static void demand(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_htj2k: %s\n", what);
    abort();
}

/* Adds up bytes: as good as a CRC for telling which bytes a job handed over, and joined in one strip only. */
static uint32_t plain_sum(uint32_t initial, const uint8_t *bytes, uint64_t nbytes)
{
    for (uint64_t i = 0; i < nbytes; i++)
        initial = initial * 31 + bytes[i];
    return initial;
}

/* One decoding; *out is malloc'd output, NULL without CK_OK. Arena and output are exactly as long as asked for. */
static ck_status decode(uint32_t mask, const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers, int before,
                        ck_htj2k_info *info, uint8_t **out)
{
    *out = NULL;
    ck_error_detail detail;
    ck_status status = ck_htj2k_parse(data, nbytes, reduction, workers, &limits, info, &detail);
    demand((unsigned)status <= CK_ERR_ARGUMENT, "unknown status");
    if (status)
        return status;
    demand(info->arena_nbytes <= limits.max_arena_nbytes, "arena above its limit");
    demand((uint64_t)info->width * info->height <= limits.max_pixels, "pixels above their limit");
    ck_htj2k_kernels *kernels = malloc(ck_htj2k_kernels_nbytes());
    ck_htj2k_kernels_init(kernels, ck_cpu_features() & mask);
    uint8_t *arena = malloc(info->arena_nbytes), *output = malloc(info->output_nbytes);
    memset(arena, before, info->arena_nbytes);
    memset(output, before, info->output_nbytes);
    ck_htj2k_decoder *d;
    status = ck_htj2k_begin(kernels, data, nbytes, reduction, workers, &limits, arena, info->arena_nbytes, output, info->output_nbytes, &d,
                            &detail);
    if (!status)
        ck_htj2k_set_checksum(d, plain_sum);
    while (!status && ck_htj2k_jobs(d)) {
        for (size_t j = ck_htj2k_jobs(d); j-- > 0 && !status;)
            status = ck_htj2k_run_job(d, j, NULL, &detail);
        if (!status)
            status = ck_htj2k_advance(d, &detail);
    }
    demand((unsigned)status <= CK_ERR_ARGUMENT, "unknown status");
    demand(!status || detail.reason != CK_REASON_NONE, "an error without a reason");
    uint32_t sum;
    demand(status || workers > 1 || !ck_htj2k_checksum(d, &sum) || sum == plain_sum(0, output, info->output_nbytes),
           "the checksum on the way differs");
    free(arena), free(kernels);
    if (status)
        free(output);
    else
        *out = output;
    return status;
}

/* Only where samples lie on the reference grid, so that rows of both have one shape. */
static void compare_with_openjpeg(const uint8_t *data, size_t nbytes, uint32_t reduction, const ck_htj2k_info *info, const uint8_t *out)
{
    oracle_image image;
    if (oracle_decode(data, nbytes, reduction, &image))
        return;
    int alike = image.components == info->components;
    for (uint32_t c = 0; c < image.components; c++)
        alike &= image.w[c] == info->width && image.h[c] == info->height;
    size_t pixels = alike ? (size_t)info->width * info->height : 0, nbytes_each = info->bytes_per_sample;
    for (size_t i = 0; i < pixels; i++)
        for (uint32_t c = 0; c < info->components; c++) {
            uint32_t ours = 0, theirs = (uint32_t)image.plane[c][i];
            memcpy(&ours, out + (i * info->components + c) * nbytes_each, nbytes_each);
            uint32_t kept = nbytes_each == 4 ? UINT32_MAX : ((uint32_t)1 << 8 * nbytes_each) - 1;
            demand((theirs & kept) == ours, "OpenJPEG decodes other pixels");
        }
    oracle_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t masks[] = {0, CK_CPU_AVX2, CK_CPU_AVX2 | CK_CPU_FAST_PDEP, CK_CPU_ALL};
    if (size < 2)
        return 0;
    uint32_t reduction = data[0] & 7, workers = 1 + (data[0] >> 3 & 3);
    uint8_t *stream = malloc(size - 1), *first = NULL; /* exactly as long, for the address sanitizer */
    memcpy(stream, data + 1, size - 1);
    ck_status first_status = CK_OK;
    for (size_t m = 0; m < sizeof masks / sizeof masks[0]; m++) {
        ck_htj2k_info info;
        uint8_t *out;
        ck_status status = decode(masks[m], stream, size - 1, reduction, workers, m & 1 ? 0x5A : 0xA5, &info, &out);
        if (m == 0) {
            first_status = status, first = out;
            if (!status && info.reversible && getenv("CK_FUZZ_OPENJPEG"))
                compare_with_openjpeg(stream, size - 1, reduction, &info, out);
            if (status == CK_ERR_UNSUPPORTED || status == CK_ERR_LIMIT || status == CK_ERR_ARGUMENT)
                break;
            continue;
        }
        demand(status == first_status, "status depends on the CPU");
        demand(status || !info.reversible || memcmp(out, first, info.output_nbytes) == 0, "pixels depend on the CPU or the arena");
        free(out);
    }
    free(first), free(stream);
    return 0;
}
