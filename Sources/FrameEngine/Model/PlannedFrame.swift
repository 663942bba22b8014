/// The checksum of one resolution of a frame, as image-set metadata lists it.
public struct ResolutionChecksum: Hashable, Sendable {
    /// Columns of that resolution, in pixels.
    public let width: Int
    /// Rows of that resolution, in pixels.
    public let height: Int
    /// CRC-32 of its pixels (or of the stored bytes for frames kept as imported).
    public let crc32: UInt32

    public init(width: Int, height: Int, crc32: UInt32) {
        self.width = width
        self.height = height
        self.crc32 = crc32
    }
}

/// What the checksum of a frame was computed over.
public enum ChecksumCoverage: Sendable {
    /// The decoded pixels: little-endian, pixel-interleaved.
    case pixels
    /// The bytes as stored and served.
    case storedBytes
}

/// What the frames of one SOP instance share. One object for all of its frames, so that a plan stays small.
public final class PlannedInstance: Sendable {
    public let datastoreID: HealthImagingID
    public let imageSetID: HealthImagingID
    /// The image set's version; nil where the input does not tell.
    public let versionID: String?
    /// Empty where the input does not tell.
    public let studyInstanceUID: String
    public let seriesInstanceUID: String
    public let sopInstanceUID: String
    /// Nil or absent in the metadata means HTJ2K lossless RPCL (HealthImaging developer guide, transfer syntaxes).
    public let storedTransferSyntax: TransferSyntax?
    /// The metadata's `ChecksumType`, as it stands there.
    public let checksumType: String?
    /// The DICOM attribute BitsAllocated, where the metadata has it.
    public let bitsAllocated: Int?
    /// Bytes of one decoded frame, by the metadata's rows, columns, samples and bits; nil where it does not tell.
    public let decodedFrameBytes: Int?

    public init(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, versionID: String? = nil,
        studyInstanceUID: String = "", seriesInstanceUID: String = "", sopInstanceUID: String = "",
        storedTransferSyntax: TransferSyntax? = nil, checksumType: String? = nil, bitsAllocated: Int? = nil,
        decodedFrameBytes: Int? = nil
    ) {
        self.datastoreID = datastoreID
        self.imageSetID = imageSetID
        self.versionID = versionID
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.sopInstanceUID = sopInstanceUID
        self.storedTransferSyntax = storedTransferSyntax
        self.checksumType = checksumType
        self.bitsAllocated = bitsAllocated
        self.decodedFrameBytes = decodedFrameBytes
    }

    /// The syntax to decode by: the stored one, or the service's default.
    public var effectiveTransferSyntax: TransferSyntax { storedTransferSyntax ?? .htj2kLosslessRPCL }
}

/// One image frame to fetch.
public struct PlannedFrame: Sendable {
    public let instance: PlannedInstance
    /// 1-based position in the instance, DICOM frame order (PS3.3, C.7.6.6).
    public let frameNumber: Int
    public let imageFrameID: HealthImagingID
    /// The full-resolution checksum: the entry with the largest width. Nil where the metadata has none.
    public let checksum: ResolutionChecksum?
    /// Checksums of lower resolutions, where the metadata has them.
    public let lowerResolutionChecksums: [ResolutionChecksum]
    /// `FrameSizeInBytes`: of the decoded or the encoded frame, depending on the service's age. A hint only.
    public let sizeHintInBytes: Int?

    public init(
        instance: PlannedInstance, frameNumber: Int, imageFrameID: HealthImagingID,
        checksum: ResolutionChecksum? = nil, lowerResolutionChecksums: [ResolutionChecksum] = [],
        sizeHintInBytes: Int? = nil
    ) {
        self.instance = instance
        self.frameNumber = frameNumber
        self.imageFrameID = imageFrameID
        self.checksum = checksum
        self.lowerResolutionChecksums = lowerResolutionChecksums
        self.sizeHintInBytes = sizeHintInBytes
    }
}

/// The frames of one image set, in DICOM order (series, instance number, frame number).
public struct FramePlan: Sendable {
    public let datastoreID: HealthImagingID
    public let imageSetID: HealthImagingID
    public let versionID: String?
    public let frames: [PlannedFrame]

    public init(
        datastoreID: HealthImagingID, imageSetID: HealthImagingID, versionID: String?, frames: [PlannedFrame]
    ) {
        self.datastoreID = datastoreID
        self.imageSetID = imageSetID
        self.versionID = versionID
        self.frames = frames
    }
}
