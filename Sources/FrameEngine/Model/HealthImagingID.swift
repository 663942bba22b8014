/// The id of a data store, image set or image frame: 32 characters of `0-9a-z` (HealthImaging API model).
///
/// A value of this type has been checked, so it is safe as one part of a path or a URL.
public struct HealthImagingID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil unless `text` is exactly 32 characters of `0-9a-z`.
    public init?(_ text: String) {
        let utf8 = text.utf8
        guard utf8.count == 32, utf8.allSatisfy(Self.isAllowed) else { return nil }
        description = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}

extension HealthImagingID: Codable {
    /// As a string; anything that is no id is an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = HealthImagingID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not an id of 32 characters 0-9 a-z")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
