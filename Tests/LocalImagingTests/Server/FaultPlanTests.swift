import Testing

@testable import LocalImaging

@Suite("The grammar of faults")
struct FaultPlanTests {
    @Test("every item of a specification is read")
    func everything() throws {
        let plan = try FaultPlan(
            parsing: "seed=7,429=0.05,503=2%:1-3s,drip=0.01:20KB/s,latency=lognormal(40ms,0.5),"
                + "quota=200/s:burst=400,streams=20,requests=300,on=all,repeat=5")
        #expect(plan.seed == 7)
        #expect(
            plan.rules == [
                .init(.throttled, rate: 0.05), .init(.unavailable, rate: 0.02, retryAfter: 1...3),
                .init(.drip, rate: 0.01, bytesPerSecond: 20_000),
            ])
        #expect(plan.latency == .lognormal(median: 0.04, sigma: 0.5))
        #expect(plan.quota == .init(perSecond: 200, burst: 400))
        #expect(plan.streamLimit == 20)
        #expect(plan.requestLimit == 300)
        #expect(plan.scope == .all)
        #expect(plan.repeatLimit == 5)
    }

    @Test("what is not said has a default")
    func defaults() throws {
        let plan = try FaultPlan(parsing: "404=1")
        #expect(plan.seed == 0)
        #expect(plan.scope == .frames)
        #expect(plan.repeatLimit == 2)
        #expect(try FaultPlan(parsing: "repeat=always").repeatLimit == nil)
        #expect(try FaultPlan(parsing: "quota=5/s").quota == .init(perSecond: 5, burst: 5))
    }

    @Test("every fault has its word", arguments: FaultKind.allCases)
    func words(_ kind: FaultKind) throws {
        let parameter = kind == .drip ? ":1B/s" : ""
        let plan = try FaultPlan(parsing: "\(kind.rawValue)=25%\(parameter)")
        #expect(plan.rules.map(\.kind) == [kind])
        #expect(plan.rules.map(\.rate) == [0.25])
        #expect(FaultPlan.help.contains("\(kind.rawValue)=RATE"))
    }

    @Test(
        "distributions of latency are read",
        arguments: [
            ("40ms", LatencyDistribution.constant(0.04)), ("1.5s", .constant(1.5)),
            ("20-60ms", .uniform(0.02...0.06)),
            ("20ms-1s", .uniform(0.02...1)), ("0ms", .constant(0)),
            ("pareto(10ms,1.5)", .pareto(least: 0.01, alpha: 1.5)),
            ("lognormal(2s,0)", .lognormal(median: 2, sigma: 0)),
        ])
    func latency(_ text: String, _ expected: LatencyDistribution) throws {
        #expect(try FaultPlan(parsing: "latency=\(text)").latency == expected)
    }

    @Test(
        "an error names the position, what stands there and what is expected",
        arguments: [
            ("", 1, "", "one of 429"), ("flip", 5, "", "= after flip"), ("flip=", 6, "", "a rate"),
            ("flip=2", 6, "2", "a rate"), ("flip=101%", 6, "101%", "a rate"), ("flip=-1", 6, "-1", "a rate"),
            ("flip=0.1x", 9, "x", "a comma, or the end"), ("flip=0.1,", 10, "", "one of"),
            ("flip=0.1,,", 10, "", "one of"), ("flop=1", 1, "flop=1", "one of"),
            ("FLIP=1", 1, "FLIP=1", "one of"),
            ("flip=1.2.3", 6, "1.2.3", "a rate"), ("flip=0.5:1s", 9, ":1s", "a comma"),
            ("drip=0.5", 9, "", ": and bytes"), ("drip=0.5:0B/s", 10, "0B/s", "bytes in a second"),
            ("429=0.1:3-1s", 9, "3-1s", "a range that goes up"), ("429=0.1:2", 9, "2", "a time"),
            ("seed=1,seed=2", 8, "seed=2", "seed once"), ("seed=-1", 6, "-1", "a whole number"),
            ("seed=18446744073709551616", 6, "18446744073709551616", "a whole number"),
            ("repeat=0", 8, "0", "1 to 1000"), ("on=some", 4, "some", "frames, metadata, all"),
            ("flip=0.6,wrong=0.5", 10, "wrong=0.5", "add up to 1"), ("latency=soon", 9, "soon", "lognormal"),
            ("latency=700s", 9, "700s", "40ms"), ("latency=lognormal(1s)", 21, ")", "a comma and sigma"),
            ("latency=lognormal(1s,9)", 22, "9)", "sigma, 0 to 5"),
            ("latency=pareto(1s,2", 20, "", "parenthesis"),
            ("quota=200", 7, "200", "200/s"), ("quota=200/s:400", 13, "400", "burst="),
            ("streams=0", 9, "0", "1 to 10000"),
            ("fl\u{fc}p=1", 1, "fl\u{fc}p=1", "one of"),
        ] as [(String, Int, String, String)])
    func errors(_ text: String, _ position: Int, _ found: String, _ expected: String) throws {
        let error = try #require(throws: FaultSpecError.self) { try FaultPlan(parsing: text) }
        #expect(error.position == position, "\(error)")
        #expect(error.found == found)
        #expect(error.expected.contains(expected), "\(error)")
        #expect(error.message.contains("position \(position)"))
    }

    @Test("no prefix of a specification crashes the parser")
    func prefixes() {
        let text = "seed=7,503=2%:1-3s,drip=0.01:20KB/s,latency=pareto(40ms,0.5),quota=200/s:burst=4,on=all"
        var read = 0
        for length in 0...text.count {
            if (try? FaultPlan(parsing: String(text.prefix(length)))) != nil { read += 1 }
        }
        #expect(read > 5 && read < text.count)
    }

    @Test("rates are cumulative: what is left over is no fault")
    func rules() throws {
        let plan = try FaultPlan(parsing: "flip=0.25,wrong=0.25")
        #expect(plan.rule(at: 0)?.kind == .flip)
        #expect(plan.rule(at: 0.249)?.kind == .flip)
        #expect(plan.rule(at: 0.25)?.kind == .wrong)
        #expect(plan.rule(at: 0.5) == nil)
        #expect(try FaultPlan(parsing: "flip=0").rule(at: 0) == nil)
        #expect(try FaultPlan(parsing: "html=1").rule(at: 0.999_999)?.kind == .html)
    }
}
