/// One input of an import, wherever its bytes are.
struct ImportEntry: Sendable {
    /// The path of a file, or the key of an object: what the report calls it.
    let name: String
    /// False for files that were found in a folder: these may be anything.
    let isNamed: Bool
    /// Reads and parses it; the argument is the largest size in bytes. Any thread.
    let open: @Sendable (_ limit: Int) throws(DICOMFileError) -> DICOMFile

    init(
        name: String, isNamed: Bool,
        open: @escaping @Sendable (_ limit: Int) throws(DICOMFileError) -> DICOMFile
    ) {
        self.name = name
        self.isNamed = isNamed
        self.open = open
    }

    /// A file.
    init(_ entry: FileScan.Entry) {
        let path = entry.path
        self.init(name: path, isNamed: entry.isNamed) { (limit) throws(DICOMFileError) in
            try DICOMFile(contentsOf: path, limit: limit)
        }
    }
}
