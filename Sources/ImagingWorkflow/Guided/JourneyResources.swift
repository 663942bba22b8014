import FrameEngine

/// What an import needs: a data store, two buckets (perhaps the same one), a role that the import job assumes.
package struct JourneyResources: Codable, Hashable, Sendable {
    package let datastoreID: HealthImagingID
    package let inputBucket: String
    package let outputBucket: String
    package let roleARN: String

    package init(
        datastoreID: HealthImagingID, inputBucket: String, outputBucket: String, roleARN: String
    ) {
        self.datastoreID = datastoreID
        self.inputBucket = inputBucket
        self.outputBucket = outputBucket
        self.roleARN = roleARN
    }

    /// Both buckets, once each, the input's first.
    package var buckets: [String] {
        inputBucket == outputBucket ? [inputBucket] : [inputBucket, outputBucket]
    }
}

/// A stack that a journey makes. It is recorded before it is asked for, so that a run that breaks there finds it again.
package struct JourneyStack: Codable, Hashable, Sendable {
    package let name: String
    package let datastoreName: String
    /// What the request carried, so that the stack can be told from another one of the same name.
    package let token: String
    /// The stack's own ARN, once the service has told it: from then on it is known to be this journey's.
    package var id: String?

    package init(name: String, datastoreName: String, token: String, id: String? = nil) {
        self.name = name
        self.datastoreName = datastoreName
        self.token = token
        self.id = id
    }
}
