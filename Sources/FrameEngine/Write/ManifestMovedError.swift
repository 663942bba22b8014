/// The manifest is no longer where a run has opened it, so that what the run wrote is not in one place any more.
public struct ManifestMovedError: StageError {
    public let path: String

    public var stage: Stage { .write }
    public var code: String { "manifest-moved" }
    public var isRetryable: Bool { false }

    public var message: String {
        "\(path) was moved, replaced or removed while frames were written beside it; put it, or its folder, back in "
            + "place and run the same command again"
    }
}
