import Testing

@testable import FrameEngine

@Suite("The life of a transfer")
struct TransferLifeTests {
    @Test("a finished transfer hands its waiter out once")
    func finishesOnce() {
        var life = TransferLife<Int>()
        guard case .enqueue = life.submit(7) else {
            Issue.record("a new transfer must be enqueued")
            return
        }
        let hasStarted4 = life.start()
        #expect(hasStarted4)
        let waiter6 = life.finish()
        #expect(waiter6 == 7)
        let waiter7 = life.finish()
        #expect(waiter7 == nil)
        guard case .nothing = life.cancel() else {
            Issue.record("nothing is left to cancel")
            return
        }
    }

    @Test("a cancel before the submit makes the submit give the waiter back")
    func cancelledBeforeSubmit() {
        var life = TransferLife<Int>()
        guard case .nothing = life.cancel() else {
            Issue.record("nobody waits yet")
            return
        }
        guard case .resumeCancelled(7) = life.submit(7) else {
            Issue.record("the waiter must come back")
            return
        }
        let hasStarted1 = life.start()
        #expect(!hasStarted1)
        let waiter8 = life.finish()
        #expect(waiter8 == nil)
    }

    @Test("a cancel while queued resumes the waiter, and the loop skips the transfer")
    func cancelledWhileQueued() {
        var life = TransferLife<Int>()
        _ = life.submit(7)
        guard case .resume(7) = life.cancel() else {
            Issue.record("the waiter must be resumed without stopping the loop")
            return
        }
        let hasStarted2 = life.start()
        #expect(!hasStarted2)
        let waiter9 = life.finish()
        #expect(waiter9 == nil)
    }

    @Test("a cancel while running resumes the waiter and stops the loop's work")
    func cancelledWhileRunning() {
        var life = TransferLife<Int>()
        _ = life.submit(7)
        let hasStarted5 = life.start()
        #expect(hasStarted5)
        guard case .resumeAndStop(7) = life.cancel() else {
            Issue.record("the loop must be told")
            return
        }
        let waiter10 = life.finish()
        #expect(waiter10 == nil)
        guard case .nothing = life.cancel() else {
            Issue.record("a second cancel does nothing")
            return
        }
    }

    @Test("a transfer refused while queued hands its waiter out, and cannot start")
    func refusedWhileQueued() {
        var life = TransferLife<Int>()
        _ = life.submit(7)
        let waiter11 = life.finish()
        #expect(waiter11 == 7)
        let hasStarted3 = life.start()
        #expect(!hasStarted3)
    }

    @Test("whatever the order of events, the waiter comes out exactly once")
    func everyOrder() {
        // Five events of four kinds: all 4^5 sequences, each with one submit at most.
        for code in 0..<1024 {
            var life = TransferLife<Int>()
            var submitted = 0
            var given = 0
            var rest = code
            for _ in 0..<5 {
                switch rest % 4 {
                case 0 where submitted == 0:
                    submitted = 1
                    if case .resumeCancelled = life.submit(7) { given += 1 }
                case 1: _ = life.start()
                case 2 where submitted == 1: given += life.finish() == nil ? 0 : 1
                case 3:
                    switch life.cancel() {
                    case .nothing: break
                    case .resume, .resumeAndStop: given += 1
                    }
                default: break
                }
                rest /= 4
            }
            if life.finish() != nil { given += 1 }
            #expect(given == submitted, "sequence \(code)")
        }
    }
}
