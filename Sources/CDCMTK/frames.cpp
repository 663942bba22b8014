#include "file.h"
#include "jpeg_ls.h"
#include "rle.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>

namespace {

uint32_t unsigned_short(DcmDataset &dataset, const DcmTagKey &tag) {
    Uint16 value = 0;
    dataset.findAndGetUint16(tag, value);
    return value;
}

// An integer string above 0; 0 for anything else.
uint64_t frame_count(DcmDataset &dataset) {
    OFString text;
    if (dataset.findAndGetOFString(DCM_NumberOfFrames, text).bad() || text.empty()) return 1;
    char *end = nullptr;
    const long long count = std::strtoll(text.c_str(), &end, 10);
    while (*end == ' ') ++end;
    return *end == 0 && count > 0 ? uint64_t(count) : 0;
}

DcmPixelData &pixel_data(cdcm_file &file) {
    DcmElement *element = nullptr;
    file.format.getDataset()->findAndGetElement(DCM_PixelData, element);
    DcmPixelData *pixels = dynamic_cast<DcmPixelData *>(element);
    if (pixels == nullptr) throw cdcm::failure(CDCM_UNSUPPORTED, "there is no pixel data");
    return *pixels;
}

DcmPixelSequence &pixel_sequence(cdcm_file &file) {
    DcmPixelSequence *sequence = nullptr;
    DcmPixelData &pixels = pixel_data(file);
    E_TransferSyntax syntax = EXS_Unknown;
    const DcmRepresentationParameter *parameter = nullptr;
    pixels.getOriginalRepresentationKey(syntax, parameter);
    if (pixels.getEncapsulatedRepresentation(syntax, parameter, sequence).bad() || sequence == nullptr
        || sequence->card() < 1) {
        throw cdcm::failure(CDCM_DAMAGED, "the pixel data is not encapsulated as its transfer syntax wants");
    }
    return *sequence;
}

using cdcm::fragment;

// Item 0 is the basic offset table.
std::vector<fragment> read_fragments(DcmPixelSequence &sequence) {
    std::vector<fragment> fragments;
    fragments.reserve(sequence.card());
    DcmObject *object = nullptr;
    while ((object = sequence.nextInContainer(object)) != nullptr) {
        DcmPixelItem *item = dynamic_cast<DcmPixelItem *>(object);
        Uint8 *bytes = nullptr;
        const Uint32 length = item == nullptr ? 0 : item->getLength();
        if (item == nullptr || (length > 0 && (item->getUint8Array(bytes).bad() || bytes == nullptr))) {
            throw cdcm::failure(CDCM_DAMAGED, "a fragment of the pixel data cannot be read");
        }
        fragments.push_back({bytes, length});
    }
    return fragments;
}

uint64_t little_endian(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    while (count-- > 0) value = value << 8 | bytes[count];
    return value;
}

// Offsets of the frames' first item tags, counted from the first item tag after the basic offset table
// (PS3.5, A.4; PS3.3, C.7.6.3.1.8 for the extended table). Empty where there is none of the right length.
std::vector<uint64_t> offset_table(cdcm_file &file, uint64_t frames) {
    std::vector<uint64_t> offsets;
    const fragment basic = file.fragments.front();
    if (basic.size / 4 == frames && basic.size % 4 == 0) {
        for (uint64_t i = 0; i < frames; ++i) offsets.push_back(little_endian(basic.data + 4 * i, 4));
        return offsets;
    }
    DcmElement *element = nullptr;
    Uint64 *extended = nullptr;
    file.format.getDataset()->findAndGetElement(DcmTagKey(0x7fe0, 0x0001), element);
    if (element != nullptr && element->getLength() / 8 == frames
        && element->getUint64Array(extended).good() && extended != nullptr) {
        offsets.assign(extended, extended + frames);
    }
    return offsets;
}

bool starts_codestream(const fragment &item) {
    static const uint8_t starts[][3] = {{0xff, 0x4f, 0xff}, {0xff, 0xd8, 0xff}};
    static const uint8_t box[] = {0, 0, 0, 0x0c, 'j', 'P', ' ', ' '};
    for (const auto &start : starts)
        if (item.size >= 3 && std::memcmp(item.data, start, 3) == 0) return true;
    return item.size >= 8 && std::memcmp(item.data, box, 8) == 0;
}

// Where each frame's fragments start, and behind the last frame the end.
std::vector<size_t> starts_by_offsets(
    const std::vector<fragment> &fragments, const std::vector<uint64_t> &offsets) {
    std::vector<size_t> starts;
    uint64_t position = 0;
    for (size_t i = 1; i < fragments.size() && starts.size() < offsets.size(); ++i) {
        if (position == offsets[starts.size()]) starts.push_back(i);
        position += 8 + uint64_t(fragments[i].size);
    }
    if (starts.size() != offsets.size() || starts.front() != 1) {
        throw cdcm::failure(CDCM_DAMAGED, "the offset table does not point at fragments");
    }
    starts.push_back(fragments.size());
    return starts;
}

std::vector<size_t> starts_by_codestreams(const std::vector<fragment> &fragments, uint64_t frames) {
    std::vector<size_t> starts;
    for (size_t i = 1; i < fragments.size(); ++i)
        if (starts_codestream(fragments[i])) starts.push_back(i);
    if (starts.size() != frames || starts.front() != 1) {
        throw cdcm::failure(CDCM_DAMAGED, "there is no offset table to tell which fragments make a frame");
    }
    starts.push_back(fragments.size());
    return starts;
}

std::vector<size_t> frame_starts(cdcm_file &file, uint64_t frames) {
    const uint64_t count = file.fragments.size() - 1;
    if (count < frames || frames == 0) {
        throw cdcm::failure(CDCM_DAMAGED, std::to_string(frames) + " frames are announced and "
                                              + std::to_string(count) + " fragments are there");
    }
    if (frames == 1) return {1, file.fragments.size()};
    if (count == frames) {
        std::vector<size_t> starts;
        for (size_t i = 1; i <= file.fragments.size(); ++i) starts.push_back(i);
        return starts;
    }
    const std::vector<uint64_t> offsets = offset_table(file, frames);
    return offsets.empty() ? starts_by_codestreams(file.fragments, frames)
                           : starts_by_offsets(file.fragments, offsets);
}

void append(cdcm_bytes &out, const fragment &item) {
    if (item.size == 0) return;
    if (out.size + item.size > out.capacity) {
        const size_t capacity = out.size + item.size + (out.size + item.size) / 4;
        void *moved = std::realloc(out.data, capacity);
        if (moved == nullptr) throw std::bad_alloc();
        out.data = static_cast<uint8_t *>(moved);
        out.capacity = capacity;
    }
    std::memcpy(out.data + out.size, item.data, item.size);
    out.size += item.size;
}

void load_frame(cdcm_file &file, uint64_t index, uint64_t frames, cdcm_bytes &out) {
    if (file.fragments.empty()) file.fragments = read_fragments(pixel_sequence(file));
    if (file.frame_starts.size() != frames + 1) file.frame_starts = frame_starts(file, frames);
    if (index >= frames) throw cdcm::failure(CDCM_DAMAGED, "there is no such frame");
    out.size = 0;
    for (size_t i = file.frame_starts[index]; i < file.frame_starts[index + 1]; ++i) append(out, file.fragments[i]);
}

// The bytes of one frame for the time of its decoding.
struct loaded_frame : cdcm_bytes {
    loaded_frame(cdcm_file &file, uint64_t index) : cdcm_bytes{nullptr, 0, 0} {
        try {
            load_frame(file, index, frame_count(*file.format.getDataset()), *this);
        } catch (...) {
            cdcm_bytes_free(this);
            throw;
        }
    }
    loaded_frame(const loaded_frame &) = delete;
    loaded_frame &operator=(const loaded_frame &) = delete;
    ~loaded_frame() { cdcm_bytes_free(this); }
};

void decode_rle_frame(cdcm_file &file, uint64_t index, uint8_t *buffer, size_t size) {
    DcmDataset &dataset = *file.format.getDataset();
    const size_t pixels = size_t(unsigned_short(dataset, DCM_Rows)) * unsigned_short(dataset, DCM_Columns);
    const uint32_t samples = unsigned_short(dataset, DCM_SamplesPerPixel);
    const uint32_t bytes = unsigned_short(dataset, DCM_BitsAllocated) / 8;
    if (samples < 1 || samples > 4 || bytes < 1 || bytes > 4 || pixels * samples * bytes > size) {
        throw cdcm::failure(CDCM_DAMAGED, "the image attributes do not fit the frame");
    }
    const loaded_frame frame(file, index);
    cdcm::decode_rle(frame.data, frame.size, pixels, samples, bytes, buffer);
}

// The size DCMTK takes a frame to have must fit the buffer.
void check_frame_fits(cdcm_file &file, size_t size) {
    Uint32 needed = 0;
    if (pixel_data(file).getUncompressedFrameSize(file.format.getDataset(), needed).bad() || needed > size) {
        throw cdcm::failure(CDCM_DAMAGED, "the image attributes do not fit the frame");
    }
}

void check_is_decoded(const OFCondition &condition) {
    if (condition.bad()) {
        throw cdcm::failure(CDCM_DAMAGED, std::string("the frame cannot be decoded: ") + condition.text());
    }
}

// Decodes one frame's stream as the only frame of a pixel sequence of its own.
OFCondition decode_jpeg_ls(cdcm_file &file, const uint8_t *stream, size_t count, void *buffer, size_t size) {
    DcmPixelSequence sequence(DCM_PixelSequenceTag);
    for (const fragment &part : {fragment{nullptr, 0}, fragment{stream, count}}) {  // offset table, frame
        DcmPixelItem *item = new DcmPixelItem(DCM_PixelItemTag);
        OFCondition condition = sequence.insert(item);
        if (condition.bad()) {
            delete item;
            return condition;
        }
        if (part.size > 0) condition = item->putUint8Array(part.data, static_cast<unsigned long>(part.size));
        if (condition.bad()) return condition;
    }
    DcmDataset &dataset = *file.format.getDataset();
    Uint32 first_fragment = 1;
    OFString colour_model;
    return DcmCodecList::decodeFrame(
        DcmXfer(dataset.getOriginalXfer()), nullptr, &sequence, &dataset, 0, first_fragment, buffer, Uint32(size),
        colour_model);
}

void decode_jpeg_ls_frame(cdcm_file &file, uint64_t index, void *buffer, size_t size) {
    check_frame_fits(file, size);
    const loaded_frame frame(file, index);
    const std::vector<uint8_t> completed = cdcm::with_default_thresholds(frame.data, frame.size);
    if (!completed.empty() && decode_jpeg_ls(file, completed.data(), completed.size(), buffer, size).good()) return;
    // DCMTK's encoder (near-lossless only) takes the same wrong defaults as its decoder: what it wrote is read without
    // being completed. The wrong thresholds end in an error, but not surely so in an image of some 64 pixels; the
    // standard's come first.
    check_is_decoded(decode_jpeg_ls(file, frame.data, frame.size, buffer, size));
}

void decode_frame(cdcm_file &file, uint32_t index, void *buffer, size_t size) {
    check_frame_fits(file, size);
    Uint32 fragment = index == file.next_frame ? file.next_fragment : 0;
    OFString colour_model;
    check_is_decoded(pixel_data(file).getUncompressedFrame(
        file.format.getDataset(), index, fragment, buffer, Uint32(size), colour_model));
    file.next_frame = index + 1;
    file.next_fragment = fragment;
}

}  // namespace

extern "C" void cdcm_describe_image(const cdcm_file *file, cdcm_image *image) {
    *image = cdcm_image{};
    cdcm_status status = cdcm::guarded(nullptr, [&] {
        DcmDataset &dataset = *const_cast<cdcm_file *>(file)->format.getDataset();
        image->rows = unsigned_short(dataset, DCM_Rows);
        image->columns = unsigned_short(dataset, DCM_Columns);
        image->samples_per_pixel = unsigned_short(dataset, DCM_SamplesPerPixel);
        image->bits_allocated = unsigned_short(dataset, DCM_BitsAllocated);
        image->bits_stored = unsigned_short(dataset, DCM_BitsStored);
        image->high_bit = unsigned_short(dataset, DCM_HighBit);
        image->pixel_representation = unsigned_short(dataset, DCM_PixelRepresentation);
        image->planar_configuration = unsigned_short(dataset, DCM_PlanarConfiguration);
        image->frames = frame_count(dataset);
        OFString photometric;
        dataset.findAndGetOFString(DCM_PhotometricInterpretation, photometric);
        std::snprintf(image->photometric_interpretation, sizeof image->photometric_interpretation, "%s",
                      photometric.c_str());
        std::snprintf(image->transfer_syntax, sizeof image->transfer_syntax, "%s", file->transfer_syntax.c_str());
        image->has_pixel_data = dataset.tagExists(DCM_PixelData);
        image->has_float_pixel_data =
            dataset.tagExists(DCM_FloatPixelData) || dataset.tagExists(DCM_DoubleFloatPixelData);
        image->is_encapsulated = DcmXfer(dataset.getOriginalXfer()).isEncapsulated();
    });
    if (status != CDCM_OK) *image = cdcm_image{};
}

extern "C" cdcm_status cdcm_native_pixels(
    cdcm_file *file, const uint8_t **data, size_t *size, cdcm_reason *reason) {
    return cdcm::guarded(reason, [&] {
        DcmPixelData &pixels = pixel_data(*file);
        Uint8 *bytes = nullptr;
        const Uint32 length = pixels.getLength();
        if (length > 0 && (pixels.getUint8Array(bytes).bad() || bytes == nullptr)) {
            throw cdcm::failure(CDCM_DAMAGED, "the pixel data cannot be read as native pixels");
        }
        *data = bytes;
        *size = length;
    });
}

extern "C" cdcm_status cdcm_decode_frame(
    cdcm_file *file, uint32_t index, void *buffer, size_t size, int *is_planar, cdcm_reason *reason) {
    return cdcm::guarded(reason, [&] {
        if (size > 0x7fffffff) throw cdcm::failure(CDCM_UNSUPPORTED, "a frame is larger than 2 GiB");
        std::memset(buffer, 0, size);
        DcmDataset &dataset = *file->format.getDataset();
        const E_TransferSyntax syntax = dataset.getOriginalXfer();
        *is_planar = 0;
        if (syntax == EXS_RLELossless) {
            decode_rle_frame(*file, index, static_cast<uint8_t *>(buffer), size);
        } else if (syntax == EXS_JPEGLSLossless || syntax == EXS_JPEGLSLossy) {
            decode_jpeg_ls_frame(*file, index, buffer, size);  // its decoder was told to interleave
        } else {
            decode_frame(*file, index, buffer, size);
            // Frame by frame the JPEG decoder follows the data set, whatever it was told.
            *is_planar = unsigned_short(dataset, DCM_PlanarConfiguration) == 1;
        }
    });
}

extern "C" cdcm_status cdcm_encoded_frame(
    cdcm_file *file, uint64_t index, uint64_t frames, cdcm_bytes *out, cdcm_reason *reason) {
    return cdcm::guarded(reason, [&] {
        load_frame(*file, index, frames, *out);
    });
}

extern "C" void cdcm_bytes_free(cdcm_bytes *bytes) {
    if (bytes == nullptr) return;
    std::free(bytes->data);
    *bytes = cdcm_bytes{nullptr, 0, 0};
}
