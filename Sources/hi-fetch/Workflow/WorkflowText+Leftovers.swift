import ImagingWorkflow

extension WorkflowText {
    /// What a run has made so far and not deleted, a line each; empty when there is nothing.
    static func leftovers(_ state: JourneyState) -> [String] {
        var lines: [String] = []
        if let stack = state.stack, !state.cleanUp.stackDeleted {
            lines.append(
                stack.id.map { "  Stack \(stack.name): \(Console.oneLine($0))" }
                    ?? "  Stack \(stack.name): asked for; whether it was made is not known")
        }
        guard let resources = state.resources else { return lines }
        if state.ownsResources, !state.cleanUp.stackDeleted {
            lines.append("  Data store \(resources.datastoreID)")
            lines += resources.buckets.map { "  Bucket \($0)" }
            lines.append("  Role \(Console.oneLine(resources.roleARN))")
        }
        if state.phase >= .chosen, state.cleanUp.objectsDeleted == nil {
            let count = state.copied.map { Formatting.count($0.objects, of: "object") } ?? "perhaps objects"
            lines.append("  \(count) below s3://\(resources.inputBucket)/\(state.inputPrefix)")
        }
        if let jobID = state.jobID, state.cleanUp.imageSetsDeleted == nil {
            lines.append(
                state.summary == nil
                    ? "  Import job \(jobID) of data store \(resources.datastoreID), and what it makes"
                    : "  \(Formatting.count(state.imageSets.count, of: "image set")) of import job \(jobID) in data "
                        + "store \(resources.datastoreID)")
        }
        return lines
    }
}
