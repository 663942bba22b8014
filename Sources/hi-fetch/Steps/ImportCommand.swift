import ArgumentParser
import Foundation
import FrameEngine
import ImagingWorkflow

/// `hi-fetch import`: an import job, from its start to its summary.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import DICOM files of a bucket into a data store.",
        discussion: """
            EXAMPLE: hi-fetch import --datastore 12345678901234567890123456789012 --input s3://in/study/ \
            --output-to s3://out/ --role-arn arn:aws:iam::123456789012:role/import

            Starts an import job, follows it to its end, and tells what became of the files. The status is 1 when files \
            were not imported, also where the service calls the job complete. With --job: only follows a job. With \
            --json: lines {"event":"started"|"summary",...}, the latter with the image sets and the files that failed.
            """)

    @Option(help: ArgumentHelp("The data store to import into.", valueName: "id"))
    var datastore: HealthImagingID

    @Option(help: ArgumentHelp("Where the DICOM files are: every object below it.", valueName: "s3-uri"))
    var input: S3Location?

    @Option(
        name: .customLong("output-to"),
        help: ArgumentHelp("Where the job makes a folder for its report.", valueName: "s3-uri"))
    var output: S3Location?

    @Option(
        name: .customLong("role-arn"), help: ArgumentHelp("The role that the job assumes.", valueName: "arn"))
    var roleARN: String?

    @Option(
        name: .customLong("job-name"),
        help: ArgumentHelp("A name for the job; none without it.", valueName: "name"))
    var jobName: String?

    @Option(help: ArgumentHelp("Follow this job in place of starting one.", valueName: "id"))
    var job: String?

    @Flag(name: .customLong("no-wait"), help: "Do not wait for the job's end.")
    var noWait = false

    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    /// Printed when the job runs.
    struct Started: Encodable {
        let event = "started"
        let jobId: String
        let datastoreId: String

        enum CodingKeys: String, CodingKey { case event, jobId, datastoreId }
    }

    /// Printed when it has ended.
    struct Summary: Encodable {
        let event = "summary"
        let jobId: String
        let datastoreId: String
        let output: String
        let files: ImportCounts
        let imageSets: [ImportedImageSet]

        enum CodingKeys: String, CodingKey { case event, jobId, datastoreId, output, files, imageSets }
    }

    func validate() throws {
        if let job {
            guard ResourceNames.isJobID(job) else {
                throw ValidationError("--job must be 1 to 32 characters of 0-9 and a-z.")
            }
            if input != nil || output != nil || roleARN != nil || jobName != nil || noWait {
                throw ValidationError("--job goes with --datastore alone: the job has been started.")
            }
            return
        }
        guard input != nil, output != nil, let roleARN else {
            throw ValidationError("Say what to import: --input, --output-to and --role-arn; or --job.")
        }
        guard ResourceNames.isRoleARN(roleARN) else {
            throw ValidationError("--role-arn must be of the form arn:aws:iam::123456789012:role/name.")
        }
    }

    func run() async throws {
        let console = Console.standard
        let verb = self
        let summary = try await Self.interruptible {
            try await verb.connection.withServices { services in
                try await verb.run(services, console: console)
            }
        }
        if let summary, summary.failed > 0 {
            console.error(
                "\(Formatting.count(summary.failed)) of \(Formatting.count(summary.scanned, of: "file")) were not imported"
            )
            throw ExitCode(ExitStatus.someFailed.rawValue)
        }
    }

    /// - Returns: what the job did; nil where nobody waited for it.
    private func run(_ services: ConnectedServices, console: Console) async throws -> ImportSummary? {
        let step = ImportStep(service: services.imaging)
        let jobID: String
        if let job { jobID = job } else { jobID = try await start(step, console: console) }
        if noWait { return nil }
        let progress = WorkflowProgress(console: console)
        defer { progress.end() }
        let (folder, output) = try await follow(jobID, services, progress)
        progress.end()
        if outputOptions.json {
            console.json(
                Summary(
                    jobId: jobID, datastoreId: datastore.description, output: folder.description,
                    files: ImportCounts(output.summary), imageSets: output.imageSets))
        } else {
            console.result("Import job \(jobID) is complete; its report is in \(folder)")
            for line in ImportText.summaryLines(output.summary) { console.result(line) }
            for line in ImportText.imageSetLines(output.imageSets) { console.result(line) }
        }
        return output.summary
    }

    private func follow(
        _ jobID: String, _ services: ConnectedServices, _ progress: WorkflowProgress
    ) async throws -> (S3Location, ManifestStep.Output) {
        do {
            let folder = try await ImportStep(service: services.imaging).follow(jobID, in: datastore) {
                progress.show(.importJob(status: $0, elapsed: $1))
            }
            let output = try await ManifestStep(reader: services.s3).read(folder) {
                progress.show(.manifest(attempt: $0))
            }
            return (folder, output)
        } catch is CancellationError {
            throw CommandFailure(
                .interrupted,
                "interrupted; import job \(jobID) goes on: 'hi-fetch import --datastore \(datastore) --job \(jobID)' "
                    + "follows it")
        }
    }

    private func start(_ step: ImportStep, console: Console) async throws -> String {
        guard let input, let output, let roleARN else {
            throw CommandFailure(.usage, "--input, --output-to and --role-arn are needed")
        }
        let jobID = try await step.start(
            ImportOrder(
                datastoreID: datastore, roleARN: roleARN, input: input.asFolder, output: output.asFolder,
                jobName: jobName, token: UUID().uuidString))
        if outputOptions.json {
            console.json(Started(jobId: jobID, datastoreId: datastore.description))
        } else {
            console.result("Import job \(jobID) of data store \(datastore) has been started.")
        }
        return jobID
    }
}
