/*
 * Fuzz target of the HT block decoder: the first bytes choose shape and parameters, the rest is the segment. Every variant must agree
 * with the scalar one.
 */
#include "ck_ht_block.h"
#include "fuzz.h"
#include "kernel_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint32_t features[KERNEL_MASKS];
    static int masks;
    if (!masks)
        masks = kernel_masks(features);
    enum { COPIES = 16 }; /* enough of them for the variant with a block a lane */
    static int32_t out[2][COPIES][4096];
    static void *scratch;
    if (size < 10) return 0;
    if (!scratch) scratch = aligned_alloc(64, ck_ht_scratch_bytes());
    ck_ht_block block = {0};
    block.width = (uint16_t)(1 + (data[0] | (data[1] & 3) << 8));
    uint32_t most = 4096u / block.width < 1024 ? 4096u / block.width : 1024;
    block.height = (uint16_t)(1 + (data[2] | (data[3] & 3) << 8) % most);
    block.k_max = (uint8_t)(1 + data[4] % 31);
    block.missing_msbs = data[5] % 32;
    block.passes = (uint8_t)(data[6] % 5);
    block.stripe_causal = data[6] >> 6 & 1;
    block.half_steps = data[6] >> 7;
    size -= 9;
    block.length_cleanup = (uint32_t)(size - (data[7] | data[8] << 8) % (size + 1));
    block.length_refinement = (uint32_t)size - block.length_cleanup;
    block.out_stride = block.width;
    uint8_t *copy = malloc(size); /* exactly as long, for the address sanitizer */
    block.data = memcpy(copy, data + 9, size);
    for (int narrow = 0; narrow < 2; narrow++) {
        ck_status first = CK_OK;
        for (int m = 0; m < masks; m++) {
            ck_ht_block blocks[COPIES];
            ck_status status[COPIES];
            ck_ht_dispatch d;
            ck_ht_dispatch_init(&d, features[m]);
            size_t n = m == masks - 1 ? COPIES : 1;
            for (size_t i = 0; i < n; i++) blocks[i] = block, blocks[i].out = out[m > 0][i];
            (narrow ? ck_ht_decode_blocks16 : ck_ht_decode_blocks32)(&d, blocks, n, status, scratch);
            if (m == 0) first = status[0];
            for (size_t i = 0; i < n; i++) {
                demand((status[i] == CK_OK) == (first == CK_OK), "status depends on the CPU");
                demand(first != CK_OK || m == 0 || memcmp(out[0][0], out[1][i], (size_t)block.width * block.height * (narrow ? 2 : 4)) == 0,
                    "samples depend on the CPU");
            }
        }
    }
    free(copy);
    return 0;
}
