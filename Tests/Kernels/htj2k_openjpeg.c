/* Oracle of the tests: OpenJPEG, from memory. */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openjpeg.h>

#include "htj2k_test.h"

typedef struct {
    const uint8_t *data;
    size_t nbytes, at;
} memory;

static OPJ_SIZE_T read_memory(void *buffer, OPJ_SIZE_T n, void *user)
{
    memory *m = user;
    size_t left = m->nbytes - m->at;
    if (left == 0)
        return (OPJ_SIZE_T)-1;
    n = n < left ? n : left;
    memcpy(buffer, m->data + m->at, n);
    m->at += n;
    return n;
}

static OPJ_OFF_T skip_memory(OPJ_OFF_T n, void *user)
{
    memory *m = user;
    if (n < 0 || (size_t)n > m->nbytes - m->at)
        return -1;
    m->at += (size_t)n;
    return n;
}

static OPJ_BOOL seek_memory(OPJ_OFF_T at, void *user)
{
    memory *m = user;
    if (at < 0 || (size_t)at > m->nbytes)
        return OPJ_FALSE;
    m->at = (size_t)at;
    return OPJ_TRUE;
}

/* A stream that makes OpenJPEG warn is one it does not vouch for. */
static void count_complaint(const char *message, void *user)
{
    (void)message;
    ++*(int *)user;
}

static int decode(const uint8_t *data, size_t nbytes, uint32_t reduction, oracle_image *image)
{
    memset(image, 0, sizeof *image);
    memory m = {data, nbytes, 0};
    opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
    opj_stream_set_user_data(stream, &m, NULL);
    opj_stream_set_user_data_length(stream, nbytes);
    opj_stream_set_read_function(stream, read_memory);
    opj_stream_set_skip_function(stream, skip_memory);
    opj_stream_set_seek_function(stream, seek_memory);
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    int complaints = 0;
    opj_set_error_handler(codec, count_complaint, &complaints);
    opj_set_warning_handler(codec, count_complaint, &complaints);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    parameters.cp_reduce = reduction;
    opj_image_t *decoded = NULL;
    int ok = opj_setup_decoder(codec, &parameters) && opj_decoder_set_strict_mode(codec, OPJ_TRUE) &&
             opj_read_header(stream, codec, &decoded) && opj_decode(codec, stream, decoded) && decoded->numcomps <= 4 &&
             complaints == 0;
    for (uint32_t c = 0; ok && c < decoded->numcomps; c++) {
        size_t n = (size_t)decoded->comps[c].w * decoded->comps[c].h;
        image->w[c] = decoded->comps[c].w, image->h[c] = decoded->comps[c].h;
        image->plane[c] = malloc(n * sizeof(int32_t) + 1);
        if (!decoded->comps[c].data) {
            ok = 0;
            break;
        }
        memcpy(image->plane[c], decoded->comps[c].data, n * sizeof(int32_t));
        image->components = c + 1;
    }
    opj_image_destroy(decoded);
    opj_destroy_codec(codec);
    opj_stream_destroy(stream);
    if (!ok)
        oracle_free(image);
    return ok ? 0 : 1;
}

/* OpenJPEG has assertions that damaged streams fail: a refusal, which leaks. */
static sigjmp_buf escape;
static void give_up(int number)
{
    (void)number;
    siglongjmp(escape, 1);
}

int oracle_decode(const uint8_t *data, size_t nbytes, uint32_t reduction, oracle_image *image)
{
    struct sigaction mine = {.sa_handler = give_up}, before;
    sigaction(SIGABRT, &mine, &before);
    int refused = sigsetjmp(escape, 1) ? 1 : decode(data, nbytes, reduction, image);
    sigaction(SIGABRT, &before, NULL);
    return refused;
}

void oracle_free(oracle_image *image)
{
    for (uint32_t c = 0; c < 4; c++)
        free(image->plane[c]);
    memset(image, 0, sizeof *image);
}
