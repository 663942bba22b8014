/*
 * Fuzz target of the whole decoder. Byte 0: reduction (bits 0-2), workers less one (bits 3-4); then the codestream. Every CPU
 * feature mask must answer the same status and, where all wavelets are reversible, the same bytes, whatever the arena held before.
 * 9/7 pixels are not compared: sums of absurd coefficients cancel differently where multiplication and addition are fused.
 */
#include "fuzz.h"
#include "kernel_test.h"

static const ck_htj2k_limits limits = {1 << 20, (uint64_t)64 << 20};

/* As good as a CRC for telling which bytes a job handed over; sums of strips cannot be joined. */
static uint32_t plain_sum(uint32_t initial, const uint8_t *bytes, uint64_t nbytes)
{
    for (uint64_t i = 0; i < nbytes; i++)
        initial = initial * 31 + bytes[i];
    return initial;
}

/* One decoding into memory of `slot`; *out is the output. Arena and output are exactly as long as asked for. */
static ck_status decode(const ck_htj2k_kernels *kernels, const uint8_t *data, size_t nbytes, uint32_t reduction, uint32_t workers,
                        int slot, ck_htj2k_info *info, uint8_t **out)
{
    int before = slot ? 0x5A : 0xA5;
    ck_error_detail detail;
    ck_status status = ck_htj2k_parse(data, nbytes, reduction, workers, &limits, info, &detail);
    demand_answer(status, &detail, nbytes);
    if (status)
        return status;
    demand(info->arena_nbytes <= limits.max_arena_nbytes, "arena above its limit");
    demand((uint64_t)info->width * info->height <= limits.max_pixels, "pixels above their limit");
    uint8_t *arena = fuzz_memory(2, info->arena_nbytes, before), *output = *out = fuzz_memory(slot, info->output_nbytes, before);
    ck_htj2k_decoder *d;
    status = ck_htj2k_begin(kernels, data, nbytes, reduction, workers, &limits, arena, info->arena_nbytes, output, info->output_nbytes, &d,
                            &detail);
    if (slot) { /* once more, from what the first time left */
        ck_htj2k_call call = {kernels, data, nbytes, reduction, workers, &limits, arena, info->arena_nbytes, output, info->output_nbytes};
        demand(ck_htj2k_begin_next(d, &call, &d, info, &detail) == status, "the same frame again begins otherwise");
    }
    if (!status)
        ck_htj2k_set_checksum(d, plain_sum);
    while (!status && ck_htj2k_jobs(d)) {
        for (size_t j = ck_htj2k_jobs(d); j-- > 0 && !status;)
            status = ck_htj2k_run_job(d, j, NULL, &detail);
        if (!status)
            status = ck_htj2k_advance(d, &detail);
    }
    demand_answer(status, &detail, nbytes);
    uint32_t sum;
    demand(status || workers > 1 || !ck_htj2k_checksum(d, &sum) || sum == plain_sum(0, output, info->output_nbytes),
           "the checksum on the way differs");
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ck_htj2k_kernels *kernels[KERNEL_MASKS];
    static int masks;
    if (!masks) {
        uint32_t features[KERNEL_MASKS];
        masks = kernel_masks(features);
        for (int m = 0; m < masks; m++) {
            kernels[m] = malloc(ck_htj2k_kernels_nbytes());
            ck_htj2k_kernels_init(kernels[m], features[m]);
        }
    }
    if (size < 2)
        return 0;
    uint32_t reduction = data[0] & 7, workers = 1 + (data[0] >> 3 & 3);
    uint8_t *stream = malloc(size - 1), *first, *out; /* exactly as long, for the address sanitizer */
    memcpy(stream, data + 1, size - 1);
    ck_htj2k_info info;
    ck_status status = decode(kernels[0], stream, size - 1, reduction, workers, 0, &info, &first);
    if (status == CK_OK || status == CK_ERR_DAMAGED || status == CK_ERR_TRUNCATED)
        for (int m = 1; m < (masks > 1 ? masks : 2); m++) { /* with one mask only, twice all the same: the arena differs */
            demand(decode(kernels[m < masks ? m : 0], stream, size - 1, reduction, workers, 1, &info, &out) == status, "status depends on the CPU");
            demand(status || !info.reversible || memcmp(out, first, info.output_nbytes) == 0, "pixels depend on the CPU or the arena");
        }
    free(stream);
    return 0;
}
