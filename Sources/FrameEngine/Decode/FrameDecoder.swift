/// The codec registry: decodes a frame by the transfer syntax it is stored in.
///
/// JPEG 2000 and HTJ2K syntaxes are decoded; every other frame passes through as stored. One instance a worker
/// thread, not Sendable: decoders keep memory between frames.
public final class FrameDecoder {
    /// The decoder's name in manifests for a frame that passed through.
    public static let asStoredName = "as-stored"

    private let pool: BufferPool
    private let openJPEG: OpenJPEGDecoder

    /// - Parameters:
    ///   - pool: gives the memory of decoded frames.
    ///   - preference: which decoder to use where several know an image; OpenJPEG knows them all.
    public init(pool: BufferPool, preference: DecoderPreference = .auto, limits: DecodeLimits = .standard) {
        self.pool = pool
        switch preference {
        case .auto, .openjpeg: openJPEG = OpenJPEGDecoder(limits: limits)
        }
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
        return try openJPEG.decode(encoded.bytes, reduction: reduction, pool: pool)
    }
}
