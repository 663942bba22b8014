import ArgumentParser
import FrameEngine
import Synchronization

/// Prints outcomes of `decode` as they come, and knows the exit status. Any thread.
final class DecodeResults: Sendable {
    /// `{"event":"decoded",…}`: what a reader of the .raw file has to know.
    struct DecodedLine: Encodable {
        let event = "decoded"
        let input: String
        let output: String?
        let width: Int
        let height: Int
        let components: Int
        let bitsPerSample: Int
        let signed: Bool
        let byteOrder = "little-endian"
        let encodedBytes: Int
        let decodedBytes: Int
        let crc32: String
        let decoder: String
        /// Highest resolutions that were left out.
        let reduction: Int
        /// Why the preferred decoder did not decode it; absent when it did.
        let fallbackReason: String?
    }

    /// `{"event":"failed",…}`.
    struct FailedLine: Encodable {
        struct Reason: Encodable {
            let stage: String
            let code: String
            let message: String
        }

        let event = "failed"
        let input: String
        let error: Reason
    }

    private struct Counts {
        var decoded = 0
        var failed = 0
        var firstFailure: ExitStatus?
    }

    private let console: Console
    private let isJSON: Bool
    private let counts = Mutex(Counts())

    init(console: Console, isJSON: Bool) {
        self.console = console
        self.isJSON = isJSON
    }

    func add(_ outcome: DecodeOutcome) {
        switch outcome.result {
        case .success(let decoded):
            counts.withLock { $0.decoded += 1 }
            print(decoded, of: outcome.job)
        case .failure(let failure):
            counts.withLock { counts in
                counts.failed += 1
                counts.firstFailure = counts.firstFailure ?? failure.status
            }
            print(failure, of: outcome.job)
        }
    }

    /// Ends with the exit status: 0, 1 when some failed, that of the first failure when all did.
    func conclude() throws {
        let counts = counts.withLock { $0 }
        guard let first = counts.firstFailure else { return }
        throw ExitCode((counts.decoded > 0 ? ExitStatus.someFailed : first).rawValue)
    }

    private func print(_ decoded: DecodeOutcome.Decoded, of job: DecodeJob) {
        let layout = decoded.layout
        if decoded.lacksResolution {
            console.warning(
                "\(job.input): its lowest resolution, \(layout.width)x\(layout.height), is larger than asked for"
            )
        }
        guard isJSON else {
            let sign = layout.isSigned ? "signed" : "unsigned"
            console.result(
                "\(job.output ?? job.input): \(layout.width)x\(layout.height), "
                    + "\(Formatting.count(layout.components, of: "component")), \(layout.bitsPerSample) bits \(sign), "
                    + "CRC-32 \(CRC32.hexadecimal(decoded.crc32)), \(decoded.decoder)"
                    + (decoded.fallbackReason.map { " (native declines: \($0))" } ?? "")
                    + (decoded.reduction > 0 ? ", reduced by \(decoded.reduction)" : ""))
            return
        }
        console.json(
            DecodedLine(
                input: job.input, output: job.output, width: layout.width, height: layout.height,
                components: layout.components, bitsPerSample: layout.bitsPerSample, signed: layout.isSigned,
                encodedBytes: decoded.encodedBytes, decodedBytes: decoded.decodedBytes,
                crc32: CRC32.hexadecimal(decoded.crc32), decoder: decoded.decoder,
                reduction: decoded.reduction, fallbackReason: decoded.fallbackReason))
    }

    private func print(_ failure: DecodeOutcome.Failure, of job: DecodeJob) {
        console.error("\(job.input): \(failure.message)")
        if isJSON {
            let reason = FailedLine.Reason(
                stage: failure.stage.rawValue, code: failure.code, message: failure.message)
            console.json(FailedLine(input: job.input, error: reason))
        }
    }
}
