import FrameEngine

/// Makes, shows and deletes the stack that holds what imports need. A value; any thread.
///
/// Errors are `StepError`, those of the clients, and `CancellationError`. A cancelled call leaves CloudFormation at work.
package struct StackStep: Sendable {
    /// What is told while a step goes on.
    package enum Progress: Hashable, Sendable {
        /// Each event of the stack, once, in the order in which they happened.
        case event(CloudFormationEvent)
        /// The stack's status, whenever it is another one.
        case status(String)
        /// So many versions of objects of the bucket are deleted.
        case emptied(bucket: String, deleted: Int)
    }

    package typealias Report = @Sendable (Progress) -> Void

    let cloudFormation: CloudFormationClient
    let s3: S3Client
    let wait: WaitPolicy

    package init(cloudFormation: CloudFormationClient, s3: S3Client, wait: WaitPolicy = WaitPolicy()) {
        self.cloudFormation = cloudFormation
        self.s3 = s3
        self.wait = wait
    }

    /// A stack and, once it is complete, what it made.
    package struct Shown: Sendable {
        package let stack: CloudFormationStack
        /// Nil while the stack has not got all of them.
        package let outputs: StackOutputs?
    }

    /// A stack by its name or id.
    ///
    /// - Throws: `StepError` where there is none.
    package func show(_ nameOrID: String) async throws -> Shown {
        let stack = try await existing(nameOrID)
        return Shown(stack: stack, outputs: try? StackOutputs(stack))
    }

    /// A stack by its name or id; nil where there is none.
    package func find(_ nameOrID: String) async throws -> CloudFormationStack? {
        guard nameOrID.hasPrefix("arn:") || ResourceNames.isStackName(nameOrID) else {
            throw StepError(
                .usage,
                "'\(nameOrID)' is not the name of a stack: 1 to 128 letters, digits and hyphens, the first a letter"
            )
        }
        return try await cloudFormation.stack(nameOrID)
    }

    /// The stack of that name, if it was a request with this token that made it.
    package func find(_ name: String, madeWith token: String) async throws -> CloudFormationStack? {
        guard let stack = try await find(name) else { return nil }
        let events = try await cloudFormation.stackEvents(of: stack.id) {
            $0.isOfStack && $0.status == "CREATE_IN_PROGRESS"
        }
        return events.contains { $0.token == token } ? stack : nil
    }

    func existing(_ nameOrID: String) async throws -> CloudFormationStack {
        guard let stack = try await find(nameOrID) else {
            throw StepError(.notFound, "there is no stack '\(nameOrID)' in this account and region")
        }
        return stack
    }

    // MARK: Waiting

    /// Follows a stack while CloudFormation works on it.
    ///
    /// - Parameters:
    ///   - id: the stack's ARN: by its name it could not be found once it is deleted.
    ///   - doing: "created" or "deleted", for the error when it takes too long.
    ///   - known: the id of the last event that is no news; nil where all of them are.
    /// - Returns: the stack as it is then; nil where it is gone.
    func settled(
        _ id: String, name: String, doing: String, after known: String? = nil, report: Report
    ) async throws -> CloudFormationStack? {
        var lastEvent = known
        var lastStatus = ""
        let late = StepError(
            .timeout,
            "stack '\(name)' was not \(doing) within the time limit; CloudFormation goes on with it: see "
                + "'hi-fetch stack show \(name)'")
        let settled: CloudFormationStack?? = try await wait.answer(late: late) {
            let stack = try await cloudFormation.stack(id)
            if let events = try? await cloudFormation.stackEvents(of: id, until: { $0.id == lastEvent }) {
                for event in events.reversed() where event.id != lastEvent { report(.event(event)) }
                lastEvent = events.first?.id ?? lastEvent
            }
            guard let stack else { return .some(nil) }
            if stack.status != lastStatus { report(.status(stack.status)) }
            lastStatus = stack.status
            return stack.isInProgress ? nil : .some(stack)
        }
        return settled ?? nil
    }

    /// The id of the last event so far.
    func newestEvent(of id: String) async throws -> String? {
        try await cloudFormation.stackEvents(of: id)?.events.first?.id
    }

    /// Why the last thing that was done with a stack failed: what failed first, at most three reasons.
    func failureReasons(of stack: CloudFormationStack) async throws -> String {
        let beginnings = ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS"]
        let events = try await cloudFormation.stackEvents(of: stack.id) {
            $0.isOfStack && beginnings.contains($0.status)
        }
        let failed = events.reversed().filter { $0.status.hasSuffix("_FAILED") && $0.reason != nil }
        // What was cancelled because something else failed explains nothing.
        let causes = failed.filter { $0.reason?.hasPrefix("Resource creation cancelled") == false }
        let reasons = (causes.contains { !$0.isOfStack } ? causes.filter { !$0.isOfStack } : causes)
            .prefix(3).map { "\($0.logicalID) (\($0.resourceType)): \($0.reason ?? "")" }
        if !reasons.isEmpty { return reasons.joined(separator: "; ") }
        return stack.statusReason ?? "CloudFormation gives no reason"
    }
}
