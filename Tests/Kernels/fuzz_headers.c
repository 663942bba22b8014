/*
 * Fuzz target of the headers: ck_htj2k_parse alone. Byte 0: reduction (bits 0-2), workers less one (bits 3-4); then the codestream.
 * What parse says it needs must hold to the limits, and the same bytes must get the same answer.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ck_htj2k_limits limits = {1 << 20, (uint64_t)64 << 20};
    if (size < 2)
        return 0;
    uint32_t reduction = data[0] & 7, workers = 1 + (data[0] >> 3 & 3);
    size_t nbytes = size - 1;
    uint8_t *stream = malloc(nbytes); /* exactly as long, for the address sanitizer */
    memcpy(stream, data + 1, nbytes);
    ck_htj2k_info info[2];
    ck_error_detail detail[2];
    ck_status status[2];
    for (int i = 0; i < 2; i++) {
        memset(&info[i], i ? 0x5A : 0xA5, sizeof info[i]), memset(&detail[i], i ? 0x5A : 0xA5, sizeof detail[i]);
        status[i] = ck_htj2k_parse(stream, nbytes, reduction, workers, &limits, &info[i], &detail[i]);
    }
    demand_answer(status[0], &detail[0], nbytes);
    demand(status[0] == status[1] && detail[0].reason == detail[1].reason && detail[0].byte_offset == detail[1].byte_offset &&
               detail[0].tile == detail[1].tile && detail[0].component == detail[1].component &&
               detail[0].resolution == detail[1].resolution, "two answers");
    if (status[0] == CK_OK) {
        const ck_htj2k_info *k = &info[0];
        demand(memcmp(&info[0], &info[1], sizeof info[0]) == 0, "two descriptions");
        demand(k->arena_nbytes <= limits.max_arena_nbytes, "arena above its limit");
        demand((uint64_t)k->width * k->height <= limits.max_pixels && k->width > 0 && k->height > 0, "pixels above their limit, or none");
        demand(k->components >= 1 && k->components <= CK_HTJ2K_MAX_COMPONENTS, "components");
        demand(k->output_nbytes == (size_t)k->width * k->height * k->components * k->bytes_per_sample, "output size");
        demand(k->levels_min >= reduction && k->tiles >= 1, "levels or tiles");
        for (uint32_t c = 0; c < k->components; c++)
            demand(k->precision[c] >= 1 && k->precision[c] <= 8 * k->bytes_per_sample, "precision");
    }
    free(stream);
    return 0;
}
