import CSimdJSON

/// Walks one metadata document: series, instances, frames, in DICOM order.
struct MetadataReader {
    /// A series or an instance on its way into order: by number, those without one last, then by UID.
    private struct Entry {
        let number: Int?
        let uid: String
        let value: JSONValue

        static func precedes(_ first: Entry, _ second: Entry) -> Bool {
            switch (first.number, second.number) {
            case (let first?, let second?) where first != second: first < second
            case (_?, nil): true
            case (nil, _?): false
            default: first.uid < second.uid
            }
        }
    }

    /// Where in the document the reader is; written out only when an error names it.
    private struct Place {
        var series: String?
        var instance: String?
        var frame: Int?

        func path(_ member: String) -> String {
            var path = ""
            if let series { path += "Study.Series[\"\(series)\"]" }
            if let instance { path += ".Instances[\"\(instance)\"]" }
            if let frame { path += ".ImageFrames[\(frame)]" }
            guard !path.isEmpty, !member.isEmpty else { return path + member }
            return member.hasPrefix("[") ? path + member : "\(path).\(member)"
        }
    }

    /// Sizes, in bytes, that a frame can have. A hint outside counts as absent: it is never trusted, but it is summed.
    private static let believableSizes = 0...(1 << 40)

    private let source: String
    private let versionID: String?
    private var place = Place()
    private var frames: [PlannedFrame] = []

    init(source: String, versionID: String?) {
        self.source = source
        self.versionID = versionID
    }

    /// The plan of the document whose top value is `root`.
    mutating func read(_ root: JSONValue) throws(PlanError) -> FramePlan {
        let datastoreID = try id(root["DatastoreID"], member: "DatastoreID")
        let imageSetID = try id(root["ImageSetID"], member: "ImageSetID")
        guard let study = root["Study"] else { throw missing("Study") }
        try expect(study, .object, "Study")
        guard let allSeries = study["Series"] else { throw missing("Study.Series") }
        try expect(allSeries, .object, "Study.Series")
        let studyUID = study["DICOM"]?["StudyInstanceUID"]?.paddedString ?? ""

        for series in sorted(allSeries, by: "SeriesNumber") {
            place.series = series.uid
            try expect(series.value, .object, "")
            guard let instances = series.value["Instances"] else { continue }
            try expect(instances, .object, "Instances")
            for instance in sorted(instances, by: "InstanceNumber") {
                place.instance = instance.uid
                try expect(instance.value, .object, "")
                let planned = PlannedInstance(
                    datastoreID: datastoreID, imageSetID: imageSetID, versionID: versionID,
                    studyInstanceUID: studyUID, seriesInstanceUID: series.uid, sopInstanceUID: instance.uid,
                    storedTransferSyntax: try text(of: instance.value, "StoredTransferSyntaxUID")
                        .map(TransferSyntax.init(uid:)),
                    checksumType: try text(of: instance.value, "ChecksumType"),
                    bitsAllocated: instance.value["DICOM"]?["BitsAllocated"]?.integer,
                    decodedFrameBytes: Self.decodedFrameBytes(instance.value["DICOM"]))
                try readFrames(of: instance.value, planned)
            }
            place.instance = nil
        }
        return FramePlan(
            datastoreID: datastoreID, imageSetID: imageSetID, versionID: versionID, frames: frames)
    }

    /// Rows x Columns x SamplesPerPixel, of as many bytes as BitsStored (else BitsAllocated) takes; nil where one of
    /// them is absent or no size that an image has.
    private static func decodedFrameBytes(_ attributes: JSONValue?) -> Int? {
        guard let attributes, let rows = attributes["Rows"]?.integer,
            let columns = attributes["Columns"]?.integer,
            let bits = attributes["BitsStored"]?.integer ?? attributes["BitsAllocated"]?.integer
        else { return nil }
        let samples = attributes["SamplesPerPixel"]?.integer ?? 1
        let side = 1...(1 << 20)
        guard side.contains(rows), side.contains(columns), (1...16).contains(samples), (1...32).contains(bits)
        else { return nil }
        return rows * columns * samples * (bits <= 8 ? 1 : bits <= 16 ? 2 : 4)
    }

    private mutating func readFrames(of instance: JSONValue, _ planned: PlannedInstance) throws(PlanError) {
        guard let list = instance["ImageFrames"] else { return }
        try expect(list, .array, "ImageFrames")
        var index = 0
        defer { place.frame = nil }
        try list.forEachMember { (_, frame) throws(PlanError) in
            place.frame = index
            index += 1
            try expect(frame, .object, "")
            let checksums = try checksums(of: frame)
            frames.append(
                PlannedFrame(
                    instance: planned, frameNumber: index, imageFrameID: try id(frame["ID"], member: "ID"),
                    checksum: checksums.full, lowerResolutionChecksums: checksums.lower,
                    sizeHintInBytes: frame["FrameSizeInBytes"]?.integer.flatMap {
                        Self.believableSizes.contains($0) ? $0 : nil
                    }))
        }
    }

    /// One entry of the checksum list. Its checksum is nil where the document has null or nothing.
    private struct ListedChecksum {
        let width: Int
        let height: Int
        let crc32: UInt32?

        var resolution: ResolutionChecksum? {
            crc32.map { ResolutionChecksum(width: width, height: height, crc32: $0) }
        }
    }

    /// The checksum of the largest width (then height), and the others, smallest first.
    ///
    /// The sizes are compared with each other only: some servers list sizes that are not the image's.
    private func checksums(
        of frame: JSONValue
    ) throws(PlanError) -> (full: ResolutionChecksum?, lower: [ResolutionChecksum]) {
        let member = "PixelDataChecksumFromBaseToFullResolution"
        guard let list = frame["PixelDataChecksumFromBaseToFullResolution"] else { return (nil, []) }
        try expect(list, .array, member)
        var entries: [ListedChecksum] = []
        try list.forEachMember { (_, entry) throws(PlanError) in
            let path = "\(member)[\(entries.count)]"
            try expect(entry, .object, path)
            entries.append(
                ListedChecksum(
                    width: try size(entry["Width"], "\(path).Width"),
                    height: try size(entry["Height"], "\(path).Height"),
                    crc32: try checksum(entry["Checksum"], "\(path).Checksum")))
        }
        if entries.count > 1, entries.contains(where: { $0.width == 0 }) {
            throw error(.invalid, member, "has several entries and one without a Width")
        }
        if entries.count == 1 { return (entries[0].resolution, []) }
        entries.sort { ($0.width, $0.height) < ($1.width, $1.height) }
        return (entries.last?.resolution, entries.dropLast().compactMap(\.resolution))
    }

    private func checksum(_ value: JSONValue?, _ member: @autoclosure () -> String) throws(PlanError)
        -> UInt32?
    {
        guard let value else { return nil }
        guard let crc32 = value.integer.flatMap(UInt32.init(exactly:)) else {
            throw error(.invalid, member(), "is not an integer within 0...4294967295")
        }
        return crc32
    }

    private func size(_ value: JSONValue?, _ member: @autoclosure () -> String) throws(PlanError) -> Int {
        guard let value else { return 0 }
        guard let size = value.integer, size >= 0, size <= Int(UInt32.max) else {
            throw error(.invalid, member(), "is not a size in pixels")
        }
        return size
    }

    private func id(_ value: JSONValue?, member: String) throws(PlanError) -> HealthImagingID {
        guard let value else { throw missing(place.path(member)) }
        guard let text = value.string, let id = HealthImagingID(text) else {
            throw error(.invalid, member, "is not an id of 32 characters 0-9 a-z")
        }
        return id
    }

    /// A string member; nil where it is absent, null or nothing but padding.
    private func text(of object: JSONValue, _ name: StaticString) throws(PlanError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.paddedString else { throw error(.invalid, "\(name)", "is not a string") }
        return text.isEmpty ? nil : text
    }

    private func sorted(_ map: JSONValue, by numberName: StaticString) -> [Entry] {
        var entries: [Entry] = []
        map.forEachMember { name, value in
            let number = value["DICOM"]?[numberName].flatMap(Self.number)
            entries.append(Entry(number: number, uid: String(name.withoutPadding), value: value))
        }
        entries.sort(by: Entry.precedes)
        return entries
    }

    /// An IS value (PS3.5, 6.2): a string with padding and perhaps a sign; also as a number or in an array.
    private static func number(_ value: JSONValue) -> Int? {
        switch value.kind {
        case .string: return value.paddedString.flatMap { Int($0) }
        case .array:
            var first: Int?
            value.forEachMember { _, element in
                if first == nil { first = element.integer ?? element.paddedString.flatMap { Int($0) } }
            }
            return first
        default: return value.integer
        }
    }

    private func expect(
        _ value: JSONValue, _ kind: JSONValue.Kind, _ member: @autoclosure () -> String
    ) throws(PlanError) {
        guard value.kind == kind else {
            throw error(.invalid, member(), kind == .array ? "is not an array" : "is not an object")
        }
    }

    private func missing(_ path: String) -> PlanError {
        PlanError(.missing, "\(source): \(path) is missing; this is not the JSON of GetImageSetMetadata")
    }

    private func error(_ reason: PlanError.Reason, _ member: String, _ problem: String) -> PlanError {
        PlanError(reason, "\(source): \(place.path(member)) \(problem)")
    }
}
