extension JourneyState {
    /// What cannot be true of a state that a journey wrote; nil when nothing is wrong.
    ///
    /// The file's values become names of folders, of buckets and of resources to delete, so they are looked at first.
    package var problem: String? {
        if runID.utf8.count != 12 || !runID.utf8.allSatisfy(Self.isHexDigit) { return "runID" }
        if region.isEmpty || region.utf8.count > 63 || !region.utf8.allSatisfy(Self.isLabelByte) {
            return "region"
        }
        if let stack, let problem = Self.problem(of: stack) { return problem }
        if let resources {
            for bucket in resources.buckets where !ResourceNames.isBucketName(bucket) { return "resources" }
            if !ResourceNames.isRoleARN(resources.roleARN) { return "resources.roleARN" }
        }
        if case .study(let index) = source, !IDCStudy.all.indices.contains(index) { return "source" }
        if case .bucket(let name, _) = source, !ResourceNames.isBucketName(name) { return "source" }
        if let jobID, !ResourceNames.isJobID(jobID) { return "jobID" }
        if jobsFailed < 0 { return "jobsFailed" }
        if let jobOutput, S3Location(jobOutput) == nil { return "jobOutput" }
        return missing
    }

    /// What a phase cannot be without.
    private var missing: String? {
        let needed: [(Phase, Bool, String)] = [
            (.prepared, resources != nil, "resources"), (.chosen, source != nil, "source"),
            (.copied, copied != nil, "copied"), (.importing, jobID != nil, "jobID"),
            (.imported, jobOutput != nil && summary != nil, "summary"), (.fetched, frames != nil, "frames"),
        ]
        // A clean-up may end a journey at any phase.
        guard phase != .finished else { return nil }
        for (phase, isThere, name) in needed where self.phase >= phase && !isThere {
            return "\(name) is missing"
        }
        return nil
    }

    private static func problem(of stack: JourneyStack) -> String? {
        if !ResourceNames.isStackName(stack.name) { return "stack.name" }
        if !ResourceNames.isDatastoreName(stack.datastoreName) { return "stack.datastoreName" }
        if stack.token.isEmpty || stack.token.utf8.count > 128 { return "stack.token" }
        return nil
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        ResourceNames.isLetter(byte) || ResourceNames.isDigit(byte) || byte == 0x2d
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        ResourceNames.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
