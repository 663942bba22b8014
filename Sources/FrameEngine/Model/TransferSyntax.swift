/// A DICOM transfer syntax, by UID (PS3.5 section 10 and annex A).
public struct TransferSyntax: Hashable, Sendable, CustomStringConvertible {
    public let uid: String

    public init(uid: String) { self.uid = uid }

    public var description: String { uid }

    public static let explicitVRLittleEndian = TransferSyntax(uid: "1.2.840.10008.1.2.1")
    public static let jpegBaseline = TransferSyntax(uid: "1.2.840.10008.1.2.4.50")
    public static let jpeg2000Lossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.90")
    public static let jpeg2000 = TransferSyntax(uid: "1.2.840.10008.1.2.4.91")
    public static let htj2kLossless = TransferSyntax(uid: "1.2.840.10008.1.2.4.201")
    public static let htj2kLosslessRPCL = TransferSyntax(uid: "1.2.840.10008.1.2.4.202")
    public static let htj2k = TransferSyntax(uid: "1.2.840.10008.1.2.4.203")

    /// Whether HealthImaging stores the frame re-encoded by itself, so that its checksum covers the decoded pixels.
    ///
    /// Everything else is kept as it was imported, and its checksum covers the stored bytes.
    public var isTranscodedByService: Bool {
        self == .htj2kLosslessRPCL || self == .jpeg2000Lossless || self == .htj2kLossless
    }

    /// Whether the frame is a JPEG 2000 or HTJ2K codestream, bare or in JP2 boxes, that the engine can decode.
    public var isJPEG2000Family: Bool {
        isTranscodedByService || self == .jpeg2000 || self == .htj2k
    }
}
