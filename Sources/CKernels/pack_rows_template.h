// Row packers for one sample container. Parameters, defined by the including file and undefined here:
//   CK_SAMPLE   unsigned integer type of the container: uint8_t, uint16_t or uint32_t
//   CK_NAME(f)  the name of function f for that container
//
// Clamping happens in int32_t and the conversion to the unsigned container then keeps the low bits, which are
// the two's complement form that the checksum covers. The loops are written so that compilers vectorise them.

static void CK_NAME(pack_row_1)(const int32_t *restrict a, size_t width, ck_range ra,
                                CK_SAMPLE *restrict out) {
    for (size_t x = 0; x < width; x++) {
        out[x] = (CK_SAMPLE)clamp(a[x], ra);
    }
}

static void CK_NAME(pack_row_3)(const int32_t *restrict a, const int32_t *restrict b,
                                const int32_t *restrict c, size_t width, const ck_range *r,
                                CK_SAMPLE *restrict out) {
    const ck_range ra = r[0], rb = r[1], rc = r[2];
    for (size_t x = 0; x < width; x++) {
        out[3 * x + 0] = (CK_SAMPLE)clamp(a[x], ra);
        out[3 * x + 1] = (CK_SAMPLE)clamp(b[x], rb);
        out[3 * x + 2] = (CK_SAMPLE)clamp(c[x], rc);
    }
}

// One component of a row, every `pixel_samples`-th sample of the output, replicated `step` times.
// `column` is the plane's sample under the first pixel and `phase` how far that pixel lies into it.
static void CK_NAME(pack_row_strided)(const int32_t *restrict a, size_t plane_width, size_t column,
                                      uint32_t phase, uint32_t step, size_t width, ck_range range,
                                      size_t pixel_samples, CK_SAMPLE *restrict out) {
    if (step == 1 && phase == 0 && column == 0 && plane_width >= width) {
        for (size_t x = 0; x < width; x++) {
            out[x * pixel_samples] = (CK_SAMPLE)clamp(a[x], range);
        }
        return;
    }
    for (size_t x = 0; x < width; x++) {
        out[x * pixel_samples] = (CK_SAMPLE)clamp(a[column], range);
        if (++phase == step) {
            phase = 0;
            if (column + 1 < plane_width) {
                column++;
            }
        }
    }
}

static void CK_NAME(pack_image)(const ck_plane *planes, size_t plane_count, const ck_range *ranges,
                                int is_direct, uint32_t origin_x, uint32_t origin_y, size_t width,
                                size_t height, CK_SAMPLE *out) {
    for (size_t y = 0; y < height; y++, out += width * plane_count) {
        if (is_direct && plane_count == 1) {
            CK_NAME(pack_row_1)(planes[0].samples + y * planes[0].stride, width, ranges[0], out);
            continue;
        }
        if (is_direct && plane_count == 3) {
            CK_NAME(pack_row_3)(planes[0].samples + y * planes[0].stride,
                                planes[1].samples + y * planes[1].stride,
                                planes[2].samples + y * planes[2].stride, width, ranges, out);
            continue;
        }
        for (size_t i = 0; i < plane_count; i++) {
            const ck_plane *plane = &planes[i];
            const ck_position row = locate(origin_y + y, plane->step_y, plane->first_y, plane->height);
            const ck_position column = locate(origin_x, plane->step_x, plane->first_x, plane->width);
            CK_NAME(pack_row_strided)(plane->samples + row.index * plane->stride, plane->width,
                                      column.index, column.phase, plane->step_x, width, ranges[i],
                                      plane_count, out + i);
        }
    }
}

#undef CK_SAMPLE
#undef CK_NAME
