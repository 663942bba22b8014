import CSched
import Foundation

/// Keeps the calling thread on one core while it is measured, so that the scheduler does not move it.
enum CorePinning {
    /// Runs `body` on the first core that this thread may use, and lets the thread roam again afterwards.
    static func onOneCore<Result>(_ body: () throws -> Result) throws -> Result {
        let allowed = try allowedCores()
        guard let first = cores(in: allowed).first else { throw BenchError("no core is allowed") }
        try stay(on: first)
        defer { _ = csched_set_affinity(allowed, allowed.count * 8) }
        return try body()
    }

    /// Keeps the calling thread on `core` from now on.
    static func stay(on core: Int) throws {
        var one = [UInt64](repeating: 0, count: 128)
        one[core / 64] = 1 << UInt64(core % 64)
        guard csched_set_affinity(one, one.count * 8) == 0 else {
            throw BenchError("cannot stay on core \(core): \(String(cString: strerror(errno)))")
        }
    }

    /// The numbers of the cores that this thread may use.
    static func cores() throws -> [Int] { cores(in: try allowedCores()) }

    private static func cores(in mask: [UInt64]) -> [Int] {
        (0..<mask.count * 64).filter { mask[$0 / 64] >> UInt64($0 % 64) & 1 != 0 }
    }

    /// How many cores this thread may use.
    static var availableCores: Int {
        max((try? cores())?.count ?? 1, 1)
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
