import FrameEngine

/// The checksums of a frame's lower resolutions: of what a client gets that leaves levels out.
///
/// They are taken from decoding the encoded frame, because that is what they are compared with; the encoder does not
/// give its lower subbands away.
enum LowerResolutions {
    /// Lowest first, one for each decomposition of a frame that `HTJ2KEncoder` made; empty where it has none.
    ///
    /// - Parameter decode: decodes the frame with so many of its highest resolutions left out.
    static func checksums(
        of layout: PixelLayout, decode: (_ reduction: Int) throws(DecodeError) -> DecodedFrame
    ) throws(DecodeError) -> [ResolutionChecksum] {
        var checksums: [ResolutionChecksum] = []
        let levels = HTJ2KEncoder.decompositions(width: layout.width, height: layout.height)
        for reduction in stride(from: levels, to: 0, by: -1) {
            let decoded = try decode(reduction)
            guard let lower = decoded.layout else { continue }
            checksums.append(
                ResolutionChecksum(
                    width: lower.width, height: lower.height, crc32: CRC32.checksum(decoded.bytes)))
        }
        return checksums
    }
}
