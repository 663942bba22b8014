import CKernels
import COpenJPEG

/// Decodes JPEG 2000 Part 1 and HTJ2K images from memory through OpenJPEG.
///
/// Only the codestream is decoded: the component transform inside it is undone, and nothing that the boxes around
/// it say about colour is applied. OpenJPEG 2.5 knows samples of up to 31 bits and code-blocks of up to 30 magnitude
/// bit-planes; what lies beyond is refused as `unsupported`. One instance a thread, not Sendable; it never prints.
public final class OpenJPEGDecoder {
    /// The decoder's name in manifests.
    public static let name = "openjpeg"
    /// The most magnitude bit-planes (Mb) that OpenJPEG's block decoders take.
    private static let maximumBitPlanes = 30

    private let limits: DecodeLimits
    /// 12 KB, so made once and not for each frame.
    private let parameters: UnsafeMutablePointer<opj_dparameters_t>

    public init(limits: DecodeLimits = .standard) {
        self.limits = limits
        parameters = .allocate(capacity: 1)
        opj_set_default_decoder_parameters(parameters)
    }

    deinit {
        parameters.deallocate()
    }

    /// The version of the library in use, such as 2.5.0.
    public static var libraryVersion: String { opj_version().map { String(cString: $0) } ?? "unknown" }

    /// Decodes a bare codestream or JP2/JPH file.
    ///
    /// Pixels are interleaved, little-endian, in the container of the most precise component; subsampled components
    /// are replicated onto the reference grid (ITU-T T.800, B.2).
    ///
    /// - Parameters:
    ///   - reduction: highest resolutions to leave out; width and height shrink by 2 for each, rounded up.
    ///   - pool: gives the output's memory.
    public func decode(
        _ bytes: UnsafeRawBufferPointer, reduction: Int = 0, pool: BufferPool
    ) throws(DecodeError) -> DecodedFrame {
        let choice = ResolutionChoice(reduction: reduction)
        return try decode(
            try CheckedCodestream(in: bytes, limits: limits, resolution: choice), reduction: reduction,
            pool: pool)
    }

    func decode(
        _ codestream: CheckedCodestream, reduction: Int, pool: BufferPool
    ) throws(DecodeError) -> DecodedFrame {
        let header = codestream.header
        try check(header, parts: codestream.parts)

        guard OpenJPEGSession.isTrusted else {
            throw DecodeError(
                .damaged,
                "OpenJPEG failed its own assertions on too many frames to be used again in this run; fetch the frame again"
            )
        }
        parameters.pointee.cp_reduce = OPJ_UINT32(reduction)
        guard var session = OpenJPEGSession(reading: codestream.bytes) else { throw Self.outOfMemory() }
        guard session.decode(with: parameters) else { throw Self.failure(session.report) }
        let layout = header.layout(reduction: reduction)
        let pixels = pool.buffer(capacity: layout.byteCount)
        try Self.pack(session, header: header, layout: layout, reduction: reduction, into: pixels)
        return DecodedFrame(bytes: pixels, layout: layout, decoder: Self.name)
    }

    private func check(
        _ header: CodestreamHeader, parts: TilePartIndex
    ) throws(DecodeError) {
        if let deep = header.components.first(where: { $0.precision > 31 }) {
            throw DecodeError(
                .unsupported, "OpenJPEG decodes samples of up to 31 bits; this image has \(deep.precision)")
        }
        // Beyond this OpenJPEG's 32-bit integers overflow: sometimes it says so, sometimes the pixels are wrong.
        guard header.maximumBitPlanes <= Self.maximumBitPlanes else {
            throw DecodeError(
                .unsupported,
                "OpenJPEG decodes up to \(Self.maximumBitPlanes) bit-planes; this image has "
                    + "\(header.maximumBitPlanes)")
        }
        // It cannot tell whether what is missing of a stream belongs to the resolutions that are left out.
        if let truncation = parts.truncation { throw truncation }
    }

    private static func outOfMemory() -> DecodeError {
        DecodeError(.overLimit, "no memory is left to decode with; run fewer workers")
    }

    private static func failure(_ report: String) -> DecodeError {
        DecodeError(.damaged, "OpenJPEG cannot decode the codestream: \(report); fetch the frame again")
    }

    private static func pack(
        _ session: borrowing OpenJPEGSession, header: CodestreamHeader, layout: PixelLayout, reduction: Int,
        into pixels: PooledBuffer
    ) throws(DecodeError) {
        guard let image = session.image, Int(image.pointee.numcomps) == layout.components,
            let components = image.pointee.comps
        else { throw failure(session.report) }
        var planes: [ck_plane] = []
        for index in 0..<layout.components {
            let component = components[index]
            let stated = header.components[index]
            // A tile without data leaves a component empty, and OpenJPEG still answers yes.
            guard let samples = component.data, component.w > 0, component.h > 0 else {
                throw failure(session.report)
            }
            let scale = 1 << reduction
            let firstX = header.imageOffsetX.dividedRoundingUp(by: stated.horizontalStep)
            let firstY = header.imageOffsetY.dividedRoundingUp(by: stated.verticalStep)
            planes.append(
                ck_plane(
                    samples: samples, width: Int(component.w), height: Int(component.h),
                    stride: Int(component.w),
                    first_x: UInt32(firstX.dividedRoundingUp(by: scale)),
                    first_y: UInt32(firstY.dividedRoundingUp(by: scale)),
                    step_x: UInt32(stated.horizontalStep), step_y: UInt32(stated.verticalStep),
                    precision: UInt32(stated.precision), is_signed: stated.isSigned ? 1 : 0))
        }
        let originX = UInt32(header.imageOffsetX.dividedRoundingUp(by: 1 << reduction))
        let originY = UInt32(header.imageOffsetY.dividedRoundingUp(by: 1 << reduction))
        let status = pixels.withMutableBytes(count: layout.byteCount) { target in
            ck_pack(
                planes, planes.count, originX, originY, layout.width, layout.height, layout.bytesPerSample,
                target.baseAddress, target.count)
        }
        guard status == CK_OK else {
            throw DecodeError(
                .damaged, "the decoded planes do not fit the image (status \(status.rawValue)); fetch again")
        }
    }
}
