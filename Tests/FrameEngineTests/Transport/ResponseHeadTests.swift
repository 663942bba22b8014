import Testing

@testable import FrameEngine

@Suite("Response heads")
struct ResponseHeadTests {
    private func head(_ lines: [String]) -> ResponseHead {
        var head = ResponseHead()
        for line in lines {
            let accepted = Array((line + "\r\n").utf8).withUnsafeBytes { head.receive($0) }
            #expect(accepted)
        }
        return head
    }

    @Test("fields keep their order, and lose the white space around their values")
    func fields() {
        let result = head(["HTTP/1.1 200 OK", "A:  one ", "b:\ttwo", "A: three", ""])
        #expect(result.fields == [HTTPField("A", "one"), HTTPField("b", "two"), HTTPField("A", "three")])
    }

    @Test("a value may hold colons and may be empty")
    func values() {
        let result = head(["HTTP/2 200", "date: 10:20:30", "empty:", ""])
        #expect(result.fields == [HTTPField("date", "10:20:30"), HTTPField("empty", "")])
    }

    @Test("only the last response counts: interim ones are forgotten")
    func interim() {
        let result = head(["HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.1 200 OK", "A: 1", ""])
        #expect(result.fields == [HTTPField("A", "1")])
    }

    @Test("trailers are not header fields")
    func trailers() {
        #expect(head(["HTTP/1.1 200 OK", "A: 1", "", "Late: 2", ""]).fields == [HTTPField("A", "1")])
    }

    @Test("a folded line continues the field before it")
    func folded() {
        #expect(head(["HTTP/1.1 200 OK", "A: 1", "  2", ""]).fields == [HTTPField("A", "1 2")])
    }

    @Test("a line without a colon is left out")
    func noColon() {
        #expect(head(["HTTP/1.1 200 OK", "nonsense", " \t", "A: 1", ""]).fields == [HTTPField("A", "1")])
    }

    @Test("a head beyond the limit is refused, interim heads counted")
    func limit() {
        var head = ResponseHead()
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
        var accepted = 0
        while accepted < 10, line.withUnsafeBytes({ head.receive($0) }) { accepted += 1 }
        #expect(accepted == 4)
    }
}
