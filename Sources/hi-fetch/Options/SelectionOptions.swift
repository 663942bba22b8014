import ArgumentParser
import FrameEngine

/// What to fetch or plan: image sets of a data store, or metadata files.
struct SelectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data store. Needed for everything but --input.", valueName: "id"))
    var datastore: HealthImagingID?

    @Option(
        name: .customLong("image-set"), parsing: .upToNextOption,
        help: ArgumentHelp("Image sets; their latest version unless one is named.", valueName: "id[@version]")
    )
    var imageSets: [ImageSetArgument] = []

    @Option(
        name: .customLong("study"), parsing: .upToNextOption,
        help: ArgumentHelp("Studies, by StudyInstanceUID.", valueName: "uid"))
    var studies: [DICOMUIDArgument] = []

    @Option(
        name: .customLong("series"), parsing: .upToNextOption,
        help: ArgumentHelp("Series, by SeriesInstanceUID.", valueName: "uid"))
    var series: [DICOMUIDArgument] = []

    @Flag(help: "Every image set of the data store.")
    var all = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Files with GetImageSetMetadata JSON, gzipped or not, or with the reduced form (ids and sizes); - for \
            standard input.
            """,
            valueName: "file"))
    var input: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Take one part of N, for a machine of N that share the work: 1/4 to 4/4. Each frame is in exactly one, the \
            same in every run.
            """,
            valueName: "i/n"))
    var shard: FrameShard = .whole

    /// The selection as the engine takes it, in the order of the options' help.
    var sources: [FetchSource] {
        imageSets.map { .imageSet($0.id, version: $0.version) } + studies.map { .study($0.uid) }
            + series.map { .series($0.uid) } + (all ? [.all] : []) + input.map { .metadataFile($0) }
    }

    func validate() throws {
        let needsDatastore = !imageSets.isEmpty || !studies.isEmpty || !series.isEmpty || all
        if needsDatastore, datastore == nil {
            throw ValidationError("--image-set, --study, --series and --all need --datastore ID.")
        }
        if sources.isEmpty {
            throw ValidationError("Say what to take: --image-set, --study, --series, --all or --input.")
        }
    }
}

/// `ID` or `ID@VERSION` on the command line.
struct ImageSetArgument: ExpressibleByArgument, Equatable {
    let id: HealthImagingID
    /// Digits, as the API takes it; nil for the latest.
    let version: String?

    init?(argument: String) {
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = HealthImagingID(String(parts[0])) else { return nil }
        self.id = id
        guard parts.count == 2 else {
            version = nil
            return
        }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        version = String(parts[1])
    }
}

/// A DICOM unique identifier on the command line (PS3.5, 9.1: digits and dots, 64 characters at most).
struct DICOMUIDArgument: ExpressibleByArgument, Equatable {
    let uid: String

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
        let areNumbers = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard areNumbers, argument.utf8.count <= 64 else { return nil }
        uid = argument
    }
}
