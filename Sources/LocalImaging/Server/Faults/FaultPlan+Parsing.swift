extension FaultPlan {
    /// Reads a specification.
    ///
    /// - Throws: `FaultSpecError` with the place, and what is expected there.
    public init(parsing text: String) throws(FaultSpecError) {
        self.init()
        var scanner = SpecScanner(text)
        var seen: Set<String> = []
        repeat {
            let start = scanner.index
            let word = scanner.word()
            guard Self.words.contains(word) else {
                throw scanner.failure(at: start, expected: "one of \(Self.words.joined(separator: ", "))")
            }
            let isRule = FaultKind(rawValue: word) != nil
            guard isRule || seen.insert(word).inserted else {
                throw scanner.failure(at: start, expected: "\(word) once")
            }
            try scanner.expect("=", "= after \(word)")
            try read(word, from: &scanner)
            guard rules.reduce(0, { $0 + $1.rate }) <= 1 + 1e-9 else {
                throw scanner.failure(at: start, expected: "rates that add up to 1 at most")
            }
            if scanner.isAtEnd { return }
            try scanner.expect(",", "a comma, or the end")
        } while true
    }

    /// Every word that an item can begin with.
    static let words =
        FaultKind.allCases.map(\.rawValue)
        + ["latency", "quota", "streams", "requests", "on", "repeat", "seed"]

    private mutating func read(_ word: String, from scanner: inout SpecScanner) throws(FaultSpecError) {
        switch word {
        case "seed": seed = try scanner.integer(0...UInt64.max, "a whole number")
        case "repeat":
            let expected = "how many faults in a row a frame may meet, 1 to 1000, or always"
            repeatLimit = scanner.take("always") ? nil : try scanner.integer(1...1000, expected)
        case "on":
            let start = scanner.index
            let names = Scope.allCases.map(\.rawValue)
            guard let scope = Scope(rawValue: scanner.word()) else {
                throw scanner.failure(at: start, expected: "one of \(names.joined(separator: ", "))")
            }
            self.scope = scope
        case "streams": streamLimit = try scanner.integer(1...10_000, "a number of streams, 1 to 10000")
        case "requests": requestLimit = try scanner.integer(1...10_000, "a number of requests, 1 to 10000")
        case "latency": latency = try LatencyDistribution(from: &scanner)
        case "quota": quota = try Quota(from: &scanner)
        default:
            guard let kind = FaultKind(rawValue: word) else { preconditionFailure("not a word: \(word)") }
            rules.append(try Rule(kind, from: &scanner))
        }
    }
}

extension FaultPlan.Rule {
    fileprivate init(_ kind: FaultKind, from scanner: inout SpecScanner) throws(FaultSpecError) {
        self.init(kind, rate: try scanner.rate())
        if kind == .drip {
            try scanner.expect(":", ": and bytes in a second, such as :500B/s")
            bytesPerSecond = try scanner.bytesPerSecond()
        } else if kind.takesRetryAfter, scanner.take(":") {
            retryAfter = try scanner.secondsRange()
        }
    }
}

extension FaultPlan.Quota {
    fileprivate init(from scanner: inout SpecScanner) throws(FaultSpecError) {
        let expected = "requests in a second, such as 200/s"
        let start = scanner.index
        perSecond = try scanner.number(expected)
        guard (0.1...1e6).contains(perSecond), scanner.take("/s") else {
            throw scanner.failure(at: start, expected: expected)
        }
        burst = max(1, perSecond)
        if scanner.take(":") {
            try scanner.expect("burst=", "burst= and a number of requests")
            burst = Double(try scanner.integer(1...1_000_000, "a number of requests, 1 to 1000000") as Int)
        }
    }
}

extension LatencyDistribution {
    fileprivate init(from scanner: inout SpecScanner) throws(FaultSpecError) {
        let start = scanner.index
        let isLognormal = scanner.take("lognormal(")
        guard isLognormal || scanner.take("pareto(") else {
            guard let range = try? scanner.secondsRange() else {
                throw scanner.failure(
                    at: start,
                    expected: "40ms, 20-60ms, lognormal(MEDIAN,SIGMA) or pareto(LEAST,ALPHA); for example "
                        + "lognormal(40ms,0.5)")
            }
            self = range.lowerBound == range.upperBound ? .constant(range.lowerBound) : .uniform(range)
            return
        }
        let time = try scanner.seconds()
        let name = isLognormal ? "sigma, 0 to 5" : "alpha, 0.5 to 20"
        try scanner.expect(",", "a comma and \(name)")
        let place = scanner.index
        let shape = try scanner.number(name)
        guard (isLognormal ? 0...5 : 0.5...20).contains(shape) else {
            throw scanner.failure(at: place, expected: name)
        }
        try scanner.expect(")", "a closing parenthesis")
        self = isLognormal ? .lognormal(median: time, sigma: shape) : .pareto(least: time, alpha: shape)
    }
}
