/// A codestream whose header and tile-parts have been read and judged: what every decoder starts from.
///
/// Valid as long as the bytes it was made from.
struct CheckedCodestream {
    /// From SOC to EOC, without boxes.
    let bytes: UnsafeRawBufferPointer
    let header: CodestreamHeader
    let parts: TilePartIndex

    /// Finds the codestream in a bare stream or JP2/JPH file.
    ///
    /// - Throws: `not-a-codestream`, `truncated`, `damaged`, or what `limits` do not allow.
    init(in file: UnsafeRawBufferPointer, limits: DecodeLimits) throws(DecodeError) {
        let container = try JP2Container(parsing: file)
        bytes = UnsafeRawBufferPointer(rebasing: file[container.codestream])
        header = try CodestreamHeader(parsing: bytes)
        try limits.judgeClaims(of: header)
        parts = try TilePartIndex(of: bytes, header: header)
        if let truncation = parts.truncation { throw truncation }
        try limits.judgePlausibility(of: header, parts: parts, byteCount: bytes.count)
    }
}
