import CDCMTK
import FrameEngine

/// The image pixel module of one instance (PS3.3, C.7.6.3), checked.
struct PixelDescription: Equatable {
    let width: Int
    let height: Int
    let components: Int
    /// 1, 8, 16 or 32.
    let bitsAllocated: Int
    let bitsStored: Int
    let highBit: Int
    let isSigned: Bool
    let isPlanar: Bool
    let photometricInterpretation: String
    let frames: Int

    /// A frame must fit comfortably in memory several times.
    private static let samplesLimit = 1 << 28
    private static let framesLimit = 1 << 24

    init(_ file: DICOMFile) throws(DICOMFileError) {
        let image = file.image
        width = Int(image.columns)
        height = Int(image.rows)
        components = max(1, Int(image.samples_per_pixel))
        bitsAllocated = Int(image.bits_allocated)
        bitsStored = image.bits_stored == 0 ? bitsAllocated : Int(image.bits_stored)
        highBit = image.bits_stored == 0 ? bitsAllocated - 1 : Int(image.high_bit)
        isSigned = image.pixel_representation == 1
        isPlanar = image.planar_configuration == 1 && components > 1
        photometricInterpretation = file.photometricInterpretation
        guard width > 0, height > 0 else {
            throw DICOMFileError(.damaged, "Rows or Columns is missing or 0")
        }
        guard components <= 4 else {
            throw DICOMFileError(.unsupported, "\(components) samples per pixel are not supported")
        }
        guard width * height * components <= Self.samplesLimit else {
            throw DICOMFileError(
                .unsupported, "a frame of \(width)x\(height)x\(components) samples is too large")
        }
        guard image.frames > 0, image.frames <= Self.framesLimit else {
            throw DICOMFileError(.damaged, "NumberOfFrames is not a number from 1 to \(Self.framesLimit)")
        }
        frames = Int(image.frames)
    }

    /// What a transcoded frame needs beyond what every image needs.
    func checkIsTranscodable() throws(DICOMFileError) {
        guard [8, 16, 32].contains(bitsAllocated) else {
            throw DICOMFileError(.unsupported, "BitsAllocated \(bitsAllocated) is not supported")
        }
        guard (1...bitsAllocated).contains(bitsStored) else {
            throw DICOMFileError(
                .damaged, "BitsStored \(bitsStored) does not fit BitsAllocated \(bitsAllocated)")
        }
    }

    var bytesPerSample: Int { bitsAllocated / 8 }

    /// Bytes of one frame: pixel-interleaved, every component at full resolution.
    var frameBytes: Int { width * height * components * bytesPerSample }

    /// Whether two pixels share their colour differences: native data then has two samples a pixel (PS3.3,
    /// C.7.6.3.1.2).
    var isSubsampled: Bool {
        components == 3 && bitsAllocated == 8 && width % 2 == 0
            && ["YBR_FULL_422", "YBR_PARTIAL_422"].contains(photometricInterpretation)
    }

    var colour: ColourModel {
        if components < 3 { return .grey }
        // OpenJPEG undoes the transforms that the last two name.
        return ["RGB", "ARGB", "YBR_RCT", "YBR_ICT"].contains(photometricInterpretation) ? .rgb : .ybr
    }

    /// The form in which a raster of this image is encoded.
    ///
    /// The precision is BitsAllocated, not BitsStored: bits beyond the stored ones (old overlays) survive, and the checksum of what a client decodes is the checksum of the raster as it was imported. The
    /// one frame of the service that is known has 16 as well. Unused high bits cost next to nothing: they are
    /// bit-planes of zeros. Only 32-bit samples exceed what the encoder keeps, so their precision is what their
    /// values need, 17 at least, so that the decoded container stays 4 bytes.
    func layout(of raster: UnsafeRawBufferPointer) -> PixelLayout {
        var bits = bitsAllocated
        if bitsAllocated == 32 {
            let probe = layout(bits: 32)
            let range = PixelRange.of(raster, layout: probe, bitsStored: 32, highBit: 31) ?? 0...0
            bits = max(17, Self.bitsNeeded(for: range, isSigned: isSigned))
        }
        return layout(bits: bits)
    }

    private func layout(bits: Int) -> PixelLayout {
        PixelLayout(
            width: width, height: height, components: components, bitsPerSample: bits, isSigned: isSigned)
    }

    private static func bitsNeeded(for range: ClosedRange<Int>, isSigned: Bool) -> Int {
        func magnitude(_ value: Int) -> Int {
            Int.bitWidth - (value < 0 ? ~value : value).leadingZeroBitCount
        }
        return max(magnitude(range.lowerBound), magnitude(range.upperBound)) + (isSigned ? 1 : 0)
    }
}
