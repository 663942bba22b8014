extension FaultPlan {
    /// The grammar, a line an item: what `hi-fetch local serve --help` shows.
    public static var help: String {
        let rates = FaultKind.allCases.map { kind in
            (kind == .drip ? "drip=RATE:BYTES/s" : "\(kind.rawValue)=RATE", kind.explanation)
        }
        let others = [
            ("latency=D", "40ms, 20-60ms, lognormal(MEDIAN,SIGMA), pareto(LEAST,ALPHA)"),
            ("quota=N/s:burst=B", "a token bucket; ThrottlingException beyond it"),
            ("streams=N", "drops an HTTP/2 connection with more than N requests"),
            ("requests=N", "drops the newest connection with more than N in all"),
            ("on=SCOPE", "frames (the default), metadata, or all operations"),
            ("repeat=N", "faults in a row for one frame, 2 by default; or always"),
            ("seed=N", "another seed, other frames"),
        ]
        return (rates + others).map { item, meaning in
            "  \(item)\(String(repeating: " ", count: max(1, 20 - item.count)))\(meaning)"
        }.joined(separator: "\n")
    }
}
