/// A selection that names nothing to fetch.
public struct SelectionError: StageError, Equatable {
    public let code: String
    public let message: String

    public var stage: Stage { .plan }
    public var isRetryable: Bool { false }

    /// A search without a result: finding nothing is never a silent success.
    static func nothingFound(_ selection: String) -> SelectionError {
        SelectionError(
            code: "nothing-found",
            message: "\(selection): no image set found; check the ids and the region")
    }

    /// A server that answers for another image set than it was asked for: nothing of that may be taken for this.
    static func anotherImageSet(than asked: HealthImagingID, got: HealthImagingID) -> SelectionError {
        SelectionError(
            code: "another-image-set",
            message: "the service answered with the metadata of image set \(got), or of another data store, "
                + "when asked for \(asked); check --endpoint-url")
    }

    /// Ids without the data store they belong to.
    static let noDatastore = SelectionError(
        code: "no-datastore",
        message: "an image set, study or series needs its data store; give --datastore ID")
}
