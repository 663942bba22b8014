import FrameEngine

extension Journey {
    /// Gets the resources: a stack that is made, or those that are named.
    func prepare() async throws {
        // A run that broke while its stack was being made goes on with that stack.
        let deploys: Bool
        if state.stack != nil {
            deploys = true
        } else if let given = answers.deploysStack {
            deploys = given
        } else if answers.namesExistingResources {
            deploys = false
        } else {
            deploys = try await ask(.deployStack, as: Self.yesOrNo)
        }
        let resources = deploys ? try await makeStack() : try await nameExisting()
        state.resources = resources
        dialogue.tell(.resources(resources, stack: state.stack))
        try advance(to: .prepared)
    }

    private func makeStack() async throws -> JourneyResources {
        var stack: JourneyStack
        if let begun = state.stack {
            stack = begun
        } else {
            dialogue.tell(.explain(.stack))
            let name = try await answered(
                answers.stackName, .stackName(suggestion: JourneyAnswers.stackName),
                suggestion: JourneyAnswers.stackName, ResourceNames.isStackName)
            let datastoreName = try await answered(
                answers.datastoreName, .datastoreName(suggestion: JourneyAnswers.datastoreName),
                suggestion: JourneyAnswers.datastoreName, ResourceNames.isDatastoreName)
            stack = JourneyStack(name: name, datastoreName: datastoreName, token: "hi-fetch-\(state.runID)")
        }
        // Asked first: a service that is not there, or does not know the caller, leaves nothing in doubt.
        let account = try await steps.account()
        // Kept before it is asked for: if this run breaks now, the next one knows what to look for.
        state.stack = stack
        try save()
        dialogue.tell(.creatingStack(stack))
        do {
            stack.id = try await steps.requestStack(stack, account: account)
        } catch let error as any StageError where Self.saysNothingWasMade(error) {
            // Refused: there is no stack of this run, and one of the same name is somebody else's.
            if stack.id == nil {
                state.stack = nil
                try save()
            }
            throw error
        }
        state.stack = stack
        try save()
        return try await steps.awaitStack(stack, progress: progress)
    }

    private static func saysNothingWasMade(_ error: any StageError) -> Bool {
        switch error {
        case let error as ServiceError: (400..<500).contains(error.status) && error.kind != .throttling
        case let error as StepError: error.reason == .exists || error.reason == .usage
        case is CredentialsError, is SettingsError: true
        default: false
        }
    }

    private func nameExisting() async throws -> JourneyResources {
        dialogue.tell(.explain(.existingResources))
        let datastore = try await answered(answers.datastoreID, .datastoreID) { HealthImagingID($0) != nil }
        let input = try await answered(answers.inputBucket, .inputBucket, ResourceNames.isBucketName)
        let output = try await answered(answers.outputBucket, .outputBucket, ResourceNames.isBucketName)
        let role = try await answered(answers.roleARN, .roleARN, ResourceNames.isRoleARN)
        guard let datastoreID = HealthImagingID(datastore) else {
            throw JourneyError(
                .usage, "'\(datastore)' is not the id of a data store: 32 characters of 0-9 and a-z")
        }
        let resources = JourneyResources(
            datastoreID: datastoreID, inputBucket: input, outputBucket: output, roleARN: role)
        try await steps.check(resources)
        return resources
    }

    /// The answer given ahead, or a person's; an empty line takes the suggestion.
    private func answered(
        _ given: String?, _ question: JourneyQuestion, suggestion: String? = nil,
        _ isPossible: (String) -> Bool
    ) async throws -> String {
        if let given {
            guard isPossible(given) else {
                throw JourneyError(.usage, "'\(given)' is not possible as \(question.subject)")
            }
            return given
        }
        return try await ask(question) { text in
            let answer = text.isEmpty ? suggestion ?? "" : text
            return isPossible(answer) ? answer : nil
        }
    }

    /// `y`, `yes`, `n`, `no`, in capitals or not.
    static func yesOrNo(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "y", "yes": true
        case "n", "no": false
        default: nil
        }
    }
}

extension JourneyQuestion {
    /// What the answer is, for an error.
    package var subject: String {
        switch self {
        case .stackName: "the name of a stack: a letter, then letters, digits and hyphens"
        case .datastoreName: "the name of a data store: letters, digits and . _ / # -"
        case .datastoreID: "the id of a data store: 32 characters of 0-9 and a-z"
        case .inputBucket, .outputBucket: "the name of a bucket"
        case .roleARN: "the ARN of a role: arn:aws:iam::123456789012:role/name"
        case .study: "the number of a study: 1 to \(IDCStudy.all.count)"
        case .deployStack, .delete, .cleanUp: "an answer: y or n"
        case .pause: "Enter"
        }
    }
}

extension JourneyAnswers {
    /// Whether resources that exist already are named.
    package var namesExistingResources: Bool {
        [datastoreID, inputBucket, outputBucket, roleARN].contains { $0 != nil }
    }
}
