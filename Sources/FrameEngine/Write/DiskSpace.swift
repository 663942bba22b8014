import Foundation
import Synchronization

/// The frames still to be written do not fit on the disk.
public struct DiskSpaceError: StageError {
    public let path: String
    /// What the frames that are still to be written need, in bytes.
    public let neededBytes: Int
    public let freeBytes: Int

    public var stage: Stage { .write }
    public var code: String { "ENOSPC" }
    public var isRetryable: Bool { false }

    public var message: String {
        "the frames to fetch need \(Self.megabytes(neededBytes)) in \(path) and \(Self.megabytes(freeBytes)) are free "
            + "there; free some space, or choose another --output, and run the same command again"
    }

    /// Rounded down, so that a need never reads larger than it is.
    static func megabytes(_ bytes: Int) -> String {
        let tenths = bytes / 100_000
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}

/// Compares what is still to be written with what is free where it goes, before a plan is begun and while it runs.
///
/// The size of decoded pixels is known from the metadata's rows and columns; a run that cannot end for them is not
/// begun. Encoded sizes are only hinted at, and a file system that compresses takes less than is written: there the
/// user is warned once, and a full disk ends the run when it comes. Thread-safe.
final class DiskSpace: Sendable {
    /// What a file system says of itself.
    struct Volume: Sendable {
        /// For this user, in bytes.
        var freeBytes: Int
        /// A file takes a multiple of so many bytes.
        var blockBytes: Int
        var compresses: Bool
    }

    private struct State {
        /// Bytes that frames not yet finished will take: known, and hinted at.
        var known = 0
        var hinted = 0
        var sinceCheck = 0
        var hasWarned = false
    }

    /// So many bytes may be written before the disk is asked again.
    private static let checkInterval = 64 << 20

    private let root: String
    private let format: OutputFormat
    private let resolution: ResolutionChoice
    private let keepsCodestream: Bool
    private let bytesInFlight: Int
    private let volume: @Sendable () -> Volume?
    private let blockBytes: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - bytesInFlight: how much may be on disk already of frames that are not yet finished.
    ///   - volume: asks the file system; nil when it does not tell.
    init(
        _ directory: OutputDirectory, format: OutputFormat, resolution: ResolutionChoice = .full,
        keepsCodestream: Bool, bytesInFlight: Int,
        volume: (@Sendable () -> Volume?)? = nil
    ) {
        root = directory.path
        self.format = format
        self.resolution = resolution
        self.keepsCodestream = keepsCodestream
        self.bytesInFlight = bytesInFlight
        let ask = volume ?? { [path = directory.path] in Self.volume(of: path) }
        self.volume = ask
        blockBytes = max(1, ask()?.blockBytes ?? 1)
    }

    /// Takes up the frames of a plan, before the first of them is fetched.
    ///
    /// - Returns: a warning when they may not fit, the first time.
    func expect(_ frames: [PlannedFrame]) throws(DiskSpaceError) -> String? {
        guard format != .none, !frames.isEmpty, let volume = volume() else { return nil }
        var (known, hinted) = (0, 0)
        for frame in frames {
            let need = need(of: frame)
            known += need.known
            hinted += need.hinted
        }
        let before = state.withLock { $0 }
        let written = min(before.known, bytesInFlight)
        if before.known + known - written > volume.freeBytes {
            // Files that are replaced need no room of their own.
            known -= min(known, replacedBytes(frames))
        }
        let needed = before.known + known - written
        if needed > volume.freeBytes, !volume.compresses {
            throw DiskSpaceError(path: root, neededBytes: needed, freeBytes: volume.freeBytes)
        }
        let isFirstWarning = state.withLock { state in
            state.known += known
            state.hinted += hinted
            guard state.known + state.hinted > volume.freeBytes, !state.hasWarned else { return false }
            state.hasWarned = true
            return true
        }
        guard isFirstWarning else { return nil }
        return
            "the frames may need \(DiskSpaceError.megabytes(before.known + known + before.hinted + hinted)) in "
            + "\(root) and \(DiskSpaceError.megabytes(volume.freeBytes)) are free there; "
            + "should the disk become full, run the same command again when there is space"
    }

    /// A frame has ended, written or not. Asks the disk now and then.
    func finished(_ frame: PlannedFrame) throws(DiskSpaceError) {
        let need = need(of: frame)
        let remaining: Int? = state.withLock { state in
            state.known -= min(state.known, need.known)
            state.hinted -= min(state.hinted, need.hinted)
            state.sinceCheck += need.known
            guard state.sinceCheck >= Self.checkInterval else { return nil }
            state.sinceCheck = 0
            return state.known - bytesInFlight
        }
        guard let remaining, let volume = volume(), remaining > volume.freeBytes, !volume.compresses
        else { return }
        throw DiskSpaceError(path: root, neededBytes: remaining, freeBytes: volume.freeBytes)
    }

    private func need(of frame: PlannedFrame) -> (known: Int, hinted: Int) {
        guard format != .none else { return (0, 0) }
        let hint = inBlocks(frame.sizeHintInBytes ?? 0)
        let isDecoded = format == .raw && frame.instance.effectiveTransferSyntax.isJPEG2000Family
        guard isDecoded, let decoded = frame.instance.decodedFrameBytes else { return (0, hint) }
        guard resolution.isFull else { return (0, inBlocks(reduced(decoded))) }
        return (inBlocks(decoded), keepsCodestream ? hint : 0)
    }

    /// About what a frame of so many bytes takes at the resolution asked for: how low it can be decoded is known only
    /// when it is there.
    private func reduced(_ bytes: Int) -> Int {
        let reduced = bytes >> (2 * min(resolution.reduction, 30))
        guard let box = resolution.maximumSize else { return reduced }
        let (pixels, overflow) = box.width.multipliedReportingOverflow(by: box.height)
        // Three samples of two bytes at the most.
        return overflow || pixels > bytes ? reduced : min(reduced, 6 * pixels)
    }

    private func inBlocks(_ bytes: Int) -> Int { (bytes + blockBytes - 1) / blockBytes * blockBytes }

    /// What the files take that these frames' will replace.
    private func replacedBytes(_ frames: [PlannedFrame]) -> Int {
        frames.reduce(0) { sum, frame in
            var status = stat()
            let file = OutputDirectory.relativePath(of: frame, extension: "raw")
            guard need(of: frame).known > 0, stat("\(root)/\(file)", &status) == 0 else { return sum }
            return sum + Int(status.st_blocks) * 512
        }
    }

    private static func volume(of path: String) -> Volume? {
        var space = statvfs()
        // A tmpfs without a limit has no blocks at all.
        guard statvfs(path, &space) == 0, space.f_blocks > 0 else { return nil }
        let block = Int(space.f_frsize)
        let (free, overflow) = block.multipliedReportingOverflow(by: Int(clamping: space.f_bavail))
        guard block > 0, !overflow else { return nil }
        let compresses = ["btrfs", "zfs", "bcachefs"].contains(fileSystemName(of: path))
        return Volume(freeBytes: free, blockBytes: block, compresses: compresses)
    }

    /// The kind of file system that holds `path`, as the last fitting line of /proc/self/mounts names it (proc(5)).
    private static func fileSystemName(of path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        let place = String(cString: real) + "/"
        guard let mounts = FileManager.default.contents(atPath: "/proc/self/mounts") else { return nil }
        var name: String?
        var length = 0
        for line in String(decoding: mounts, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2 else { continue }
            let mount = fields[1] == "/" ? "/" : "\(fields[1])/"
            if place.hasPrefix(mount), mount.utf8.count >= length {
                length = mount.utf8.count
                name = String(fields[2])
            }
        }
        return name
    }
}
