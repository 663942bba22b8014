// An opened file, shared by the sources of this target.
#ifndef CDCMTK_FILE_H
#define CDCMTK_FILE_H

#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "structure.h"

namespace cdcm {

struct attribute {
    uint16_t group;
    uint16_t element;
    std::string vr;
    bool is_keyword;
    std::string key;
    std::string json;
    std::string text;
};

struct unknown_vr {
    std::string tag;
    std::string vr;
};

// One item of encapsulated pixel data, borrowed from the data set.
struct fragment {
    const uint8_t *data;
    size_t size;
};

// Appends the attributes of one level. `unknown` collects the VRs of what has no keyword, at every depth.
void describe_item(DcmItem &item, std::vector<attribute> &attributes, std::vector<unknown_vr> &unknown);

// Registers the decoders, silences the log, checks the dictionary. Any thread, any number of times.
void prepare_library();

// Runs `body` and turns what it throws into a status and a reason.
template <typename Body>
cdcm_status guarded(cdcm_reason *reason, Body body);

cdcm_status report(cdcm_reason *reason, cdcm_status status, const char *text);

template <typename Body>
cdcm_status guarded(cdcm_reason *reason, Body body) {
    try {
        body();
        return CDCM_OK;
    } catch (const failure &failed) {
        return report(reason, failed.status, failed.what());
    } catch (const std::bad_alloc &) {
        return report(reason, CDCM_OUT_OF_MEMORY, "out of memory");
    } catch (const std::length_error &) {
        return report(reason, CDCM_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception &other) {
        return report(reason, CDCM_DAMAGED, other.what());
    } catch (...) {
        return report(reason, CDCM_DAMAGED, "the file cannot be parsed");
    }
}

}  // namespace cdcm

struct cdcm_file {
    DcmFileFormat format;
    std::string transfer_syntax;  // the file's own, not what DCMTK was told
    std::vector<cdcm::attribute> attributes;
    std::vector<cdcm::unknown_vr> unknown;
    // Filled at the first cdcm_encoded_frame: the items, and where each frame's start.
    std::vector<cdcm::fragment> fragments;
    std::vector<size_t> frame_starts;
    // For frames decoded in order: where the decoder found the last one's end.
    uint32_t next_frame = 0;
    uint32_t next_fragment = 0;
};

#endif
