/// What is written for each frame.
public enum OutputFormat: String, Sendable, CaseIterable {
    /// Decoded pixels: little-endian, pixel-interleaved, the exact bytes that the checksum covers.
    case raw
    /// The bytes as served, verified by decoding them.
    case jph
    /// Nothing: frames are fetched, decoded and verified only.
    case none
}

extension TransferSyntax {
    /// The file name extension for bytes kept as stored, without the dot.
    public var storedFileExtension: String {
        switch uid {
        case "1.2.840.10008.1.2.1": "raw"
        case "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57",
            "1.2.840.10008.1.2.4.70":
            "jpg"
        case "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81": "jls"
        case "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112": "jxl"
        case let uid where uid.hasPrefix("1.2.840.10008.1.2.4.100"), let uid where uid.hasPrefix("1.2.840.10008.1.2.4.101"):
            "mpg"
        case let uid where Self.isMP4(uid): "mp4"
        case let uid where Self.isHEVC(uid): "h265"
        default: isJPEG2000Family ? "jph" : "bin"
        }
    }

    /// MPEG-4 AVC/H.264, 1.2.840.10008.1.2.4.102 to .106, fragmentable forms included.
    private static func isMP4(_ uid: String) -> Bool {
        (102...106).contains { uid == "1.2.840.10008.1.2.4.\($0)" || uid == "1.2.840.10008.1.2.4.\($0).1" }
    }

    /// HEVC/H.265, 1.2.840.10008.1.2.4.107 and .108.
    private static func isHEVC(_ uid: String) -> Bool {
        (107...108).contains { uid == "1.2.840.10008.1.2.4.\($0)" }
    }
}
