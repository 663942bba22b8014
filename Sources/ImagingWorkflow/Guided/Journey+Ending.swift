import FrameEngine

extension Journey {
    /// Asks whether to delete, and deletes or says what stays.
    func end() async throws {
        dialogue.tell(.explain(.cleanUp))
        let deletes: Bool
        if let answered = answers.deletes ?? state.deletesAtEnd {
            deletes = answered
        } else {
            deletes = try await ask(.delete, as: Self.yesOrNo)
        }
        state.deletesAtEnd = deletes
        try save()
        if deletes { try await deleteAll() } else { dialogue.tell(.kept(state)) }
        try advance(to: .finished)
    }

    /// Deletes in the order in which things depend on each other; what is done already is not done again.
    func deleteAll() async throws {
        if let resources = state.resources {
            try await awaitJob(resources)
            try await deleteImageSets(resources)
            try await deleteObjects(resources)
        }
        guard let stack = state.stack, !state.cleanUp.stackDeleted else { return }
        try await steps.deleteStack(stack, progress: progress)
        state.cleanUp.stackDeleted = true
        dialogue.tell(.deletedStack(name: stack.name))
        try save()
    }

    /// A job that still runs would go on making image sets. How it ends plays no part any more.
    private func awaitJob(_ resources: JourneyResources) async throws {
        guard state.phase == .importing, let jobID = state.jobID else { return }
        do {
            let location = try await steps.followImport(jobID, in: resources.datastoreID, progress: progress)
            guard !state.ownsResources else { return }
            state.imageSets = try await steps.readOutput(of: location, progress: progress).imageSets
            try save()
        } catch let error as StepError where error.reason == .service {
            return
        }
    }

    /// Everything of a data store of this run's own; of one that was there before only what the job made.
    ///
    /// As long as the stack is there, its data store is looked into again: a job whose start this run did not live to
    /// note may have made image sets since, and with any left the stack cannot be deleted.
    private func deleteImageSets(_ resources: JourneyResources) async throws {
        if state.ownsResources {
            guard !state.cleanUp.stackDeleted else { return }
            let count = try await steps.deleteImageSets(nil, in: resources.datastoreID, progress: progress)
            if count == 0, state.cleanUp.imageSetsDeleted != nil { return }
            state.cleanUp.imageSetsDeleted = count + (state.cleanUp.imageSetsDeleted ?? 0)
        } else {
            guard state.cleanUp.imageSetsDeleted == nil else { return }
            let own = state.imageSets.filter { !$0.existedBefore }
            let count =
                own.isEmpty
                ? 0
                : try await steps.deleteImageSets(
                    own.map(\.id), in: resources.datastoreID, progress: progress)
            state.cleanUp.imageSetsDeleted = count
            let kept = state.imageSets.count - own.count
            if kept > 0 { dialogue.tell(.keptImageSets(kept)) }
        }
        dialogue.tell(.deletedImageSets(state.cleanUp.imageSetsDeleted ?? 0))
        try save()
    }

    private func deleteObjects(_ resources: JourneyResources) async throws {
        guard state.cleanUp.objectsDeleted == nil else { return }
        let locations =
            state.ownsResources
            ? resources.buckets.map { S3Location(bucket: $0, prefix: "") }
            : [
                S3Location(bucket: resources.inputBucket, prefix: state.inputPrefix),
                S3Location(bucket: resources.outputBucket, prefix: state.outputPrefix),
            ]
        var count = 0
        for location in locations {
            count += try await steps.deleteObjects(below: location, progress: progress)
        }
        state.cleanUp.objectsDeleted = count
        dialogue.tell(.deletedObjects(count))
        try save()
    }
}
