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

/// A word as a shell reads it.
enum ShellWord {
    /// `text` as it is, or in quotes where the shell would take it apart.
    static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "/._-:=@%+,".utf8.contains(byte)
        }
        return isPlain && !text.isEmpty ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
}
