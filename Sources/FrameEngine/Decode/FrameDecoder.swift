/// The codec registry: decodes a frame by the transfer syntax it is stored in.
///
/// JPEG 2000 and HTJ2K syntaxes are decoded, by the native decoder where it can and by OpenJPEG for the rest; every
/// other frame passes through as stored. One instance a worker thread, not Sendable: decoders keep memory between
/// frames.
public final class FrameDecoder {
    /// The decoder's name in manifests for a frame that passed through.
    public static let asStoredName = "as-stored"

    private let pool: BufferPool
    private let preference: DecoderPreference
    private let limits: DecodeLimits
    private let native: NativeDecoder
    private let openJPEG: OpenJPEGDecoder

    /// - Parameters:
    ///   - pool: gives the memory of decoded frames.
    ///   - preference: which decoder to use where several know an image.
    public init(pool: BufferPool, preference: DecoderPreference = .auto, limits: DecodeLimits = .standard) {
        self.pool = pool
        self.preference = preference
        self.limits = limits
        native = NativeDecoder(limits: limits)
        openJPEG = OpenJPEGDecoder(limits: limits)
    }

    /// Decodes `encoded`, a frame as the service sent it.
    ///
    /// A frame of a syntax that is not decoded comes back as the same buffer, without a copy and without a layout.
    /// - Parameter reduction: highest resolutions to leave out; has no meaning for frames that pass through.
    public func decode(
        _ encoded: PooledBuffer, storedAs syntax: TransferSyntax, reduction: Int = 0
    ) throws(DecodeError) -> DecodedFrame {
        guard syntax.isJPEG2000Family else {
            return DecodedFrame(bytes: encoded, layout: nil, decoder: Self.asStoredName)
        }
        if preference == .openjpeg {
            return try openJPEG.decode(encoded.bytes, reduction: reduction, pool: pool)
        }
        switch try native.decode(encoded.bytes, reduction: reduction, pool: pool) {
        case .decoded(let frame):
            return frame
        case .declined(let reason) where preference == .native:
            throw DecodeError(
                .unsupported,
                "the native decoder declines this image (\(reason)); use --decoder auto or openjpeg")
        case .declined(let reason):
            var frame = try openJPEG.decode(encoded.bytes, reduction: reduction, pool: pool)
            frame.fallbackReason = reason
            return frame
        }
    }

    /// A second opinion on a frame whose checksum is wrong: decodes it with OpenJPEG where the native decoder made
    /// `suspect`, so that a fault of one decoder is never taken for one of the service.
    ///
    /// Nil where there is no other decoder, or it cannot decode the frame either.
    public func secondOpinion(on encoded: PooledBuffer, suspect: DecodedFrame) -> DecodedFrame? {
        guard suspect.decoder == NativeDecoder.name, preference == .auto else { return nil }
        var frame = try? openJPEG.decode(encoded.bytes, pool: pool)
        frame?.fallbackReason = "checksum"
        return frame
    }
}
