import ArgumentParser
import FrameEngine
import ImagingWorkflow

/// `hi-fetch delete`: image sets, and everything in them.
struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete image sets for good.",
        discussion: """
            EXAMPLE: hi-fetch delete --datastore 12345678901234567890123456789012 --study 1.2.840.1 --yes

            Asks before it deletes, unless --yes is there. AWS allows one deletion in four seconds, so many image sets \
            take their time; an estimate is shown. Returns when the image sets are gone. With --json: one line \
            {"event":"summary","deleted":...}.
            """)

    /// Printed at the end.
    struct Summary: Encodable {
        let event = "summary"
        let datastoreId: String
        let selected: Int
        /// Fewer where some were gone already.
        let deleted: Int

        enum CodingKeys: String, CodingKey { case event, datastoreId, selected, deleted }
    }

    @OptionGroup(title: "What to delete") var selection: ImageSetSelection

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let verb = self
        try await Self.interruptible {
            try await verb.connection.withServices { services in
                try await verb.run(services, console: console)
            }
        }
    }

    private func run(_ services: ConnectedServices, console: Console) async throws {
        let step = DeleteStep(service: services.imaging, pacer: services.imaging.makeDeletePacer())
        let ids = try await selection.ids(with: services.imaging)
        if !ids.isEmpty, !yes {
            try await ask(ids, estimate: step.estimate(for: ids.count), console: console)
        }
        let progress = WorkflowProgress(console: console)
        defer { progress.end() }
        let deleted = try await step.delete(ids, in: selection.datastore) { done, total, left in
            progress.show(.imageSetsDeleted(done: done, total: total, left: left))
        }
        progress.end()
        if outputOptions.json {
            console.json(
                Summary(datastoreId: selection.datastore.description, selected: ids.count, deleted: deleted))
        } else {
            console.result(
                "\(Formatting.count(deleted, of: "image set")) deleted from data store \(selection.datastore)."
            )
            if deleted < ids.count {
                console.result("\(Formatting.count(ids.count - deleted)) of those named were not there.")
            }
        }
    }

    private func ask(_ ids: [HealthImagingID], estimate: Duration, console: Console) async throws {
        let time =
            estimate > .seconds(5) ? ", which takes \(Formatting.clock(estimate)) at the service's quota" : ""
        console.message(
            "This deletes \(Formatting.count(ids.count, of: "image set")) of data store \(selection.datastore) for "
                + "good\(time).")
        for id in ids.prefix(10) { console.message("  \(id)") }
        if ids.count > 10 { console.message("  and \(Formatting.count(ids.count - 10)) more") }
        try await Confirmation.ofDeletion(console)
    }
}
