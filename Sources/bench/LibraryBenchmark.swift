import Foundation

/// What frames for a program cost beside frames to disk, and what metrics cost: the same plan in all four ways in turn.
///
/// Each turn is a process of its own, because swift-metrics takes one backend a process and never lets go of it.
struct LibraryBenchmark {
    /// One of the four ways.
    struct Way: Codable, Hashable {
        let face: MeasuredRun.Face
        let hasMetrics: Bool

        var name: String { hasMetrics ? "\(face.rawValue), metrics" : face.rawValue }
    }

    /// Medians over the turns.
    struct Cost: Codable {
        let way: Way
        let cpuMillisecondsPerFrame: Double
        let framesPerSecond: Double
        let peakMemoryBytes: Int
    }

    struct Result: Codable {
        let turns: Int
        /// The first is what the others are compared with: a session without metrics.
        let costs: [Cost]
        /// The median, over the turns, of a way's CPU time over the first way's in the same turn.
        let cpuRatios: [Double]
    }

    static let ways = [false, true].flatMap { hasMetrics in
        MeasuredRun.Face.allCases.map { Way(face: $0, hasMetrics: hasMetrics) }
    }

    let turns: Int
    /// The arguments for a process that measures one way once and prints a `MeasuredRun`.
    let arguments: (Way) -> [String]

    func run() throws -> Result {
        var runs: [Way: [MeasuredRun]] = [:]
        for turn in 0..<turns {
            // Nobody is always the first, or always behind the same other.
            for position in Self.ways.indices {
                let step = turn.isMultiple(of: 2) ? position : Self.ways.count - 1 - position
                let way = Self.ways[(turn + step) % Self.ways.count]
                runs[way, default: []].append(try measure(way))
            }
        }
        let first = runs[Self.ways[0]] ?? []
        return Result(
            turns: turns,
            costs: Self.ways.map { way in
                let all = runs[way] ?? []
                return Cost(
                    way: way,
                    cpuMillisecondsPerFrame: DecodeBenchmark.median(all.map(\.cpuMillisecondsPerFrame)),
                    framesPerSecond: DecodeBenchmark.median(all.map(\.framesPerSecond)),
                    peakMemoryBytes: all.map(\.peakMemoryBytes).max() ?? 0)
            },
            cpuRatios: Self.ways.map { way in
                DecodeBenchmark.median(zip(runs[way] ?? [], first).map { $0.cpuSeconds / $1.cpuSeconds })
            })
    }

    private func measure(_ way: Way) throws -> MeasuredRun {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments(way)
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("a turn failed (\(way.name))") }
        return try JSONDecoder().decode(MeasuredRun.self, from: text)
    }
}
