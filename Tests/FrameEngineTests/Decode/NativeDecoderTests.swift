import CAllocationCounter
import Testing

@testable import FrameEngine

@Suite("Native decoder")
struct NativeDecoderTests {
    private let pool = BufferPool()

    private func decode(_ decoder: NativeDecoder, _ encoded: PooledBuffer, reduction: Int = 0) throws
        -> DecodedFrame
    {
        switch try decoder.decode(encoded.bytes, reduction: reduction, pool: pool) {
        case .decoded(let frame): return frame
        case .declined(let reason): throw DecodeError(.unsupported, reason)
        }
    }

    @Test(
        "its checksum, computed on the way, is that of its bytes, in every layout and resolution",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled), arguments: HTJ2KFixtures.lossless)
    func checksum(form: HTJ2KFixtures.Form) throws {
        let encoded = DecodeFixtures.buffer(try form.encode(), pool: pool)
        for instructionSet in NativeDecoder.InstructionSet.allCases {
            let decoder = NativeDecoder(upTo: instructionSet)
            let frame = try decode(decoder, encoded)
            #expect(frame.array == form.raster)
            let isOneColumn = !form.options.contains("-tile_size") || form.width == 130
            #expect(
                (frame.crc32 != nil) == isOneColumn, "rows come in order where tiles are not side by side")
            #expect(frame.checksum == CRC32.checksum(form.raster))
            let levels = try CodestreamHeader(parsing: encoded.bytes).codingStyle.decompositions
            for reduction in 1..<max(levels + 1, 1) where form.height >> reduction > 0 {
                let reduced = try decode(decoder, encoded, reduction: reduction)
                #expect(reduced.checksum == CRC32.checksum(reduced.bytes), "reduction \(reduction)")
            }
        }
    }

    @Test(
        "a frame costs no allocation once frames of its size were seen, from headers to checksum",
        .enabled(if: cac_is_counting() != 0), .enabled(if: CommandLineEncoder.openJPH.isInstalled))
    func allocations() throws {
        let streams = try HTJ2KFixtures.lossless.map { DecodeFixtures.buffer(try $0.encode(), pool: pool) }
        let decoder = FrameDecoder(pool: pool, preference: .native)
        func decodeAll() throws -> UInt32 {
            var sum: UInt32 = 0
            // By index: without optimisation an array's iterator allocates.
            for index in 0..<streams.count {
                let frame = try decoder.decode(streams[index], storedAs: .htj2kLosslessRPCL)
                sum ^= frame.checksum
            }
            return sum
        }
        let first = try decodeAll()
        _ = try decodeAll()
        let calls = cac_calls_on_this_thread()
        let again = try decodeAll()
        let allocations = cac_calls_on_this_thread() - calls
        #expect(allocations == 0)
        #expect(again == first)
        // The counter does count.
        _ = pool.buffer(capacity: 10)
        #expect(cac_calls_on_this_thread() > calls)
    }

    @Test("a frame that somebody still has is never written over")
    func heldFrames() throws {
        let forms = Array(HTJ2KFixtures.lossless.prefix(4))
        let streams = try forms.map { DecodeFixtures.buffer(try $0.encode(), pool: pool) }
        let decoder = NativeDecoder()
        let held = try (0..<3).flatMap { _ in try streams.map { try decode(decoder, $0) } }
        for (index, frame) in held.enumerated() { #expect(frame.array == forms[index % 4].raster) }
        #expect(Set(held.map { ObjectIdentifier($0.bytes) }).count == held.count)
    }

    @Test("memory of the last frame is used for the next one once it has been let go")
    func reuse() throws {
        let stream = DecodeFixtures.buffer(try HTJ2KFixtures.lossless[3].encode(), pool: pool)
        let decoder = NativeDecoder()
        let first = try ObjectIdentifier(decode(decoder, stream).bytes)
        #expect(try ObjectIdentifier(decode(decoder, stream).bytes) == first)
        let other = BufferPool()
        guard case .decoded(let frame) = try decoder.decode(stream.bytes, pool: other) else {
            Issue.record("declined")
            return
        }
        #expect(frame.array == HTJ2KFixtures.lossless[3].raster)
    }

    @Test("a reduction that the image does not have is refused")
    func impossibleReductions() throws {
        let stream = DecodeFixtures.buffer(try HTJ2KFixtures.lossless[3].encode(), pool: pool)
        for reduction in [-1, 6, 33, .max] {
            let error = #expect(throws: DecodeError.self) {
                try NativeDecoder().decode(stream.bytes, reduction: reduction, pool: pool)
            }
            #expect(error?.kind == .unsupported)
        }
    }

    @Test("the stages of a frame add up to no more than the whole")
    func stages() throws {
        let stream = DecodeFixtures.buffer(try HTJ2KFixtures.lossless[3].encode(), pool: pool)
        let decoder = NativeDecoder()
        let clock = ContinuousClock()
        let whole = try clock.measure { _ = try decode(decoder, stream) }
        let stages = decoder.stages
        for stage in [stages.headers, stages.blocks, stages.wavelet, stages.finish] { #expect(stage > .zero) }
        #expect(stages.total <= whole)
    }
}
