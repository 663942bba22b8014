/// Reads image-set metadata, as GetImageSetMetadata returns it, into the list of frames to fetch.
///
/// Takes every form that the service is known to have written, and the reduced form with nothing but ids and sizes.
/// Any thread. A 50 MB document takes a fraction of a second; while it is read, memory is about four times its size.
public enum MetadataPlanner {
    /// The largest document, in bytes once inflated, that is read from gzip. The service's own limit is 50 MB.
    public static let inflatedBytesLimit = 256 << 20

    /// Plans all frames of one metadata document.
    ///
    /// - Parameters:
    ///   - document: JSON, plain or gzipped; recognised by its first bytes.
    ///   - source: what an error names as the document: a path, or an image set.
    ///   - versionID: the image set's version where the caller knows it; the document does not tell.
    public static func plan(
        _ document: UnsafeRawBufferPointer, source: String, versionID: String? = nil
    ) throws(PlanError) -> FramePlan {
        try plan(document, isPadded: false, source: source, versionID: versionID)
    }

    private static func plan(
        _ document: UnsafeRawBufferPointer, isPadded: Bool, source: String, versionID: String? = nil
    ) throws(PlanError) -> FramePlan {
        // The text is gone, where it is ours, before the plan is made.
        let parsed =
            Gzip.isGzip(document)
            ? try parse(gzip: document, source: source)
            : try parse(document, isPadded: isPadded, source: source)
        return try parsed.withRoot { (root) throws(PlanError) in
            var reader = MetadataReader(source: source, versionID: versionID)
            return try reader.read(root)
        }
    }

    /// Plans all frames of the metadata document in a file or a pipe; in standard input where `path` is `-`.
    public static func plan(contentsOf path: String) throws(PlanError) -> FramePlan {
        let pool = BufferPool(idleBytesLimit: 0)
        let isStandardInput = path == "-"
        let document =
            isStandardInput ? FileBytes.readStandardInput(into: pool) : FileBytes.read(path, into: pool)
        switch document {
        case .success(let buffer):
            // The bytes are valid only as long as their buffer is.
            defer { withExtendedLifetime(buffer) {} }
            return try plan(
                buffer.bytes, isPadded: buffer.capacity - buffer.count >= JSONDocument.padding,
                source: isStandardInput ? FileBytes.standardInputName : path)
        case .failure(let error): throw PlanError(.unreadable, error.message)
        }
    }

    private static func parse(
        gzip document: UnsafeRawBufferPointer, source: String
    ) throws(PlanError) -> JSONDocument {
        let inflated: [UInt8]
        do {
            inflated = try Gzip.inflate(document, limit: inflatedBytesLimit, padding: JSONDocument.padding)
        } catch {
            throw PlanError(error, source: source)
        }
        // `withUnsafeBytes` of an array does not carry typed throws.
        let result = inflated.withUnsafeBytes { bytes in
            Result { () throws(PlanError) in
                let text = UnsafeRawBufferPointer(rebasing: bytes.dropLast(JSONDocument.padding))
                return try parse(text, isPadded: true, source: source)
            }
        }
        return try result.get()
    }

    private static func parse(
        _ json: UnsafeRawBufferPointer, isPadded: Bool = false, source: String
    ) throws(PlanError) -> JSONDocument {
        let text = try recognized(json, source: source)
        do {
            return try JSONDocument(parsing: text, isPadded: isPadded)
        } catch {
            throw PlanError(error, source: source)
        }
    }

    /// The text without a byte order mark, if it can be a JSON object at all.
    private static func recognized(
        _ document: UnsafeRawBufferPointer, source: String
    ) throws(PlanError) -> UnsafeRawBufferPointer {
        var text = document
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = UnsafeRawBufferPointer(rebasing: text[3...]) }
        let first = text.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        switch first {
        case nil:
            throw PlanError(.empty, "\(source): empty; expected the JSON of GetImageSetMetadata")
        case UInt8(ascii: "<"):
            throw PlanError(
                .html,
                "\(source): this is HTML or XML, not JSON; perhaps the error or sign-in page of a proxy or a wrong "
                    + "endpoint")
        case UInt8(ascii: "{"):
            return text
        default:
            throw PlanError(.json, "\(source): not a JSON object; expected the JSON of GetImageSetMetadata")
        }
    }
}

extension PlanError {
    fileprivate init(_ error: GzipError, source: String) {
        switch error {
        case .damaged:
            self.init(.gzip, "\(source): the gzip data is damaged or cut short; fetch the metadata again")
        case .largerThan(let limit):
            self.init(
                .tooLarge,
                "\(source): the metadata inflates to more than \(limit >> 20) MiB, which is not read")
        }
    }

    fileprivate init(_ error: JSONSyntaxError, source: String) {
        switch error {
        case .empty:
            self.init(.empty, "\(source): empty; expected the JSON of GetImageSetMetadata")
        case .tooLarge:
            self.init(.tooLarge, "\(source): larger than 4 GiB, which is not read")
        case .tooDeep:
            self.init(.json, "\(source): JSON nested deeper than 1024 levels, which is not read")
        case .notUTF8:
            self.init(.json, "\(source): not UTF-8, so not JSON; was it converted or cut?")
        case .badNumber:
            self.init(
                .json, "\(source): JSON with a number that no 64-bit type holds or that is badly written")
        case .malformed:
            self.init(.json, "\(source): not valid JSON; it may be cut short. Fetch the metadata again")
        case .outOfMemory:
            self.init(.tooLarge, "\(source): not enough memory to read this document")
        }
    }
}
