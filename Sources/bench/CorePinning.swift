import CSched
import Foundation

/// Keeps the calling thread on one core while it is measured, so that the scheduler does not move it.
enum CorePinning {
    /// Runs `body` on the first core that this thread may use, and lets the thread roam again afterwards.
    static func onOneCore<Result>(_ body: () throws -> Result) throws -> Result {
        let allowed = try allowedCores()
        guard let word = allowed.firstIndex(where: { $0 != 0 }) else {
            throw BenchError("no core is allowed")
        }
        var one = [UInt64](repeating: 0, count: allowed.count)
        one[word] = 1 << UInt64(allowed[word].trailingZeroBitCount)
        guard csched_set_affinity(one, one.count * 8) == 0 else {
            throw BenchError("cannot stay on one core: \(String(cString: strerror(errno)))")
        }
        defer { _ = csched_set_affinity(allowed, allowed.count * 8) }
        return try body()
    }

    /// How many cores this thread may use.
    static var availableCores: Int {
        guard let allowed = try? allowedCores() else { return 1 }
        return max(allowed.reduce(0) { $0 + $1.nonzeroBitCount }, 1)
    }

    /// One bit a core; room for 8,192.
    private static func allowedCores() throws -> [UInt64] {
        var mask = [UInt64](repeating: 0, count: 128)
        guard csched_get_affinity(&mask, mask.count * 8) > 0 else {
            throw BenchError("cannot read the cores of this thread: \(String(cString: strerror(errno)))")
        }
        return mask
    }
}
