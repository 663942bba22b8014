/// A frame that may be written: its checksum was right, or the user allowed frames that have none.
public struct AcceptedFrame: Sendable {
    public let frame: PlannedFrame
    /// As served.
    public let encoded: PooledBuffer
    public let decoded: DecodedFrame

    public init(frame: PlannedFrame, encoded: PooledBuffer, decoded: DecodedFrame) {
        self.frame = frame
        self.encoded = encoded
        self.decoded = decoded
    }
}

/// A file that a sink wrote.
public struct WrittenFile: Sendable {
    /// Relative to the output directory, `/` between its parts.
    public let path: String
    /// What is in it.
    public let contents: PooledBuffer
}

/// What a sink wrote of one frame.
public struct WrittenFrame: Sendable {
    /// The frame in the format asked for.
    public let file: WrittenFile
    /// The bytes as served, where they are kept beside decoded pixels.
    public let codestream: WrittenFile?
}

/// Where accepted frames go. Called from several workers at a time, one frame each.
public protocol FrameSink: Sendable {
    /// Keeps the frame; when this returns it is whole under its final name.
    ///
    /// - Parameter worker: which worker calls, to keep temporary names apart.
    /// - Returns: the frame's files; nil when nothing was written.
    func write(_ frame: AcceptedFrame, worker: Int) throws(WriteError) -> WrittenFrame?
}

/// Counts as written what nobody wants on disk (`--format none`).
public struct DiscardingSink: FrameSink {
    public init() {}

    public func write(_ frame: AcceptedFrame, worker: Int) throws(WriteError) -> WrittenFrame? { nil }
}

/// One file a frame: decoded pixels (`raw`) or the bytes as served (`jph`), and both where the user wants both.
///
/// A frame that is not decoded is written as stored, with the extension of its syntax.
public struct FileSink: FrameSink {
    private let directory: OutputDirectory
    private let format: OutputFormat
    private let keepsCodestream: Bool
    private let isSynced: Bool

    /// - Parameter isSynced: whether a frame is on the medium when `write` returns (`SyncPolicy.each`).
    public init(
        directory: OutputDirectory, format: OutputFormat, keepsCodestream: Bool, isSynced: Bool = false
    ) {
        self.directory = directory
        self.format = format
        self.keepsCodestream = keepsCodestream
        self.isSynced = isSynced
    }

    public func write(_ frame: AcceptedFrame, worker: Int) throws(WriteError) -> WrittenFrame? {
        let folder = try directory.folder(for: frame.frame, isSynced: isSynced)
        let storedExtension = frame.frame.instance.effectiveTransferSyntax.storedFileExtension
        guard format == .raw, frame.decoded.layout != nil else {
            let stored = try write(
                frame.encoded, of: frame.frame, extension: storedExtension, into: folder, worker: worker)
            return WrittenFrame(file: stored, codestream: nil)
        }
        var codestream: WrittenFile?
        if keepsCodestream {
            codestream = try write(
                frame.encoded, of: frame.frame, extension: storedExtension, into: folder, worker: worker)
        }
        do {
            let pixels = try write(
                frame.decoded.bytes, of: frame.frame, extension: "raw", into: folder, worker: worker)
            return WrittenFrame(file: pixels, codestream: codestream)
        } catch {
            // No record will name it.
            if let codestream { directory.remove(codestream.path) }
            throw error
        }
    }

    private func write(
        _ buffer: PooledBuffer, of frame: PlannedFrame, extension fileExtension: String,
        into folder: OutputFolder, worker: Int
    ) throws(WriteError) -> WrittenFile {
        try AtomicFile.write(
            buffer.bytes, named: OutputDirectory.fileName(of: frame, extension: fileExtension), in: folder,
            tag: String(worker), isSynced: isSynced)
        return WrittenFile(
            path: OutputDirectory.relativePath(of: frame, extension: fileExtension), contents: buffer)
    }
}
