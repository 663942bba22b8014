import Dispatch
import Foundation
import FrameEngine
import Synchronization

/// Decodes a folder of HTJ2K files with each decoder in turn and compares times and pixels.
///
/// What is timed is what the product does with a frame: from the encoded bytes in memory to packed pixels and their
/// CRC-32. Decoders alternate within each repeat, so that both see the same weather; figures are medians.
struct DecodeBenchmark: Sendable {
    struct Input: Sendable {
        let name: String
        let encoded: PooledBuffer
        let layout: PixelLayout
    }

    let inputs: [Input]
    let repeats: Int
    /// Threads of the second run; the first always has one thread, kept on one core.
    let threads: Int

    private typealias Clock = ContinuousClock

    /// Measures. Throws when decoders differ in a single byte.
    func run() throws -> DecodeReport {
        try compareResults()
        let single = try CorePinning.onOneCore { try measureSingle() }
        var decoders = [
            summary(of: OpenJPEGBaseline.self, threads: 1, seconds: Self.median(single.map { $0.total(0) })),
            summary(of: OpenJPHPeer.self, threads: 1, seconds: Self.median(single.map { $0.total(1) })),
        ]
        if threads > 1 {
            var seconds: [[Double]] = [[], []]
            for _ in 0..<repeats {
                seconds[0].append(try secondsOnAllThreads(OpenJPEGBaseline.self))
                seconds[1].append(try secondsOnAllThreads(OpenJPHPeer.self))
            }
            decoders.append(
                summary(of: OpenJPEGBaseline.self, threads: threads, seconds: Self.median(seconds[0])))
            decoders.append(summary(of: OpenJPHPeer.self, threads: threads, seconds: Self.median(seconds[1])))
        }
        return DecodeReport(
            machine: .current, repeats: repeats, files: files(from: single), decoders: decoders)
    }

    private func compareResults() throws {
        var baseline = OpenJPEGBaseline()
        var peer = OpenJPHPeer()
        for input in inputs {
            let expected = try baseline.decode(input.encoded)
            let actual = try peer.decode(input.encoded)
            guard expected.bytes.elementsEqual(actual.bytes) else {
                throw BenchError("\(input.name): OpenJPEG and OpenJPH decode it to different pixels")
            }
        }
    }

    // MARK: One thread

    /// Seconds of one repeat: for each file, one figure a decoder.
    private struct Round {
        var seconds: [[Double]] = []
        func total(_ decoder: Int) -> Double { seconds.reduce(0) { $0 + $1[decoder] } }
    }

    private func measureSingle() throws -> [Round] {
        var baseline = OpenJPEGBaseline()
        var peer = OpenJPHPeer()
        return try (0..<repeats).map { _ in
            var round = Round()
            for input in inputs {
                round.seconds.append([try time(&baseline, input), try time(&peer, input)])
            }
            return round
        }
    }

    private func time(_ decoder: inout some MeasuredDecoder, _ input: Input) throws -> Double {
        let start = Clock.now
        _ = CRC32.checksum(try decoder.decode(input.encoded).bytes)
        return start.duration(to: .now).inSeconds
    }

    // MARK: All threads

    /// Wall time for the set of files when every thread decodes the whole set once, divided by the threads.
    private func secondsOnAllThreads<Decoder: MeasuredDecoder>(_ type: Decoder.Type) throws -> Double {
        let failure = Mutex<(any Error)?>(nil)
        let next = Atomic<Int>(0)
        let jobs = inputs.count * threads
        let start = Clock.now
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var decoder = Decoder()
            do {
                while true {
                    let job = next.add(1, ordering: .relaxed).oldValue
                    guard job < jobs else { return }
                    _ = CRC32.checksum(try decoder.decode(inputs[job % inputs.count].encoded).bytes)
                }
            } catch { failure.withLock { $0 = error } }
        }
        let elapsed = start.duration(to: .now).inSeconds
        if let error = failure.withLock({ $0 }) { throw error }
        return elapsed / Double(threads)
    }

    // MARK: Figures

    private func summary(
        of type: (some MeasuredDecoder).Type, threads: Int, seconds: Double
    ) -> DecodeReport.Decoder {
        let bytes = inputs.reduce(0) { $0 + $1.layout.byteCount }
        return DecodeReport.Decoder(
            name: type.name, isa: type.isa, threads: threads, milliseconds: seconds * 1e3,
            megabytesPerSecond: Double(bytes) / 1e6 / seconds)
    }

    private func files(from rounds: [Round]) -> [DecodeReport.File] {
        inputs.enumerated().map { index, input in
            let figures = [OpenJPEGBaseline.name, OpenJPHPeer.name].enumerated().map { decoder, name in
                let seconds = Self.median(rounds.map { $0.seconds[index][decoder] })
                return DecodeReport.File.Figure(
                    decoder: name, milliseconds: seconds * 1e3,
                    megabytesPerSecond: Double(input.layout.byteCount) / 1e6 / seconds)
            }
            return DecodeReport.File(
                name: input.name, encodedBytes: input.encoded.count, decodedBytes: input.layout.byteCount,
                width: input.layout.width, height: input.layout.height, components: input.layout.components,
                bitsPerSample: input.layout.bitsPerSample, decoders: figures)
        }
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
