import Foundation
import FrameEngine

/// Debian's encoders, run as programs: codestreams that this project's own libraries did not make.
enum CommandLineEncoder: String, Sendable {
    /// HTJ2K, of the package openjph-tools.
    case openJPH = "ojph_compress"
    /// JPEG 2000 Part 1, of the package libopenjp2-tools.
    case openJPEG = "opj_compress"

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Whether the program is installed; says so, once a call, when it is not.
    var isInstalled: Bool {
        let found = FileManager.default.isExecutableFile(atPath: path)
        if !found { print("SKIPPED: \(path) is not installed; tests that encode with it do not run") }
        return found
    }

    private var path: String { "/usr/bin/" + rawValue }

    /// Encodes unsigned samples (8 or 16 bits; 1 component as PGM, 3 as PPM) with `options` added.
    func encode(
        width: Int, height: Int, components: Int, maximum: Int, samples: [UInt16], options: [String]
    ) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appendingPathComponent(components == 1 ? "in.pgm" : "in.ppm")
        let output = folder.appendingPathComponent(self == .openJPH ? "out.j2c" : "out.j2k")
        var bytes = Array("P\(components == 1 ? 5 : 6)\n\(width) \(height)\n\(maximum)\n".utf8)
        for sample in samples {
            if maximum > 255 { bytes.append(UInt8(sample >> 8)) }
            bytes.append(UInt8(truncatingIfNeeded: sample))
        }
        try Data(bytes).write(to: input)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-i", input.path, "-o", output.path] + options
        let messages = Pipe()
        process.standardOutput = messages
        process.standardError = messages
        try process.run()
        let said = messages.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let encoded = try? Data(contentsOf: output) else {
            throw Failure(description: "\(rawValue) \(options): \(String(decoding: said, as: UTF8.self))")
        }
        return [UInt8](encoded)
    }

    /// A noisy gradient.
    static func samples(count: Int, maximum: Int, seed: UInt64) -> [UInt16] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            UInt16((index * 7 + Int(random.next() % UInt64(maximum / 4 + 1))) % (maximum + 1))
        }
    }

    /// The same samples as a raster of 1 or 2 bytes each, little-endian.
    static func raster(_ samples: [UInt16], maximum: Int) -> [UInt8] {
        maximum > 255
            ? samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] } : samples.map { UInt8($0) }
    }
}
