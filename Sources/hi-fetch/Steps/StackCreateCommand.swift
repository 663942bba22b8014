import ArgumentParser
import Foundation
import FrameEngine
import ImagingWorkflow

/// `hi-fetch stack create`.
struct StackCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a data store, two buckets and a role, as one CloudFormation stack.",
        discussion: """
            EXAMPLE: hi-fetch stack create my-imaging --datastore-name my-store --timeout 30m

            Waits until the stack is complete and shows what happens meanwhile. A stack that fails is rolled back by \
            CloudFormation, and the reasons are told. With --json: one line {"event":"stack","stackName":...,"stackId":...,\
            "status":...,"reused":...,"inputBucketName":...,"outputBucketName":...,"roleArn":...,"datastoreId":...}.
            """)

    @Argument(help: ArgumentHelp("The stack's name.", valueName: "name"))
    var name: String

    @Option(
        name: .customLong("datastore-name"), help: ArgumentHelp("The data store's name.", valueName: "name"))
    var datastoreName: String

    @Option(
        name: .customLong("account-id"),
        help: ArgumentHelp(
            "The account whose import jobs may assume the role. Without it: the caller's, as STS tells it.",
            valueName: "id"))
    var accountID: String?

    @Flag(help: "Take a stack of that name as it is, if it is complete.")
    var reuse = false

    @OptionGroup var waiting: WaitingOptions
    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        let console = Console.standard
        let verb = self
        do {
            let line = try await Self.interruptible { try await verb.create(console: console) }
            if outputOptions.json {
                console.json(line)
            } else {
                for text in line.text { console.result(text) }
            }
        } catch is CancellationError {
            throw CommandFailure(
                .interrupted,
                "interrupted; CloudFormation goes on with stack '\(name)' if it has begun: see "
                    + "'hi-fetch stack show \(name)'")
        }
    }

    private func create(console: Console) async throws -> StackLine {
        try StackStep.check(name: name, datastoreName: datastoreName)
        return try await connection.withTransport { transport, settings in
            let account: String
            if let accountID {
                account = accountID
            } else {
                account = try await STSClient(transport: transport, settings: settings).callerIdentity()
                    .account
            }
            let step = StackStep(transport: transport, settings: settings, wait: waiting.policy)
            let wanted = StackStep.Wanted(
                name: name, datastoreName: datastoreName, accountID: account, token: UUID().uuidString)
            let progress = StackProgressLines(console: console)
            let created = try await step.create(wanted, reuse: reuse) { progress.show($0) }
            return StackLine(
                stackName: created.stack.name, stackId: created.stack.id, status: created.stack.status,
                reused: created.isReused, outputs: created.outputs)
        }
    }
}

extension StackStep {
    /// The step with clients of its own.
    init(transport: any HTTPTransport, settings: AWSSettings, wait: WaitPolicy = WaitPolicy()) {
        self.init(
            cloudFormation: CloudFormationClient(transport: transport, settings: settings),
            s3: S3Client(transport: transport, settings: settings), wait: wait)
    }
}
