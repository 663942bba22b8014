import FrameEngine

/// Something that the guided workflow tells, in the order in which it happens.
package enum JourneyEvent: Sendable {
    /// A new run begins, or a broken one goes on.
    case began(JourneyState, resumed: Bool)
    /// What comes next, to be explained.
    case explain(JourneyTopic)
    /// The answer to a question is none of the possible ones.
    case notUnderstood(JourneyQuestion)
    case creatingStack(JourneyStack)
    case resources(JourneyResources, stack: JourneyStack?)
    case chosen(JourneySource)
    case copied(JourneyState.Copied, to: S3Location)
    case importStarted(jobID: String, output: String)
    case imported(ImportSummary, jobOutput: String)
    case imageSets([ImportedImageSet])
    /// The metadata of one image set is on disk.
    case described(ImageSetDescription)
    case fetched(JourneyFrames)
    /// Existing image sets that the job added to are not this run's to delete.
    case keptImageSets(Int)
    case deletedImageSets(Int)
    case deletedObjects(Int)
    case deletedStack(name: String)
    /// The run leaves everything where it is.
    case kept(JourneyState)
    case finished(JourneyState)
    /// How far the present step is.
    case progress(JourneyProgress)
}

/// What the workflow explains before it does it.
package enum JourneyTopic: String, Sendable {
    case welcome
    /// Of a run that stays on this machine.
    case localWelcome
    case stack
    case existingResources
    case studies
    case copy
    case importJob
    case imageSets
    case metadata
    case frames
    case cleanUp
}

/// How far a step is.
package enum JourneyProgress: Sendable {
    /// A line of the stack's own events, or its status.
    case stack(String)
    case objects(done: Int, total: Int?)
    case importJob(status: String, elapsed: Duration)
    case manifest(attempt: Int)
    case imageSetsDescribed(done: Int, total: Int)
    case frames(FetchProgress, elapsed: Duration)
    case imageSetsDeleted(done: Int, total: Int, left: Duration)
    case objectsDeleted(Int)
}

/// Is told how far a step is, from any thread.
package typealias JourneyObserver = @Sendable (JourneyProgress) -> Void
