import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// Which image sets of a data store a verb is about.
struct ImageSetSelection: ParsableArguments {
    @Option(help: ArgumentHelp("The data store.", valueName: "id"))
    var datastore: HealthImagingID

    @Option(
        name: .customLong("image-set"), parsing: .upToNextOption,
        help: ArgumentHelp("Image sets by their ids.", valueName: "id"))
    var imageSets: [HealthImagingID] = []

    @Option(
        name: .customLong("study"), parsing: .upToNextOption,
        help: ArgumentHelp("All image sets of studies, by StudyInstanceUID.", valueName: "uid"))
    var studies: [DICOMUIDArgument] = []

    @Flag(help: "Every image set of the data store.")
    var all = false

    func validate() throws {
        if imageSets.isEmpty, studies.isEmpty, !all {
            throw ValidationError("Say which image sets: --image-set, --study or --all.")
        }
        if all, !imageSets.isEmpty || !studies.isEmpty {
            throw ValidationError("--all goes without --image-set and --study.")
        }
    }

    /// What is selected, for a message.
    var title: String {
        all ? "data store \(datastore)" : "study \(studies.map(\.uid).joined(separator: ", "))"
    }

    /// The ids of all that are selected, each once.
    func ids(with client: HealthImagingClient) async throws -> [HealthImagingID] {
        var found = imageSets
        let searches = all ? [ImageSetSearch.all] : studies.map { .study($0.uid) }
        for search in searches { found += try await client.allImageSets(in: datastore, search) }
        var seen: Set<HealthImagingID> = []
        return found.filter { seen.insert($0).inserted }
    }
}
