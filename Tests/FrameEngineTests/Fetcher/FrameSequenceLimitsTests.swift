import Testing

@testable import FrameEngine

@Suite("Frames as a sequence: no faster than the reader, nothing left behind", .timeLimit(.minutes(5)))
struct FrameSequenceLimitsTests {
    private static let size = FrameService.pixels.count

    private func options(ahead: Int? = nil, memory: Int = 1 << 30) -> FrameFetcher.Options {
        var options = FrameFetcher.Options()
        options.framesAhead = ahead
        options.memoryLimitInBytes = memory
        return options
    }

    /// Everything that frames can hold is free.
    private func isAllFree(_ fetcher: FrameFetcher) -> Bool {
        guard let all = fetcher.memory.takeNow(fetcher.memory.limit) else { return false }
        all.release()
        return true
    }

    @Test("nothing is fetched before the first frame is asked for")
    func lazy() async throws {
        let service = FrameService()
        let fetcher = try service.fetcher()
        let iterator = fetcher.frames(of: try FrameService.frames(10)).makeAsyncIterator()
        for _ in 0..<1_000 { await Task.yield() }
        #expect(service.requests.value.isEmpty)
        #expect(iterator.run.delivery.counts == (ahead: 0, working: 0))
        await fetcher.shutdown()
    }

    @Test(
        "a reader that does not ask on stops the fetching, however many frames there are",
        arguments: FrameOrder.allCases)
    func backPressure(order: FrameOrder) async throws {
        let service = FrameService()
        let fetcher = try service.fetcher(options(ahead: 4))
        var iterator = fetcher.frames(of: try FrameService.frames(1_000), order: order).makeAsyncIterator()
        for taken in 1...3 {
            _ = try await iterator.next()
            let delivery = iterator.run.delivery
            await until { delivery.counts == (ahead: 4, working: 0) && delivery.isAdmitterWaiting }
            for _ in 0..<1_000 { await Task.yield() }
            #expect(service.requests.value.count == taken + 4)
        }
        await fetcher.shutdown()
    }

    @Test("without a number of the program's own, as many are ahead as keep requests and workers busy")
    func defaultWindow() async throws {
        let service = FrameService()
        let fetcher = try service.fetcher(requests: 8)
        var iterator = fetcher.frames(of: try FrameService.frames(1_000)).makeAsyncIterator()
        _ = try await iterator.next()
        let delivery = iterator.run.delivery
        await until { delivery.counts == (ahead: 12, working: 0) && delivery.isAdmitterWaiting }
        #expect(service.requests.value.count == 13)
        await fetcher.shutdown()
    }

    @Test("leaving the loop ends every transfer and gives everything back")
    func breaking() async throws {
        let service = FrameService { $0 == 1 ? .bytes(FrameService.pixels) : .silence }
        let fetcher = try service.fetcher()
        for try await result in fetcher.frames(of: try FrameService.frames(100)) {
            #expect(result.number == 1)
            await until { service.inFlight.value == 8 }
            break
        }
        await until { service.inFlight.value == 0 && fetcher.runCount == 0 && isAllFree(fetcher) }
        // And the fetcher is as good as new.
        for try await result in fetcher.frames(of: try FrameService.frames(1)) { #expect(result.number == 1) }
        await fetcher.shutdown()
    }

    @Test("leaving the loop lets go of frames that were ready")
    func breakingWithReadyFrames() async throws {
        let service = FrameService()
        let fetcher = try service.fetcher(options(ahead: 4))
        for try await _ in fetcher.frames(of: try FrameService.frames(100)) {
            await until { service.requests.value.count == 5 && service.inFlight.value == 0 }
            #expect(!isAllFree(fetcher))
            break
        }
        await until { fetcher.runCount == 0 && isAllFree(fetcher) }
        await fetcher.shutdown()
    }

    @Test("a cancelled task gets a CancellationError, and every transfer ends")
    func cancelling() async throws {
        let service = FrameService { _ in .silence }
        let fetcher = try service.fetcher()
        let frames = try FrameService.frames(100)
        let task = Task { for try await _ in fetcher.frames(of: frames) {} }
        await until { service.inFlight.value == 8 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await until { service.inFlight.value == 0 && fetcher.runCount == 0 && isAllFree(fetcher) }
        await fetcher.shutdown()
    }

    @Test("a task that was cancelled before it began fetches nothing")
    func cancelledBefore() async throws {
        let service = FrameService()
        let fetcher = try service.fetcher()
        let frames = try FrameService.frames(100)
        let gate = Gate()
        let task = Task {
            try? await gate.pass()
            for try await _ in fetcher.frames(of: frames) {}
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await until { fetcher.runCount == 0 && isAllFree(fetcher) }
        #expect(service.requests.value.isEmpty)
        await fetcher.shutdown()
    }

    @Test("frames that wait for their reader count against the memory limit")
    func memoryWhileWaiting() async throws {
        let service = FrameService()
        // The hint lets a frame count as 128 KiB while it is under way, and as its 5,000 bytes when it waits.
        let fetcher = try service.fetcher(options(ahead: 1_000, memory: 200 << 10))
        let frames = try FrameService.frames(1_000, sizeHintInBytes: 64 << 10)
        var iterator = fetcher.frames(of: frames).makeAsyncIterator()
        _ = try await iterator.next()
        let delivery = iterator.run.delivery
        // Somebody waits for memory, and nothing is under way that would give any back.
        await until {
            (fetcher.memory.waiterCount == 1 && delivery.isAdmitterWaiting && delivery.counts.working == 0)
                || service.requests.value.count > 100
        }
        let waiting = delivery.counts.ahead
        #expect(waiting > 1 && waiting * Self.size <= 200 << 10)
        #expect(service.requests.value.count == waiting + 1)
        #expect(!isAllFree(fetcher))
        await fetcher.shutdown()
    }

    @Test("a frame counts as long as the program holds it, and no longer")
    func memoryOfHeldFrames() async throws {
        let fetcher = try FrameService().fetcher(options(ahead: 1))
        var held: [FetchedFrame] = []
        for try await result in fetcher.frames(of: try FrameService.frames(3)) {
            held.append(try result.get())
        }
        await until { fetcher.runCount == 0 }
        let free = fetcher.memory.limit - 3 * Self.size
        #expect(fetcher.memory.takeNow(free + 1) == nil)
        #expect(fetcher.memory.takeNow(free) != nil)
        let copy = held[0]
        held.removeAll()
        #expect(fetcher.memory.takeNow(free + 2 * Self.size + 1) == nil)
        #expect(copy.byteCount == Self.size)
        await fetcher.shutdown()
    }

    @Test("a program that holds every frame gets them all, limit or not", arguments: FrameOrder.allCases)
    func hoarder(order: FrameOrder) async throws {
        let fetcher = try FrameService().fetcher(options(memory: 3 * Self.size))
        var held: [FetchedFrame] = []
        for try await result in fetcher.frames(of: try FrameService.frames(50), order: order) {
            held.append(try result.get())
        }
        #expect(held.count == 50)
        held.removeAll()
        await until { fetcher.runCount == 0 && isAllFree(fetcher) }
        await fetcher.shutdown()
    }

    @Test("an iteration that nobody reads on does not starve another of the same fetcher")
    func twoReaders() async throws {
        let fetcher = try FrameService().fetcher(options(memory: 3 * Self.size))
        var idle = fetcher.frames(of: try FrameService.frames(50)).makeAsyncIterator()
        let first = try await idle.next()
        var numbers: Set<Int> = []
        for try await result in fetcher.frames(of: try FrameService.frames(50)) {
            numbers.insert(result.number)
        }
        #expect(numbers == Set(1...50))
        #expect(first != nil)
        var rest = 1
        while try await idle.next() != nil { rest += 1 }
        #expect(rest == 50)
        await fetcher.shutdown()
    }
}
