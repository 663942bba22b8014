import CZlib
import FrameEngine

/// The engine's CRC-32 beside zlib's over the same bytes, on one thread.
struct CRCBenchmark {
    struct Result: Codable {
        let bytes: Int
        let isalMegabytesPerSecond: Double
        let zlibMegabytesPerSecond: Double
        /// ISA-L's rate over zlib's.
        let ratio: Double
        var verification: VerifyBenchmark.Result?
    }

    let byteCount: Int
    let repeats: Int

    func run() throws -> Result {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<(byteCount + 7) / 8).map { _ in generator.next() }
        return try words.withUnsafeBytes { bytes in
            var isal: [Double] = []
            var zlib: [Double] = []
            for _ in 0..<repeats {
                let ours = Self.time { CRC32.checksum(bytes) }
                let theirs = Self.time { Self.zlibChecksum(bytes) }
                guard ours.value == theirs.value else {
                    throw BenchError("the two functions give different checksums")
                }
                isal.append(ours.seconds)
                zlib.append(theirs.seconds)
            }
            let seconds = (DecodeBenchmark.median(isal), DecodeBenchmark.median(zlib))
            return Result(
                bytes: bytes.count, isalMegabytesPerSecond: Double(bytes.count) / 1e6 / seconds.0,
                zlibMegabytesPerSecond: Double(bytes.count) / 1e6 / seconds.1, ratio: seconds.1 / seconds.0)
        }
    }

    private static func time(_ work: () -> UInt32) -> (value: UInt32, seconds: Double) {
        let start = ContinuousClock.now
        let value = work()
        return (value, start.duration(to: .now).inSeconds)
    }

    private static func zlibChecksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
    }
}
