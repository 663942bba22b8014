import ArgumentParser
import FrameEngine
import LocalImaging

/// `hi-fetch local`: the HealthImaging-compatible data store of this machine.
struct Local: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A HealthImaging-compatible data store on this machine: serve it, fill it.",
        discussion: """
            EXAMPLE: hi-fetch local synth --store store --modality CT --frames 200
                     hi-fetch local serve --store store --port 8080
            """,
        subcommands: [LocalServe.self, LocalImport.self, LocalSynth.self])
}

/// Where the local data store lies, and which of its data stores is meant.
struct LocalTarget: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the local store; made when missing.", valueName: "dir"))
    var store: String

    @Option(
        help: ArgumentHelp(
            "The data store to fill. Without it: the one named 'local', which is made when missing.",
            valueName: "id"))
    var datastore: HealthImagingID?

    /// Opens the store and finds or makes the data store.
    func open() throws -> (store: ImageSetStore, datastoreID: HealthImagingID) {
        let opened = try ImageSetStore(opening: store)
        if let datastore {
            return (opened, try opened.datastore(datastore).id)
        }
        let named = try opened.datastores().first { $0.name == Self.defaultName }
        return (opened, try named?.id ?? opened.createDatastore(name: Self.defaultName).id)
    }

    private static let defaultName = "local"
}
