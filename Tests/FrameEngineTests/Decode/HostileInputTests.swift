import FrameEngine
import Testing

/// Codestreams made to do harm: each must end in a typed error, or in an image of the stated size, and soon.
@Suite struct HostileInputTests {
    /// 40x30, 8 bits, one component unless told otherwise.
    private static func valid(components: Int = 1, tile: (width: Int, height: Int)? = nil) throws -> [UInt8] {
        let plane = TestImage.Plane(precision: 8, isSigned: false)
        let image = TestImage(width: 40, height: 30, planes: Array(repeating: plane, count: components))
        return try TestEncoder(decompositions: 2, tile: tile).encode(image)
    }

    /// Byte offsets of SIZ's fields from SOC (ITU-T T.800, A.5.1).
    private enum Field: Int {
        case gridWidth = 8
        case gridHeight = 12
        case offsetX = 16
        case offsetY = 20
        case tileWidth = 24
        case tileHeight = 28
        case tileOffsetX = 32
        case count = 40
        case depth = 42
        case stepX = 43
        case stepY = 44
    }

    private static func patched(_ bytes: [UInt8], _ changes: [(Field, UInt32)]) -> [UInt8] {
        var bytes = bytes
        for (field, value) in changes {
            let isWide = field.rawValue < Field.count.rawValue
            let size = isWide ? 4 : field == .count ? 2 : 1
            for index in 0..<size {
                bytes[field.rawValue + index] = UInt8(truncatingIfNeeded: value >> (8 * (size - 1 - index)))
            }
        }
        return bytes
    }

    private func error(of bytes: [UInt8], limits: DecodeLimits = .standard) -> DecodeError? {
        let pool = BufferPool()
        let buffer = DecodeFixtures.buffer(bytes, pool: pool)
        do {
            _ = try OpenJPEGDecoder(limits: limits).decode(buffer.bytes, pool: pool)
            return nil
        } catch { return error }
    }

    @Test("a header that claims a huge image is refused before memory is reserved")
    func hugeImages() throws {
        let bytes = try Self.valid()
        let all = UInt32.max
        let claims: [[(Field, UInt32)]] = [
            [(.gridWidth, all), (.gridHeight, all), (.tileWidth, all), (.tileHeight, all)],
            [(.gridWidth, all), (.gridHeight, all)],
            [(.gridWidth, all), (.tileWidth, all)],
            [(.gridWidth, 20_000), (.gridHeight, 20_000), (.tileWidth, 20_000), (.tileHeight, 20_000)],
            [(.gridWidth, 16_000), (.gridHeight, 16_000), (.tileWidth, 16_000), (.tileHeight, 16_000)],
        ]
        for claim in claims {
            let error = error(of: Self.patched(bytes, claim))
            #expect(error?.kind == .overLimit, "\(claim)")
            #expect(error?.isRetryable == false)
        }
    }

    @Test("an image within the limits of its size is not judged by how well it compresses")
    func flatImages() throws {
        var image = TestImage(width: 2048, height: 1024, planes: [.init(precision: 8, isSigned: false)])
        image.planes[0].samples = Array(repeating: 77, count: image.planes[0].samples.count)
        let bytes = try TestEncoder(decompositions: 5).encode(image)
        #expect(bytes.count < 400)
        #expect(error(of: bytes) == nil)
        #expect(error(of: bytes, limits: DecodeLimits(maximumSamples: 2048 * 1024 - 1))?.kind == .overLimit)
        #expect(
            error(of: bytes, limits: DecodeLimits(maximumDecodedBytes: 2048 * 1024 - 1))?.kind == .overLimit)
        #expect(error(of: bytes, limits: DecodeLimits(freeSamples: 0))?.kind == .overLimit)
    }

    @Test("a header that claims too many tiles is refused")
    func manyTiles() throws {
        let bytes = try Self.valid()
        let small = Self.patched(bytes, [(.tileWidth, 1), (.tileHeight, 1)])
        #expect(error(of: small) != nil)
        // 65,535 tiles, the most that SIZ may state, then one more than that.
        for width in [UInt32(65_535), 65_536] {
            let claim: [(Field, UInt32)] = [
                (.gridWidth, width), (.gridHeight, 1), (.tileWidth, 1), (.tileHeight, 1),
            ]
            #expect(error(of: Self.patched(bytes, claim))?.kind == .overLimit)
            let limits = DecodeLimits(maximumTiles: .max)
            #expect(error(of: Self.patched(bytes, claim), limits: limits) != nil)
        }
    }

    @Test("sizes of zero and tiles outside the image are damage")
    func emptyImages() throws {
        let bytes = try Self.valid()
        let claims: [[(Field, UInt32)]] = [
            [(.gridWidth, 0)], [(.gridHeight, 0)], [(.offsetX, 40)], [(.offsetY, 31)], [(.offsetX, .max)],
            [(.tileWidth, 0)], [(.tileHeight, 0)], [(.tileOffsetX, 1)], [(.stepX, 0)], [(.stepY, 0)],
            [(.depth, 38)], [(.count, 0)], [(.count, 2)], [(.count, 16_385)],
            [(.offsetX, 1), (.gridWidth, 2), (.stepX, 255)],
        ]
        for claim in claims { #expect(error(of: Self.patched(bytes, claim))?.kind == .damaged, "\(claim)") }
    }

    @Test("images of more than 4 components, mixed signs or more than 31 bits are refused as unsupported")
    func unsupported() throws {
        let plane = TestImage.Plane(precision: 8, isSigned: false)
        let five = TestImage(width: 20, height: 20, planes: Array(repeating: plane, count: 5))
        #expect(error(of: try TestEncoder().encode(five))?.kind == .unsupported)
        let signed = TestImage.Plane(precision: 8, isSigned: true)
        let mixed = TestImage(width: 20, height: 20, planes: [plane, signed])
        #expect(error(of: try TestEncoder().encode(mixed))?.kind == .unsupported)
        for depth in [UInt32(31), 32, 37] {
            #expect(error(of: Self.patched(try Self.valid(), [(.depth, depth)]))?.kind == .unsupported)
        }
    }

    @Test("coarse subsampling does not make a small image large without limit")
    func subsampling() throws {
        let claim: [(Field, UInt32)] = [
            (.gridWidth, 40 * 255), (.gridHeight, 30 * 255), (.tileWidth, 40 * 255), (.tileHeight, 30 * 255),
            (.stepX, 255), (.stepY, 255),
        ]
        #expect(error(of: Self.patched(try Self.valid(), claim), limits: DecodeLimits(freeSamples: 0)) != nil)
    }

    @Test("precincts of one sample over a large image are refused: no packet is smaller than a byte")
    func tinyPrecincts() throws {
        // SOC, SIZ 8192x8192, COD with user precincts of 2x2 samples (1x1 at the lowest), QCD, one tile-part.
        let side: [UInt8] = [0, 0, 0x20, 0]
        let origin: [UInt8] = [0, 0, 0, 0]
        let size =
            [0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0] + side + side + origin + origin + side + side + origin
            + origin
            + [0, 1, 7, 1, 1]
        for (precinct, kind) in [
            (UInt8(0x11), DecodeError.Kind.overLimit), (0x22, .overLimit), (0x44, .damaged), (0x99, .damaged),
        ] {
            let style: [UInt8] = [0xff, 0x52, 0, 14, 1, 2, 0, 1, 0, 1, 4, 4, 0, 1, precinct, precinct]
            let quantization: [UInt8] = [0xff, 0x5c, 0, 7, 0x40, 0x40, 0x48, 0x48, 0x50]
            let tilePart: [UInt8] = [0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 15, 0, 1, 0xff, 0x93, 0, 0xff, 0xd9]
            let error = error(of: size + style + quantization + tilePart)
            #expect(error?.kind == kind, "precinct \(precinct): \(error?.message ?? "accepted")")
        }
    }

    @Test("a codestream cut off at any byte is refused as truncated")
    func truncation() throws {
        for tile in [nil, (width: 16, height: 16)] {
            let bytes = try Self.valid(tile: tile)
            for length in 1..<bytes.count {
                #expect(
                    error(of: Array(bytes.prefix(length)))?.kind == .truncated, "\(length) of \(bytes.count)")
            }
            #expect(error(of: bytes + [0]) == nil)
        }
    }

    @Test("random damage ends in a typed error or in an image of the stated size", arguments: [1, 3])
    func randomDamage(components: Int) throws {
        let seed = UInt64(0x5eed_0000 + components)
        var random = SeededGenerator(seed: seed)
        let streams = try [
            Self.valid(components: components), Self.valid(components: components, tile: (16, 16)),
        ]
        var refused = 0
        for round in 0..<1500 {
            var bytes = streams[round % streams.count]
            // Two rounds of three hit the headers, where damage is dangerous; the third hits anything.
            let reach = round % 3 == 2 ? bytes.count : 160
            for _ in 0...Int(random.next() % 4) {
                bytes[Int(random.next() % UInt64(min(reach, bytes.count)))] ^= 1 << UInt8(random.next() % 8)
            }
            let buffer = DecodeFixtures.buffer(bytes, pool: BufferPool())
            do {
                let frame = try OpenJPEGDecoder().decode(buffer.bytes, pool: BufferPool())
                #expect(frame.bytes.count == frame.layout?.byteCount, "seed \(seed), round \(round)")
            } catch {
                refused += 1
                #expect(
                    !error.message.isEmpty && !error.message.contains("\n"), "seed \(seed), round \(round)")
            }
        }
        #expect(refused > 300, "damage went unnoticed too often, seed \(seed)")
    }

    @Test("random bytes behind the right signature end in a typed error")
    func garbage() {
        var random = SeededGenerator(seed: 7)
        for round in 0..<500 {
            let start: [UInt8] =
                round % 2 == 0
                ? [0xff, 0x4f, 0xff, 0x51] : [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a]
            let noise = (0..<Int(random.next() % 600)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(error(of: start + noise) != nil, "round \(round)")
        }
    }

    @Test("a stream that fails OpenJPEG's own assertions is refused, and the process goes on")
    func assertions() throws {
        let form = HTJ2KFixtures.Form(
            width: 257, height: 255, maximum: 65_535, options: ["-reversible", "true"])
        let stream = try form.encode()
        var messages: Set<String> = []
        func hasAsserted() -> Bool { messages.contains { $0.contains("assertion") } }
        // Until the first: each costs the process some memory, and OpenJPEG some trust. 0xFF after 0xFF is what a MEL stream never has (ITU-T T.814, 7.1.2), and is asserted, not checked.
        for start in stride(from: 400, to: stream.count - 64, by: 97) where !hasAsserted() {
            var spoilt = stream
            for index in start..<(start + 64) { spoilt[index] = 0xFF }
            if let error = error(of: spoilt) { messages.insert(error.message) }
        }
        #expect(!messages.isEmpty)
        if OpenJPEGDecoder.libraryVersion == "2.5.0" {
            #expect(hasAsserted(), "\(messages)")
        }
        // What was lost is lost, and the decoder is as good as before.
        #expect(error(of: stream) == nil)
    }
}
