import Foundation
import FrameEngine

/// Prints the least, the greatest and the mean sample of each frame of an image set.
@main
struct FrameStatistics {
    static func main() async {
        guard let arguments = Arguments(CommandLine.arguments.dropFirst()) else {
            complain(Arguments.usage)
            exit(64)
        }
        do {
            let failures = try await run(arguments)
            exit(failures == 0 ? 0 : 1)
        } catch let error as any StageError {
            // What ends the whole run: no credentials, no service, no such image set.
            complain("FrameStatistics: \(error.message)")
            exit(2)
        } catch {
            complain("FrameStatistics: \(error)")
            exit(2)
        }
    }

    /// - Returns: how many frames failed.
    private static func run(_ arguments: Arguments) async throws -> Int {
        // Endpoint, region and credentials: what is given here, then the environment, then ~/.aws.
        let settings = try AWSSettings(
            options: AWSSettings.Options(
                endpointURL: arguments.endpointURL, noSignRequest: arguments.noSignRequest))

        return try await withFrameFetcher(settings: settings) { fetcher in
            let plan = try await fetcher.plan(imageSet: arguments.imageSet, in: arguments.datastore)
            var failures = 0
            // In the order of the study. The default, `.completion`, waits for nobody.
            for try await result in fetcher.frames(of: plan, order: .plan) {
                switch result {
                case .success(let frame):
                    print(line(for: frame))
                case .failure(let failed):
                    failures += 1
                    complain("FrameStatistics: \(failed.message)")
                }
            }
            return failures
        }
    }

    private static func line(for frame: FetchedFrame) -> String {
        let id = frame.planned.imageFrameID
        guard let layout = frame.layout, let summary = SampleSummary(of: frame) else {
            return
                "\(id) \(frame.byteCount) bytes, not decoded: \(frame.planned.instance.effectiveTransferSyntax)"
        }
        let mean = String(format: "%.3f", summary.mean)
        return "\(id) \(layout.width)x\(layout.height)x\(layout.components) min \(summary.least) "
            + "max \(summary.greatest) mean \(mean)"
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
