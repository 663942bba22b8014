/* Reading the frames of the fixtures: FOLDER/NAME.EXTENSION. */
#ifndef FRAME_FILE_H
#define FRAME_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const frame_names[] = {"CT1", "MR2", "US1", "VL1", "XA1"};
enum { FRAMES = 5 };

/* malloc'd bytes, or NULL when there is no such file. */
static inline uint8_t *read_frame(const char *folder, const char *name, const char *extension, size_t *nbytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, extension);
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *nbytes = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*nbytes);
    if (fread(bytes, 1, *nbytes, f) != *nbytes)
        abort();
    fclose(f);
    return bytes;
}

#endif
