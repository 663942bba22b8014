import CDeflate

/// Why bytes could not be inflated.
public enum GzipError: Error, Equatable {
    /// The data is not gzip, or is damaged or cut short.
    case damaged
    /// The inflated data would be larger than the caller's limit, in bytes.
    case largerThan(limit: Int)
}

/// Whole-buffer gzip (RFC 1952) through libdeflate. Any thread; a (de)compressor per call.
public enum Gzip {
    /// Whether `bytes` start as a gzip member does (RFC 1952, 2.3.1: ID1 1f, ID2 8b).
    public static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b
    }

    /// Inflates every member of `bytes`; `limit` bounds the result in bytes, whatever the data says of itself.
    ///
    /// - Parameter padding: so many zeros are put behind the result, beyond the limit.
    public static func inflate(
        _ bytes: UnsafeRawBufferPointer, limit: Int, padding: Int = 0
    ) throws(GzipError) -> [UInt8] {
        guard let decompressor = libdeflate_alloc_decompressor() else { throw .damaged }
        defer { libdeflate_free_decompressor(decompressor) }
        var output: [UInt8] = []
        var consumed = 0
        while consumed < bytes.count {
            let member = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
            consumed += try inflateMember(
                member, with: decompressor, onto: &output, limit: limit, padding: padding)
        }
        guard consumed > 0 else { throw .damaged }
        output.append(contentsOf: repeatElement(0, count: padding))
        return output
    }

    /// Deflates `bytes` into one gzip member. `level` is libdeflate's, 1 (fast) to 12 (small).
    public static func deflate(_ bytes: UnsafeRawBufferPointer, level: Int32 = 6) -> [UInt8] {
        guard let compressor = libdeflate_alloc_compressor(level) else {
            preconditionFailure("gzip level \(level) is outside 1...12, or no memory is left")
        }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            count = libdeflate_gzip_compress(
                compressor, bytes.baseAddress, bytes.count, output.baseAddress, output.count)
        }
    }

    /// Appends one inflated member to `output` and returns the compressed bytes it took.
    private static func inflateMember(
        _ member: UnsafeRawBufferPointer, with decompressor: OpaquePointer,
        onto output: inout [UInt8], limit: Int, padding: Int
    ) throws(GzipError) -> Int {
        // ISIZE (the last four bytes) is the inflated length modulo 2^32: a first guess, never trusted as a bound.
        let room = limit - output.count
        var guess = max(member.count * 4, 64 << 10)
        if member.count >= 18 {
            let size = member.loadUnaligned(fromByteOffset: member.count - 4, as: UInt32.self)
            guess = max(Int(UInt32(littleEndian: size)), 1)
        }
        var capacity = min(guess, room, max(member.count * 1100, 64 << 10))
        while true {
            var consumed = 0
            var produced = 0
            var result = LIBDEFLATE_BAD_DATA
            let inflated = [UInt8](unsafeUninitializedCapacity: max(capacity, 1) + padding) { buffer, count in
                result = libdeflate_gzip_decompress_ex(
                    decompressor, member.baseAddress, member.count, buffer.baseAddress, capacity,
                    &consumed, &produced)
                count = result == LIBDEFLATE_SUCCESS ? produced : 0
            }
            switch result {
            case LIBDEFLATE_SUCCESS:
                if output.isEmpty { output = inflated } else { output += inflated }
                return consumed
            case LIBDEFLATE_INSUFFICIENT_SPACE where capacity < room:
                capacity = min(max(capacity * 2, 64 << 10), room)
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                throw .largerThan(limit: limit)
            default:
                throw .damaged
            }
        }
    }
}
