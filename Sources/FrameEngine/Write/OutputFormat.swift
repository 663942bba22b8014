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
        case let uid where Self.isVideo(uid, 100...101): "mpg"
        case let uid where Self.isVideo(uid, 102...106): "mp4"
        case let uid where Self.isVideo(uid, 107...108): "h265"
        default: isJPEG2000Family ? "jph" : "bin"
        }
    }

    /// The video syntaxes, plain and fragmentable: MPEG-2 is .100 and .101, MPEG-4 AVC/H.264 .102 to .106,
    /// HEVC/H.265 .107 and .108 (PS3.5, 10.7 to 10.12).
    private static func isVideo(_ uid: String, _ numbers: ClosedRange<Int>) -> Bool {
        numbers.contains { uid == "1.2.840.10008.1.2.4.\($0)" || uid == "1.2.840.10008.1.2.4.\($0).1" }
    }
}
