import Foundation
import Testing

@testable import FrameEngine

@Suite("Dates of XML answers")
struct AWSDateTests {
    @Test(
        "are read with and without fractions and offsets",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2009-10-12T17:50:30.000Z", 1_255_369_830),
            ("2026-11-21T12:00:00Z", 1_795_262_400), ("2026-11-21T13:30:00+01:30", 1_795_262_400),
            ("2026-11-21T12:00:00+0000", 1_795_262_400), ("2026-11-21T04:00:00-08:00", 1_795_262_400),
            ("2024-02-29t23:59:59.5z", 1_709_251_199.5),
        ])
    func reads(text: String, seconds: Double) {
        #expect(AWSDate.parse(text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(
        "that are none are not read",
        arguments: [
            "", "2026-11-21", "2026-11-21T12:00:00", "2026-13-21T12:00:00Z", "2026-11-21 12:00:00Z",
            "2026-11-21T24:00:00Z", "2026-11-21T12:00:00.Z", "2026-11-21T12:00:00+1:00",
            "2026-11-21T12:00:00+100", "2026-11-21T12:00:00+1:000",
            "x026-11-21T12:00:00Z",
            "2026-11-21T12:00:00.0000000000Z", "2026-11-21T12:00:00ZZ",
        ])
    func refuses(text: String) {
        #expect(AWSDate.parse(text) == nil)
    }
}
