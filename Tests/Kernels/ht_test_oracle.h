#ifndef HT_TEST_ORACLE_H
#define HT_TEST_ORACLE_H

/* Decodes one HT code-block with OpenJPEG: wraps it into a codestream of one component, no wavelet, reversible. */
#include <openjpeg.h>
#include <stdint.h>
#include <string.h>

#include "ck_ht_block.h"

typedef struct {
    uint8_t bytes[96 * 1024];
    size_t n, at;
    uint32_t bits, nbits; /* of the packet header */
} oracle_stream;

static inline void oracle_put(oracle_stream *s, uint32_t value, int nbytes) {
    while (nbytes--) s->bytes[s->n++] = (uint8_t)(value >> (8 * nbytes));
}

static inline void oracle_bits(oracle_stream *s, uint32_t value, int n) {
    while (n--) {
        s->bits = s->bits << 1 | (value >> n & 1);
        uint32_t full = s->n && s->bytes[s->n - 1] == 0xFF ? 7 : 8;
        if (++s->nbits == full) {
            oracle_put(s, s->bits, 1);
            s->bits = s->nbits = 0;
        }
    }
}

static inline void oracle_packet(oracle_stream *s, const ck_ht_block *b) {
    s->bits = s->nbits = 0;
    oracle_bits(s, 3, 2); /* not empty; included */
    oracle_bits(s, 1, b->missing_msbs + 1);
    oracle_bits(s, b->passes == 1 ? 0 : b->passes == 2 ? 2 : 12, b->passes == 1 ? 1 : b->passes == 2 ? 2 : 4);
    int lblock = 17;
    for (int i = 3; i < lblock; i++) oracle_bits(s, 1, 1);
    oracle_bits(s, 0, 1);
    oracle_bits(s, b->length_cleanup, lblock);
    if (b->passes > 1) oracle_bits(s, b->length_refinement, lblock + (b->passes > 2));
    while (s->nbits) oracle_bits(s, 0, 1);
    if (s->bytes[s->n - 1] == 0xFF) oracle_put(s, 0, 1);
    size_t n = b->length_cleanup + (b->passes > 1 ? b->length_refinement : 0);
    memcpy(s->bytes + s->n, b->data, n);
    s->n += n;
}

static inline int oracle_log2(uint32_t side) {
    int n = 2;
    while ((1u << n) < side) n++;
    return n;
}

static inline void oracle_build(oracle_stream *s, const ck_ht_block *b) {
    s->n = s->at = 0;
    oracle_put(s, 0xFF4F, 2);
    oracle_put(s, 0xFF51, 2), oracle_put(s, 41, 2), oracle_put(s, 0x4000, 2);
    for (int i = 0; i < 2; i++) {
        oracle_put(s, b->width, 4), oracle_put(s, b->height, 4);
        oracle_put(s, 0, 4), oracle_put(s, 0, 4);
    }
    oracle_put(s, 1, 2), oracle_put(s, 0x80 | 30, 1), oracle_put(s, 0x0101, 2);
    oracle_put(s, 0xFF50, 2), oracle_put(s, 8, 2), oracle_put(s, 0x00020000, 4), oracle_put(s, 0x000D, 2);
    oracle_put(s, 0xFF52, 2), oracle_put(s, 12, 2), oracle_put(s, 0, 1), oracle_put(s, 0, 1), oracle_put(s, 1, 2), oracle_put(s, 0, 1);
    oracle_put(s, 0, 1), oracle_put(s, (uint32_t)oracle_log2(b->width) - 2, 1), oracle_put(s, (uint32_t)oracle_log2(b->height) - 2, 1);
    oracle_put(s, 0x40 | (b->stripe_causal ? 8 : 0), 1), oracle_put(s, 1, 1);
    oracle_put(s, 0xFF5C, 2), oracle_put(s, 4, 2), oracle_put(s, 1 << 5, 1), oracle_put(s, (uint32_t)b->k_max << 3, 1);
    size_t sot = s->n;
    oracle_put(s, 0xFF90, 2), oracle_put(s, 10, 2), oracle_put(s, 0, 2), oracle_put(s, 0, 4), oracle_put(s, 1, 2);
    oracle_put(s, 0xFF93, 2);
    oracle_packet(s, b);
    uint32_t length = (uint32_t)(s->n - sot);
    for (int i = 0; i < 4; i++) s->bytes[sot + 6 + i] = (uint8_t)(length >> (24 - 8 * i));
    oracle_put(s, 0xFFD9, 2);
}

static inline OPJ_SIZE_T oracle_read(void *to, OPJ_SIZE_T n, void *user) {
    oracle_stream *s = user;
    if (s->at == s->n) return (OPJ_SIZE_T)-1;
    if (n > s->n - s->at) n = s->n - s->at;
    memcpy(to, s->bytes + s->at, n);
    s->at += n;
    return n;
}
static inline OPJ_OFF_T oracle_skip(OPJ_OFF_T n, void *user) {
    oracle_stream *s = user;
    if (n > (OPJ_OFF_T)(s->n - s->at)) n = (OPJ_OFF_T)(s->n - s->at);
    s->at += (size_t)n;
    return n;
}
static inline OPJ_BOOL oracle_seek(OPJ_OFF_T at, void *user) {
    oracle_stream *s = user;
    if (at > (OPJ_OFF_T)s->n) return OPJ_FALSE;
    s->at = (size_t)at;
    return OPJ_TRUE;
}

/* 1 and the samples (whole steps, stride = width), or 0 when OpenJPEG declines. */
static inline int oracle_decode(const ck_ht_block *b, int32_t *out) {
    static oracle_stream s;
    oracle_build(&s, b);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    opj_setup_decoder(codec, &parameters);
    opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
    opj_stream_set_user_data(stream, &s, NULL);
    opj_stream_set_user_data_length(stream, s.n);
    opj_stream_set_read_function(stream, oracle_read);
    opj_stream_set_skip_function(stream, oracle_skip);
    opj_stream_set_seek_function(stream, oracle_seek);
    opj_image_t *image = NULL;
    int good = opj_read_header(stream, codec, &image) && opj_decode(codec, stream, image) && image->comps[0].data;
    if (good) memcpy(out, image->comps[0].data, (size_t)b->width * b->height * 4);
    if (image) opj_image_destroy(image);
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    return good;
}

#endif
