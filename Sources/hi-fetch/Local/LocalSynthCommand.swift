import ArgumentParser
import Foundation
import FrameEngine
import LocalImaging
import Synchronization

/// `hi-fetch local synth`: a made-up study of any size.
struct LocalSynth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth",
        abstract: "Make a synthetic study in the local data store.",
        discussion: """
            EXAMPLE: hi-fetch local synth --store store --modality CT --frames 5000 --size 512x512 --seed 1

            The same options make the same pixels everywhere. With --json: one line \
            {"event":"created","datastoreId":...,"imageSetId":...}.
            """)

    /// What was made.
    struct Created: Encodable {
        let event = "created"
        let datastoreId: String
        let imageSetId: String
        let modality: String
        let frames: Int
        let width: Int
        let height: Int
        let decodedBytes: Int
        let encodedBytes: Int
        let seconds: Double
    }

    @OptionGroup var target: LocalTarget

    @Option(help: "What to make: computed tomography, magnetic resonance, ultrasound or mammography.")
    var modality: SyntheticModality = .ct

    @Option(help: ArgumentHelp("Frames in the study.", valueName: "n"))
    var frames: Int

    @Option(
        help: ArgumentHelp(
            "Columns and rows of a frame. Without it: usual for the modality.", valueName: "WxH"))
    var size: ImageSizeArgument?

    @Option(help: ArgumentHelp("Where the random numbers begin.", valueName: "n"))
    var seed: UInt64 = 1

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let size = size.map { (width: $0.width, height: $0.height) } ?? modality.defaultSize
        let study: SyntheticStudy
        do {
            study = try SyntheticStudy(
                modality: modality, frames: frames, width: size.width, height: size.height, seed: seed)
        } catch {
            throw CommandFailure(.usage, "\(error).")
        }
        let (store, datastoreID) = try target.open()
        let start = ContinuousClock.now
        let done = Mutex(0)
        let frameBytes = study.layout.byteCount
        let display = ProgressDisplay(console: console) {
            let frames = done.withLock { $0 }
            return ProgressSample(
                elapsed: start.duration(to: .now), framesDone: frames, framesTotal: study.frames,
                framesFailed: 0,
                receivedBytes: frames * frameBytes, decodedBytes: nil, byteVerb: "made")
        }
        let receipt = try await Self.interruptible {
            try await display.run {
                // Threads finish out of order; the largest count is the newest.
                try await study.write(into: store, datastoreID: datastoreID) { count in
                    done.withLock { $0 = max($0, count) }
                }
            }
        }
        let created = Created(
            datastoreId: receipt.datastoreID.description, imageSetId: receipt.imageSetID.description,
            modality: modality.rawValue, frames: receipt.frames, width: size.width, height: size.height,
            decodedBytes: receipt.decodedBytes, encodedBytes: receipt.encodedBytes,
            seconds: start.duration(to: .now).seconds)
        if outputOptions.json {
            console.json(created)
        } else {
            Self.print(created, console: console)
        }
    }

    private static func print(_ created: Created, console: Console) {
        let ratio = Double(created.decodedBytes) / Double(max(created.encodedBytes, 1))
        console.result("Data store: \(created.datastoreId)")
        console.result("Image set:  \(created.imageSetId)")
        console.result(
            "\(created.modality), \(Formatting.count(created.frames, of: "frame")) of \(created.width)x\(created.height): "
                + "\(Formatting.bytes(created.decodedBytes)) of pixels, \(Formatting.bytes(created.encodedBytes)) "
                + "encoded (\(Formatting.decimal(ratio)) : 1)")
    }
}
