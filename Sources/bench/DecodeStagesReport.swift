import Foundation
import FrameEngine

/// `bench decode --stages`: where the native decoder's time goes, in nanoseconds a sample.
struct DecodeStagesReport: Codable {
    struct File: Codable {
        let name: String
        let samples: Int
        /// Markers, geometry, packet headers.
        let headers: Double
        let blocks: Double
        /// All levels but the last.
        let wavelet: Double
        /// Last level, colour, level shift, packing.
        let finish: Double
        /// CRC-32 where it was not computed on the way, in `finish`.
        let checksum: Double
        /// What lies around the kernels: the first look at the codestream, buffers.
        let rest: Double

        var total: Double { headers + blocks + wavelet + finish + checksum + rest }
    }

    let isa: String
    let files: [File]

    /// Medians over turns; a turn decodes the whole set once.
    static func measure(_ inputs: [DecodeBenchmark.Input], repeats: Int) throws -> DecodeStagesReport {
        var native = NativeKernels(upTo: .avx512)
        var turns = inputs.map { _ in [[Double]]() }
        for _ in 0..<repeats {
            for (index, input) in inputs.enumerated() {
                let start = ContinuousClock.now
                let pixels = try native.decode(input.encoded)
                let decoded = ContinuousClock.now
                _ = pixels.checksum
                let end = ContinuousClock.now
                let stages = native.decoder.stages
                let parts = [
                    stages.headers, stages.blocks, stages.wavelet, stages.finish,
                    decoded.duration(to: end), start.duration(to: decoded) - stages.total,
                ]
                turns[index].append(parts.map { $0.inSeconds * 1e9 / Double(input.samples) })
            }
        }
        let files = inputs.enumerated().map { index, input in
            let parts = (0..<6).map { part in DecodeBenchmark.median(turns[index].map { $0[part] }) }
            return File(
                name: input.name, samples: input.samples, headers: parts[0], blocks: parts[1],
                wavelet: parts[2], finish: parts[3], checksum: parts[4], rest: parts[5])
        }
        return DecodeStagesReport(isa: native.decoder.instructionSet.rawValue, files: files)
    }

    func table() -> String {
        let head = "ns a sample (\(isa))"
        var lines = [
            head.padding(toLength: 24, withPad: " ", startingAt: 0)
                + "   headers    blocks   wavelet    finish  checksum      rest     total"
        ]
        for file in files {
            let figures = [
                file.headers, file.blocks, file.wavelet, file.finish, file.checksum, file.rest, file.total,
            ]
            lines.append(
                file.name.padding(toLength: 24, withPad: " ", startingAt: 0)
                    + figures.map { String(format: " %9.3f", $0) }.joined())
        }
        return lines.joined(separator: "\n")
    }
}
