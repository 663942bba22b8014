import Testing

@testable import FrameEngine

@Suite("Frames as a sequence", .timeLimit(.minutes(5)))
struct FrameSequenceTests {
    @Test("every planned frame is an element, verified, with its pixels")
    func complete() async throws {
        let service = FrameService()
        let fetcher = try service.fetcher()
        var numbers: Set<Int> = []
        for try await result in fetcher.frames(of: try FrameService.frames(300)) {
            let frame = try result.get()
            #expect(frame.isVerified)
            #expect(frame.withUnsafeBytes { Array($0) == FrameService.pixels })
            numbers.insert(frame.planned.frameNumber)
        }
        #expect(numbers == Set(1...300))
        #expect(service.requests.value.count == 300)
        await fetcher.shutdown()
    }

    @Test("a plan without frames ends at once")
    func empty() async throws {
        let fetcher = try FrameService().fetcher()
        var iterator = fetcher.frames(of: []).makeAsyncIterator()
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
        await fetcher.shutdown()
    }

    @Test("in order of completion nobody waits for a slow frame")
    func completionOrder() async throws {
        // Frame n is answered when frame n + 1 has been taken.
        let gates = (1...5).map { _ in Gate() }
        let service = FrameService { number in
            if number < 5 { try await gates[number].pass() }
            return .bytes(FrameService.pixels)
        }
        let fetcher = try service.fetcher()
        var numbers: [Int] = []
        for try await result in fetcher.frames(of: try FrameService.frames(5), order: .completion) {
            numbers.append(result.number)
            gates[result.number - 1].open()
        }
        #expect(numbers == [5, 4, 3, 2, 1])
        await fetcher.shutdown()
    }

    @Test("in order of the plan a slow frame holds up the ones behind it, which are ready by then")
    func planOrder() async throws {
        let gate = Gate()
        let service = FrameService { number in
            if number == 1 { try await gate.pass() }
            return number == 3 ? .status(404, code: "ResourceNotFoundException") : .bytes(FrameService.pixels)
        }
        let fetcher = try service.fetcher()
        var iterator = fetcher.frames(of: try FrameService.frames(6), order: .plan).makeAsyncIterator()
        let run = iterator.run
        let opener = Task {
            await until { run.delivery.counts == (ahead: 6, working: 1) }
            gate.open()
        }
        var numbers: [Int] = []
        while let result = try await iterator.next() { numbers.append(result.number) }
        #expect(numbers == [1, 2, 3, 4, 5, 6])
        await opener.value
        await fetcher.shutdown()
    }

    @Test("in order of the plan nothing is lost when answers come in any order")
    func planOrderAtRandom() async throws {
        let service = FrameService { _ in
            for _ in 0..<Int.random(in: 0..<50) { await Task.yield() }
            return .bytes(FrameService.pixels)
        }
        let fetcher = try service.fetcher()
        var numbers: [Int] = []
        for try await result in fetcher.frames(of: try FrameService.frames(500), order: .plan) {
            numbers.append(result.number)
        }
        #expect(numbers == Array(1...500))
        await fetcher.shutdown()
    }

    @Test("a frame that fails is an element that says why, and the others go on")
    func failures() async throws {
        let service = FrameService { number in
            switch number {
            case 2: .status(404, code: "ResourceNotFoundException")
            case 4: .bytes([1, 2, 3])
            case 6: .status(500, code: "InternalServerException")
            default: .bytes(FrameService.pixels)
            }
        }
        let fetcher = try service.fetcher()
        var codes: [Int: String] = [:]
        var verified: [Int] = []
        for try await result in fetcher.frames(of: try FrameService.frames(7), order: .plan) {
            switch result {
            case .success(let frame): verified.append(frame.planned.frameNumber)
            case .failure(let failed):
                codes[failed.planned.frameNumber] = "\(failed.stage)/\(failed.code)"
                #expect(failed.message.contains(failed.planned.imageFrameID.description))
                #expect(failed.outcome.failure != nil)
            }
        }
        #expect(verified == [1, 3, 5, 7])
        #expect(codes[2] == "request/ResourceNotFoundException")
        #expect(codes[4] == "verify/checksum-mismatch")
        #expect(codes[6] == "request/InternalServerException")
        await fetcher.shutdown()
    }

    @Test("a frame without a checksum is a failure, unless the program allows such frames")
    func unverifiable() async throws {
        let frames = try FrameService.frames(1, crc32: nil)
        let strict = try FrameService().fetcher()
        for try await result in strict.frames(of: frames) {
            #expect(throws: FailedFrame.self) { try result.get() }
            guard case .failure(let failed) = result else { continue }
            #expect(failed.code == "no-checksum")
            #expect(failed.underlying is MissingChecksum)
        }
        var options = FrameFetcher.Options()
        options.allowsUnverifiable = true
        let lenient = try FrameService().fetcher(options)
        for try await result in lenient.frames(of: frames) {
            let frame = try result.get()
            #expect(!frame.isVerified)
            #expect(frame.outcome.status == .unverifiable)
        }
        await strict.shutdown()
        await lenient.shutdown()
    }

    @Test("refused credentials end the iteration with an error, after what was ready, and then it is over")
    func credentials() async throws {
        let service = FrameService { number in
            number == 1
                ? .bytes(FrameService.pixels) : .status(403, code: "ExpiredTokenException")
        }
        var options = FrameFetcher.Options()
        options.framesAhead = 1
        let fetcher = try service.fetcher(options)
        var iterator = fetcher.frames(of: try FrameService.frames(100)).makeAsyncIterator()
        #expect(try await iterator.next()?.get().planned.frameNumber == 1)
        let refused = try await iterator.next()
        #expect(throws: FailedFrame.self) { try refused?.get() }
        let error = await #expect(throws: ServiceError.self) { _ = try await iterator.next() }
        #expect(error?.kind == .credentials)
        #expect(try await iterator.next() == nil)
        #expect(service.requests.value.count <= 3)
        await fetcher.shutdown()
    }

    @Test(
        "a service that never answers ends the iteration with an error, however few the frames",
        arguments: [2, 100])
    func neverThere(frames: Int) async throws {
        let service = FrameService { _ in .broken }
        let fetcher = try service.fetcher()
        var failures = 0
        await #expect(throws: TransportError.self) {
            for try await result in fetcher.frames(of: try FrameService.frames(frames)) {
                if case .failure = result { failures += 1 }
            }
        }
        #expect(failures == min(frames, failures) && failures >= min(frames, 16))
        await fetcher.shutdown()
    }

    @Test("pixels are the memory that was filled, not a copy, and stay valid after everything else has gone")
    func noCopy() async throws {
        var options = FrameFetcher.Options()
        options.keepsEncodedBytes = true
        let fetcher = try FrameService().fetcher(options)
        var kept: FetchedFrame?
        for try await result in fetcher.frames(of: try FrameService.frames(1)) { kept = try result.get() }
        await fetcher.shutdown()
        let frame = try #require(kept)
        let asServed = try #require(frame.withUnsafeEncodedBytes { $0.baseAddress })
        #expect(frame.withUnsafeBytes { $0.baseAddress } == asServed)
        #expect(frame.withUnsafeBytes { Array($0) } == FrameService.pixels)
        #expect(frame.byteCount == FrameService.pixels.count)
    }

    @Test("bytes as served are kept only where the program wants them")
    func encodedBytes() async throws {
        let fetcher = try FrameService().fetcher()
        for try await result in fetcher.frames(of: try FrameService.frames(1)) {
            #expect(try result.get().withUnsafeEncodedBytes { $0.count } == nil)
        }
        await fetcher.shutdown()
    }
}
