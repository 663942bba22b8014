/// The API's `importConfiguration`: a choice with one possibility so far.
struct ImportConfiguration: Codable {
    struct Mappings: Codable {
        var dicomMetadataMappings: [MetadataMapping]
    }

    var dicomJsonMetadataImportConfiguration: Mappings?

    init(mappings: [MetadataMapping]) {
        dicomJsonMetadataImportConfiguration = Mappings(dicomMetadataMappings: mappings)
    }
}
