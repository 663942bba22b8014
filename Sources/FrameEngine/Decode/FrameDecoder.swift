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
    ///   - team: helps with large frames that the native decoder decodes.
    public init(
        pool: BufferPool, preference: DecoderPreference = .auto, limits: DecodeLimits = .standard,
        team: DecodeTeam? = nil
    ) {
        self.pool = pool
        self.preference = preference
        self.limits = limits
        native = NativeDecoder(limits: limits, team: team)
        openJPEG = OpenJPEGDecoder(limits: limits)
    }

    /// Decodes `encoded`, a frame as the service sent it.
    ///
    /// A frame of a syntax that is not decoded comes back as the same buffer, without a copy and without a layout.
    /// - Parameter resolution: which resolution to decode; frames that pass through have one.
    public func decode(
        _ encoded: PooledBuffer, storedAs syntax: TransferSyntax, resolution: ResolutionChoice = .full
    ) throws(DecodeError) -> DecodedFrame {
        guard syntax.isJPEG2000Family else {
            var frame = DecodedFrame(bytes: encoded, layout: nil, decoder: Self.asStoredName)
            frame.lacksResolution = !resolution.isFull
            return frame
        }
        guard resolution.isFull else { return try decode(encoded, at: resolution) }
        if preference == .openjpeg { return try openJPEG.decode(encoded.bytes, pool: pool) }
        let answer = try native.decode(encoded.bytes, pool: pool)
        return try settle(answer) { () throws(DecodeError) in
            try openJPEG.decode(encoded.bytes, pool: pool)
        }
    }

    /// The headers decide how many levels that is, so they are read first.
    private func decode(
        _ encoded: PooledBuffer, at resolution: ResolutionChoice
    ) throws(DecodeError) -> DecodedFrame {
        let codestream = try CheckedCodestream(in: encoded.bytes, limits: limits, resolution: resolution)
        let chosen = codestream.resolution
        let peer = { () throws(DecodeError) in
            try self.openJPEG.decode(codestream, reduction: chosen.reduction, pool: self.pool)
        }
        var frame: DecodedFrame
        if preference == .openjpeg {
            frame = try peer()
        } else {
            let outline = CodestreamOutline(of: codestream)
            frame = try settle(try native.decode(outline, reduction: chosen.reduction, pool: pool), peer)
        }
        frame.reduction = chosen.reduction
        frame.lacksResolution = chosen.fallsShort
        return frame
    }

    /// What the native decoder made, or what `peer` makes of what that declines.
    private func settle(
        _ answer: NativeDecoder.Answer, _ peer: () throws(DecodeError) -> DecodedFrame
    ) throws(DecodeError) -> DecodedFrame {
        switch answer {
        case .decoded(let frame):
            return frame
        case .declined(let reason) where preference == .native:
            throw DecodeError(
                .unsupported,
                "the native decoder declines this image (\(reason)); use --decoder auto or openjpeg")
        case .declined(let reason):
            do {
                var frame = try peer()
                frame.fallbackReason = reason
                return frame
            } catch {
                // Else nobody would see that this was not the decoder that the user thinks of.
                throw DecodeError(error.kind, "\(error.message); the native decoder declines it (\(reason))")
            }
        }
    }

    /// What the decoder that did not make `frame` makes of it, whatever the preference is: to find out whether the
    /// decoders agree. Nil where there is no other decoder, or it cannot decode the frame.
    public func otherDecoding(of encoded: PooledBuffer, than frame: DecodedFrame) -> DecodedFrame? {
        switch frame.decoder {
        case NativeDecoder.name:
            return try? openJPEG.decode(encoded.bytes, reduction: frame.reduction, pool: pool)
        case OpenJPEGDecoder.name:
            let answer = try? native.decode(encoded.bytes, reduction: frame.reduction, pool: pool)
            guard case .decoded(let other) = answer else { return nil }
            return other
        default: return nil
        }
    }

    /// A second opinion on a frame whose checksum is wrong: decodes it with OpenJPEG where the native decoder made
    /// `suspect`, so that a fault of one decoder is never taken for one of the service.
    ///
    /// Nil where there is no other decoder, or it cannot decode the frame either.
    ///
    /// - Parameter cameAgain: whether the same bytes came before. Lossless bytes that came once are most likely spoilt,
    ///   and spoilt HTJ2K is not given to OpenJPEG 2.5.0, which has assertions on it that cost it what memory it had.
    ///   Lossy ones may well be right: decoders round differently (T.800 E.1.1.2).
    public func secondOpinion(
        on encoded: PooledBuffer, suspect: DecodedFrame, cameAgain: Bool
    ) -> DecodedFrame? {
        guard suspect.decoder == NativeDecoder.name, preference == .auto,
            cameAgain || !Self.isReversible(encoded)
        else { return nil }
        var frame = try? openJPEG.decode(encoded.bytes, reduction: suspect.reduction, pool: pool)
        frame?.fallbackReason = "checksum"
        frame?.reduction = suspect.reduction
        frame?.lacksResolution = suspect.lacksResolution
        return frame
    }

    private static func isReversible(_ encoded: PooledBuffer) -> Bool {
        guard let container = try? JP2Container(parsing: encoded.bytes) else { return true }
        let codestream = UnsafeRawBufferPointer(rebasing: encoded.bytes[container.codestream])
        let style = (try? CodestreamHeader(parsing: codestream))?.codingStyle
        return style?.isReversible ?? true
    }
}
