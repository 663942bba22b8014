import Testing

@testable import FrameEngine

@Suite("The cores that this process may use")
struct AvailableCoresTests {
    @Test(
        "are counted in the kernel's lists",
        arguments: [
            ("\t0-1", 2), ("0", 1), ("0-3,8,10-11", 7), ("", nil), ("\t", nil), ("3-1", nil), ("0-x", nil),
            ("1-2-3", nil),
        ] as [(Substring, Int?)])
    func list(text: Substring, count: Int?) {
        #expect(AvailableCores.coreCount(inList: text) == count)
    }

    @Test(
        "are no more than the control group's share of time, rounded up",
        arguments: [
            ("200000 100000\n", 2), ("150000 100000\n", 2), ("50000 100000\n", 1), ("max 100000\n", nil),
            ("", nil),
            ("0 100000", nil), ("1 0", nil),
        ] as [(String, Int?)])
    func quota(text: String, count: Int?) {
        #expect(AvailableCores.coreCount(inQuota: text) == count)
    }
}
