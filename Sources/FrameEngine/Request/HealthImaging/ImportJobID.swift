/// The id of a DICOM import job: 1 to 32 characters of `0-9a-z` (HealthImaging API model).
///
/// A value of this type has been checked, so it is safe as one part of a path or a URL.
public struct ImportJobID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil unless `text` is 1 to 32 characters of `0-9a-z`.
    public init?(_ text: String) {
        let isAllowed = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        }
        guard isAllowed, (1...32).contains(text.utf8.count) else { return nil }
        description = text
    }
}

extension ImportJobID: Codable {
    /// As a string; anything that is no id is an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ImportJobID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not an id of 1 to 32 characters 0-9 a-z")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
