import FrameEngine

/// The metadata of one image set: one series of one study, in the service's schema 1.1.
struct ImageSetDocument: Sendable {
    /// One element of an instance's `ImageFrames`.
    struct Frame: Sendable {
        let id: HealthImagingID
        /// Of the full resolution.
        let checksum: ResolutionChecksum
        /// Of the lower ones, lowest first; none for frames kept as imported. The service listed them until about
        /// November 2024 and lists the full resolution alone since (developer guide, pixel data verification).
        var lowerChecksums: [ResolutionChecksum] = []
        /// Stored pixel values over all components; nil for frames kept as imported.
        let pixelValues: ClosedRange<Int>?
        /// Of the frame as served.
        let sizeInBytes: Int
    }

    /// One SOP instance.
    struct Instance: Sendable {
        var sopInstanceUID: String
        var attributes: [MetadataAttribute]
        /// The VRs of the attributes whose key is a tag.
        var unknownVRs: [(tag: String, vr: String)]
        /// Nil when there is no pixel data.
        let storedTransferSyntax: TransferSyntax?
        /// In DICOM frame order.
        let frames: [Frame]
    }

    let datastoreID: HealthImagingID
    var imageSetID: HealthImagingID
    var patient: [MetadataAttribute]
    var study: [MetadataAttribute]
    var seriesInstanceUID: String
    var series: [MetadataAttribute]
    var instances: [Instance]

    /// The document as UTF-8 JSON. Instances come in the order of their UIDs, as the service writes them.
    func serialized() -> [UInt8] {
        var writer = Writer()
        writer.text(
            "{\"SchemaVersion\":\"1.1\",\"DatastoreID\":\"\(datastoreID)\",\"ImageSetID\":\"\(imageSetID)\",")
        writer.text("\"Patient\":{\"DICOM\":")
        writer.attributes(patient)
        writer.text("},\"Study\":{\"DICOM\":")
        writer.attributes(study)
        writer.text(",\"Series\":{\(JSONText.quoted(seriesInstanceUID)):{\"DICOM\":")
        writer.attributes(series)
        writer.text(",\"Instances\":{")
        let ordered = instances.sorted { $0.sopInstanceUID < $1.sopInstanceUID }
        for (index, instance) in ordered.enumerated() {
            if index > 0 { writer.text(",") }
            writer.instance(instance)
        }
        writer.text("}}}}}")
        return writer.bytes
    }

    private struct Writer {
        var bytes: [UInt8] = []

        mutating func text(_ text: String) { bytes += text.utf8 }

        mutating func attributes(_ attributes: [MetadataAttribute]) {
            text("{")
            for (index, attribute) in attributes.enumerated() {
                text(index > 0 ? ",\"" : "\"")
                text(attribute.key)
                text("\":")
                text(attribute.json)
            }
            text("}")
        }

        mutating func instance(_ instance: Instance) {
            text("\(JSONText.quoted(instance.sopInstanceUID)):{\"DICOM\":")
            attributes(instance.attributes)
            text(",\"DICOMVRs\":{")
            text(instance.unknownVRs.map { "\"\($0.tag)\":\"\($0.vr)\"" }.joined(separator: ","))
            text("},")
            if let syntax = instance.storedTransferSyntax {
                text("\"StoredTransferSyntaxUID\":\"\(syntax.uid)\",")
                // The only value that any document of the service shows; of originals it is not known.
                if syntax.isTranscodedByService { text("\"ChecksumType\":\"DECOMPRESSED\",") }
            }
            text("\"ImageFrames\":[")
            for (index, item) in instance.frames.enumerated() {
                if index > 0 { text(",") }
                frame(item)
            }
            text("]}")
        }

        private mutating func frame(_ frame: Frame) {
            text("{\"ID\":\"\(frame.id)\",\"PixelDataChecksumFromBaseToFullResolution\":[")
            for sum in frame.lowerChecksums {
                text("{\"Width\":\(sum.width),\"Height\":\(sum.height),\"Checksum\":\(sum.crc32)},")
            }
            let sum = frame.checksum
            text("{\"Width\":\(sum.width),\"Height\":\(sum.height),\"Checksum\":\(sum.crc32)}],")
            let least = frame.pixelValues.map { String($0.lowerBound) } ?? "null"
            let most = frame.pixelValues.map { String($0.upperBound) } ?? "null"
            text("\"MinPixelValue\":\(least),\"MaxPixelValue\":\(most),")
            text("\"FrameSizeInBytes\":\(frame.sizeInBytes)}")
        }
    }
}
