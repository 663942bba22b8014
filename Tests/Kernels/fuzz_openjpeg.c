/*
 * Differential fuzz target: streams that both decoders accept must have the same pixels, exactly where all wavelets are reversible and
 * within 1 otherwise, or the precision of large coefficients. Byte 0: reduction (bits 0-2); then the codestream. OpenJPEG counts as
 * accepting only what it decodes in strict mode without a warning. docs/htj2k-decoder.md says how a finding is judged.
 */
#include <math.h>

#include "ck_htj2k_decoder.h"
#include "fuzz.h"
#include "htj2k_test.h"
#include "kernel_test.h"

/* Small, because OpenJPEG's memory and time are bounded by these alone. */
static const ck_htj2k_limits limits = {1 << 14, (uint64_t)32 << 20};

/* A stuffing bit that is 1, though it must be 0 (T.814 7.1): OpenJPEG takes it for data. After FF, and in the nibble beside Scup. */
static int is_stuffed_right(const ck_ht_block *b)
{
    size_t n = (size_t)b->length_cleanup + b->length_refinement;
    if (b->length_cleanup >= 2 && b->data[b->length_cleanup - 2] >> 4 == 15)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (b->data[i - 1] == 0xFF && b->data[i] > 0x7F)
            return 0;
    return 1;
}

/*
 * Placeholder passes (T.814 B.3), which say some of the missing planes: OpenJPEG does not know them and reads other lengths. Blocks that it
 * decodes it refuses for their number of passes, but those of higher resolutions only make it lose its place.
 */
static int has_placeholders(const ck_tile *tile)
{
    for (uint32_t c = 0; c < tile->components; c++)
        for (uint32_t r = 0; r <= tile->component[c].levels; r++) {
            const ck_resolution *res = &tile->component[c].resolution[r];
            for (uint64_t p = 0; p < (uint64_t)res->precincts_x * res->precincts_y; p++)
                for (uint32_t n = 0; n < res->bands; n++) {
                    const ck_precinct_band *pb = &res->precinct[p].band[n];
                    const ck_tag_node *planes = tile->node + pb->first_node + pb->tree_nodes;
                    const ck_codeblock *b = tile->block + pb->first_block;
                    for (uint32_t i = 0; i < (uint32_t)pb->wide * pb->high; i++)
                        if (b[i].included && b[i].zero_planes != planes[i].low)
                            return 1;
                }
        }
    return 0;
}

/*
 * 9/7: by how much the samples of a tile may differ beside their rounding. Both decoders use single precision, which has 24 bits: of the
 * largest terms, not of the samples, which are cut off at their range. And for the green of ICT OpenJPEG 2.5.0 has 0.34413 and 0.71414,
 * where G.3 has 0.344136 and 0.714136.
 */
static void note_noise(const ck_htj2k_decoder *d, double noise[CK_HTJ2K_MAX_COMPONENTS])
{
    double most = 0;
    for (size_t i = 0; i < d->blocks; i++) {
        const ck_resolution *res = &d->tile.component[d->block_place[i].component].resolution[d->block_place[i].resolution];
        for (uint32_t n = 0; n < res->bands; n++)
            most = fmax(most, ldexp(res->band[n].scale, d->block[i].magnitude_bits + 1));
    }
    for (uint32_t c = 0; c < d->tile.components; c++)
        noise[c] = fmax(noise[c], ldexp(most, c == 1 && d->tile_style.colour_transform ? -15 : -20));
}

/*
 * Decodes; *comparable is 0 where the libraries cannot be asked to agree: see the page's section on judging findings. Components on
 * other grids than the image have planes of other shapes. `noise`: of the 9/7, for each component.
 */
static ck_status decode(const uint8_t *data, size_t nbytes, uint32_t reduction, ck_htj2k_info *info, uint8_t **out, int *comparable,
                        double noise[CK_HTJ2K_MAX_COMPONENTS])
{
    ck_error_detail detail;
    static ck_htj2k_kernels *kernels;
    if (!kernels) {
        kernels = malloc(ck_htj2k_kernels_nbytes());
        ck_htj2k_kernels_init(kernels, ck_cpu_features());
    }
    ck_status status = ck_htj2k_parse(data, nbytes, reduction, 1, &limits, info, &detail);
    if (status)
        return status;
    uint8_t *arena = fuzz_memory(0, info->arena_nbytes, 0xA5);
    *out = fuzz_memory(1, info->output_nbytes, 0xA5);
    ck_htj2k_decoder *d;
    status = ck_htj2k_begin(kernels, data, nbytes, reduction, 1, &limits, arena, info->arena_nbytes, *out, info->output_nbytes, &d, &detail);
    *comparable = !status && !d->planar && info->tiles <= 64;
    while (!status && ck_htj2k_jobs(d)) {
        const int is_blocks = ck_htj2k_current_step(d) == CK_STEP_BLOCKS;
        if (is_blocks) {
            *comparable &= !has_placeholders(&d->tile);
            for (size_t i = 0; i < d->blocks; i++)
                *comparable &= is_stuffed_right(&d->block[i]) && (d->tile_style.layers == 1 || d->block[i].passes == 1) &&
                               d->block[i].data >= data && d->block[i].data <= data + nbytes;
        }
        for (size_t j = ck_htj2k_jobs(d); j-- > 0 && !status;)
            status = ck_htj2k_run_job(d, j, NULL, &detail);
        if (is_blocks && !info->reversible)
            note_noise(d, noise);
        if (!status)
            status = ck_htj2k_advance(d, &detail);
    }
    return status;
}

static int64_t sample_of(const ck_htj2k_info *info, uint32_t c, const uint8_t *p)
{
    uint32_t nbytes = info->bytes_per_sample, v = 0;
    memcpy(&v, p, nbytes);
    if (!info->is_signed[c])
        return v;
    return nbytes == 1 ? (int8_t)v : nbytes == 2 ? (int16_t)v : (int32_t)v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint32_t reduction = data[0] & 7;
    size_t nbytes = size - 1;
    ck_htj2k_info info;
    uint8_t *out;
    oracle_image image;
    int comparable = 0;
    double noise[CK_HTJ2K_MAX_COMPONENTS] = {0};
    if (decode(data + 1, nbytes, reduction, &info, &out, &comparable, noise) == CK_OK && comparable &&
        oracle_decode(data + 1, nbytes, reduction, &image) == 0) {
        demand(image.components == info.components, "another number of components");
        for (uint32_t c = 0; c < info.components; c++) {
            int64_t allowed = info.reversible ? 0 : 1 + (int64_t)noise[c];
            for (uint32_t y = 0; y < info.height && y < image.h[c]; y++)
                for (uint32_t x = 0; x < info.width && x < image.w[c]; x++) {
                    const uint8_t *p = out + (((size_t)y * info.width + x) * info.components + c) * info.bytes_per_sample;
                    int64_t difference = sample_of(&info, c, p) - image.plane[c][(size_t)y * image.w[c] + x];
                    if (difference < -allowed || difference > allowed) {
                        fprintf(stderr, "component %u, %u,%u: %lld, OpenJPEG %d; %ux%u, reduction %u, reversible %d\n", c, x, y,
                                (long long)sample_of(&info, c, p), image.plane[c][(size_t)y * image.w[c] + x], info.width, info.height,
                                reduction, info.reversible);
                        demand(0, "other pixels than OpenJPEG");
                    }
                }
        }
        oracle_free(&image);
    }
    return 0;
}
