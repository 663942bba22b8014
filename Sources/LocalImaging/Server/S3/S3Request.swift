import FrameEngine

/// A request to S3: its head with the bucket and the key taken from the path (path style).
struct S3Request: Sendable {
    let head: APIRequest
    /// Empty for the service as a whole. As sent, unchecked.
    let bucket: String
    /// Empty for the bucket as a whole.
    let key: String

    init(_ head: APIRequest) throws(S3Error) {
        self.head = head
        guard head.path.hasPrefix("/") else {
            throw S3Error(400, "InvalidURI", "Couldn't parse the specified URI.")
        }
        let path = head.path.dropFirst()
        let slash = path.utf8.firstIndex(of: UInt8(ascii: "/"))
        bucket = try Self.text(slash.map { path[..<$0] } ?? path)
        key =
            try slash.map { slash throws(S3Error) in try Self.text(path[path.index(after: slash)...]) } ?? ""
        guard key.utf8.count <= ObjectKey.limitInBytes else { throw S3Error(.invalidKey) }
    }

    private static func text(_ encoded: Substring) throws(S3Error) -> String {
        guard let text = String(validating: PercentEncoding.decode(encoded), as: UTF8.self) else {
            throw S3Error(400, "InvalidURI", "the bucket and the key must be UTF-8")
        }
        return text
    }

    /// Whether the query has a parameter of that name.
    func has(_ name: String) -> Bool { !head.parameters(name).isEmpty }

    /// A parameter's value; nil where it is absent.
    func parameter(_ name: String) throws(S3Error) -> String? {
        let values = head.parameters(name)
        guard values.count <= 1 else { throw .invalidArgument("\(name) was given more than once") }
        return values.first
    }

    /// A parameter that must be a number in a range.
    func number(_ name: String, in range: ClosedRange<Int>) throws(S3Error) -> Int? {
        guard let text = try parameter(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidArgument(
                "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func field(_ name: String) -> String? { head.field(name) }

    /// Objects have no versions here: the one there is is called `null`.
    func checkVersion() throws(S3Error) {
        guard let version = try parameter("versionId"), version != "null" else { return }
        throw .invalidArgument("Invalid version id specified")
    }
}
