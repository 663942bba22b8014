#include "file.h"

#include <cstdio>
#include <cstring>
#include <mutex>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

namespace {

const char jpeg_2000_lossless[] = "1.2.840.10008.1.2.4.90";
const char deflated[] = "1.2.840.10008.1.2.1.99";
const char explicit_little_endian[] = "1.2.840.10008.1.2.1";

void load_dictionary() {
    if (!dcmDataDict.isDictionaryLoaded()) {
        // DCMDICTPATH may point nowhere; Debian's place is worth a try.
        DcmDataDictionary &dictionary = dcmDataDict.wrlock();
        dictionary.loadDictionary("/usr/share/libdcmtk17/dicom.dic");
        dcmDataDict.wrunlock();
    }
}

// DCMTK 3.6.7 does not know HTJ2K, JPEG XL and the fragmentable video syntaxes. They differ from what it knows in the
// codestream alone, so a name that it knows, written into the copy in memory, lets it parse them.
bool is_encapsulated_uid(const std::string &uid) { return uid.compare(0, 20, "1.2.840.10008.1.2.4.") == 0; }

void parse(cdcm_file &file, uint8_t *bytes, size_t size, size_t limit) {
    const cdcm::meta_header meta = cdcm::read_meta_header(bytes, size);
    file.transfer_syntax = meta.transfer_syntax;
    std::vector<uint8_t> inflated;
    if (meta.transfer_syntax == deflated) {
        cdcm::patch_syntax(bytes, meta, explicit_little_endian);
        inflated = cdcm::inflate_data_set(bytes, size, meta, limit);
        bytes = inflated.data();
        size = inflated.size();
    }
    DcmXfer syntax(meta.transfer_syntax.c_str());
    if (syntax.getXfer() == EXS_Unknown && is_encapsulated_uid(meta.transfer_syntax)) {
        cdcm::patch_syntax(bytes, meta, jpeg_2000_lossless);
        syntax = DcmXfer(jpeg_2000_lossless);
    }
    if (syntax.getXfer() == EXS_Unknown || syntax.getXfer() == EXS_PrivateGE_LEI_WithBigEndianPixelData) {
        throw cdcm::failure(CDCM_UNSUPPORTED, "transfer syntax " + meta.transfer_syntax + " is not supported");
    }
    cdcm::check_structure(bytes, size, meta.end, syntax.isExplicitVR(), syntax.isBigEndian());
    DcmInputBufferStream stream;
    stream.setBuffer(bytes, offile_off_t(size));
    stream.setEos();
    file.format.transferInit();
    const OFCondition condition = file.format.read(stream, EXS_Unknown, EGL_noChange, DCM_MaxReadLength);
    file.format.transferEnd();
    if (condition.bad()) {
        throw cdcm::failure(CDCM_DAMAGED, std::string("DCMTK cannot parse it: ") + condition.text());
    }
    if (file.format.getDataset()->card() == 0) throw cdcm::failure(CDCM_DAMAGED, "the data set is empty");
}

void describe(cdcm_file &file) {
    DcmDataset &dataset = *file.format.getDataset();
    OFString characters;
    dataset.findAndGetOFStringArray(DCM_SpecificCharacterSet, characters);
    // Conversion renames the character set, which the document keeps as imported. What cannot be converted stays
    // and is read as Latin-1.
    if (dataset.convertToUTF8().good() && !characters.empty()) {
        dataset.putAndInsertOFStringArray(DCM_SpecificCharacterSet, characters);
    }
    cdcm::describe_item(*file.format.getMetaInfo(), file.attributes, file.unknown);
    for (cdcm::attribute &attribute : file.attributes) {
        if (attribute.group != 2 || attribute.element != 0x0010) continue;
        attribute.json = '"' + file.transfer_syntax + '"';
        attribute.text = file.transfer_syntax;
    }
    cdcm::describe_item(dataset, file.attributes, file.unknown);
}

}  // namespace

void cdcm::prepare_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        OFLog::configure(OFLogger::OFF_LOG_LEVEL);
        // Some converters write known attributes as UN.
        dcmEnableUnknownVRConversion.set(OFTrue);
        load_dictionary();
        DJDecoderRegistration::registerCodecs(EDC_never, EUC_never, EPC_colorByPixel);
        DJLSDecoderRegistration::registerCodecs(EJLSUC_never, EJLSPC_colorByPixel);
    });
    if (!dcmDataDict.isDictionaryLoaded()) {
        throw failure(CDCM_NO_DICTIONARY, "DCMTK's data dictionary is missing; install libdcmtk17 or set DCMDICTPATH");
    }
}

cdcm_status cdcm::report(cdcm_reason *reason, cdcm_status status, const char *text) {
    if (reason != nullptr) std::snprintf(reason->text, sizeof reason->text, "%s", text);
    return status;
}

extern "C" cdcm_status cdcm_open(
    uint8_t *bytes, size_t size, size_t limit, cdcm_file **file, cdcm_reason *reason) {
    if (bytes == nullptr || file == nullptr) return CDCM_NOT_DICOM;
    *file = nullptr;
    cdcm_file *opened = nullptr;
    const cdcm_status status = cdcm::guarded(reason, [&] {
        cdcm::prepare_library();
        opened = new cdcm_file;
        parse(*opened, bytes, size, limit);
        describe(*opened);
    });
    if (status == CDCM_OK) *file = opened;
    else delete opened;
    return status;
}

extern "C" void cdcm_close(cdcm_file *file) { delete file; }

extern "C" size_t cdcm_attribute_count(const cdcm_file *file) { return file->attributes.size(); }

extern "C" void cdcm_attribute_at(const cdcm_file *file, size_t index, cdcm_attribute *attribute) {
    const cdcm::attribute &found = file->attributes[index];
    attribute->group = found.group;
    attribute->element = found.element;
    std::snprintf(attribute->vr, sizeof attribute->vr, "%s", found.vr.c_str());
    attribute->is_keyword = found.is_keyword;
    attribute->key = found.key.c_str();
    attribute->json = found.json.data();
    attribute->json_size = found.json.size();
    attribute->text = found.text.c_str();
}

extern "C" size_t cdcm_unknown_vr_count(const cdcm_file *file) { return file->unknown.size(); }

extern "C" void cdcm_unknown_vr_at(const cdcm_file *file, size_t index, cdcm_unknown_vr *unknown) {
    const cdcm::unknown_vr &found = file->unknown[index];
    unknown->tag = found.tag.c_str();
    std::snprintf(unknown->vr, sizeof unknown->vr, "%s", found.vr.c_str());
}
