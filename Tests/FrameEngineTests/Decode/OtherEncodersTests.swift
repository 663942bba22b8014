import FrameEngine
import Testing

@Suite struct OtherEncodersTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let width: Int
        let height: Int
        let components: Int
        let maximum: Int
        var testDescription: String { "\(width)x\(height)x\(components) to \(maximum)" }

        var samples: [UInt16] {
            CommandLineEncoder.samples(
                count: width * height * components, maximum: maximum, seed: UInt64(width))
        }

        func encode(_ encoder: CommandLineEncoder, _ options: [String]) throws -> [UInt8] {
            try encoder.encode(
                width: width, height: height, components: components, maximum: maximum, samples: samples,
                options: options)
        }
    }

    static let cases = [(1, 1), (3, 200), (130, 67), (256, 255)].flatMap { size in
        [1, 3].flatMap { components in
            [255, 4095, 65_535].map { maximum in
                Case(width: size.0, height: size.1, components: components, maximum: maximum)
            }
        }
    }

    @Test(
        "HTJ2K by OpenJPH, in the service's form, decodes exactly",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled), arguments: cases)
    func highThroughput(sample: Case) throws {
        let options = [
            "-reversible", "true", "-num_decomps", "3", "-prog_order", "RPCL", "-block_size", "{64,64}",
            "-precincts",
            "{128,128},{256,256}", "-colour_trans", sample.components == 3 ? "true" : "false",
        ]
        let encoded = try sample.encode(.openJPH, options)
        let isHighThroughput = try encoded.withUnsafeBytes {
            try CodestreamHeader(parsing: $0).isHighThroughput
        }
        #expect(isHighThroughput)
        let frame = try OpenJPEGDecoder().decode(encoded)
        #expect(frame.layout?.components == sample.components)
        #expect(frame.array == CommandLineEncoder.raster(sample.samples, maximum: sample.maximum))
    }

    @Test(
        "HTJ2K in small blocks, tiles and other progressions decodes exactly",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled),
        arguments: ["LRCP", "RLCP", "RPCL", "PCRL", "CPRL"])
    func highThroughputVariants(progression: String) throws {
        let sample = Case(width: 130, height: 67, components: 3, maximum: 255)
        for (block, tile) in [("{4,4}", "{130,67}"), ("{32,64}", "{64,32}"), ("{16,256}", "{50,50}")] {
            let options = [
                "-reversible", "true", "-num_decomps", "2", "-prog_order", progression, "-block_size", block,
                "-tile_size", tile, "-colour_trans", "false",
            ]
            let frame = try OpenJPEGDecoder().decode(sample.encode(.openJPH, options))
            #expect(
                frame.array == CommandLineEncoder.raster(sample.samples, maximum: 255), "\(block) in \(tile)")
        }
    }

    @Test(
        "lossy HTJ2K comes back close to what it was", .enabled(if: CommandLineEncoder.openJPH.isInstalled),
        arguments: [255, 65_535])
    func lossyHighThroughput(maximum: Int) throws {
        let sample = Case(width: 130, height: 67, components: 1, maximum: maximum)
        let encoded = try sample.encode(.openJPH, ["-qstep", "0.002"])
        let isReversible = try encoded.withUnsafeBytes {
            try CodestreamHeader(parsing: $0).codingStyle.isReversible
        }
        #expect(!isReversible)
        let frame = try OpenJPEGDecoder().decode(encoded)
        let decoded = frame.bytes.bytes
        let largest = sample.samples.enumerated().map { index, sample in
            let value =
                maximum > 255
                ? Int(decoded[2 * index]) | Int(decoded[2 * index + 1]) << 8 : Int(decoded[index])
            return abs(value - Int(sample))
        }.max()
        // A step of 1/500 of the range leaves errors of a few steps.
        #expect(try #require(largest) <= max(maximum / 50, 2))
    }

    @Test(
        "JPEG 2000 by opj_compress decodes exactly", .enabled(if: CommandLineEncoder.openJPEG.isInstalled),
        arguments: cases.filter { $0.width > 100 })
    func partOne(sample: Case) throws {
        for options in [
            ["-n", "3"], ["-n", "4", "-p", "RPCL", "-TP", "R"], ["-n", "2", "-t", "64,64", "-SOP", "-EPH"],
        ] {
            let frame = try OpenJPEGDecoder().decode(sample.encode(.openJPEG, options))
            #expect(
                frame.array == CommandLineEncoder.raster(sample.samples, maximum: sample.maximum),
                "\(options)")
        }
    }

    @Test(
        "a codestream that lacks a tile-part is refused, unless it is a last one of which no count tells",
        .enabled(if: CommandLineEncoder.openJPEG.isInstalled), arguments: [[], ["-t", "64,64"]])
    func missingTilePart(tiling: [String]) throws {
        let sample = Case(width: 130, height: 67, components: 1, maximum: 255)
        let bytes = try sample.encode(.openJPEG, ["-n", "3", "-p", "RPCL", "-TP", "R"] + tiling)
        let parts = try bytes.withUnsafeBytes {
            try TilePartIndex(of: $0, header: CodestreamHeader(parsing: $0))
        }.parts
        #expect(parts.count == (tiling.isEmpty ? 3 : 18))
        for statesCount in [true, false] {
            var whole = bytes
            if !statesCount { for part in parts { whole[part.offset + 11] = 0 } }
            #expect(try OpenJPEGDecoder().decode(whole).array == OpenJPEGDecoder().decode(bytes).array)
            for part in parts where statesCount || part.part < 2 {
                var cut = whole
                cut.removeSubrange(part.offset..<part.offset + part.byteCount)
                let error = #expect(throws: DecodeError.self, "\(part)") { try OpenJPEGDecoder().decode(cut) }
                #expect(error?.isRetryable == true)
            }
        }
    }

    @Test(
        "random damage to HTJ2K ends in a typed error or in an image of the stated size",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled), arguments: [0x5eed_1001, 0x5eed_1002])
    func damage(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let sample = Case(width: 130, height: 67, components: 3, maximum: 255)
        let bytes = try sample.encode(
            .openJPH, ["-reversible", "true", "-num_decomps", "3", "-block_size", "{32,32}"])
        let pool = BufferPool()
        var refused = 0
        for round in 0..<1000 {
            var damaged = bytes
            let reach = round % 2 == 0 ? bytes.count : 180
            for _ in 0...Int(random.next() % 6) {
                damaged[Int(random.next() % UInt64(reach))] ^= 1 << UInt8(random.next() % 8)
            }
            let buffer = DecodeFixtures.buffer(damaged, pool: pool)
            do {
                let frame = try OpenJPEGDecoder().decode(buffer.bytes, pool: pool)
                #expect(frame.bytes.count == frame.layout?.byteCount, "seed \(seed), round \(round)")
            } catch {
                refused += 1
                #expect(!error.message.contains("\n"), "seed \(seed), round \(round)")
            }
        }
        #expect(refused > 100, "damage went unnoticed too often, seed \(seed)")
    }
}
