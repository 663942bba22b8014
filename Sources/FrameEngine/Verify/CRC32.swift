import CISAL

/// CRC-32 as zlib, PNG and AWS HealthImaging compute it: reflected polynomial 0xEDB88320, initial value and
/// final XOR 0xFFFFFFFF (ITU-T V.42, 8.1.1.6.2; ISO 3309).
///
/// The only file that imports ISA-L. Of ISA-L's CRC functions only `crc32_gzip_refl` is this checksum;
/// `crc32_ieee` is a different function with a similar name.
public enum CRC32 {
    /// The checksum of `bytes`, continuing from `previous` (0 to start).
    ///
    /// `checksum(a + b) == checksum(b, continuing: checksum(a))`. Any thread.
    public static func checksum(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return previous }
        return crc32_gzip_refl(previous, base.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
    }

    /// The same for the kernels, which call it from C while the bytes are in the cache. Any thread.
    static let kernelFunction: @convention(c) (UInt32, UnsafePointer<UInt8>?, UInt64) -> UInt32 = {
        crc32_gzip_refl($0, $1, $2)
    }

    /// The checksum of an array of bytes.
    public static func checksum(_ bytes: [UInt8], continuing previous: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0, continuing: previous) }
    }

    /// The checksum of a buffer's bytes; the buffer lives until it is done.
    public static func checksum(_ buffer: PooledBuffer) -> UInt32 {
        withExtendedLifetime(buffer) { checksum(buffer.bytes) }
    }

    /// Eight lower-case hexadecimal digits, the form that manifests and reports use.
    public static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
