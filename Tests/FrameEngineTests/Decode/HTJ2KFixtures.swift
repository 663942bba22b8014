import FrameEngine
import Testing

/// HTJ2K streams of many forms, by Debian's encoder.
enum HTJ2KFixtures {
    struct Form: Sendable, CustomTestStringConvertible {
        let width: Int
        let height: Int
        var components = 1
        var maximum = 255
        var options: [String]
        var testDescription: String {
            "\(width)x\(height)x\(components) to \(maximum) \(options.joined(separator: " "))"
        }

        var samples: [UInt16] {
            CommandLineEncoder.samples(
                count: width * height * components, maximum: maximum, seed: UInt64(width + height))
        }

        func encode() throws -> [UInt8] {
            try CommandLineEncoder.openJPH.encode(
                width: width, height: height, components: components, maximum: maximum, samples: samples,
                options: options)
        }

        /// The pixels of a lossless form.
        var raster: [UInt8] { CommandLineEncoder.raster(samples, maximum: maximum) }
    }

    /// Lossless: one tile, tiles above each other, tiles side by side, odd sizes, all containers.
    static let lossless: [Form] = [
        Form(width: 1, height: 1, options: ["-reversible", "true", "-num_decomps", "0"]),
        Form(width: 3, height: 200, maximum: 4095, options: ["-reversible", "true", "-num_decomps", "3"]),
        Form(width: 200, height: 3, options: ["-reversible", "true"]),
        Form(
            width: 257, height: 255, maximum: 65_535,
            options: ["-reversible", "true", "-prog_order", "RPCL"]),
        Form(
            width: 130, height: 67, components: 3, options: ["-reversible", "true", "-colour_trans", "true"]),
        Form(
            width: 131, height: 67, components: 3, maximum: 4095,
            options: ["-reversible", "true", "-colour_trans", "false"]),
        Form(width: 130, height: 300, options: ["-reversible", "true", "-tile_size", "{130,64}"]),
        Form(width: 300, height: 130, options: ["-reversible", "true", "-tile_size", "{64,130}"]),
        Form(
            width: 300, height: 290, components: 3,
            options: [
                "-reversible", "true", "-tile_size", "{96,80}", "-colour_trans", "true",
            ]),
    ]
}
