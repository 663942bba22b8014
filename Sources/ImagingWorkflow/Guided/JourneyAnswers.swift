/// Answers that the command line gives ahead. What is nil is asked.
package struct JourneyAnswers: Sendable {
    package static let stackName = "hi-fetch-workflow"
    package static let datastoreName = "hi_fetch_workflow"

    package var deploysStack: Bool?
    package var stackName: String?
    package var datastoreName: String?
    /// Resources that are there already; given one by one, so some may be asked for.
    package var datastoreID: String?
    package var inputBucket: String?
    package var outputBucket: String?
    package var roleARN: String?
    package var source: JourneySource?
    /// Whether everything is deleted at the end.
    package var deletes: Bool?
    /// Whether to go on without waiting for Enter.
    package var skipsPauses = false

    package init() {}

    /// The answer to everything that is still open, so that nothing is asked.
    package mutating func acceptAll() {
        let hasExisting = [datastoreID, inputBucket, outputBucket, roleARN].contains { $0 != nil }
        deploysStack = deploysStack ?? !hasExisting
        stackName = stackName ?? Self.stackName
        datastoreName = datastoreName ?? Self.datastoreName
        source = source ?? .study(0)
        deletes = deletes ?? true
        skipsPauses = true
    }
}
