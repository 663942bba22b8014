extension MetadataPlanner {
    /// Describes all frames of one metadata document, in the order in which `plan` lists them.
    ///
    /// - Parameters: as those of `plan`.
    public static func describe(
        _ document: UnsafeRawBufferPointer, source: String
    ) throws(PlanError) -> [FrameDescription] {
        let json: [UInt8]
        if Gzip.isGzip(document) {
            do {
                json = try Gzip.inflate(document, limit: inflatedBytesLimit)
            } catch {
                throw PlanError(.gzip, "\(source): the gzip data is damaged, cut short, or far too large")
            }
        } else {
            json = Array(document)
        }
        let result = json.withUnsafeBytes { bytes in
            Result { () throws(PlanError) in try describe(json: bytes, source: source) }
        }
        return try result.get()
    }

    /// What the plan leaves out of one frame.
    private struct Values {
        var slope: String?
        var intercept: String?
        var minimum: Int?
        var maximum: Int?
    }

    private static func describe(
        json: UnsafeRawBufferPointer, source: String
    ) throws(PlanError) -> [FrameDescription] {
        // The plan says what is wrong with a document, and in which order frames go.
        let plan = try plan(json, source: source)
        let values: [HealthImagingID: Values]
        do {
            let document = try JSONDocument(parsing: json)
            values = document.withRoot(values(in:))
        } catch {
            throw PlanError(.json, "\(source): not valid JSON; it may be cut short. Fetch the metadata again")
        }
        return plan.frames.map { frame in
            let values = values[frame.imageFrameID] ?? Values()
            return FrameDescription(
                imageFrameID: frame.imageFrameID, seriesInstanceUID: frame.instance.seriesInstanceUID,
                sopInstanceUID: frame.instance.sopInstanceUID, frameNumber: frame.frameNumber,
                rescaleSlope: values.slope, rescaleIntercept: values.intercept, minimum: values.minimum,
                maximum: values.maximum, checksum: frame.checksum,
                lowerResolutions: frame.lowerResolutionChecksums.count)
        }
    }

    private static func values(in root: JSONValue) -> [HealthImagingID: Values] {
        var found: [HealthImagingID: Values] = [:]
        root["Study"]?["Series"]?.forEachMember { _, series in
            series["Instances"]?.forEachMember { _, instance in
                let attributes = instance["DICOM"]
                let slope = attributes?["RescaleSlope"]?.paddedString
                let intercept = attributes?["RescaleIntercept"]?.paddedString
                instance["ImageFrames"]?.forEachMember { _, frame in
                    guard let id = frame["ID"]?.string.flatMap(HealthImagingID.init(_:)) else { return }
                    found[id] = Values(
                        slope: slope, intercept: intercept, minimum: frame["MinPixelValue"]?.integer,
                        maximum: frame["MaxPixelValue"]?.integer)
                }
            }
        }
        return found
    }
}
