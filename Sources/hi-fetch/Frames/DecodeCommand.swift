import ArgumentParser
import Foundation
import FrameEngine

/// `hi-fetch decode`: local codestreams to pixels.
struct Decode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Decode local JPEG 2000 and HTJ2K codestreams, JP2 and JPH files, or folders of them.",
        discussion: """
            EXAMPLE: hi-fetch decode frame.jph more-frames --output pixels

            Writes NAME.raw for each: little-endian, pixel-interleaved, 1, 2 or 4 bytes a sample; the layout is \
            printed. In a folder, files ending in .j2c .j2k .jpc .jp2 .jph .jhc are taken. With --json: one line \
            a file, {"event":"decoded",...} or {"event":"failed",...}. Exit status 1 when some files could not \
            be decoded, 65 when none could.

            --reduce asks for a resolution that every file must have: one with fewer is an error, and nothing of it \
            is written. --max-size takes the lowest resolution of a file that does not get small enough, with a \
            warning. A file that was cut off decodes where all that the lower resolution needs is there.
            """)

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "file"))
    var inputs: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to write into; made when missing.", valueName: "dir"))
    var output: String

    @Option(help: "raw: decoded pixels; none: only decode.")
    var format: DecodeFormat = .raw

    @Option(
        help: """
            native: the project's own HTJ2K decoder; auto: native, then OpenJPEG for what that declines; openjpeg: \
            OpenJPEG alone.
            """)
    var decoder: DecoderPreference = .auto

    @OptionGroup(title: "A lower resolution") var resolutionOptions: ResolutionOptions

    @Flag(help: "Replace files that exist.")
    var overwrite = false

    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let jobs = try DecodeJob.jobs(for: inputs, into: format == .none ? nil : output)
        if jobs.isEmpty {
            throw CommandFailure(.unreadableInput, "no codestream is in \(inputs.joined(separator: ", ")).")
        }
        if format != .none { try prepareOutput(for: jobs) }
        let results = DecodeResults(console: .standard, isJSON: outputOptions.json)
        let (decoder, resolution) = (decoder, resolutionOptions.choice(onShortage: .refuse))
        let team = DecodeTeam()
        let pool = WorkerPool(count: FetchOptions.defaultWorkers, name: "decode") { number in
            DecodeWorker(number: number, preference: decoder, resolution: resolution, team: team)
        }
        // With fewer files than threads, those without one help with the large ones.
        team.borrow { [weak pool] most, help in pool?.lend(upTo: most, help) ?? 0 }
        try await Self.interruptible {
            defer { pool.shutDown() }
            await withTaskGroup(of: Void.self) { group in
                var inFlight = 0
                for job in jobs {
                    if Task.isCancelled { break }
                    if inFlight >= 2 * pool.count {
                        await group.next()
                        inFlight -= 1
                    }
                    inFlight += 1
                    group.addTask { results.add(await pool.run { $0.work(on: job) }) }
                }
            }
            try Task.checkCancellation()
        }
        try results.conclude()
    }

    private func prepareOutput(for jobs: [DecodeJob]) throws {
        let manager = FileManager.default
        if !overwrite, let taken = jobs.lazy.compactMap(\.output).first(where: manager.fileExists(atPath:)) {
            throw CommandFailure(.localIO, "\(taken) exists; use --overwrite to replace it.")
        }
        try OutputDirectory.makeDirectories(output)
    }
}

/// What `decode` writes.
enum DecodeFormat: String, ExpressibleByArgument, CaseIterable {
    case raw
    case none
}
