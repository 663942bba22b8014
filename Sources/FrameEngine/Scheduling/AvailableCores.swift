import Foundation

/// How many cores this process may use: those that it is allowed on (`taskset`, cpusets), and no more than the share of
/// time that its control group gives it (`cpu.max`, what containers are limited by).
enum AvailableCores {
    /// At least 1. Read anew each time.
    static var count: Int {
        let machine = ProcessInfo.processInfo.activeProcessorCount
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let allowed = status.split(separator: "\n").first { $0.hasPrefix(field) }
            .flatMap { coreCount(inList: $0.dropFirst(field.count)) }
        let quota = (try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8))
            .flatMap(coreCount(inQuota:))
        return max(1, min(machine, allowed ?? machine, quota ?? machine))
    }

    private static let field = "Cpus_allowed_list:"

    /// The length of a list of cores such as `0-3,8` (cpuset(7)); nil for anything else.
    static func coreCount(inList text: Substring) -> Int? {
        var count = 0
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last
            else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }

    /// Cores' worth of time, rounded up, of `QUOTA PERIOD` in microseconds; nil without a limit (`max`).
    static func coreCount(inQuota text: String) -> Int? {
        let parts = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
        guard parts.count == 2, let quota = parts[0], let period = parts[1], quota > 0, period > 0 else {
            return nil
        }
        return (quota - 1) / period + 1
    }
}
