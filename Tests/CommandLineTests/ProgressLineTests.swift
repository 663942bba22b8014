import Testing

@testable import hi_fetch

@Suite("The progress line")
struct ProgressLineTests {
    private static func sample(
        seconds: Int, done: Int, total: Int? = 1000, failed: Int = 0
    ) -> ProgressSample {
        ProgressSample(
            elapsed: .seconds(seconds), framesDone: done, framesTotal: total, framesFailed: failed,
            receivedBytes: done * 200_000, decodedBytes: done * 500_000)
    }

    private static func line(_ samples: [ProgressSample]) -> ProgressLine {
        var line = ProgressLine()
        for sample in samples { line.add(sample) }
        return line
    }

    @Test("a plain line has counts, both rates and the time left")
    func plain() {
        let line = Self.line([Self.sample(seconds: 0, done: 0), Self.sample(seconds: 5, done: 250)])
        #expect(
            line.plain()
                == "250/1,000 frames 25%, 10.0 MB/s received, 25.0 MB/s decoded, ETA 0:15")
    }

    @Test("rates are those of the last ten seconds, not of the whole run")
    func windowed() {
        let slow = (0...60).map { Self.sample(seconds: $0, done: $0, total: 1_000) }
        let fast = (61...80).map { Self.sample(seconds: $0, done: 60 + ($0 - 60) * 10, total: 1_000) }
        let line = Self.line(slow + fast)
        #expect(line.plain().contains("2.0 MB/s received"))
        #expect(line.plain().contains("ETA 1:14"))
    }

    @Test("without a total there is a count and no promise of an end")
    func noTotal() {
        let line = Self.line([
            Self.sample(seconds: 0, done: 0, total: nil), Self.sample(seconds: 1, done: 12, total: nil),
        ])
        #expect(line.plain().hasPrefix("12 frames, "))
        #expect(!line.plain().contains("ETA"))
    }

    @Test("failures are told as soon as there are some")
    func failures() {
        let line = Self.line([Self.sample(seconds: 0, done: 0), Self.sample(seconds: 1, done: 9, failed: 2)])
        #expect(line.plain().contains("2 failed"))
    }

    @Test("the bar never reaches the last column", arguments: [1, 5, 10, 20, 40, 60, 79, 80, 100, 120, 200])
    func fits(width: Int) {
        for done in [0, 1, 500, 999, 1000] {
            let line = Self.line([Self.sample(seconds: 0, done: 0), Self.sample(seconds: 7, done: done)])
            #expect(line.bar(width: width, color: false).count < max(width, 1) || width == 1)
            #expect(line.bar(width: width, color: false).count <= width)
        }
    }

    @Test("the bar is as full as the work is done")
    func filled() {
        let line = Self.line([Self.sample(seconds: 0, done: 0), Self.sample(seconds: 7, done: 500)])
        let bar = line.bar(width: 160, color: false)
        #expect(bar.hasPrefix("[###############---------------] "))
        let whole = Self.line([Self.sample(seconds: 0, done: 0), Self.sample(seconds: 7, done: 1000)])
        #expect(whole.bar(width: 160, color: false).hasPrefix("[##############################] "))
    }

    @Test("colour appears only where it is welcome, and is taken back")
    func color() {
        let line = Self.line([
            Self.sample(seconds: 0, done: 0), Self.sample(seconds: 7, done: 500, failed: 1),
        ])
        #expect(!line.bar(width: 160, color: false).contains("\u{1b}"))
        #expect(line.bar(width: 160, color: true).contains("\u{1b}[33m"))
        #expect(line.bar(width: 160, color: true).contains("\u{1b}[0m"))
    }

    @Test("a count above the total (the plan still grows) does not overflow the bar")
    func overfull() {
        let line = Self.line([Self.sample(seconds: 0, done: 0), Self.sample(seconds: 7, done: 1200)])
        #expect(line.bar(width: 160, color: false).hasPrefix("[##############################] "))
    }
}
