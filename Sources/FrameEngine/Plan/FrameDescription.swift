/// What image-set metadata says of one frame, for a person to read.
public struct FrameDescription: Hashable, Sendable {
    public let imageFrameID: HealthImagingID
    public let seriesInstanceUID: String
    public let sopInstanceUID: String
    /// 1-based position in the instance.
    public let frameNumber: Int
    /// The attribute RescaleSlope (PS3.3, C.11.1), as it stands in the metadata; nil where it is absent.
    public let rescaleSlope: String?
    public let rescaleIntercept: String?
    /// The smallest stored value, before rescaling; nil for frames kept as imported.
    public let minimum: Int?
    public let maximum: Int?
    /// The full-resolution checksum; nil where the metadata has none.
    public let checksum: ResolutionChecksum?
    /// Checksums of lower resolutions that the metadata has besides.
    public let lowerResolutions: Int

    public init(
        imageFrameID: HealthImagingID, seriesInstanceUID: String, sopInstanceUID: String, frameNumber: Int,
        rescaleSlope: String? = nil, rescaleIntercept: String? = nil, minimum: Int? = nil,
        maximum: Int? = nil,
        checksum: ResolutionChecksum? = nil, lowerResolutions: Int = 0
    ) {
        self.imageFrameID = imageFrameID
        self.seriesInstanceUID = seriesInstanceUID
        self.sopInstanceUID = sopInstanceUID
        self.frameNumber = frameNumber
        self.rescaleSlope = rescaleSlope
        self.rescaleIntercept = rescaleIntercept
        self.minimum = minimum
        self.maximum = maximum
        self.checksum = checksum
        self.lowerResolutions = lowerResolutions
    }
}
