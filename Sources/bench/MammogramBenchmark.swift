import Foundation
import FrameEngine

/// One large frame with one thread and with several, each kept on its own core.
struct MammogramBenchmark {
    struct Result: Codable {
        let encodedBytes: Int
        let decodedBytes: Int
        let threads: Int
        let repeats: Int
        let seed: UInt64
        let millisecondsAlone: Double
        let millisecondsTogether: Double
        /// Time alone over time together; `threads` is the ideal.
        let ratio: Double
        /// The same of the least times: nearer to the truth where other programs take the cores.
        let leastRatio: Double
        /// CPU time of all threads together over CPU time alone: what the sharing itself costs, whatever else runs.
        let cpuRatio: Double
    }

    let threads: Int
    let repeats: Int
    let seed: UInt64

    func run() throws -> Result {
        let pool = BufferPool(idleBytesLimit: 1 << 30)
        let frame = try SyntheticMammogram(seed: seed, pool: pool)
        let cores = try CorePinning.cores()
        let team = DecodeTeam()
        // The helpers' threads; the decoder's own is this one, on the first core.
        let helpers = WorkerPool<Void>(count: threads - 1, name: "helper") { index in
            try? CorePinning.stay(on: cores[(index + 1) % cores.count])
        }
        defer { helpers.shutDown() }
        team.borrow { [weak helpers] most, help in helpers?.lend(upTo: most, help) ?? 0 }
        let alone = NativeDecoder()
        let together = NativeDecoder(team: team)
        return try CorePinning.onOneCore {
            var (secondsAlone, secondsTogether) = ([Double](), [Double]())
            var (cpuAlone, cpuTogether) = (0.0, 0.0)
            // Once unmeasured: memory that is seen for the first time costs page faults.
            _ = try Self.seconds(alone, frame, pool)
            _ = try Self.seconds(together, frame, pool)
            for turn in 0..<repeats {
                for isAlone in turn % 2 == 0 ? [true, false] : [false, true] {
                    let before = ProcessUsage.now.cpuSeconds
                    let seconds = try Self.seconds(isAlone ? alone : together, frame, pool)
                    let cpu = ProcessUsage.now.cpuSeconds - before
                    if isAlone { secondsAlone.append(seconds) } else { secondsTogether.append(seconds) }
                    if isAlone { cpuAlone += cpu } else { cpuTogether += cpu }
                }
            }
            let one = DecodeBenchmark.median(secondsAlone)
            let all = DecodeBenchmark.median(secondsTogether)
            return Result(
                encodedBytes: frame.encoded.count, decodedBytes: SyntheticMammogram.layout.byteCount,
                threads: threads, repeats: repeats, seed: seed, millisecondsAlone: one * 1e3,
                millisecondsTogether: all * 1e3, ratio: one / all,
                leastRatio: (secondsAlone.min() ?? one) / (secondsTogether.min() ?? all),
                cpuRatio: cpuTogether / cpuAlone)
        }
    }

    private static func seconds(
        _ decoder: NativeDecoder, _ frame: SyntheticMammogram, _ pool: BufferPool
    ) throws -> Double {
        let start = ContinuousClock.now
        guard case .decoded(let decoded) = try decoder.decode(frame.encoded.bytes, pool: pool) else {
            throw BenchError("the native decoder declines the mammogram")
        }
        let checksum = decoded.checksum
        let seconds = start.duration(to: .now).inSeconds
        guard checksum == frame.crc32 else { throw BenchError("the mammogram is decoded to other pixels") }
        return seconds
    }
}
