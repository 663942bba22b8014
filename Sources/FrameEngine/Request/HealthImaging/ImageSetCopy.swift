/// What CopyImageSet is to copy, and where to.
public struct ImageSetCopy: Sendable, Hashable {
    /// An image set, and the version that must be its latest one when the copy begins.
    public struct Place: Sendable, Hashable, Encodable {
        public var imageSetID: HealthImagingID
        public var latestVersionID: String

        public init(imageSetID: HealthImagingID, latestVersionID: String) {
            self.imageSetID = imageSetID
            self.latestVersionID = latestVersionID
        }

        private enum CodingKeys: String, CodingKey {
            case imageSetID = "imageSetId"
            case latestVersionID = "latestVersionId"
        }
    }

    public var source: Place
    /// JSON that names the instances to copy (`{"SchemaVersion":…}`); nil for all of them.
    public var copiableAttributes: String?
    /// Nil for a new image set.
    public var destination: Place?
    /// Whether to copy although patient and study data differ.
    public var force: Bool?
    public var promoteToPrimary: Bool?

    public init(
        source: Place, copiableAttributes: String? = nil, destination: Place? = nil, force: Bool? = nil,
        promoteToPrimary: Bool? = nil
    ) {
        self.source = source
        self.copiableAttributes = copiableAttributes
        self.destination = destination
        self.force = force
        self.promoteToPrimary = promoteToPrimary
    }

    /// The request's body.
    struct Body: Encodable {
        struct Source: Encodable {
            let latestVersionID: String
            let copies: Copies?

            private enum CodingKeys: String, CodingKey {
                case latestVersionID = "latestVersionId"
                case copies = "DICOMCopies"
            }
        }

        struct Copies: Encodable {
            let copiableAttributes: String
        }

        let sourceImageSet: Source
        let destinationImageSet: Place?

        init(_ copy: ImageSetCopy) {
            sourceImageSet = Source(
                latestVersionID: copy.source.latestVersionID,
                copies: copy.copiableAttributes.map(Copies.init(copiableAttributes:)))
            destinationImageSet = copy.destination
        }
    }
}
