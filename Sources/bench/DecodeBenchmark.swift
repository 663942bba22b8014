import Dispatch
import Foundation
import FrameEngine
import Synchronization

/// Decodes a folder of HTJ2K files with each decoder in turn and compares times and pixels.
///
/// What is timed is what the product does with a frame: from the encoded bytes in memory to packed pixels and their
/// CRC-32. Decoders alternate within each repeat, so that all see the same weather; figures are medians.
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
    /// What is measured; the first is what the others' pixels are compared with.
    var kinds = DecoderKind.all

    private typealias Clock = ContinuousClock

    /// Measures. Throws when decoders differ in a single byte.
    func run() throws -> DecodeReport {
        try compareResults()
        let single = try CorePinning.onOneCore { try measureSingle() }
        var decoders = kinds.indices.map { kind in
            summary(of: kinds[kind], threads: 1, seconds: Self.median(single.map { $0.total(kind) }))
        }
        if threads > 1 {
            var seconds = kinds.map { _ in [Double]() }
            for turn in 0..<repeats {
                for kind in order(of: turn) {
                    seconds[kind].append(try secondsOnAllThreads(kinds[kind]))
                }
            }
            decoders += kinds.indices.map { kind in
                summary(of: kinds[kind], threads: threads, seconds: Self.median(seconds[kind]))
            }
        }
        return DecodeReport(
            machine: .current, repeats: repeats, files: files(from: single), decoders: decoders)
    }

    private func compareResults() throws {
        guard let baseline = kinds.first else { return }
        var first = baseline.make()
        var others = kinds.dropFirst().map { (kind: $0, decoder: $0.make()) }
        for input in inputs {
            let expected = try decode(input, with: &first, baseline)
            for index in others.indices {
                let kind = others[index].kind
                let actual = try decode(input, with: &others[index].decoder, kind)
                guard expected.count == actual.count, expected.bytes.elementsEqual(actual.bytes) else {
                    throw BenchError(
                        "\(input.name): \(baseline.label) and \(kind.label) decode it to different pixels")
                }
            }
        }
    }

    private func decode(
        _ input: Input, with decoder: inout any MeasuredDecoder, _ kind: DecoderKind
    ) throws -> PooledBuffer {
        do { return try decoder.decode(input.encoded) } catch {
            let reason = (error as? any StageError)?.message ?? "\(error)"
            throw BenchError("\(input.name): \(kind.label): \(reason)")
        }
    }

    /// The decoders in turn; each repeat begins with another one, so that none is always the first to see a file.
    private func order(of turn: Int) -> [Int] {
        kinds.indices.map { ($0 + turn) % kinds.count }
    }

    // MARK: One thread

    /// Seconds of one repeat: for each file, one figure a decoder.
    private struct Round {
        var seconds: [[Double]] = []
        func total(_ kind: Int) -> Double { seconds.reduce(0) { $0 + $1[kind] } }
    }

    private func measureSingle() throws -> [Round] {
        var decoders = kinds.map { $0.make() }
        return try (0..<repeats).map { turn in
            var round = Round()
            for input in inputs {
                var seconds = kinds.map { _ in 0.0 }
                for kind in order(of: turn) { seconds[kind] = try time(&decoders[kind], input) }
                round.seconds.append(seconds)
            }
            return round
        }
    }

    private func time(_ decoder: inout any MeasuredDecoder, _ input: Input) throws -> Double {
        let start = Clock.now
        _ = CRC32.checksum(try decoder.decode(input.encoded))
        return start.duration(to: .now).inSeconds
    }

    // MARK: All threads

    /// Wall time for the set of files when every thread decodes the whole set once, divided by the threads.
    private func secondsOnAllThreads(_ kind: DecoderKind) throws -> Double {
        let failure = Mutex<(any Error)?>(nil)
        let next = Atomic<Int>(0)
        let jobs = inputs.count * threads
        let start = Clock.now
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var decoder = kind.make()
            do {
                while true {
                    let job = next.add(1, ordering: .relaxed).oldValue
                    guard job < jobs else { return }
                    _ = CRC32.checksum(try decoder.decode(inputs[job % inputs.count].encoded))
                }
            } catch { failure.withLock { $0 = error } }
        }
        let elapsed = start.duration(to: .now).inSeconds
        if let error = failure.withLock({ $0 }) { throw error }
        return elapsed / Double(threads)
    }

    // MARK: Figures

    private func summary(of kind: DecoderKind, threads: Int, seconds: Double) -> DecodeReport.Decoder {
        let bytes = inputs.reduce(0) { $0 + $1.layout.byteCount }
        return DecodeReport.Decoder(
            name: kind.name, isa: kind.isa, threads: threads, milliseconds: seconds * 1e3,
            megabytesPerSecond: Double(bytes) / 1e6 / seconds)
    }

    private func files(from rounds: [Round]) -> [DecodeReport.File] {
        inputs.enumerated().map { index, input in
            let figures = kinds.indices.map { kind in
                let seconds = Self.median(rounds.map { $0.seconds[index][kind] })
                return DecodeReport.File.Figure(
                    decoder: kinds[kind].name, isa: kinds[kind].isa, milliseconds: seconds * 1e3,
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
