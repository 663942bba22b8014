import FrameEngine

/// Reading documents that `serialized` wrote.
extension ImageSetDocument {
    /// The document of an image set of the store. Attributes keep their text to the byte.
    ///
    /// - Parameters:
    ///   - json: valid JSON.
    ///   - imageSetID: what the document is of, where it is not what the text says.
    /// - Throws: `StoreError.damaged` where it is not a document of schema 1.1 with one series.
    init(
        parsing json: [UInt8], datastoreID: HealthImagingID, imageSetID: HealthImagingID
    ) throws(StoreError) {
        let root = JSONSlice(json)
        guard let study = root["Study"], let all = study["Series"]?.members, all.count == 1,
            let only = all.first,
            let instances = only.value["Instances"]?.members
        else { throw Self.damaged(imageSetID) }
        self.datastoreID = datastoreID
        self.imageSetID = imageSetID
        patient = Self.attributes(root["Patient"]?["DICOM"])
        self.study = Self.attributes(study["DICOM"])
        seriesInstanceUID = only.key
        series = Self.attributes(only.value["DICOM"])
        var parsed: [Instance] = []
        for (uid, value) in instances {
            guard let instance = Instance(uid, value) else { throw Self.damaged(imageSetID) }
            parsed.append(instance)
        }
        self.instances = parsed
    }

    private static func damaged(_ id: HealthImagingID) -> StoreError {
        .damaged(
            path: "the metadata of image set \(id)",
            reason: "it is not a document of schema 1.1 with one series")
    }

    static func attributes(_ object: JSONSlice?) -> [MetadataAttribute] {
        (object?.members ?? []).map { MetadataAttribute(key: $0.key, json: $0.value.text) }
    }

    /// Frames of all instances.
    var frameCount: Int { instances.reduce(0) { $0 + $1.frames.count } }

    /// The first value of an attribute of patient, study or series, without blanks at its end; nil where it is absent
    /// or empty.
    func text(_ keyword: String) -> String? {
        let found = (patient + study + series).first { $0.key == keyword }
        return found.flatMap { attribute in
            let value = JSONSlice(Array(attribute.json.utf8))
            let first = value.elements?.first ?? value
            let text = first.string ?? (first.isNull ? nil : first.integer.map(String.init))
            guard let text else { return nil }
            let end = text.lastIndex { $0 != " " && $0 != "\0" }
            return end.map { String(text[...$0]) }
        }
    }
}

extension ImageSetDocument.Instance {
    fileprivate init?(_ uid: String, _ value: JSONSlice) {
        guard let members = value.members else { return nil }
        let parts = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        sopInstanceUID = uid
        attributes = ImageSetDocument.attributes(parts["DICOM"])
        unknownVRs = (parts["DICOMVRs"]?.members ?? []).map { (tag: $0.key, vr: $0.value.string ?? "UN") }
        storedTransferSyntax = parts["StoredTransferSyntaxUID"]?.string.map { TransferSyntax(uid: $0) }
        var parsed: [ImageSetDocument.Frame] = []
        for frame in parts["ImageFrames"]?.elements ?? [] {
            guard let made = ImageSetDocument.Frame(frame) else { return nil }
            parsed.append(made)
        }
        frames = parsed
    }
}

extension ImageSetDocument.Frame {
    fileprivate init?(_ value: JSONSlice) {
        let parts = Dictionary(
            (value.members ?? []).map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        let sums = (parts["PixelDataChecksumFromBaseToFullResolution"]?.elements ?? []).compactMap { sum in
            Self.checksum(sum)
        }
        guard let id = parts["ID"]?.string.flatMap({ HealthImagingID($0) }), let full = sums.last,
            let size = parts["FrameSizeInBytes"]?.integer
        else { return nil }
        var values: ClosedRange<Int>?
        if let least = parts["MinPixelValue"]?.integer, let most = parts["MaxPixelValue"]?.integer,
            least <= most
        {
            values = least...most
        }
        self.init(
            id: id, checksum: full, lowerChecksums: Array(sums.dropLast()), pixelValues: values,
            sizeInBytes: size)
    }

    private static func checksum(_ value: JSONSlice) -> ResolutionChecksum? {
        guard let width = value["Width"]?.integer, let height = value["Height"]?.integer,
            let sum = value["Checksum"]?.integer.flatMap({ UInt32(exactly: $0) })
        else { return nil }
        return ResolutionChecksum(width: width, height: height, crc32: sum)
    }
}
