import Foundation
import FrameEngine

/// The state file of a journey, in its output folder. One process at a time: it holds a lock until it is closed.
package final class JourneyStateFile: JourneyStore {
    /// The file's name within the output folder.
    package static let fileName = "workflow.json"
    /// More than any state has.
    private static let byteLimit = 64 << 20

    /// The output folder.
    package let folder: String
    private let descriptor: Int32

    /// Makes the folder when it is missing, and locks it.
    ///
    /// - Throws: `JourneyError` where the folder cannot be made, or another process has it.
    package init(folder: String) throws(JourneyError) {
        do {
            try OutputDirectory.makeDirectories(folder)
        } catch {
            throw JourneyError(.folder, error.message)
        }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw JourneyError(
                .folder, "cannot open the output folder \(folder): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw JourneyError(
                .folder, "another workflow works in \(folder); wait for its end, or use another --output")
        }
        self.descriptor = descriptor
        self.folder = folder
    }

    deinit { close(descriptor) }

    /// The whole path.
    package var path: String { "\(folder)/\(Self.fileName)" }

    /// What the file holds, checked; nil where there is none.
    package func load() throws(JourneyError) -> JourneyState? {
        let bytes: PooledBuffer
        switch FileBytes.read(
            path, limit: Self.byteLimit, onlyRegular: true, into: BufferPool(idleBytesLimit: 0))
        {
        case .success(let buffer): bytes = buffer
        case .failure(let error) where error.errno == ENOENT: return nil
        case .failure(let error): throw JourneyError(.damagedState, error.message)
        }
        let data = Data(bytes.bytes)
        struct Format: Decodable {
            let format: Int
        }
        let decoder = JSONDecoder()
        guard let format = try? decoder.decode(Format.self, from: data) else {
            throw damaged("is not a workflow's state")
        }
        guard format.format == JourneyState.currentFormat else {
            throw damaged("was written by another version of hi-fetch (format \(format.format))")
        }
        let state: JourneyState
        do {
            state = try decoder.decode(JourneyState.self, from: data)
        } catch let error as DecodingError {
            throw damaged("is damaged\(Self.place(of: error))")
        } catch {
            throw damaged("is damaged")
        }
        if let problem = state.problem { throw damaged("is damaged: \(problem)") }
        return state
    }

    package func save(_ state: JourneyState) throws(JourneyError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            let data = try encoder.encode(state)
            // Synced: what it names may cost money, so it must outlast a loss of power too.
            try AtomicFile.write([UInt8](data), to: path, tag: "state", isSynced: true)
        } catch let error as WriteError {
            throw JourneyError(.folder, "the workflow's state is not kept: \(error.message)")
        } catch {
            throw JourneyError(.folder, "the workflow's state cannot be written to \(path)")
        }
    }

    /// Renames the state of a run that has ended, so that another can begin: `workflow-<runID>.json`.
    package func setAside() throws(JourneyError) {
        guard let earlier = try load() else { return }
        guard rename(path, "\(folder)/workflow-\(earlier.runID).json") == 0 else {
            throw JourneyError(.folder, "cannot rename \(path): \(String(cString: strerror(errno)))")
        }
    }

    private func damaged(_ problem: String) -> JourneyError {
        JourneyError(
            .damagedState,
            "\(path) \(problem); what it named may still exist. Look into the file, then remove it to start anew"
        )
    }

    private static func place(of error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found): context = found
        case .valueNotFound(_, let found): context = found
        case .keyNotFound(let key, let found):
            return " at \((found.codingPath + [key]).map(\.stringValue).joined(separator: "."))"
        case .dataCorrupted(let found): context = found
        @unknown default: return ""
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "" : " at \(path)"
    }
}
