import FrameEngine

/// The guided workflow: which question, which step, which explanation comes when. It prints nothing and calls no
/// service itself.
///
/// After each step its result is kept in the store, so that another journey can go on from there. Make one, then call
/// `run` or `cleanUp`, and afterwards look at `state` for what exists now.
package actor Journey {
    /// Told at the end of `run`.
    package enum Ending: Sendable, Equatable {
        /// Everything was imported, fetched and verified.
        case complete
        /// Files were not imported, or frames not verified.
        case someFailed
    }

    private static let wrongAnswersLimit = 20

    package internal(set) var state: JourneyState
    let steps: any JourneySteps
    let dialogue: any JourneyDialogue
    let answers: JourneyAnswers
    private let store: any JourneyStore
    /// The folder for metadata and frames.
    private let outputFolder: String
    private let isResumed: Bool

    /// - Parameters:
    ///   - state: a new one, or that of the run to go on with.
    ///   - outputFolder: must exist.
    package init(
        state: JourneyState, isResumed: Bool = false, outputFolder: String, answers: JourneyAnswers,
        steps: any JourneySteps, dialogue: any JourneyDialogue, store: any JourneyStore
    ) {
        self.state = state
        self.isResumed = isResumed
        self.outputFolder = outputFolder
        self.answers = answers
        self.steps = steps
        self.dialogue = dialogue
        self.store = store
    }

    /// The whole way, or what is left of it.
    ///
    /// - Throws: what a step throws; `state` then says how far it came.
    package func run() async throws -> Ending {
        try save()
        dialogue.tell(.began(state, resumed: isResumed))
        if !isResumed { dialogue.tell(.explain(state.isLocal ? .localWelcome : .welcome)) }
        if state.phase < .prepared { try await prepare() }
        if state.phase < .chosen { try await chooseSource() }
        if state.phase < .copied { try await copy() }
        if state.phase < .importing { try await startImport() }
        if state.phase < .imported { try await followImport() }
        if state.phase < .fetched { try await describeAndFetch() }
        if state.phase < .finished { try await end() }
        dialogue.tell(.finished(state))
        let isComplete = state.summary?.failed == 0 && state.frames?.isComplete == true
        return isComplete ? .complete : .someFailed
    }

    /// Deletes what the run has left, without a question.
    ///
    /// - Throws: what a step throws; what was deleted until then is in `state`.
    package func cleanUp() async throws {
        state.deletesAtEnd = true
        try save()
        try await deleteAll()
        state.phase = .finished
        try save()
    }

    // MARK: The steps in between

    private func chooseSource() async throws {
        let source: JourneySource
        if let given = state.source ?? answers.source {
            source = given
        } else {
            dialogue.tell(.explain(.studies))
            source = .study(try await ask(.study, as: Self.studyIndex))
        }
        state.source = source
        dialogue.tell(.chosen(source))
        try advance(to: .chosen)
    }

    private func copy() async throws {
        let (resources, source) = try (preparedResources, chosenSource)
        let destination = S3Location(bucket: resources.inputBucket, prefix: state.inputPrefix)
        dialogue.tell(.explain(.copy))
        try await pause(.beforeCopy)
        let copied = try await steps.copy(source, to: destination, progress: progress)
        guard copied.objects > 0 else {
            throw JourneyError(
                .input, "\(source.title): there is nothing to copy; look at the bucket and the prefix")
        }
        state.copied = copied
        dialogue.tell(.copied(copied, to: destination))
        try advance(to: .copied)
    }

    private func startImport() async throws {
        let resources = try preparedResources
        dialogue.tell(.explain(.importJob))
        try await pause(.beforeImport)
        let output = S3Location(bucket: resources.outputBucket, prefix: state.outputPrefix)
        let jobID = try await steps.startImport(
            resources, input: S3Location(bucket: resources.inputBucket, prefix: state.inputPrefix),
            output: output, token: state.importToken, isRoleNew: state.ownsResources, progress: progress)
        guard ResourceNames.isJobID(jobID) else {
            throw JourneyError(.service, "StartDICOMImportJob: the service gave the job an id that is none")
        }
        state.jobID = jobID
        dialogue.tell(.importStarted(jobID: jobID, output: output.description))
        try advance(to: .importing)
    }

    private func followImport() async throws {
        let resources = try preparedResources
        guard let jobID = state.jobID else { throw Self.incomplete("jobID") }
        let location: S3Location
        do {
            location = try await steps.followImport(jobID, in: resources.datastoreID, progress: progress)
        } catch let error as StepError where error.reason == .service {
            // The job is over and will not end otherwise: a run that goes on must start another.
            state.jobID = nil
            state.jobsFailed += 1
            try advance(to: .copied, backwards: true)
            throw error
        }
        dialogue.tell(.explain(.imageSets))
        try await pause(.beforeImageSets)
        let (summary, imageSets) = try await steps.readOutput(of: location, progress: progress)
        state.jobOutput = location.description
        state.summary = summary
        state.imageSets = imageSets
        dialogue.tell(.imported(summary, jobOutput: location.description))
        dialogue.tell(.imageSets(imageSets))
        try advance(to: .imported)
        guard !imageSets.isEmpty else {
            throw JourneyError(
                .input,
                "import job \(jobID) made no image set: none of \(summary.scanned) files was imported. "
                    + "\(location)FAILURE/failure.ndjson says why")
        }
    }

    /// One step for a run that goes on: files that were lost since then are made again.
    private func describeAndFetch() async throws {
        let resources = try preparedResources
        guard let framesFolder = state.framesFolder else { throw Self.incomplete("jobID") }
        let folder = "\(outputFolder)/\(framesFolder)"
        dialogue.tell(.explain(.metadata))
        try await pause(.beforeMetadata)
        var files: [String] = []
        for (index, imageSet) in state.imageSets.enumerated() {
            dialogue.tell(.progress(.imageSetsDescribed(done: index, total: state.imageSets.count)))
            let path = "\(folder)_metadata/\(imageSet.id).json.gz"
            let description = try await steps.describe(imageSet, in: resources.datastoreID, savingTo: path)
            dialogue.tell(.described(description))
            files.append(path)
        }
        try advance(to: .described)
        dialogue.tell(.explain(.frames))
        try await pause(.beforeFrames)
        let frames = try await steps.fetchFrames(metadataFiles: files, into: folder, progress: progress)
        state.frames = frames
        dialogue.tell(.fetched(frames))
        try advance(to: .fetched)
    }

    // MARK: Parts

    /// Every step tells its progress here.
    var progress: JourneyObserver {
        { [dialogue] progress in dialogue.tell(.progress(progress)) }
    }

    var preparedResources: JourneyResources {
        get throws {
            guard let resources = state.resources else { throw Self.incomplete("resources") }
            return resources
        }
    }

    private var chosenSource: JourneySource {
        get throws {
            guard let source = state.source else { throw Self.incomplete("source") }
            return source
        }
    }

    func advance(to phase: JourneyState.Phase, backwards: Bool = false) throws {
        if backwards || phase > state.phase { state.phase = phase }
        try save()
    }

    func save() throws { try store.save(state) }

    /// Asks until the answer is one; `read` gives nil for what is none.
    func ask<Answer>(_ question: JourneyQuestion, as read: (String) -> Answer?) async throws -> Answer {
        // Whoever gives that many wrong answers is a program, and would go on for ever.
        for _ in 0..<Self.wrongAnswersLimit {
            let text = try await dialogue.ask(question)
            if let answer = read(text) { return answer }
            dialogue.tell(.notUnderstood(question))
        }
        throw JourneyError(
            .noAnswer, "none of \(Self.wrongAnswersLimit) answers was \(question.subject)")
    }

    private func pause(_ pause: JourneyPause) async throws {
        if !answers.skipsPauses { _ = try await dialogue.ask(.pause(pause)) }
    }

    private static func studyIndex(_ text: String) -> Int? {
        Int(text).flatMap { IDCStudy.all.indices.contains($0 - 1) ? $0 - 1 : nil }
    }

    /// The state's own check rules this out.
    private static func incomplete(_ name: String) -> JourneyError {
        JourneyError(.damagedState, "the workflow's state lacks its \(name)")
    }
}
