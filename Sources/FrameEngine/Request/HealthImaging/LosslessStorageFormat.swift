/// How a data store keeps lossless frames; fixed when it is made. An open list.
public struct LosslessStorageFormat: OpenEnum {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let htj2k = Self(rawValue: "HTJ2K")
    public static let jpeg2000Lossless = Self(rawValue: "JPEG_2000_LOSSLESS")

    public static let known: [Self] = [.htj2k, .jpeg2000Lossless]
}
