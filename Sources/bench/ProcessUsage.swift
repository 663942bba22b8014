import Foundation

/// What this process has used so far (getrusage).
struct ProcessUsage {
    /// User and system time of all threads.
    let cpuSeconds: Double
    /// The largest resident set so far.
    let peakMemoryBytes: Int

    static var now: ProcessUsage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0.0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
        }
        // Linux gives kilobytes (getrusage(2)).
        return ProcessUsage(cpuSeconds: seconds, peakMemoryBytes: usage.ru_maxrss * 1024)
    }
}
