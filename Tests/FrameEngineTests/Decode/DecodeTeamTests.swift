import Foundation
import Synchronization
import Testing

@testable import FrameEngine

@Suite("A frame on several threads")
struct DecodeTeamTests {
    /// At least `DecodeTeam.leastSamples` each.
    static let forms = [
        HTJ2KFixtures.Form(width: 2101, height: 1009, maximum: 4095, options: ["-reversible", "true"]),
        HTJ2KFixtures.Form(
            width: 1001, height: 999, components: 3,
            options: ["-reversible", "true", "-colour_trans", "true", "-tile_size", "{1001,300}"]),
        HTJ2KFixtures.Form(
            width: 1500, height: 1400, maximum: 65_535,
            options: ["-reversible", "true", "-tile_size", "{700,500}", "-num_decomps", "2"]),
    ]

    private static func pool(threads: Int, team: DecodeTeam) -> WorkerPool<Void> {
        let helpers = WorkerPool<Void>(count: threads, name: "helper") { _ in }
        team.borrow { [weak helpers] most, help in helpers?.lend(upTo: most, help) ?? 0 }
        return helpers
    }

    private func decode(_ decoder: NativeDecoder, _ encoded: PooledBuffer, _ pool: BufferPool) throws
        -> DecodedFrame
    {
        guard case .decoded(let frame) = try decoder.decode(encoded.bytes, pool: pool) else {
            throw DecodeError(.unsupported, "declined")
        }
        return frame
    }

    @Test(
        "gives the same bytes and the same checksum as on one",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled), arguments: forms)
    func sameBytes(form: HTJ2KFixtures.Form) throws {
        #expect(form.width * form.height * form.components >= DecodeTeam.leastSamples)
        let pool = BufferPool()
        let encoded = DecodeFixtures.buffer(try form.encode(), pool: pool)
        let alone = try decode(NativeDecoder(), encoded, pool)
        #expect(alone.array == form.raster)
        for threads in [1, 3] {
            let team = DecodeTeam()
            let helpers = Self.pool(threads: threads, team: team)
            defer { helpers.shutDown() }
            for instructionSet in NativeDecoder.InstructionSet.allCases {
                let decoder = NativeDecoder(upTo: instructionSet, team: team)
                for _ in 0..<3 {
                    let shared = try decode(decoder, encoded, pool)
                    #expect(shared.bytes.bytes.elementsEqual(alone.bytes.bytes), "\(instructionSet)")
                    #expect(shared.crc32 == alone.crc32)
                    #expect(shared.checksum == CRC32.checksum(shared.bytes))
                }
            }
        }
    }

    @Test(
        "decoders that share a team decode at the same time, each its own frame",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled))
    func manyFrames() async throws {
        let buffers = BufferPool()
        let streams = try Self.forms.map { DecodeFixtures.buffer(try $0.encode(), pool: buffers) }
        let expected = Self.forms.map { CRC32.checksum($0.raster) }
        let team = DecodeTeam()
        let workers = WorkerPool<FrameDecoder>(count: 4, name: "worker") { _ in
            FrameDecoder(pool: buffers, preference: .native, team: team)
        }
        defer { workers.shutDown() }
        team.borrow { [weak workers] most, help in workers?.lend(upTo: most, help) ?? 0 }
        let sums = await withTaskGroup(of: (Int, UInt32?).self) { group in
            for index in 0..<12 {
                group.addTask {
                    await workers.run { decoder in
                        let frame = try? decoder.decode(streams[index % 3], storedAs: .htj2kLosslessRPCL)
                        return (index, frame.map { CRC32.checksum($0.bytes) })
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for index in 0..<12 { #expect(sums[index] == expected[index % 3]) }
    }

    @Test(
        "damage is the same typed error on one thread and on several, and the next frame decodes",
        .enabled(if: CommandLineEncoder.openJPH.isInstalled))
    func damage() throws {
        let pool = BufferPool()
        let bytes = try Self.forms[0].encode()
        let team = DecodeTeam()
        let helpers = Self.pool(threads: 3, team: team)
        defer { helpers.shutDown() }
        let decoder = NativeDecoder(team: team)
        let whole = DecodeFixtures.buffer(bytes, pool: pool)
        var random = SeededGenerator(seed: 0x7ea3)
        var refused = 0
        for round in 0..<6 {
            var damaged = bytes
            for _ in 0..<40 {
                damaged[200 + Int(random.next() % UInt64(bytes.count - 210))] = UInt8(random.next() & 255)
            }
            let buffer = DecodeFixtures.buffer(damaged, pool: pool)
            let alone = Result { try decode(NativeDecoder(), buffer, pool) }
            let shared = Result { try decode(decoder, buffer, pool) }
            switch (alone, shared) {
            case (.success(let one), .success(let other)):
                #expect(one.bytes.bytes.elementsEqual(other.bytes.bytes), "round \(round)")
            case (.failure(let one as DecodeError), .failure(let other as DecodeError)):
                refused += 1
                #expect(one.kind == other.kind, "round \(round)")
            default:
                Issue.record("round \(round): \(alone) and \(shared)")
            }
        }
        #expect(refused > 0)
        #expect(try decode(decoder, whole, pool).array == Self.forms[0].raster)
    }

    @Test("a team that has nobody to borrow from, or only busy ones, leaves the frame to its own thread")
    func nobodyIdle() async throws {
        let team = DecodeTeam()
        #expect(team.gather(for: SharedFrame()) == 0)
        let helpers = Self.pool(threads: 2, team: team)
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        async let jobs: Void = withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    await helpers.run { _ in
                        begun.signal()
                        gate.wait()
                    }
                }
            }
        }
        await Self.wait(for: begun, times: 2)
        #expect(team.gather(for: SharedFrame()) == 0)
        gate.signal()
        gate.signal()
        await jobs
        helpers.shutDown()
        #expect(team.gather(for: SharedFrame()) == 0)
    }

    private static func wait(for semaphore: DispatchSemaphore, times: Int) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                for _ in 0..<times { semaphore.wait() }
                continuation.resume()
            }
        }
    }

    @Test("helpers that come late, or to a frame that never opens, go home")
    func lateHelpers() {
        let frame = SharedFrame()
        let gone = DispatchGroup()
        for _ in 0..<3 { DispatchQueue.global().async(group: gone) { frame.help() } }
        frame.close()
        gone.wait()
        frame.help()
    }
}
