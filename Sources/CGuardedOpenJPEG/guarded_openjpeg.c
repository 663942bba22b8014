#include "guarded_openjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static int decode(opj_codec_t *codec, opj_stream_t *stream, opj_dparameters_t *parameters, opj_image_t **image) {
    return opj_setup_decoder(codec, parameters) && opj_decoder_set_strict_mode(codec, OPJ_TRUE) &&
           opj_read_header(stream, codec, image) && opj_decode(codec, stream, *image) && opj_end_decompress(codec, stream);
}

#if defined(__GLIBC__)

// Where an assertion of this thread's decoding goes; null outside of one.
typedef struct {
    jmp_buf escape;
    gopj_assertion *failed;
} guard;

static _Thread_local guard *current;

// What `assert` calls (glibc, <assert.h>). A program's own definition comes before the C library's for all shared libraries that
// the program is linked with, OpenJPEG among them. Whoever is not inside of gopj_decode gets what the C library would do.
_Noreturn __attribute__((visibility("default"))) void __assert_fail(const char *condition, const char *file, unsigned line,
                                                                      const char *function) {
    guard *here = current;
    if (here) {
        current = NULL;
        *here->failed = (gopj_assertion){condition, file, line};
        // Only frames of OpenJPEG lie between here and there.
        longjmp(here->escape, 1);
    }
    fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function ? function : "", condition);
    abort();
}

gopj_outcome gopj_decode(opj_codec_t *codec, opj_stream_t *stream, opj_dparameters_t *parameters, opj_image_t **image,
                         gopj_assertion *failed) {
    guard here = {.failed = failed};
    if (setjmp(here.escape)) return GOPJ_ASSERTED;
    current = &here;
    int ok = decode(codec, stream, parameters, image);
    current = NULL;
    return ok ? GOPJ_DECODED : GOPJ_REFUSED;
}

#else

// Other C libraries have no such hook by this name: assertions stay what they are.
gopj_outcome gopj_decode(opj_codec_t *codec, opj_stream_t *stream, opj_dparameters_t *parameters, opj_image_t **image,
                         gopj_assertion *failed) {
    (void)failed;
    return decode(codec, stream, parameters, image) ? GOPJ_DECODED : GOPJ_REFUSED;
}

#endif
