/// A question of the guided workflow.
package enum JourneyQuestion: Hashable, Sendable {
    case deployStack
    case stackName(suggestion: String)
    case datastoreName(suggestion: String)
    case datastoreID
    case inputBucket
    case outputBucket
    case roleARN
    /// One of the public studies, 1 to `IDCStudy.all.count`.
    case study
    /// Press Enter.
    case pause(JourneyPause)
    /// Whether to delete, at the end, what the run made.
    case delete
    /// Whether to delete what a broken run has left.
    case cleanUp
}

/// Where the workflow waits for Enter.
package enum JourneyPause: String, Hashable, Sendable {
    case beforeCopy
    case beforeImport
    case beforeImageSets
    case beforeMetadata
    case beforeFrames
}
