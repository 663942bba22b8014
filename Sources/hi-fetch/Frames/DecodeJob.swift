import Foundation
import FrameEngine

/// One local file to decode.
struct DecodeJob: Sendable {
    let input: String
    /// Nil when nothing is to be written.
    let output: String?

    private static let extensions: Set<String> = ["j2c", "j2k", "jpc", "jp2", "jph", "jhc"]

    /// The files named, and those of a codestream's extension in the folders named, each with its output.
    ///
    /// - Throws: `CommandFailure` for what is not there, and for two inputs that would have the same output.
    static func jobs(for inputs: [String], into folder: String?) throws -> [DecodeJob] {
        var jobs: [DecodeJob] = []
        var owners: [String: String] = [:]
        for input in try inputs.flatMap(files) {
            let name = ((input as NSString).lastPathComponent as NSString).deletingPathExtension + ".raw"
            if let other = owners.updateValue(input, forKey: name), folder != nil {
                throw CommandFailure(
                    .usage, "\(other) and \(input) would both become \(name); decode them apart.")
            }
            jobs.append(DecodeJob(input: input, output: folder.map { "\($0)/\(name)" }))
        }
        return jobs
    }

    private static func files(at path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.unreadableInput, "\(path) does not exist.")
        }
        guard isFolder.boolValue else { return [path] }
        guard let walk = FileManager.default.enumerator(atPath: path) else {
            throw CommandFailure(.unreadableInput, "the folder \(path) cannot be read.")
        }
        let names = walk.compactMap { $0 as? String }
        return names.filter { extensions.contains(($0 as NSString).pathExtension.lowercased()) }
            .sorted().map { "\(path)/\($0)" }
    }
}

/// How one file came out.
struct DecodeOutcome: Sendable {
    let job: DecodeJob
    let result: Result<Decoded, Failure>

    struct Decoded: Sendable {
        let layout: PixelLayout
        /// Highest resolutions that were left out.
        let reduction: Int
        /// Whether it is larger than asked for, because it has no lower resolution.
        let lacksResolution: Bool
        let encodedBytes: Int
        let decodedBytes: Int
        let crc32: UInt32
        let decoder: String
        /// Why the preferred decoder did not make it.
        let fallbackReason: String?
    }

    struct Failure: Error, Sendable {
        let stage: Stage
        let code: String
        let message: String
        let status: ExitStatus

        init(_ error: any StageError) {
            (stage, code, message) = (error.stage, error.code, error.message)
            status = ExitStatus(of: error)
        }

        /// For a file that cannot be read.
        init(unreadable path: String, reason: String) {
            (stage, code, status) = (.decode, "unreadable", .unreadableInput)
            message = "cannot read \(path): \(reason)"
        }
    }
}

/// One thread's decoder.
final class DecodeWorker {
    private let number: Int
    private let resolution: ResolutionChoice
    private let buffers = BufferPool()
    private let decoder: FrameDecoder

    init(number: Int, preference: DecoderPreference, resolution: ResolutionChoice, team: DecodeTeam) {
        self.number = number
        self.resolution = resolution
        decoder = FrameDecoder(
            pool: buffers, preference: preference, limits: .standard, team: team)
    }

    /// Reads, decodes and writes one file; whole, or not at all.
    func work(on job: DecodeJob) -> DecodeOutcome {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: job.input), options: .mappedIfSafe)
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            let reason = String(cString: strerror(Int32(cause?.code ?? Int(EIO))))
            return DecodeOutcome(job: job, result: .failure(.init(unreadable: job.input, reason: reason)))
        }
        let encoded = buffers.buffer(capacity: data.count)
        data.withUnsafeBytes { encoded.append($0) }
        do {
            let decoded = try decoder.decode(encoded, storedAs: .htj2kLosslessRPCL, resolution: resolution)
            guard let layout = decoded.layout else {
                let failure = DecodeOutcome.Failure(unreadable: job.input, reason: "it is not a codestream")
                return DecodeOutcome(job: job, result: .failure(failure))
            }
            if let output = job.output {
                try AtomicFile.write(decoded.bytes.bytes, to: output, tag: String(number))
            }
            return DecodeOutcome(
                job: job,
                result: .success(
                    .init(
                        layout: layout, reduction: decoded.reduction,
                        lacksResolution: decoded.lacksResolution, encodedBytes: data.count,
                        decodedBytes: decoded.bytes.count,
                        crc32: decoded.checksum, decoder: decoded.decoder,
                        fallbackReason: decoded.fallbackReason)))
        } catch {
            return DecodeOutcome(job: job, result: .failure(Self.failure(error, path: job.input)))
        }
    }

    private static func failure(_ error: any Error, path: String) -> DecodeOutcome.Failure {
        guard let error = error as? any StageError else {
            return DecodeOutcome.Failure(unreadable: path, reason: String(describing: error))
        }
        return DecodeOutcome.Failure(error)
    }
}
