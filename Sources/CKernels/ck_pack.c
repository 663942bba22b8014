#include "ck_pack.h"

// The destination is written through plain stores, so the machine's byte order is the output's.
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "ck_pack writes little-endian samples with native stores: add byte swapping for this machine"
#endif

typedef struct ck_range {
    int32_t lowest;
    int32_t highest;
} ck_range;

// A pixel's place in a plane along one axis: the sample it shows and how many pixels of it came before.
typedef struct ck_position {
    size_t index;
    uint32_t phase;
} ck_position;

static inline int32_t clamp(int32_t value, ck_range range) {
    const int32_t at_least = value < range.lowest ? range.lowest : value;
    return at_least > range.highest ? range.highest : at_least;
}

static ck_range range_of(uint32_t precision, uint32_t is_signed) {
    if (precision >= 32) {
        return (ck_range){INT32_MIN, INT32_MAX};
    }
    if (is_signed) {
        const int32_t half = (int32_t)(UINT32_C(1) << (precision - 1));
        return (ck_range){-half, half - 1};
    }
    return (ck_range){0, (int32_t)((UINT32_C(1) << precision) - 1)};
}

// The first samples of a component lie at ceil(origin / step) (T.800, B-15), so a pixel left of the first
// sample shows that one, with the phase at its start replaced by what is left until the second.
static ck_position locate(uint64_t grid, uint32_t step, uint32_t first, size_t count) {
    const uint64_t sample = grid / step;
    if (sample < first) {
        // The run of the first sample is longer: count back from where it ends. At most one step, because
        // first <= sample + 1; the unsigned phase wraps round and meets `step` after the longer run.
        return (ck_position){0, (uint32_t)(grid % step) - step};
    }
    const uint64_t index = sample - first;
    if (index >= count) {
        return (ck_position){count - 1, 0};
    }
    return (ck_position){(size_t)index, (uint32_t)(grid % step)};
}

#define CK_SAMPLE uint8_t
#define CK_NAME(f) f##_u8
#include "pack_rows_template.h"

#define CK_SAMPLE uint16_t
#define CK_NAME(f) f##_u16
#include "pack_rows_template.h"

#define CK_SAMPLE uint32_t
#define CK_NAME(f) f##_u32
#include "pack_rows_template.h"

static int plane_is_valid(const ck_plane *plane, size_t bytes_per_sample) {
    return plane->samples != NULL && plane->width >= 1 && plane->height >= 1 &&
           plane->stride >= plane->width && plane->step_x >= 1 && plane->step_x <= 255 &&
           plane->step_y >= 1 && plane->step_y <= 255 && plane->precision >= 1 &&
           plane->precision <= 8 * bytes_per_sample;
}

static int plane_is_direct(const ck_plane *plane, uint32_t origin_x, uint32_t origin_y, size_t width,
                           size_t height) {
    return plane->step_x == 1 && plane->step_y == 1 && plane->first_x == origin_x &&
           plane->first_y == origin_y && plane->width >= width && plane->height >= height;
}

ck_status ck_pack(const ck_plane *planes, size_t plane_count, uint32_t origin_x, uint32_t origin_y,
                  size_t width, size_t height, size_t bytes_per_sample, void *destination,
                  size_t destination_bytes) {
    if (planes == NULL || destination == NULL || plane_count < 1 || plane_count > 4 || width < 1 ||
        height < 1 || (bytes_per_sample != 1 && bytes_per_sample != 2 && bytes_per_sample != 4) ||
        (uintptr_t)destination % bytes_per_sample != 0) {
        return CK_ERR_ARGUMENT;
    }
    ck_range ranges[4];
    int is_direct = 1;
    for (size_t i = 0; i < plane_count; i++) {
        if (!plane_is_valid(&planes[i], bytes_per_sample)) {
            return CK_ERR_ARGUMENT;
        }
        ranges[i] = range_of(planes[i].precision, planes[i].is_signed);
        is_direct &= plane_is_direct(&planes[i], origin_x, origin_y, width, height);
    }
    // Divide rather than multiply: a product of hostile sizes could wrap round.
    if (width > destination_bytes / (plane_count * bytes_per_sample) / height) {
        return CK_ERR_LIMIT;
    }
    switch (bytes_per_sample) {
    case 1:
        pack_image_u8(planes, plane_count, ranges, is_direct, origin_x, origin_y, width, height, destination);
        break;
    case 2:
        pack_image_u16(planes, plane_count, ranges, is_direct, origin_x, origin_y, width, height, destination);
        break;
    default:
        pack_image_u32(planes, plane_count, ranges, is_direct, origin_x, origin_y, width, height, destination);
        break;
    }
    return CK_OK;
}
