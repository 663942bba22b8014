import FrameEngine

/// A made-up study of one series with realistic frames: anatomy-like structure, texture and noise.
///
/// Deterministic: the same parameters give the same pixels, UIDs and frame ids on every machine and with any number
/// of threads. Immutable; any thread.
public struct SyntheticStudy: Sendable {
    public let modality: SyntheticModality
    /// Frames in the whole series.
    public let frames: Int
    /// Columns, in pixels.
    public let width: Int
    /// Rows, in pixels.
    public let height: Int
    public let seed: UInt64

    private let painter: any FramePainter

    /// Makes the noise and the maps that the frames share: some milliseconds.
    ///
    /// - Throws: `SyntheticStudyError` for no frames, or sides outside of 16...16384.
    public init(
        modality: SyntheticModality, frames: Int, width: Int, height: Int, seed: UInt64
    ) throws(SyntheticStudyError) {
        guard frames >= 1, frames <= 10_000_000 else { throw .frameCount(frames) }
        guard (16...16_384).contains(width), (16...16_384).contains(height) else {
            throw .size(width: width, height: height)
        }
        self.modality = modality
        self.frames = frames
        self.width = width
        self.height = height
        self.seed = seed
        let setup = PaintingSetup(width: width, height: height, frames: frames, seed: seed)
        switch modality {
        case .ct: painter = CTPainter(setup: setup)
        case .mr: painter = MRPainter(setup: setup)
        case .us: painter = UltrasoundPainter(setup: setup)
        case .mg: painter = MammographyPainter(setup: setup)
        }
    }

    /// The form of every frame: BitsAllocated bits, as an importer of native pixels would encode them.
    public var layout: PixelLayout {
        let isColour = modality == .us
        return PixelLayout(
            width: width, height: height, components: isColour ? 3 : 1, bitsPerSample: isColour ? 8 : 16,
            isSigned: modality == .ct)
    }

    var colour: ColourModel { modality == .us ? .rgb : .grey }

    /// Fills `pixels` with frame `index` (0-based): little-endian, pixel-interleaved, `layout.byteCount` bytes.
    public func paint(frame index: Int, into pixels: UnsafeMutableRawBufferPointer) {
        precondition((0..<frames).contains(index), "frame \(index) of \(frames)")
        precondition(pixels.count == layout.byteCount, "a frame has \(layout.byteCount) bytes")
        painter.paint(frame: index, into: pixels)
    }

    /// SOP instances in the series.
    var instanceCount: Int { (frames + modality.framesPerInstance - 1) / modality.framesPerInstance }

    /// The frames, 0-based, of one instance.
    func frames(ofInstance index: Int) -> Range<Int> {
        let first = index * modality.framesPerInstance
        return first..<min(first + modality.framesPerInstance, frames)
    }

    // MARK: Identifiers

    /// What a derived identifier is for.
    enum Role: UInt64 {
        case study = 1
        case series = 2
        case instance = 3
        case frame = 4
        case frameOfReference = 5
        case patient = 6
    }

    /// Random numbers for one identifier of this study.
    func generator(for role: Role, index: Int = 0) -> SplitMix64 {
        let kind = modality.rawValue.utf8.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return SplitMix64(mixing: [
            seed, kind, UInt64(frames), UInt64(width), UInt64(height), role.rawValue, UInt64(index),
        ])
    }

    /// A UID below 2.25 (PS3.5, B.2): the 128 bits as a version 4 UUID would have them.
    func uid(for role: Role, index: Int = 0) -> String {
        var generator = generator(for: role, index: index)
        return generator.nextUID()
    }

    /// The id of a frame: 32 hexadecimal digits.
    func frameID(_ index: Int) -> HealthImagingID {
        var generator = generator(for: .frame, index: index)
        let text = Self.hexadecimal(generator.next()) + Self.hexadecimal(generator.next())
        guard let id = HealthImagingID(text) else { preconditionFailure("\(text) is 32 hexadecimal digits") }
        return id
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Why a synthetic study cannot be made.
public enum SyntheticStudyError: Error, Equatable, Sendable, CustomStringConvertible {
    case frameCount(Int)
    case size(width: Int, height: Int)

    public var description: String {
        switch self {
        case .frameCount(let count): "\(count) frames cannot be made; ask for 1 to 10,000,000"
        case .size(let width, let height):
            "frames of \(width)x\(height) cannot be made; sides are 16 to 16384"
        }
    }
}
