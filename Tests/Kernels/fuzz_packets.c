/*
 * Fuzz target of tile layout and packets: everything that ck_htj2k_begin and ck_htj2k_advance do, no block is decoded. Input: 16 bytes
 * that name a legal main header (htj2k_header.c), then tile-parts: tile, length (2 bytes), bytes. The target writes the headers
 * itself, so that mutations go into the packets. Whatever is listed must lie in the codestream or the arena, whatever the arena held.
 */
#include "ck_htj2k_decoder.h"
#include "fuzz.h"
#include "htj2k_packets.h"

static const ck_htj2k_limits limits = {1 << 16, (uint64_t)32 << 20};

static uint64_t mix(uint64_t digest, uint64_t value) { return (digest ^ value) * 0x9E3779B97F4A7C15u + (digest >> 29); }

static uint32_t put_parts(writer *w, const uint8_t *data, size_t size, uint32_t tiles)
{
    uint32_t count[256] = {0}, written = 0;
    while (size >= 3 && written < 600) {
        uint32_t tile = data[0] % (tiles < 256 ? tiles : 256), length = ck_be16(data + 1);
        data += 3, size -= 3;
        length = length < size ? length : (uint32_t)size;
        if (count[tile] == 255)
            break;
        put(w, CK_SOT, 2), put(w, 10, 2), put(w, tile, 2), put(w, length + 14, 4), put(w, count[tile]++, 1), put(w, 0, 1), put(w, CK_SOD, 2);
        if (length)
            put_bytes(w, data, length);
        data += length, size -= length, written++;
    }
    put(w, CK_EOC, 2);
    return written;
}

/* The blocks of the current tile: places, lengths, and every byte of them, read. */
static uint64_t digest_blocks(const ck_htj2k_decoder *d, const uint8_t *stream, size_t nbytes, const uint8_t *arena, size_t arena_nbytes)
{
    uint64_t digest = d->blocks;
    for (size_t i = 0; i < d->blocks; i++) {
        const ck_ht_block *b = &d->block[i];
        uint64_t length = (uint64_t)b->length_cleanup + b->length_refinement;
        int in_stream = b->data >= stream && b->data <= stream + nbytes && length <= (uint64_t)(stream + nbytes - b->data);
        int in_arena = b->data >= arena && b->data <= arena + arena_nbytes && length <= (uint64_t)(arena + arena_nbytes - b->data);
        demand(in_stream || in_arena, "a block's bytes lie elsewhere");
        demand(b->width >= 1 && b->height >= 1 && (uint32_t)b->width * b->height <= 4096 && b->out_stride >= b->width, "block shape");
        const uint8_t *out = b->out;
        size_t rows = (size_t)(b->height - 1) * b->out_stride + b->width;
        demand(out >= arena && rows * 2 <= (size_t)(arena + arena_nbytes - out), "a block's samples lie elsewhere");
        digest = mix(mix(digest, b->length_cleanup), b->length_refinement);
        digest = mix(digest, b->passes | b->missing_msbs << 8 | b->k_max << 16);
        for (uint64_t k = 0; k < length; k++)
            digest = mix(digest, b->data[k]);
    }
    return digest;
}

/* Status and digest of all tiles. */
static ck_status run(const uint8_t *stream, size_t nbytes, uint32_t reduction, int before, uint64_t *digest)
{
    ck_htj2k_info info;
    ck_error_detail detail;
    *digest = 0;
    ck_status status = ck_htj2k_parse(stream, nbytes, reduction, 1, &limits, &info, &detail);
    demand_answer(status, &detail, nbytes);
    if (status)
        return status;
    static uint64_t kernels[64];
    demand(ck_htj2k_kernels_nbytes() <= sizeof kernels, "kernels");
    ck_htj2k_kernels_init((ck_htj2k_kernels *)kernels, 0);
    uint8_t *arena = fuzz_memory(0, info.arena_nbytes, before), *output = fuzz_memory(1, info.output_nbytes, before);
    ck_htj2k_decoder *d;
    status = ck_htj2k_begin((ck_htj2k_kernels *)kernels, stream, nbytes, reduction, 1, &limits, arena, info.arena_nbytes, output,
                            info.output_nbytes, &d, &detail);
    while (!status && ck_htj2k_jobs(d)) {
        if (ck_htj2k_current_step(d) == CK_STEP_BLOCKS)
            *digest = mix(*digest, digest_blocks(d, stream, nbytes, arena, info.arena_nbytes));
        status = ck_htj2k_advance(d, &detail);
    }
    demand_answer(status, &detail, nbytes);
    *digest = mix(*digest, detail.byte_offset);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER_BYTES + 3)
        return 0;
    header_spec h;
    header_of_bytes(data, &h);
    writer w = {0};
    put_main_header(&w, &h);
    uint32_t tile_w = h.tile_w ? h.tile_w : h.x0 + h.width, tile_h = h.tile_h ? h.tile_h : h.y0 + h.height;
    put_parts(&w, data + HEADER_BYTES, size - HEADER_BYTES, ceil_div(h.x0 + h.width, tile_w) * ceil_div(h.y0 + h.height, tile_h));
    uint8_t *stream = malloc(w.n); /* exactly as long, for the address sanitizer */
    memcpy(stream, w.bytes, w.n);
    for (uint32_t reduction = 0; reduction < 2; reduction++) {
        uint64_t first, second;
        ck_status status = run(stream, w.n, reduction, 0xA5, &first), again = run(stream, w.n, reduction, 0x5A, &second);
        demand(status == again && first == second, "the answer depends on what the arena held");
    }
    free(stream), free(w.bytes);
    return 0;
}
