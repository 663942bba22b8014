import Foundation
import FrameEngine

/// Decodes a folder of HTJ2K files with each decoder in turn and compares times and pixels.
///
/// What is timed is what the product does with a frame: from the encoded bytes in memory to packed pixels and their
/// CRC-32. A turn is one decoder decoding the whole set once, frame after frame, as in a fetch: each frame differs
/// from the one before, and the caches hold what the decoder itself left there. Turns of the decoders alternate, in
/// an order that rotates, so that all see the same weather; figures are medians over the turns.
struct DecodeBenchmark: Sendable {
    struct Input: Sendable {
        let name: String
        let encoded: PooledBuffer
        let layout: PixelLayout

        var samples: Int { layout.width * layout.height * layout.components }
    }

    let inputs: [Input]
    let repeats: Int
    /// Threads of the second run; the first always has one thread, kept on one core.
    let threads: Int
    /// What is measured; the first is what the others' pixels are compared with.
    var kinds = DecoderKind.all

    /// Measures. Throws when decoders differ in a single byte.
    func run() throws -> DecodeReport {
        try compareResults()
        let turns = try CorePinning.onOneCore { try measureTurns() }
        let single = kinds.indices.map { kind in Self.median(turns.map { $0.total(kind) }) }
        var decoders = kinds.indices.map { summary(of: kinds[$0], threads: 1, seconds: single[$0]) }
        var scaling: [DecodeReport.Scaling] = []
        if threads > 1 {
            let figures = try ThreadScaling(inputs: inputs, repeats: min(repeats, 5), threads: threads)
                .measure(kinds, secondsPerSet: single)
            for (kind, figure) in zip(kinds, figures) {
                decoders.append(
                    summary(of: kind, threads: threads, seconds: figure.seconds / Double(threads)))
                scaling.append(
                    .init(decoder: kind.name, isa: kind.isa, threads: threads, ratio: figure.ratio))
            }
        }
        let warm = try CorePinning.onOneCore { try WarmCosts.measure(inputs) }
        return DecodeReport(
            machine: .current, repeats: repeats, files: files(from: turns), decoders: decoders,
            scaling: scaling, warm: warm)
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
                guard expected.bytes.count == actual.bytes.count,
                    expected.bytes.bytes.elementsEqual(actual.bytes.bytes)
                else {
                    throw BenchError(
                        "\(input.name): \(baseline.label) and \(kind.label) decode it to different pixels")
                }
                guard actual.checksum == CRC32.checksum(actual.bytes) else {
                    throw BenchError("\(input.name): \(kind.label) states a checksum that is not its pixels'")
                }
            }
        }
    }

    private func decode(
        _ input: Input, with decoder: inout any MeasuredDecoder, _ kind: DecoderKind
    ) throws -> MeasuredPixels {
        do { return try decoder.decode(input.encoded) } catch {
            let reason = (error as? any StageError)?.message ?? "\(error)"
            throw BenchError("\(input.name): \(kind.label): \(reason)")
        }
    }

    // MARK: One thread

    /// Seconds of one turn of every decoder: for each file, one figure a decoder.
    private struct Turn {
        var seconds: [[Double]]
        func total(_ kind: Int) -> Double { seconds.reduce(0) { $0 + $1[kind] } }
    }

    private func measureTurns() throws -> [Turn] {
        var decoders = kinds.map { $0.make() }
        return try (0..<repeats).map { turn in
            var result = Turn(seconds: inputs.map { _ in kinds.map { _ in 0 } })
            for position in kinds.indices {
                let kind = (position + turn) % kinds.count
                for index in inputs.indices {
                    result.seconds[index][kind] = try time(&decoders[kind], inputs[index])
                }
            }
            return result
        }
    }

    private func time(_ decoder: inout any MeasuredDecoder, _ input: Input) throws -> Double {
        let start = ContinuousClock.now
        _ = try decoder.decode(input.encoded).checksum
        return start.duration(to: .now).inSeconds
    }

    // MARK: Figures

    private func summary(of kind: DecoderKind, threads: Int, seconds: Double) -> DecodeReport.Decoder {
        let bytes = inputs.reduce(0) { $0 + $1.layout.byteCount }
        return DecodeReport.Decoder(
            name: kind.name, isa: kind.isa, threads: threads, milliseconds: seconds * 1e3,
            megabytesPerSecond: Double(bytes) / 1e6 / seconds)
    }

    private func files(from turns: [Turn]) -> [DecodeReport.File] {
        inputs.enumerated().map { index, input in
            let figures = kinds.indices.map { kind in
                let seconds = Self.median(turns.map { $0.seconds[index][kind] })
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
