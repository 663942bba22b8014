import FrameEngine

/// The command line of the example.
struct Arguments {
    static let usage = """
        usage: FrameStatistics [--endpoint-url URL] [--no-sign-request] DATASTORE-ID IMAGE-SET-ID

        Prints the least, the greatest and the mean sample of each frame of an image set.
        """

    var endpointURL: String?
    var noSignRequest = false
    let datastore: HealthImagingID
    let imageSet: HealthImagingID

    /// Nil when the arguments make no sense.
    init?(_ arguments: some Sequence<String>) {
        var ids: [HealthImagingID] = []
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            switch argument {
            case "--endpoint-url":
                guard let url = rest.next() else { return nil }
                endpointURL = url
            case "--no-sign-request":
                noSignRequest = true
            default:
                // Ids are checked where they are made: 32 characters of 0-9a-z.
                guard let id = HealthImagingID(argument) else { return nil }
                ids.append(id)
            }
        }
        guard ids.count == 2 else { return nil }
        datastore = ids[0]
        imageSet = ids[1]
    }
}
