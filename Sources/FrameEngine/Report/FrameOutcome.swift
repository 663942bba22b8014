/// How a frame ended, as the manifest says it.
public enum FrameStatus: String, Sendable, Codable, CaseIterable {
    /// Its checksum is what the metadata says.
    case verified
    /// There was no checksum to compare with.
    case unverifiable
    /// It arrived and decoded, and its checksum is another one.
    case mismatch
    /// It could not be fetched, decoded or written.
    case failed
}

/// Why a frame failed: the stage, a stable code and a line for a person.
public struct FrameFailure: Sendable, Equatable {
    public let stage: Stage
    public let code: String
    public let message: String

    public init(stage: Stage, code: String, message: String) {
        self.stage = stage
        self.code = code
        self.message = message
    }

    public init(_ error: any StageError) {
        self.init(stage: error.stage, code: error.code, message: error.message)
    }

    /// `stage/code`: what reports count by.
    public var key: String { "\(stage.rawValue)/\(code)" }
}

/// All that is worth recording of one finished frame.
public struct FrameOutcome: Sendable {
    public let frame: PlannedFrame
    /// Which resolution was asked for.
    public let resolution: ResolutionChoice
    public var status: FrameStatus
    /// The file written, relative to the output directory, `/` between its parts. Nil when none was.
    public var file: String?
    /// What was to be written; nil where nothing was asked.
    public var format: OutputFormat?
    /// Size of `file` in bytes. Nil when none was written.
    public var fileBytes: Int?
    /// CRC-32 of the bytes in `file`, for checking it later without decoding. Nil when none was written.
    public var fileCRC32: UInt32?
    /// The bytes as served, kept beside `file`, relative as that. Nil when they were not kept.
    public var codestreamFile: String?
    /// CRC-32 of the bytes in `codestreamFile`.
    public var codestreamCRC32: UInt32?
    /// Bytes as served.
    public var encodedBytes = 0
    /// Bytes of the decoded pixels; of the stored bytes for a frame that is not decoded.
    public var decodedBytes = 0
    /// Nil for frames that are not decoded.
    public var layout: PixelLayout?
    /// Highest resolutions that were left out in decoding. Nil for frames that are not decoded.
    public var reduction: Int?
    /// Whether a lower resolution was asked for than the frame has.
    public var lacksResolution = false
    /// The checksum that the metadata states for the resolution. Nil where it states none.
    public var expectedCRC32: UInt32?
    /// Why it is `unverifiable`.
    public var unverifiableReason: UnverifiableReason?
    /// The checksum found. Nil when the frame did not get that far.
    public var crc32: UInt32?
    /// `openjpeg`, `native` or `as-stored`; nil when the frame did not get that far.
    public var decoder: String?
    /// Why the preferred decoder did not decode it; nil when it did.
    public var fallbackReason: String?
    /// Whose fault it was that bytes were wrong, also where the frame is verified in the end; nil where none were, or
    /// where the run did not learn it.
    public var mismatchCause: MismatchCause?
    /// Requests made for this frame.
    public var attempts = 0
    /// Errors after which it was asked for again, by `stage/code`: what healed, or did not.
    public var retriesByError: [String: Int] = [:]
    public var failure: FrameFailure?

    /// - Parameter resolution: which resolution is asked for. What the metadata states for a lower one is known only
    ///   when its size is.
    public init(frame: PlannedFrame, status: FrameStatus, resolution: ResolutionChoice = .full) {
        self.frame = frame
        self.status = status
        self.resolution = resolution
        expectedCRC32 = resolution.isFull ? frame.checksum?.crc32 : nil
    }
}
