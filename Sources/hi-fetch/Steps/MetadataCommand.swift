import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// `hi-fetch metadata`: the metadata documents of image sets, into files.
struct Metadata: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Save the metadata of image sets.",
        discussion: """
            EXAMPLE: hi-fetch metadata --datastore 12345678901234567890123456789012 --all --output metadata --format json

            Writes DIR/<imageSetId>.json.gz as the service sends it, or DIR/<imageSetId>.json. 'hi-fetch fetch --input' and \
            'plan --input' take both. Reading metadata counts as access to the image set. With --json: a line a file.
            """)

    /// One saved document.
    struct Line: Encodable {
        let imageSetId: String
        let path: String
        let bytes: Int
    }

    @OptionGroup(title: "Which image sets") var selection: ImageSetSelection

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder to write into; made when missing.", valueName: "dir"))
    var output: String

    @Option(help: "gzip: as the service sends it; json: inflated.")
    var format: MetadataStep.Format = .gzip

    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let verb = self
        let failures = try await Self.interruptible {
            try await verb.connection.withServices { services in
                try await verb.run(services, console: console)
            }
        }
        if let first = failures.first {
            throw ExitCode((Set(failures).count == 1 ? first : .someFailed).rawValue)
        }
    }

    /// - Returns: why image sets failed, one status each.
    private func run(_ services: ConnectedServices, console: Console) async throws -> [ExitStatus] {
        try OutputDirectory.makeDirectories(output)
        let step = MetadataStep(client: services.imaging)
        var failures: [ExitStatus] = []
        let suffix = format == .gzip ? "json.gz" : "json"
        let ids = try await selection.ids(with: services.imaging)
        guard !ids.isEmpty else {
            throw CommandFailure(.unreadableInput, "no image set is in \(selection.title)")
        }
        for id in ids {
            do {
                let saved = try await step.save(
                    id, in: selection.datastore, as: format, to: "\(output)/\(id).\(suffix)")
                if outputOptions.json {
                    console.json(Line(imageSetId: id.description, path: saved.path, bytes: saved.bytes))
                } else {
                    console.result("\(saved.path): \(Formatting.bytes(saved.bytes))")
                }
            } catch let error as any StageError {
                let status = ExitStatus(of: error)
                // What every other image set would meet too ends the run.
                guard status == .unreadableInput else { throw error }
                console.error("image set \(id): \(error.message)")
                failures.append(status)
            }
        }
        return failures
    }
}

extension MetadataStep.Format: ExpressibleByArgument {}
