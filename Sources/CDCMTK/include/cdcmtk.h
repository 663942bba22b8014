// Reading DICOM files through DCMTK: attributes in the JSON form of AWS HealthImaging's metadata, and frames.
//
// No exception crosses this interface and nothing is printed. Files may come from anywhere: lengths, nesting and
// sizes are checked before DCMTK sees the data. Different files may be read by different threads at the same
// time; one file by one thread.
#ifndef CDCMTK_H
#define CDCMTK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// How a call ended.
typedef enum cdcm_status {
    CDCM_OK = 0,
    CDCM_NOT_DICOM = 1,      // no "DICM" at offset 128
    CDCM_DAMAGED = 2,        // cut short, or lengths that do not fit
    CDCM_UNSUPPORTED = 3,    // valid, but not something that this reads
    CDCM_OUT_OF_MEMORY = 4,
    CDCM_NO_DICTIONARY = 5,  // DCMTK's data dictionary is not installed
} cdcm_status;

// Why a call did not end with CDCM_OK: one line, without a full stop. Filled on failure only.
typedef struct cdcm_reason {
    char text[240];
} cdcm_reason;

// One opened file. Owned by the caller until cdcm_close.
typedef struct cdcm_file cdcm_file;

// One attribute. All pointers are valid until cdcm_close.
typedef struct cdcm_attribute {
    uint16_t group;
    uint16_t element;
    char vr[4];        // two letters
    int is_keyword;    // key is a keyword of PS3.6; otherwise eight upper-case hexadecimal digits
    const char *key;
    const char *json;  // the value, UTF-8
    size_t json_size;
    const char *text;  // for strings the first value without padding, else empty
} cdcm_attribute;

// The VR of a private or unknown attribute at any depth.
typedef struct cdcm_unknown_vr {
    const char *tag;  // eight upper-case hexadecimal digits
    char vr[4];
} cdcm_unknown_vr;

// The attributes of the image pixel module (PS3.3, C.7.6.3); 0 or empty where absent.
typedef struct cdcm_image {
    uint32_t rows;
    uint32_t columns;
    uint32_t samples_per_pixel;
    uint32_t bits_allocated;
    uint32_t bits_stored;
    uint32_t high_bit;
    uint32_t pixel_representation;
    uint32_t planar_configuration;
    uint64_t frames;  // NumberOfFrames; 1 where absent; 0 where it is not a number above 0
    char photometric_interpretation[20];
    char transfer_syntax[66];    // as the file has it, also where DCMTK does not know it
    int has_pixel_data;          // (7FE0,0010)
    int has_float_pixel_data;    // (7FE0,0008) or (7FE0,0009)
    int is_encapsulated;
} cdcm_image;

// A growable run of bytes. Zero-initialise it, pass it to any number of calls, free it once.
typedef struct cdcm_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} cdcm_bytes;

// Parses a whole Part 10 file (PS3.10, 7) held in memory; the preamble, or preamble and file meta information, may be
// missing, as in old files. `bytes` may be altered and are not needed afterwards.
// `limit` bounds the bytes of a deflated data set once inflated.
cdcm_status cdcm_open(uint8_t *bytes, size_t size, size_t limit, cdcm_file **file, cdcm_reason *reason);
void cdcm_close(cdcm_file *file);

// Attributes of the file meta information and of the data set's top level, in tag order. Left out: group lengths,
// pixel data at every level, private binary values above 1 MiB and other binary values above 16 MiB.
size_t cdcm_attribute_count(const cdcm_file *file);
void cdcm_attribute_at(const cdcm_file *file, size_t index, cdcm_attribute *attribute);
size_t cdcm_unknown_vr_count(const cdcm_file *file);
void cdcm_unknown_vr_at(const cdcm_file *file, size_t index, cdcm_unknown_vr *unknown);

void cdcm_describe_image(const cdcm_file *file, cdcm_image *image);

// The whole native pixel data, little-endian; borrowed until cdcm_close.
cdcm_status cdcm_native_pixels(cdcm_file *file, const uint8_t **data, size_t *size, cdcm_reason *reason);

// Frame `index` (0-based) decoded: RLE here, JPEG and JPEG-LS by DCMTK; without colour conversion. `buffer` takes
// `size` bytes: the frame, rounded up to an even number. `is_planar` tells whether the planes follow each other.
cdcm_status cdcm_decode_frame(
    cdcm_file *file, uint32_t index, void *buffer, size_t size, int *is_planar, cdcm_reason *reason);

// The encoded bytes of frame `index` (0-based) of `frames`: its fragments joined, by the basic or the extended
// offset table, or one fragment a frame, or by codestream starts. With `frames` 1 all fragments.
cdcm_status cdcm_encoded_frame(
    cdcm_file *file, uint64_t index, uint64_t frames, cdcm_bytes *out, cdcm_reason *reason);

// Frees what a cdcm_bytes owns and zeroes it.
void cdcm_bytes_free(cdcm_bytes *bytes);

#ifdef __cplusplus
}
#endif

#endif
