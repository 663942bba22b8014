/* Entry points: checks, batches of blocks of equal width, then step 1 and step 2 of each batch. */
#include "ck_ht_lane.h"

enum {
    WINDOW = 512, /* blocks looked at together for equal widths */
    JOBS = 3      /* blocks in step 2 together */
};

typedef struct {
    ck_ht_lane lanes[CK_HT_LANES];
    int32_t image[CK_HT_MAX_AREA];
    uint8_t states[CK_HT_MAX_STATES];
    uint8_t magsgn[JOBS][CK_HT_MAGSGN_NBYTES];
    uint64_t order[WINDOW]; /* width, then height from high to low, then index */
} ck_ht_scratch;

size_t ck_ht_scratch_bytes(void) { return (sizeof(ck_ht_scratch) + 63) & ~(size_t)63; }

void ck_ht_dispatch_init(ck_ht_dispatch *d, uint32_t features) {
    d->features = features;
    d->step1 = ck_ht_step1_scalar;
    d->lanes_max = 8;
    d->unstuff_vlc = ck_ht_unstuff_vlc_scalar;
    d->unstuff_magsgn = ck_ht_unstuff_magsgn_scalar;
    d->step2_32 = ck_ht_step2_32_scalar;
    d->step2_16 = ck_ht_step2_16_scalar;
#if defined(__x86_64__)
    ck_ht_dispatch_x86(d, features);
#endif
}

static uint32_t scup_of(const ck_ht_block *b) {
    return (uint32_t)b->data[b->length_cleanup - 1] << 4 | (b->data[b->length_cleanup - 2] & 15u);
}

static ck_status check(const ck_ht_block *b) {
    if (b->width == 0 || b->height == 0 || b->width > CK_HT_MAX_SIDE || b->height > CK_HT_MAX_SIDE) return CK_ERR_ARGUMENT;
    if ((uint32_t)b->width * b->height > CK_HT_MAX_AREA || b->out_stride < b->width) return CK_ERR_ARGUMENT;
    if (b->passes == 0 || b->half_steps > 1 || !b->data || !b->out) return CK_ERR_ARGUMENT;
    if (b->k_max + b->half_steps > CK_HT_MAX_BITS32 || b->passes > 3) return CK_ERR_UNSUPPORTED;
    if (b->missing_msbs >= b->k_max) return CK_ERR_DAMAGED;
    /* SPP and MRP decode the plane below the clean-up pass: there must be one. */
    if (b->passes > 1 && b->length_refinement > 0 && b->missing_msbs + 1 >= b->k_max) return CK_ERR_DAMAGED;
    if (b->length_cleanup < 2) return CK_ERR_DAMAGED;
    uint32_t scup = scup_of(b); /* 7.1.1 */
    if (scup < 2 || scup > 4079 || scup > b->length_cleanup) return CK_ERR_DAMAGED;
    return CK_OK;
}

/* Shell sort: few, nearly sorted numbers, and no library call. */
static void sort(uint64_t *a, size_t n) {
    static const size_t gaps[] = {57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++)
        for (size_t i = gaps[g]; i < n; i++) {
            uint64_t x = a[i];
            size_t j = i;
            for (; j >= gaps[g] && a[j - gaps[g]] > x; j -= gaps[g]) a[j] = a[j - gaps[g]];
            a[j] = x;
        }
}

static void set_magnitude_bits(const ck_ht_lane *lane, ck_ht_block *block) {
    /* U_q bits hold 2 (mu - 1) + sign, so mu <= 2^(U_q - 1). */
    uint32_t plane = block->k_max - 1u - block->missing_msbs;
    block->magnitude_bits = (uint8_t)(lane->u_max ? lane->u_max - 1 + plane + block->half_steps : 0);
}

/* Lref == 0: SPP can find nothing, and an MRP without bits is taken as absent, as other decoders do. */
static int is_refined(const ck_ht_block *block) { return block->passes > 1 && block->length_refinement > 0; }

/* Blocks with SPP and MRP take the long way round, over an image of half steps. */
static ck_status finish_refined(const ck_ht_job *job, ck_ht_block *block, int is_16, ck_ht_scratch *sc) {
    ck_ht_block whole = *block;
    whole.out = sc->image;
    whole.out_stride = block->width;
    whole.half_steps = 1;
    ck_ht_job wide = *job;
    wide.block = &whole;
    ck_ht_step2_32_scalar(&wide, 1);
    if (wide.status != CK_OK) return wide.status;
    if (job->lane->u_max == 0) job->lane->u_max = 1; /* SPP may find samples of magnitude 1 in the plane below */
    set_magnitude_bits(job->lane, block);
    if (is_16 && block->magnitude_bits > CK_HT_MAX_BITS16) return CK_ERR_LIMIT;
    ck_ht_refine(job->lane, &whole, sc->image, sc->states);
    for (uint32_t y = 0; y < block->height; y++)
        for (uint32_t x = 0; x < block->width; x++) {
            int32_t value = sc->image[(size_t)y * block->width + x];
            if (!block->half_steps) value /= 2; /* towards zero */
            size_t at = y * block->out_stride + x;
            if (is_16)
                ((int16_t *)block->out)[at] = (int16_t)value;
            else
                ((int32_t *)block->out)[at] = value;
        }
    return CK_OK;
}

static ck_status finish(const ck_ht_job *job, ck_ht_block *block, int is_16) {
    ck_ht_job again = *job;
    if (job->status == CK_ERR_LIMIT) { /* the vector variants have lanes of 16 bits inside */
        again.status = CK_OK;
        (is_16 ? ck_ht_step2_16_scalar : ck_ht_step2_32_scalar)(&again, 1);
    }
    if (again.status != CK_OK) return again.status;
    set_magnitude_bits(job->lane, block);
    return is_16 && block->magnitude_bits > CK_HT_MAX_BITS16 ? CK_ERR_LIMIT : CK_OK;
}

static ck_ht_job job_of(const ck_ht_dispatch *d, ck_ht_lane *lane, const ck_ht_block *block, uint8_t *magsgn) {
    size_t nbits = d->unstuff_magsgn(block->data, block->length_cleanup - scup_of(block), magsgn, CK_HT_MAGSGN_DATA);
    /* 7.1.2: ones past the end; step 2 looks at its position once a row. */
    magsgn[nbits >> 3] |= (uint8_t)(0xFFu << (nbits & 7));
    memset(magsgn + (nbits >> 3) + 1, 0xFF, lane->quads_x * 16 + 128);
    return (ck_ht_job){lane, block, magsgn, nbits, CK_OK, NULL};
}

/*
 * A block's bytes are read once, from both ends of a place that the hardware cannot foresee: asked for while other blocks are in work,
 * they cost little. So are rows; ck_ht_prefetch_ahead does it for all but the first blocks of a batch.
 */
static void prefetch_rows(const ck_ht_block *block, size_t size) {
    const char *row = block->out;
    for (uint32_t y = 0; y < block->height; y++, row += block->out_stride * size)
        for (size_t x = 0; x < block->width * size; x += 64) __builtin_prefetch(row + x, 1, 3);
}

static void prefetch_bytes(const uint8_t *from, const uint8_t *to) {
    for (; from < to; from += 64) __builtin_prefetch(from, 0, 3);
}

static void prefetch_vlc(const ck_ht_block *block) {
    const uint8_t *end = block->data + block->length_cleanup;
    prefetch_bytes(end - scup_of(block), end);
}

static void prefetch_magsgn(const ck_ht_block *block) {
    prefetch_bytes(block->data, block->data + (block->length_cleanup - scup_of(block)));
}

enum { VLC_AHEAD = 3, CHECK_AHEAD = 12 }; /* blocks: some hundreds of cycles in all */

static void decode_batch(
    const ck_ht_dispatch *d, ck_ht_block *blocks, const uint64_t *order, size_t n, int is_16, ck_status *status, ck_ht_scratch *sc) {
    const size_t size = is_16 ? 2 : 4;
    for (size_t i = 0; i < VLC_AHEAD && i < n; i++) prefetch_vlc(&blocks[order[i] & 0xFFFF]);
    for (size_t i = 0; i < n; i++) {
        const ck_ht_block *block = &blocks[order[i] & 0xFFFF];
        if (i + VLC_AHEAD < n) prefetch_vlc(&blocks[order[i + VLC_AHEAD] & 0xFFFF]);
        ck_ht_lane_begin(d, &sc->lanes[i], block, scup_of(block));
    }
    for (size_t k = 0; k < JOBS && k < n; k++) {
        prefetch_rows(&blocks[order[k] & 0xFFFF], size);
        prefetch_magsgn(&blocks[order[k] & 0xFFFF]);
    }
    d->step1(sc->lanes, n);
    for (size_t i = 0; i < n;) {
        ck_ht_job jobs[JOBS];
        size_t index[JOBS], count = 0;
        while (count < JOBS && i < n) {
            ck_ht_lane *lane = &sc->lanes[i];
            size_t at = order[i++] & 0xFFFF;
            if (lane->vlc_position > lane->vlc_nbits) {
                status[at] = CK_ERR_DAMAGED;
                continue;
            }
            jobs[count] = job_of(d, lane, &blocks[at], sc->magsgn[count]);
            if (is_refined(&blocks[at])) {
                status[at] = finish_refined(&jobs[count], &blocks[at], is_16, sc);
                continue;
            }
            index[count++] = at;
        }
        for (size_t k = 0; k < JOBS && i + k < n; k++) {
            const ck_ht_block *ahead = &blocks[order[i + k] & 0xFFFF];
            prefetch_magsgn(ahead);
            if (k < count) jobs[k].ahead = ahead;
        }
        if (count) (is_16 ? d->step2_16 : d->step2_32)(jobs, count);
        for (size_t k = 0; k < count; k++) status[index[k]] = finish(&jobs[k], &blocks[index[k]], is_16);
    }
}

static ck_status decode(const ck_ht_dispatch *d, ck_ht_block *blocks, size_t n, int is_16, ck_status *status, void *scratch) {
    ck_ht_scratch *sc = scratch;
    for (size_t base = 0; base < n; base += WINDOW) {
        size_t count = n - base < WINDOW ? n - base : WINDOW, valid = 0;
        for (size_t i = 0; i < count; i++) {
            const ck_ht_block *b = &blocks[base + i];
            if (i + CHECK_AHEAD < count && b[CHECK_AHEAD].data && b[CHECK_AHEAD].length_cleanup > 1)
                __builtin_prefetch(b[CHECK_AHEAD].data + b[CHECK_AHEAD].length_cleanup - 2, 0, 3);
            status[base + i] = check(b);
            if (status[base + i] != CK_OK) continue;
            sc->order[valid++] = (uint64_t)((b->width + 1u) / 2) << 40 | (uint64_t)(CK_HT_MAX_SIDE - (b->height + 1u) / 2) << 20 | i;
        }
        sort(sc->order, valid);
        for (size_t i = 0, end; i < valid; i = end) {
            for (end = i + 1; end < valid && end - i < d->lanes_max && sc->order[end] >> 40 == sc->order[i] >> 40;) end++;
            decode_batch(d, blocks + base, sc->order + i, end - i, is_16, status + base, sc);
        }
    }
    for (size_t i = 0; i < n; i++)
        if (status[i] != CK_OK) return status[i];
    return CK_OK;
}

ck_status ck_ht_decode_blocks32(const ck_ht_dispatch *d, ck_ht_block *blocks, size_t n, ck_status *status, void *scratch) {
    return decode(d, blocks, n, 0, status, scratch);
}

ck_status ck_ht_decode_blocks16(const ck_ht_dispatch *d, ck_ht_block *blocks, size_t n, ck_status *status, void *scratch) {
    return decode(d, blocks, n, 1, status, scratch);
}
