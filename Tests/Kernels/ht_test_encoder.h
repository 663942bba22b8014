#ifndef HT_TEST_ENCODER_H
#define HT_TEST_ENCODER_H

/*
 * A slow HT block encoder straight from the rules of T.814, for tests: one HT set of clean-up pass, SPP and MRP. Where the rules
 * leave a choice (which of several fitting CxtVLC codewords), it is made at random, so that all of the tables are exercised.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ck_ht_lane.h"
#include "ck_ht_tables.h"

static uint64_t test_seed = 1;
static inline uint32_t test_random(void) {
    test_seed ^= test_seed << 13;
    test_seed ^= test_seed >> 7;
    test_seed ^= test_seed << 17;
    return (uint32_t)(test_seed >> 24);
}
static inline uint32_t test_below(uint32_t n) { return test_random() % n; }

typedef struct {
    uint8_t *bits; /* one a byte */
    size_t count, capacity;
} bit_list;

static inline void put_bits(bit_list *list, uint32_t value, uint32_t n) {
    if (list->count + n > list->capacity) {
        list->capacity = (list->capacity + n) * 2 + 256;
        list->bits = realloc(list->bits, list->capacity);
    }
    for (uint32_t i = 0; i < n; i++) list->bits[list->count++] = value >> i & 1;
}

/* Takes the bits from `at`, lowest first, `pad` beyond the end. */
static inline uint32_t peek_bits(const bit_list *list, size_t at, uint32_t n, uint32_t pad) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < n; i++) value |= (at + i < list->count ? list->bits[at + i] : pad) << i;
    return value;
}

/* Forward stream with seven bits after 0xFF. */
static inline size_t pack_forward(const bit_list *list, uint32_t pad, int msb_first, uint8_t *out) {
    size_t n = 0;
    for (size_t at = 0; at < list->count;) {
        uint32_t nbits = n && out[n - 1] == 0xFF ? 7 : 8, value = peek_bits(list, at, nbits, pad);
        at += nbits;
        if (msb_first) {
            uint32_t turned = 0;
            for (uint32_t i = 0; i < nbits; i++) turned |= (value >> i & 1) << (nbits - 1 - i);
            value = turned;
        }
        out[n++] = (uint8_t)value;
    }
    return n;
}

/* Backward stream: seven bits, all ones, after a byte above 0x8F. Returns the bytes in reading order. */
static inline size_t pack_backward(const bit_list *list, size_t at, uint32_t last, uint8_t *out) {
    size_t n = 0;
    while (at < list->count) {
        uint32_t nbits = last > 0x8F && peek_bits(list, at, 7, 0) == 0x7F ? 7 : 8;
        last = out[n++] = (uint8_t)peek_bits(list, at, nbits, 0);
        at += nbits;
    }
    return n;
}

typedef struct {
    bit_list bits;
    uint32_t k, run;
} mel_encoder;

static inline void mel_encode(mel_encoder *mel, uint32_t event) {
    static const uint8_t exponents[13] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5};
    uint32_t e = exponents[mel->k];
    if (!event) {
        if (++mel->run < 1u << e) return;
        put_bits(&mel->bits, 1, 1);
        if (mel->k < 12) mel->k++;
    } else {
        put_bits(&mel->bits, 0, 1);
        while (e--) put_bits(&mel->bits, mel->run >> e & 1, 1);
        if (mel->k > 0) mel->k--;
    }
    mel->run = 0;
}

typedef struct {
    uint32_t width, height, plane; /* plane: of the clean-up pass */
    int passes, stripe_causal;
    const uint32_t *magnitudes;
    const uint8_t *signs;
} test_block;

static inline uint32_t mu_at(const test_block *b, int x, int y) {
    if (x < 0 || y < 0 || x >= (int)b->width || y >= (int)b->height) return 0;
    return b->magnitudes[(size_t)y * b->width + (size_t)x] >> b->plane;
}

static inline uint32_t exponent_of(uint32_t mu) { return mu ? 32u - (uint32_t)__builtin_clz(2 * mu - 1) : 0; }

typedef struct {
    uint32_t prefix, prefix_bits, suffix, suffix_bits;
} u_code;

static inline u_code code_of_u(uint32_t u) {
    if (u == 0) return (u_code){0, 0, 0, 0};
    if (u == 1) return (u_code){1, 1, 0, 0};
    if (u == 2) return (u_code){2, 2, 0, 0};
    if (u < 5) return (u_code){4, 3, u - 3, 1};
    return (u_code){0, 3, u - 5, 5}; /* up to 32 */
}

static inline void encode_u_pair(bit_list *vlc, mel_encoder *mel, const uint32_t u[2], int first_row) {
    u_code c0, c1;
    if (first_row && u[0] && u[1]) {
        int both = u[0] > 2 && u[1] > 2;
        mel_encode(mel, (uint32_t)both);
        c0 = code_of_u(u[0] - (both ? 2 : 0));
        c1 = code_of_u(u[1] - (both ? 2 : 0));
        if (!both && u[0] > 2) c1 = (u_code){u[1] - 1, 1, 0, 0};
    } else {
        c0 = code_of_u(u[0]);
        c1 = code_of_u(u[1]);
    }
    put_bits(vlc, c0.prefix, c0.prefix_bits);
    put_bits(vlc, c1.prefix, c1.prefix_bits);
    put_bits(vlc, c0.suffix, c0.suffix_bits);
    put_bits(vlc, c1.suffix, c1.suffix_bits);
}

/* One fitting CxtVLC entry, at random. `context` in the standard's order. */
static inline uint32_t choose_codeword(int first_row, uint32_t context, uint32_t rho, uint32_t u_off, uint32_t eps, uint32_t *codeword) {
    const uint32_t *table = first_row ? ck_ht_vlc_first : ck_ht_vlc_other;
    uint32_t index = first_row ? context : (context & 1) | (context >> 1 & 2) | (context << 1 & 4), fits = 0, chosen = 0;
    for (uint32_t i = 0; i < 128; i++) {
        uint32_t entry = table[index << CK_VLC_INDEX_BITS | i], e = entry >> CK_VLC_TAG, known = e >> CK_TAG_KNOWN & 15;
        if (i >> (entry & CK_VLC_LENGTH_MASK)) continue; /* the entry with zeros above its codeword */
        if ((e & 15) != rho || (e >> CK_TAG_UOFF & 1) != u_off || (eps & known) != (e >> CK_TAG_ONE & 15)) continue;
        if (test_below(++fits) == 0) chosen = entry, *codeword = i;
    }
    if (!fits) abort();
    return chosen;
}

static inline void encode_quad(const test_block *b, int x, int y, bit_list *vlc, mel_encoder *mel, bit_list *magsgn, uint32_t *u) {
    uint32_t rho = 0, e[4], top = 0, eps = 0, codeword = 0, context;
    for (int n = 0; n < 4; n++) {
        e[n] = exponent_of(mu_at(b, x + n / 2, y + n % 2));
        rho |= (uint32_t)(e[n] > 0) << n;
        if (e[n] > top) top = e[n];
    }
#define SIG(dx, dy) (uint32_t)(mu_at(b, x + (dx), y + (dy)) != 0)
    if (y == 0)
        context = (SIG(-2, 0) | SIG(-2, 1)) + 2 * SIG(-1, 0) + 4 * SIG(-1, 1);
    else
        context = (SIG(-1, -1) | SIG(0, -1)) + 2 * (SIG(-1, 0) | SIG(-1, 1)) + 4 * (SIG(1, -1) | SIG(2, -1));
#undef SIG
    uint32_t kappa = 1;
    if (y > 0 && (rho & (rho - 1))) {
        uint32_t above = 0;
        for (int dx = -1; dx <= 2; dx++) {
            uint32_t ea = exponent_of(mu_at(b, x + dx, y - 1));
            if (ea > above) above = ea;
        }
        if (above > 2) kappa = above - 1;
    }
    uint32_t big = top > kappa ? top : kappa;
    *u = rho ? big - kappa : 0;
    if (*u)
        for (int n = 0; n < 4; n++) eps |= (uint32_t)(e[n] == big) << n;
    if (context == 0) mel_encode(mel, rho != 0);
    if (rho == 0 && context == 0) return;
    uint32_t entry = choose_codeword(y == 0, context, rho, *u > 0, eps, &codeword);
    put_bits(vlc, codeword, entry & CK_VLC_LENGTH_MASK);
    for (int n = 0; n < 4; n++) {
        if (!e[n]) continue;
        uint32_t at = (uint32_t)(y + n % 2) * b->width + (uint32_t)(x + n / 2);
        put_bits(magsgn, 2 * (mu_at(b, x + n / 2, y + n % 2) - 1) + b->signs[at], big - (entry >> (CK_VLC_TAG + CK_TAG_KNOWN + n) & 1));
    }
}

/* Returns Lcup. out: 64 KiB. */
static inline size_t encode_cleanup(const test_block *b, uint8_t *out) {
    bit_list vlc = {0}, magsgn = {0};
    mel_encoder mel = {0};
    for (int y = 0; y < (int)b->height; y += 2)
        for (int x = 0; x < (int)b->width; x += 4) {
            uint32_t u[2] = {0, 0};
            encode_quad(b, x, y, &vlc, &mel, &magsgn, &u[0]);
            if (x + 2 < (int)b->width) encode_quad(b, x + 2, y, &vlc, &mel, &magsgn, &u[1]);
            encode_u_pair(&vlc, &mel, u, y == 0);
        }
    if (mel.run) put_bits(&mel.bits, 1, 1);
    size_t n = pack_forward(&magsgn, 1, 0, out);
    if (n && out[n - 1] == 0xFF) n--;
    size_t start = n;
    n += pack_forward(&mel.bits, 0, 1, out + n);
    if (n > start && out[n - 1] == 0xFF) out[n++] = 0;
    uint32_t nibble = peek_bits(&vlc, 0, 3, 0) == 7 ? 3 : 4, first = peek_bits(&vlc, 0, nibble, 0);
    uint8_t backward[16384];
    size_t m = pack_backward(&vlc, nibble, first << 4 | 15, backward);
    while (m) out[n++] = backward[--m];
    size_t scup = n + 2 - start;
    out[n++] = (uint8_t)(first << 4 | (scup & 15));
    out[n++] = (uint8_t)(scup >> 4);
    free(vlc.bits), free(magsgn.bits), free(mel.bits.bits);
    return n;
}

/* Returns Lref and what a decoder must give, in half steps. */
static inline size_t encode_refinement(const test_block *b, uint8_t *out, int32_t *expected) {
    const int w = (int)b->width, h = (int)b->height;
    bit_list sp = {0}, mr = {0};
    uint8_t *found = calloc((size_t)w * (size_t)h, 1);
    uint32_t p = b->plane;
    for (int i = 0; i < w * h; i++) {
        uint32_t mu = b->magnitudes[i] >> p, twice = mu ? (2 * mu + 1) << p : 0;
        if (mu && b->passes > 2) twice = (2 * (b->magnitudes[i] >> (p - 1)) + 1) << (p - 1);
        expected[i] = b->signs[i] ? -(int32_t)twice : (int32_t)twice;
    }
    for (int y0 = 0; b->passes > 1 && y0 < h; y0 += 4)
        for (int x0 = 0; x0 < w; x0 += 4) {
            bit_list signs = {0};
            for (int x = x0; x < x0 + 4 && x < w; x++)
                for (int y = y0; y < y0 + 4 && y < h; y++) {
                    int member = 0;
                    if (mu_at(b, x, y)) continue;
                    for (int dy = -1; dy <= 1; dy++)
                        for (int dx = -1; dx <= 1; dx++) {
                            int xx = x + dx, yy = y + dy;
                            if (xx < 0 || yy < 0 || xx >= w || yy >= h) continue;
                            if (b->stripe_causal && yy == y0 + 4) continue;
                            member |= mu_at(b, xx, yy) != 0 || found[yy * w + xx];
                        }
                    if (!member) continue;
                    uint32_t bit = b->magnitudes[y * w + x] >> (p - 1) & 1;
                    put_bits(&sp, bit, 1);
                    if (!bit) continue;
                    found[y * w + x] = 1;
                    put_bits(&signs, b->signs[y * w + x], 1);
                    expected[y * w + x] = (b->signs[y * w + x] ? -3 : 3) * (1 << (p - 1));
                }
            for (size_t i = 0; i < signs.count; i++) put_bits(&sp, signs.bits[i], 1);
            free(signs.bits);
        }
    for (int y0 = 0; b->passes > 2 && y0 < h; y0 += 4)
        for (int x = 0; x < w; x++)
            for (int y = y0; y < y0 + 4 && y < h; y++)
                if (mu_at(b, x, y)) put_bits(&mr, b->magnitudes[y * w + x] >> (p - 1) & 1, 1);
    size_t n = pack_forward(&sp, 0, 0, out);
    if (n && out[n - 1] == 0xFF) out[n++] = 0;
    uint8_t backward[4096];
    size_t m = pack_backward(&mr, 0, 0xFF, backward);
    while (m) out[n++] = backward[--m];
    free(sp.bits), free(mr.bits), free(found);
    return n;
}

#endif
