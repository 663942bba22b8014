#include <stdio.h>

#include "htj2k_coverage.h"

enum { MOST = 48 };
typedef struct {
    const char *name;
    uint32_t first, n;            /* items are first..first + n - 1, or named */
    const char *const *item_name; /* NULL: a number */
    uint32_t count[MOST];
} feature;

static const char *const size_name[] = {"1x1", "one row", "one column", "to 40", "to 300", "above", "above, thin", "prime sides", "odd by even"};
static const char *const content_name[] = {"random", "flat", "ramp", "extremes", "few", "noisy"};
static const char *const step_name[] = {"1 to 1/4", "1/8 to 1/64", "1/128 and finer"};
static const char *const colour_name[] = {"none", "RCT", "ICT"};
static const char *const grid_name[] = {"one tile", "tiles", "image offset", "tile offset", "tiles and image offset", "subsampled",
                                        "subsampled and tiles", "unlike precisions", "precincts", "precincts and tiles"};
static const char *const packet_name[] = {"SOP", "EPH", "SOP and EPH", "POC", "tile-parts", "tile-parts interleaved over tiles",
                                          "last Psot 0"};

enum { SIZE, UNSIGNED_BITS, SIGNED_BITS, COMPONENTS, SHAPE, LEVELS, ORDER, REVERSIBLE, STEP, COLOUR, GRID, CONTENT, WORKERS, REDUCTION,
       REPACKED_ORDER, LAYERS, PACKETS, FEATURES };
static feature features[FEATURES] = {
    [SIZE] = {.name = "size", .n = 9, .item_name = size_name}, [UNSIGNED_BITS] = {.name = "bits, unsigned", .first = 1, .n = 24},
    [SIGNED_BITS] = {.name = "bits, signed", .first = 1, .n = 24}, [COMPONENTS] = {.name = "components", .first = 1, .n = 4},
    [SHAPE] = {.name = "code-block shape", .n = 45}, [LEVELS] = {.name = "decompositions", .n = 9}, [ORDER] = {.name = "progression", .n = 5},
    [REVERSIBLE] = {.name = "reversible", .n = 2}, [STEP] = {.name = "quantiser step", .n = 3, .item_name = step_name},
    [COLOUR] = {.name = "colour transform", .n = 3, .item_name = colour_name}, [GRID] = {.name = "grid", .n = 10, .item_name = grid_name},
    [CONTENT] = {.name = "content", .n = 6, .item_name = content_name}, [WORKERS] = {.name = "workers", .first = 1, .n = 3},
    [REDUCTION] = {.name = "reduction", .first = 1, .n = 8}, [REPACKED_ORDER] = {.name = "rewritten in progression", .n = 5},
    [LAYERS] = {.name = "rewritten in layers", .first = 1, .n = 4}, [PACKETS] = {.name = "rewritten with", .n = 7, .item_name = packet_name}};

static void reach_if(uint32_t which, uint32_t item, int condition)
{
    feature *f = &features[which];
    if (condition && item >= f->first && item < f->first + f->n)
        f->count[item - f->first]++;
}
static void reach(uint32_t which, uint32_t item) { reach_if(which, item, 1); }

static int is_prime(uint32_t n)
{
    for (uint32_t i = 2; i * i <= n; i++)
        if (n % i == 0)
            return 0;
    return n > 2;
}

static uint32_t log2_of(uint32_t n)
{
    uint32_t e = 0;
    while (1u << e < n)
        e++;
    return e;
}

static uint32_t shape_index(uint32_t w, uint32_t h)
{
    uint32_t x, y, n = block_shape(0, &x, &y), i = 0;
    while (i < n && (block_shape(i, &x, &y), x != w || y != h))
        i++;
    return i;
}

void cover_stream(const stream_spec *s, uint32_t content, uint32_t workers)
{
    uint32_t larger = s->width > s->height ? s->width : s->height, smaller = s->width + s->height - larger;
    int tiled = s->tile_w && (s->tile_w + s->tile_x < s->offset_x + s->width || s->tile_h + s->tile_y < s->offset_y + s->height);
    int offset = s->offset_x || s->offset_y, sampled = 0, unlike = 0;
    for (uint32_t c = 0; c < s->components; c++)
        sampled |= s->dx[c] > 1 || s->dy[c] > 1, unlike |= s->bits[c] != s->bits[0] || s->is_signed[c] != s->is_signed[0];
    reach_if(SIZE, 0, larger == 1), reach_if(SIZE, 1, s->height == 1 && s->width > 1), reach_if(SIZE, 2, s->width == 1 && s->height > 1);
    reach(SIZE, larger <= 40 ? 3 : larger <= 300 ? 4 : smaller > 40 ? 5 : 6);
    reach_if(SIZE, 7, is_prime(s->width) && is_prime(s->height)), reach_if(SIZE, 8, (s->width ^ s->height) & 1);
    reach(s->is_signed[0] ? SIGNED_BITS : UNSIGNED_BITS, s->bits[0]);
    reach(COMPONENTS, s->components), reach(SHAPE, shape_index(s->block_w, s->block_h)), reach(LEVELS, s->levels), reach(ORDER, s->order);
    reach(REVERSIBLE, s->reversible), reach_if(STEP, log2_of((uint32_t)(1 / s->step)) / 3 > 2 ? 2 : log2_of((uint32_t)(1 / s->step)) / 3, !s->reversible);
    reach(COLOUR, !s->colour ? 0 : s->reversible ? 1 : 2);
    reach(GRID, tiled ? 1 : 0), reach_if(GRID, 2, offset), reach_if(GRID, 3, s->tile_x || s->tile_y), reach_if(GRID, 4, tiled && offset);
    reach_if(GRID, 5, sampled), reach_if(GRID, 6, sampled && tiled), reach_if(GRID, 7, unlike);
    reach_if(GRID, 8, s->precincts > 0), reach_if(GRID, 9, s->precincts && tiled);
    reach(CONTENT, content), reach(WORKERS, workers);
}

void cover_packets(const stream_spec *s, const repack_spec *p)
{
    int tiled = s->tile_w && (s->tile_w + s->tile_x < s->offset_x + s->width || s->tile_h + s->tile_y < s->offset_y + s->height);
    reach(REPACKED_ORDER, p->order), reach(LAYERS, p->layers);
    reach_if(PACKETS, 0, p->sop && !p->eph), reach_if(PACKETS, 1, p->eph && !p->sop), reach_if(PACKETS, 2, p->sop && p->eph);
    reach_if(PACKETS, 3, p->poc), reach_if(PACKETS, 4, p->split), reach_if(PACKETS, 5, p->split && tiled), reach_if(PACKETS, 6, p->last_psot_zero);
}

void cover_reduction(uint32_t reduction) { reach(REDUCTION, reduction); }

uint32_t report_coverage(void)
{
    uint32_t missing = 0;
    for (int i = 0; i < FEATURES; i++) {
        const feature *f = &features[i];
        printf("coverage: %s:", f->name);
        for (uint32_t k = 0; k < f->n; k++) {
            if (f->item_name)
                printf("%s %s %u", k ? "," : "", f->item_name[k], f->count[k]);
            else if (i == SHAPE) {
                uint32_t w = 0, h = 0;
                block_shape(k, &w, &h);
                printf("%s %ux%u %u", k ? "," : "", w, h, f->count[k]);
            } else
                printf("%s %u: %u", k ? "," : "", f->first + k, f->count[k]);
            missing += f->count[k] == 0;
        }
        printf("\n");
    }
    return missing;
}
