import CKernels

extension NativeDecoder {
    /// A stable word for each reason of the kernels, for reports and messages.
    static func word(for reason: ck_htj2k_reason) -> String {
        words[reason.rawValue] ?? "reason-\(reason.rawValue)"
    }

    private static let words: [UInt32: String] = [
        CK_REASON_NOT_A_CODESTREAM.rawValue: "not-a-codestream",
        CK_REASON_MARKER.rawValue: "marker-segment",
        CK_REASON_TILE_PART.rawValue: "tile-part",
        CK_REASON_PACKET.rawValue: "packet-header",
        CK_REASON_DATA_END.rawValue: "data-end",
        CK_REASON_BLOCK.rawValue: "code-block",
        CK_REASON_PIXEL_LIMIT.rawValue: "pixel-limit",
        CK_REASON_ARENA_LIMIT.rawValue: "memory-limit",
        CK_REASON_REDUCTION.rawValue: "reduction",
        CK_REASON_PART1_BLOCKS.rawValue: "part1-blocks",
        CK_REASON_BLOCK_STYLE.rawValue: "block-style",
        CK_REASON_ROI.rawValue: "roi",
        CK_REASON_PACKED_HEADERS.rawValue: "packed-headers",
        CK_REASON_EXTENSION.rawValue: "extension",
        CK_REASON_COMPONENTS.rawValue: "components",
        CK_REASON_PRECISION.rawValue: "precision",
        CK_REASON_QUANTIZATION.rawValue: "quantization",
        CK_REASON_PROGRESSIONS.rawValue: "progressions",
        CK_REASON_HT_SETS.rawValue: "ht-sets",
    ]

    /// What a kernel's answer means to the user, with the place in the stream where it is known.
    static func error(_ status: ck_status, _ detail: ck_error_detail) -> DecodeError {
        let place = place(of: detail)
        let word = word(for: detail.reason)
        switch status {
        case CK_ERR_TRUNCATED:
            return DecodeError(
                .truncated, "the codestream is cut off (\(word)\(place)); fetch the frame again")
        case CK_ERR_LIMIT:
            return DecodeError(.overLimit, "decoding would need more than the limit (\(word)\(place))")
        case CK_ERR_UNSUPPORTED, CK_ERR_ARGUMENT:
            return DecodeError(.unsupported, "the image cannot be decoded so (\(word)\(place))")
        default:
            return DecodeError(
                .damaged, "the codestream is damaged (\(word)\(place)); fetch the frame again")
        }
    }

    private static func place(of detail: ck_error_detail) -> String {
        var parts: [String] = []
        if detail.tile >= 0 { parts.append("tile \(detail.tile)") }
        if detail.component >= 0 { parts.append("component \(detail.component)") }
        if detail.resolution >= 0 { parts.append("resolution \(detail.resolution)") }
        parts.append("byte \(detail.byte_offset)")
        return ", " + parts.joined(separator: ", ")
    }
}
