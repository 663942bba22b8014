/// How fetching all frames of a journey ended.
package struct JourneyFrames: Codable, Hashable, Sendable {
    package var planned: Int
    package var verified: Int
    /// Verified by an earlier run into the same folder.
    package var resumed: Int
    package var unverifiable: Int
    package var mismatched: Int
    package var failed: Int
    /// Image sets of which nothing could be fetched.
    package var imageSetsFailed: Int
    /// As served, in bytes.
    package var encodedBytes: Int
    /// After decoding, in bytes.
    package var decodedBytes: Int
    package var seconds: Double
    /// The folder that they lie in.
    package var folder: String

    package init(
        planned: Int, verified: Int, resumed: Int = 0, unverifiable: Int = 0, mismatched: Int = 0,
        failed: Int = 0,
        imageSetsFailed: Int = 0, encodedBytes: Int = 0, decodedBytes: Int = 0, seconds: Double = 0,
        folder: String
    ) {
        self.planned = planned
        self.verified = verified
        self.resumed = resumed
        self.unverifiable = unverifiable
        self.mismatched = mismatched
        self.failed = failed
        self.imageSetsFailed = imageSetsFailed
        self.encodedBytes = encodedBytes
        self.decodedBytes = decodedBytes
        self.seconds = seconds
        self.folder = folder
    }

    /// Whether every frame that was planned is on disk.
    package var isComplete: Bool {
        mismatched + failed + imageSetsFailed == 0 && verified + resumed + unverifiable == planned
    }
}
