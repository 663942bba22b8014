import ArgumentParser
import FrameEngine
import ImagingWorkflow
import Synchronization

/// What `copy --json` prints.
enum CopyLine {
    /// A file that was not copied.
    struct Failed: Encodable {
        let event = "failed"
        let source: String
        let code: String
        let message: String

        enum CodingKeys: String, CodingKey { case event, source, code, message }
    }

    /// A file that was left out.
    struct NotDICOM: Encodable {
        let event = "not-dicom"
        let path: String

        enum CodingKeys: String, CodingKey { case event, path }
    }

    /// The last line.
    struct Summary: Encodable {
        let event = "summary"
        let destination: String
        let copied: Int
        let skipped: Int
        let failed: Int
        let notDicom: Int
        /// Of what was copied.
        let bytes: Int

        enum CodingKeys: String, CodingKey {
            case event, destination, copied, skipped, failed, notDicom, bytes
        }

        init(_ result: CopyResult, to destination: S3Location) {
            self.destination = destination.description
            copied = result.copied
            skipped = result.skipped
            failed = result.failures.count
            notDicom = result.otherFiles.count
            bytes = result.bytes
        }
    }
}

/// How far a copy is, for the progress display. Any thread.
final class CopyMeter: Sendable {
    private let progress = Mutex<CopyProgress?>(nil)
    private let start = ContinuousClock.now

    func note(_ progress: CopyProgress) {
        self.progress.withLock { $0 = progress }
    }

    var sample: ProgressSample {
        let now = progress.withLock { $0 }
        return ProgressSample(
            elapsed: start.duration(to: .now), framesDone: now?.done ?? 0, framesTotal: now?.total,
            framesFailed: now?.failed ?? 0, receivedBytes: now?.bytesDone ?? 0, noun: "files",
            byteVerb: "copied")
    }
}
