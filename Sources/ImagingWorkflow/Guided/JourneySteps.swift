import FrameEngine

/// What the guided workflow has done for it, each step alone. Any thread; steps are called one after the other.
///
/// Every step is safe to repeat: a run that broke in it does it again. Errors are `StageError`s and
/// `CancellationError`.
package protocol JourneySteps: Sendable {
    /// The id of the account that the stack is to be made in.
    func account() async throws -> String

    /// Asks for the stack, or finds the one that an earlier call with the same token made.
    ///
    /// - Returns: the stack's ARN, before its resources are there.
    func requestStack(_ stack: JourneyStack, account: String) async throws -> String

    /// Waits for the stack and returns its outputs.
    func awaitStack(_ stack: JourneyStack, progress: @escaping JourneyObserver) async throws
        -> JourneyResources

    /// Fails unless the data store is active and the buckets are there.
    func check(_ resources: JourneyResources) async throws

    /// Puts the source's files below `destination`; what is there already is put there again.
    func copy(
        _ source: JourneySource, to destination: S3Location, progress: @escaping JourneyObserver
    ) async throws -> JourneyState.Copied

    /// Starts the job; the same `token` again gives the same job.
    ///
    /// - Parameter isRoleNew: the role has just been made, and may be refused for some seconds.
    /// - Returns: the job's id.
    func startImport(
        _ resources: JourneyResources, input: S3Location, output: S3Location, token: String, isRoleNew: Bool,
        progress: @escaping JourneyObserver
    ) async throws -> String

    /// Follows the job to its end.
    ///
    /// - Returns: the job's own output folder.
    /// - Throws: `StepError` of reason `.service`, with the job's message, where it failed.
    func followImport(
        _ jobID: String, in datastoreID: HealthImagingID, progress: @escaping JourneyObserver
    ) async throws -> S3Location

    /// Reads the job's manifest and lists; they may come later than the job's end.
    func readOutput(
        of job: S3Location, progress: @escaping JourneyObserver
    ) async throws -> (summary: ImportSummary, imageSets: [ImportedImageSet])

    /// Saves the image set's gzipped metadata at `path`, and reads it.
    func describe(
        _ imageSet: ImportedImageSet, in datastoreID: HealthImagingID, savingTo path: String
    ) async throws -> ImageSetDescription

    /// Fetches, decodes and verifies every frame that the metadata files name into `folder`.
    func fetchFrames(
        metadataFiles: [String], into folder: String, progress: @escaping JourneyObserver
    ) async throws -> JourneyFrames

    /// Deletes image sets, those named or all of the data store (nil), and waits until they are gone.
    ///
    /// - Returns: how many there were.
    func deleteImageSets(
        _ ids: [HealthImagingID]?, in datastoreID: HealthImagingID, progress: @escaping JourneyObserver
    ) async throws -> Int

    /// Deletes every object, in all of its versions, below a prefix; an empty one is the whole bucket.
    ///
    /// - Returns: how many there were.
    func deleteObjects(below location: S3Location, progress: @escaping JourneyObserver) async throws -> Int

    /// Deletes the stack and waits until it is gone; one that is gone already is a success.
    ///
    /// - Parameter stack: without an `id` only a stack that carries its token is deleted.
    func deleteStack(_ stack: JourneyStack, progress: @escaping JourneyObserver) async throws
}
