import Testing

@testable import hi_fetch

@Suite("Numbers as people read them")
struct FormattingTests {
    @Test(
        "counts have a comma every three digits",
        arguments: [
            (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567"),
            (-1000, "-1,000"), (-999, "-999"),
        ])
    func groups(value: Int, text: String) {
        #expect(Formatting.count(value) == text)
    }

    @Test("a noun has an s unless there is one")
    func plural() {
        #expect(Formatting.count(1, of: "frame") == "1 frame")
        #expect(Formatting.count(0, of: "frame") == "0 frames")
        #expect(Formatting.count(2464, of: "frame") == "2,464 frames")
    }

    @Test(
        "sizes are decimal and never read 1000.0 of a unit",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1536, "1.5 kB"), (999_949, "999.9 kB"),
            (999_950, "1.0 MB"), (524_288, "524.3 kB"), (421_000_000, "421.0 MB"),
            (5_000_000_000_000, "5.0 TB"),
        ])
    func sizes(value: Int, text: String) {
        #expect(Formatting.bytes(value) == text)
    }

    @Test("a rate is in MB/s, and nonsense is not printed as a number")
    func rates() {
        #expect(Formatting.rate(bytesPerSecond: 0) == "0.0 MB/s")
        #expect(Formatting.rate(bytesPerSecond: 123_449_000) == "123.4 MB/s")
        #expect(Formatting.rate(bytesPerSecond: -5) == "0.0 MB/s")
        #expect(Formatting.rate(bytesPerSecond: .infinity) == "? MB/s")
        #expect(Formatting.decimal(.nan) == "?")
    }

    @Test("times read as clocks")
    func clocks() {
        #expect(Formatting.clock(.milliseconds(900)) == "0:00")
        #expect(Formatting.clock(.seconds(67)) == "1:07")
        #expect(Formatting.clock(.seconds(3 * 3600 + 5 * 60 + 9)) == "3:05:09")
        #expect(Formatting.clock(.seconds(-3)) == "0:00")
    }

    @Test("a message is one line, whatever a server put into it")
    func oneLine() {
        #expect(Console.oneLine("first\r\nsecond\u{1b}[31m red\t") == "first  second [31m red")
    }
}
