import CDCMTK
import FrameEngine

/// What an import does with the pixel data of one instance (HealthImaging developer guide, supported transfer
/// syntaxes).
enum ImportRoute: Equatable {
    /// No pixel data: a report, a presentation state…
    case noFrames
    /// Decode, encode losslessly, checksum over the pixels.
    case transcode(PixelSource)
    /// Cut into frames, stored as imported, checksum over the stored bytes.
    case keepEncoded
    /// The whole object is one "frame".
    case keepVideo
    /// One bit a pixel, native: stored as explicit little-endian.
    case keepBits

    /// Who decodes.
    enum PixelSource: Equatable {
        case native
        case dcmtk
        case openJPEG
    }

    init(_ file: DICOMFile) throws(DICOMFileError) {
        let image = file.image
        guard image.has_float_pixel_data == 0 else {
            throw DICOMFileError(
                .unsupported, "float pixel data has no form in which HealthImaging is known to store it")
        }
        guard image.has_pixel_data != 0 else {
            self = .noFrames
            return
        }
        let syntax = file.transferSyntax.uid
        if Self.nativeSyntaxes.contains(syntax) {
            self = image.bits_allocated == 1 ? .keepBits : .transcode(.native)
        } else if Self.dcmtkSyntaxes.contains(syntax) {
            self = .transcode(.dcmtk)
        } else if Self.openJPEGSyntaxes.contains(syntax) {
            self = .transcode(.openJPEG)
        } else if Self.keptSyntaxes.contains(syntax) {
            self = .keepEncoded
        } else if Self.isVideo(syntax) {
            self = .keepVideo
        } else {
            throw DICOMFileError(.unsupported, "transfer syntax \(syntax) is not supported")
        }
    }

    private static let nativeSyntaxes: Set<String> = [
        "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2",
    ]
    /// RLE; JPEG extended, lossless; JPEG-LS. DCMTK decodes the retired processes 6 and 10 as well.
    private static let dcmtkSyntaxes: Set<String> = [
        "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55",
        "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.81",
    ]
    /// JPEG 2000 lossless, its Part 2 forms (whose codestreams OpenJPEG takes as long as they use Part 1 only),
    /// HTJ2K lossless.
    private static let openJPEGSyntaxes: Set<String> = [
        "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93",
        "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202",
    ]
    /// JPEG baseline, JPEG 2000, HTJ2K, JPEG XL.
    private static let keptSyntaxes: Set<String> = [
        "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203",
        "1.2.840.10008.1.2.4.112",
    ]

    /// MPEG-2, MPEG-4 AVC/H.264 and HEVC/H.265, .100 to .108, also the fragmentable forms that end in `.1`.
    private static func isVideo(_ uid: String) -> Bool {
        let base = uid.hasSuffix(".1") ? String(uid.dropLast(2)) : uid
        let prefix = "1.2.840.10008.1.2.4."
        guard base.hasPrefix(prefix), let number = Int(base.dropFirst(prefix.count)) else { return false }
        return (100...108).contains(number)
    }
}
