import Testing

@testable import FrameEngine

@Suite("Which resolution of an image is decoded")
struct ResolutionChoiceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var reduction = 0
        var box: (width: Int, height: Int)?
        let expected: Int
        var lacks = false

        var choice: ResolutionChoice {
            ResolutionChoice(
                reduction: reduction, maximumSize: box.map { .init(width: $0.width, height: $0.height) },
                onShortage: .takeLowest)
        }
        var testDescription: String { "\(choice) -> \(expected)" }
    }

    /// Of an image with the resolutions 101x60, 51x30, 26x15 and 13x8.
    static let cases = [
        Case(expected: 0), Case(reduction: 1, expected: 1), Case(reduction: 3, expected: 3),
        Case(reduction: 4, expected: 3, lacks: true), Case(reduction: 32, expected: 3, lacks: true),
        Case(box: (101, 60), expected: 0), Case(box: (100, 60), expected: 1),
        Case(box: (101, 59), expected: 1),
        Case(box: (51, 30), expected: 1), Case(box: (50, 1000), expected: 2),
        Case(box: (1000, 8), expected: 3),
        Case(box: (13, 8), expected: 3), Case(box: (12, 8), expected: 3, lacks: true),
        Case(box: (1, 1), expected: 3, lacks: true),
        // Both given: the larger reduction.
        Case(reduction: 1, box: (26, 15), expected: 2), Case(reduction: 2, box: (1000, 1000), expected: 2),
        Case(reduction: 5, box: (1000, 1000), expected: 3, lacks: true),
    ]

    @Test(
        "it is the least reduction that fits, as far as the image has levels, and says when that is too few",
        arguments: cases)
    func chosen(example: Case) throws {
        let pool = BufferPool()
        let image = TestImage(width: 101, height: 60, planes: [.init(precision: 8, isSigned: false)])
        let bytes = try TestEncoder().encode(image)
        let frame = try FrameDecoder(pool: pool).decode(
            DecodeFixtures.buffer(bytes, pool: pool), storedAs: .jpeg2000, resolution: example.choice)
        #expect(frame.reduction == example.expected)
        #expect(frame.lacksResolution == example.lacks)
        let scale = 1 << example.expected
        #expect(frame.layout?.width == (101 + scale - 1) / scale)
        #expect(frame.layout?.height == (60 + scale - 1) / scale)
        #expect(frame.array == (try OpenJPEGDecoder().decode(bytes, reduction: example.expected).array))
    }

    @Test(
        "a frame with fewer levels than must be left out is an error that states its size and levels",
        arguments: [4, 32])
    func refused(reduction: Int) throws {
        let pool = BufferPool()
        let image = TestImage(width: 101, height: 60, planes: [.init(precision: 8, isSigned: false)])
        let encoded = DecodeFixtures.buffer(try TestEncoder().encode(image), pool: pool)
        let error = #expect(throws: DecodeError.self) {
            try FrameDecoder(pool: pool).decode(
                encoded, storedAs: .jpeg2000, resolution: ResolutionChoice(reduction: reduction))
        }
        #expect(error?.kind == .unsupported)
        #expect(error?.message.contains("101 x 60") == true)
        #expect(error?.message.contains("has 4 resolutions") == true)
        #expect(error?.isRetryable == false)
    }

    @Test("no reduction outside of what images can have is taken", arguments: [-1, 33, .max, .min])
    func outOfRange(reduction: Int) throws {
        let image = TestImage(width: 9, height: 9, planes: [.init(precision: 8, isSigned: false)])
        let bytes = try TestEncoder().encode(image)
        #expect(throws: DecodeError.self) { try OpenJPEGDecoder().decode(bytes, reduction: reduction) }
    }

    @Test("an image off the grid's origin never shrinks to nothing")
    func offOrigin() throws {
        let image = TestImage(
            width: 8, height: 40, planes: [.init(precision: 8, isSigned: false)], origin: (33, 1))
        var bytes = try TestEncoder().encode(image)
        // One column, number 33, is left: ceil(34 / 2) is ceil(33 / 2), so that no level can be left out. Xsiz, A.5.1.
        #expect(Array(bytes[8..<12]) == [0, 0, 0, 41])
        bytes[11] = 34
        let chosen = try bytes.withUnsafeBytes { bytes in
            let header = try CodestreamHeader(parsing: bytes)
            #expect(header.codingStyle.decompositions == 3)
            return try ChosenResolution(
                of: ResolutionChoice(reduction: 2, onShortage: .takeLowest), header: header,
                parts: try TilePartIndex(of: bytes, header: header))
        }
        #expect(chosen.reduction == 0)
        #expect(chosen.fallsShort)
    }

    @Test("a frame that passes through has one resolution, and says so when another was asked for")
    func asStored() throws {
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer([1, 2, 3], pool: pool)
        let decoder = FrameDecoder(pool: pool)
        let full = try decoder.decode(encoded, storedAs: .jpegBaseline)
        #expect(!full.lacksResolution)
        let reduced = try decoder.decode(
            encoded, storedAs: .jpegBaseline, resolution: ResolutionChoice(reduction: 1))
        #expect(reduced.bytes === encoded)
        #expect(reduced.lacksResolution)
        #expect(reduced.reduction == 0)
    }

    @Test("reports name the choice")
    func names() {
        #expect(ResolutionChoice.full.description == "full")
        #expect(ResolutionChoice.full.isFull)
        let both = ResolutionChoice(reduction: 2, maximumSize: .init(width: 512, height: 400))
        #expect(both.description == "reduce 2, max-size 512x400")
        #expect(!both.isFull)
    }
}

@Suite(
    "Lower resolutions of real frames",
    .enabled(if: DecodeFixtures.areFramesPresent, "shared/data/frames is beside the repository"))
struct ReducedRealFrameTests {
    @Test("the native decoder gives OpenJPEG's bytes at every resolution", arguments: RealFrameTests.samples)
    func everyResolution(sample: RealFrameTests.Sample) throws {
        let pool = BufferPool()
        let bytes = try DecodeFixtures.bytes(of: sample.name + ".j2c")
        let encoded = DecodeFixtures.buffer(bytes, pool: pool)
        for reduction in 1...5 {
            let expected = try OpenJPEGDecoder().decode(bytes, reduction: reduction)
            for instructionSet in NativeDecoder.InstructionSet.allCases {
                let answer = try NativeDecoder(upTo: instructionSet)
                    .decode(encoded.bytes, reduction: reduction, pool: pool)
                guard case .decoded(let frame) = answer else {
                    Issue.record("\(instructionSet) declines it")
                    continue
                }
                #expect(frame.layout == expected.layout)
                #expect(frame.array == expected.array, "reduced by \(reduction), \(instructionSet)")
            }
        }
    }

    @Test("the service's cut-off frame decodes at the resolution that it holds whole, and at no other")
    func truncatedServiceFrame() throws {
        let bytes = try DecodeFixtures.bytes(of: "healthimaging-frame-truncated.jph")
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer(bytes, pool: pool)
        let decoder = FrameDecoder(pool: pool)
        let frame = try decoder.decode(
            encoded, storedAs: .htj2kLosslessRPCL, resolution: ResolutionChoice(reduction: 3))
        #expect(
            frame.layout
                == PixelLayout(width: 64, height: 64, components: 1, bitsPerSample: 16, isSigned: true))
        #expect(frame.decoder == "native")

        // OpenJPEG takes what is there when it is closed by an end marker behind the first tile-part.
        let container = try bytes.withUnsafeBytes { try JP2Container(parsing: $0) }
        let codestream = Array(bytes[container.codestream])
        let parts = try codestream.withUnsafeBytes {
            try TilePartIndex(of: $0, header: try CodestreamHeader(parsing: $0)).parts
        }
        let closed = Array(codestream[..<parts[1].offset]) + [0xff, 0xd9]
        #expect(frame.array == (try OpenJPEGDecoder().decode(closed, reduction: 3).array))

        for reduction in 0...2 {
            let error = #expect(throws: DecodeError.self) {
                try decoder.decode(
                    encoded, storedAs: .htj2kLosslessRPCL, resolution: ResolutionChoice(reduction: reduction))
            }
            #expect(error?.kind == .truncated)
            for word in ["tile 0", "resolution 1", "byte 12203"] {
                #expect(error?.message.contains(word) == true, "\(error?.message ?? "") lacks \(word)")
            }
        }
        #expect(throws: DecodeError.self) { try OpenJPEGDecoder().decode(bytes, reduction: 3) }
    }
}
