import ArgumentParser
import FrameEngine

/// `hi-fetch hello`: the data stores that these credentials can see.
struct Hello: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the data stores.",
        discussion: """
            EXAMPLE: hi-fetch hello --region us-east-1

            With --json: one line a data store.
            """)

    /// One data store.
    struct Line: Encodable {
        let datastoreId: String
        let datastoreName: String
        let datastoreStatus: String
    }

    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let connection = connection
        let datastores = try await Self.interruptible {
            try await connection.withClient { try await $0.datastores() }
        }
        if outputOptions.json {
            for datastore in datastores {
                console.json(
                    Line(
                        datastoreId: datastore.id.description, datastoreName: datastore.name,
                        datastoreStatus: datastore.status.rawValue))
            }
            return
        }
        let verb = datastores.count == 1 ? "store was" : "stores were"
        console.result("\(datastores.count) HealthImaging data \(verb) retrieved.")
        for datastore in datastores {
            console.result("  Datastore: \(Console.oneLine(datastore.name))")
            console.result("  Datastore ID: \(datastore.id)")
        }
    }
}
