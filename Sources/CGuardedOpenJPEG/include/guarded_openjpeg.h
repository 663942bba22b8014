// OpenJPEG's decoding, with its assertions turned into a refusal.
//
// Distributions build OpenJPEG 2.5 with its assertions, and damaged streams fail some of them, which would end the process and
// with it every other frame of a run. Here such a stream is refused like any other.
#ifndef GUARDED_OPENJPEG_H
#define GUARDED_OPENJPEG_H

#include <openjpeg.h>

typedef enum {
    GOPJ_REFUSED,   // OpenJPEG says no; its message handlers heard why.
    GOPJ_DECODED,
    GOPJ_ASSERTED,  // An assertion failed in the middle of it.
} gopj_outcome;

// Which assertion failed: OpenJPEG's own constants, never freed.
typedef struct {
    const char *condition;
    const char *file;
    unsigned line;
} gopj_assertion;

// Sets the decoder up in strict mode, reads the header and decodes every component into *image.
//
// After GOPJ_ASSERTED codec, stream and image are in an unknown state: they must not be used nor freed, which leaks what they
// have. Decodes on the calling thread, and only there: the codec must not have been given threads of its own. Any number of
// threads may call this at once, each with its own codec. The callbacks of codec and stream must not fail assertions.
gopj_outcome gopj_decode(opj_codec_t *codec, opj_stream_t *stream, opj_dparameters_t *parameters, opj_image_t **image,
                         gopj_assertion *failed);

#endif
