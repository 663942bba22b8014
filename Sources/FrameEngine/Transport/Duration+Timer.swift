extension Duration {
    /// Whole milliseconds, rounded up, at least 1 and never beyond what a C `long` timer takes.
    var timerMilliseconds: Int {
        let parts = components
        guard parts.seconds < 2_000_000 else { return 2_000_000_000 }
        let milliseconds =
            parts.seconds * 1000 + (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return max(1, Int(milliseconds))
    }

    /// Whole seconds, rounded up, at least 1.
    var timerSeconds: Int { (timerMilliseconds + 999) / 1000 }
}
