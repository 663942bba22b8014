import Foundation
import FrameEngine

/// What `bench decode` found: the JSON's shape, and a table for people.
struct DecodeReport: Codable {
    struct File: Codable {
        /// One thread on one core.
        struct Figure: Codable {
            let decoder: String
            let isa: String
            let milliseconds: Double
            let megabytesPerSecond: Double
        }

        let name: String
        let encodedBytes: Int
        let decodedBytes: Int
        let width: Int
        let height: Int
        let components: Int
        let bitsPerSample: Int
        let decoders: [Figure]
    }

    struct Decoder: Codable {
        let name: String
        let isa: String
        let threads: Int
        /// For all files once.
        let milliseconds: Double
        /// Of decoded pixels, 10^6 bytes each.
        let megabytesPerSecond: Double
    }

    /// Throughput of several threads over that of one, long runs of both.
    struct Scaling: Codable {
        let decoder: String
        let isa: String
        let threads: Int
        let ratio: Double
    }

    let machine: MachineDescription
    let repeats: Int
    let files: [File]
    let decoders: [Decoder]
    let scaling: [Scaling]
    let warm: WarmCosts
    var stages: DecodeStagesReport?

    /// One object with `files`, `decoders`, `scaling`, `warm`, and `stages` where they were asked for.
    func json() throws -> String {
        struct Contract: Encodable {
            let files: [File]
            let decoders: [Decoder]
            let scaling: [Scaling]
            let warm: WarmCosts
            let stages: DecodeStagesReport?
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let contract = Contract(
            files: files, decoders: decoders, scaling: scaling, warm: warm, stages: stages)
        return String(decoding: try encoder.encode(contract), as: UTF8.self)
    }

    /// A table of milliseconds and MB/s, then how the native decoder compares with the others.
    func table() -> String {
        var lines = ["file                             decoder             threads         ms       MB/s"]
        func add(_ name: String, _ decoder: String, _ threads: Int, _ milliseconds: Double, _ rate: Double) {
            let left = Self.padded(name, 32) + " " + Self.padded(decoder, 19)
            lines.append(left + String(format: " %7d %10.2f %10.1f", threads, milliseconds, rate))
        }
        for file in files {
            for figure in file.decoders {
                add(
                    file.name, "\(figure.decoder) \(figure.isa)", 1, figure.milliseconds,
                    figure.megabytesPerSecond)
            }
        }
        for decoder in decoders {
            add(
                "all files", "\(decoder.name) \(decoder.isa)", decoder.threads, decoder.milliseconds,
                decoder.megabytesPerSecond)
        }
        lines += ratios() + scaling.map(Self.line) + [warm.line]
        if let stages { lines.append(stages.table()) }
        return lines.joined(separator: "\n")
    }

    /// Throughput of each native variant over that of each other decoder with as many threads: above 1, native is
    /// the faster one.
    func ratios() -> [String] {
        decoders.filter { $0.name == NativeDecoder.name }.flatMap { native in
            [DecoderKind.openJPH, .openJPEG].compactMap { kind -> String? in
                let other = decoders.first { $0.name == kind.name && $0.threads == native.threads }
                guard let other else { return nil }
                let ratio = native.megabytesPerSecond / other.megabytesPerSecond
                let threads = native.threads == 1 ? "1 thread" : "\(native.threads) threads"
                return Self.padded("native:\(kind.name)", 16)
                    + String(format: " %6.2f", ratio) + "  (\(native.isa), \(threads))"
            }
        }
    }

    private static func line(_ scaling: Scaling) -> String {
        "\(scaling.decoder) \(scaling.threads) threads : 1 thread "
            + String(format: "%.2f", scaling.ratio) + "  (\(scaling.isa))"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text.count >= width
            ? String(text.prefix(width)) : text + String(repeating: " ", count: width - text.count)
    }
}
