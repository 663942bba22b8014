/// A codestream whose header and tile-parts have been read and judged: what every decoder starts from.
///
/// Valid as long as the bytes it was made from.
struct CheckedCodestream {
    /// From SOC to EOC, without boxes.
    let bytes: UnsafeRawBufferPointer
    let header: CodestreamHeader
    let parts: TilePartIndex
    /// The resolution to decode.
    let resolution: ChosenResolution

    /// Finds the codestream in a bare stream or JP2/JPH file.
    ///
    /// A codestream that was cut off is refused when all of it is wanted. At a lower resolution it may still hold
    /// everything needed, which only reading its packets tells: then `parts.truncation` is not nil.
    ///
    /// - Throws: `not-a-codestream`, `truncated`, `damaged`, `unsupported` for a resolution that it lacks, or what
    ///   `limits` do not allow.
    init(
        in file: UnsafeRawBufferPointer, limits: DecodeLimits, resolution choice: ResolutionChoice = .full
    ) throws(DecodeError) {
        let container = try JP2Container(parsing: file)
        bytes = UnsafeRawBufferPointer(rebasing: file[container.codestream])
        header = try CodestreamHeader(parsing: bytes)
        try limits.judgeClaims(of: header)
        parts = try TilePartIndex(of: bytes, header: header)
        resolution = try ChosenResolution(of: choice, header: header, parts: parts)
        if resolution.reduction == 0, let truncation = parts.truncation { throw truncation }
        try limits.judgePlausibility(
            of: header, parts: parts, byteCount: bytes.count, reduction: resolution.reduction)
    }
}
