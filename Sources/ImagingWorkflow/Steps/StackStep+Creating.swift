import FrameEngine

extension StackStep {
    /// A stack to be made.
    package struct Wanted: Sendable {
        package var name: String
        package var datastoreName: String
        /// The account whose import jobs may assume the role: 12 digits.
        package var accountID: String
        /// The same token again asks for the same stack: 1 to 128 letters, digits and hyphens.
        package var token: String

        package init(name: String, datastoreName: String, accountID: String, token: String) {
            self.name = name
            self.datastoreName = datastoreName
            self.accountID = accountID
            self.token = token
        }
    }

    /// Makes the stack and waits until it is complete.
    ///
    /// - Parameter reuse: a stack of that name that is complete, or will be, is as good as a new one.
    /// - Returns: the stack, what it made, and whether it was there before.
    /// - Throws: `StepError` `.exists` for a stack of that name, `.service` with the reasons where it fails.
    package func create(
        _ wanted: Wanted, reuse: Bool = false, report: @escaping Report = { _ in }
    ) async throws -> (stack: CloudFormationStack, outputs: StackOutputs, isReused: Bool) {
        if reuse, let stack = try await find(wanted.name) {
            // What is there and cannot be used is an error that says so.
            let known = try await newestEvent(of: stack.id)
            let (complete, outputs) = try await awaitCreation(
                stack.id, name: wanted.name, after: known, report: report)
            return (complete, outputs, true)
        }
        let id = try await request(wanted)
        let (stack, outputs) = try await awaitCreation(id, name: wanted.name, report: report)
        return (stack, outputs, false)
    }

    /// Asks for the stack, or finds the one that an earlier call with the same token made.
    ///
    /// - Returns: the stack's ARN, before its resources are there.
    package func request(_ wanted: Wanted) async throws -> String {
        try Self.check(wanted)
        let creation = CloudFormationClient.Creation(
            name: wanted.name, template: StackTemplate.healthImaging,
            parameters: [
                (StackTemplate.Parameter.datastoreName, wanted.datastoreName),
                (StackTemplate.Parameter.accountID, wanted.accountID),
            ], makesRoles: true, token: wanted.token)
        do {
            return try await cloudFormation.createStack(creation)
        } catch let error as ServiceError where error.kind == .conflict {
            if let ours = try await find(wanted.name, madeWith: wanted.token) { return ours.id }
            throw try await alreadyExists(wanted.name)
        }
    }

    /// Waits until a stack is complete.
    ///
    /// - Parameters:
    ///   - id: its ARN; the name does where nobody deletes it meanwhile.
    ///   - name: for errors.
    ///   - known: the id of the last event that is no news; nil where all of them are.
    package func awaitCreation(
        _ id: String, name: String, after known: String? = nil, report: @escaping Report = { _ in }
    ) async throws -> (stack: CloudFormationStack, outputs: StackOutputs) {
        guard let stack = try await settled(id, name: name, doing: "created", after: known, report: report)
        else {
            throw StepError(.service, "stack '\(name)' was deleted by somebody while it was being created")
        }
        guard stack.isComplete else {
            throw StepError(
                .service,
                "stack '\(name)' is \(stack.status): \(try await failureReasons(of: stack)); remove the cause, then "
                    + "'hi-fetch stack delete \(name)' and create it again")
        }
        return (stack, try StackOutputs(stack))
    }

    private func alreadyExists(_ name: String) async throws -> StepError {
        let status = try await find(name)?.status
        let hint = status == "CREATE_COMPLETE" ? "use it with --reuse, " : ""
        return StepError(
            .exists,
            "there is a stack '\(name)' already\(status.map { " (\($0))" } ?? ""); \(hint)take another name, or delete it "
                + "with 'hi-fetch stack delete \(name)'")
    }

    private static func check(_ wanted: Wanted) throws(StepError) {
        try check(name: wanted.name, datastoreName: wanted.datastoreName)
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        guard wanted.accountID.utf8.count == 12, wanted.accountID.utf8.allSatisfy(isDigit) else {
            throw StepError(.usage, "'\(wanted.accountID)' is not the id of an AWS account: 12 digits")
        }
    }

    /// What can be said of the names before anybody is asked.
    package static func check(name: String, datastoreName: String) throws(StepError) {
        guard ResourceNames.isStackName(name) else {
            throw StepError(
                .usage,
                "'\(name)' cannot be a stack's name: 1 to 128 letters, digits and hyphens, the first a letter"
            )
        }
        guard ResourceNames.isDatastoreName(datastoreName) else {
            throw StepError(
                .usage,
                "'\(datastoreName)' cannot be a data store's name: 1 to 256 letters, digits and . _ / # -")
        }
    }
}
