import Synchronization

/// Keeps answers that turned out wrong, as they came, for whoever has to find out why: `--keep-evidence`.
///
/// `DIR/<datastoreId>/<imageSetId>/<imageFrameId>-<CRC-32 of the bytes>.<ext>`: only checked ids and digits are in the
/// names. The same bytes are kept once. Thread-safe.
final class EvidenceFolder: Sendable {
    /// So many answers are kept; the manifest names all frames.
    static let answersLimit = 1000

    private let directory: OutputDirectory
    private let kept = Mutex(0)

    /// Makes the folder when it is missing.
    init(_ path: String) throws(WriteError) {
        directory = try OutputDirectory(path)
    }

    /// Keeps `encoded`, the answer for `frame`, unless there are enough.
    ///
    /// - Parameters:
    ///   - crc32: of `encoded`.
    ///   - worker: which worker calls, to keep temporary names apart.
    func keep(
        _ encoded: PooledBuffer, crc32: UInt32, of frame: PlannedFrame, worker: Int
    ) throws(WriteError) {
        let isWanted = kept.withLock { kept in
            kept += 1
            return kept <= Self.answersLimit
        }
        guard isWanted else { return }
        let name = OutputDirectory.fileName(
            of: frame,
            extension: frame.instance.effectiveTransferSyntax.storedFileExtension,
            suffix: "-\(CRC32.hexadecimal(crc32))")
        // The buffer is held by the caller until this returns.
        try AtomicFile.write(
            encoded.bytes, named: name, in: try directory.folder(for: frame), tag: "\(worker)",
            isSynced: false)
    }
}
