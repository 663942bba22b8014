import ArgumentParser
import Foundation
import FrameEngine

/// `bench transport`: the network side without decoding and writing.
struct BenchTransportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transport",
        abstract: "Measures the transport alone, in any shape; counts transfers that stall.",
        discussion: """
            EXAMPLE: bench transport --url https://127.0.0.1:18443 --ca-bundle cert.pem --input plan.json \
            --protocol http2 --loops 4 --connections 16 --streams 10 --runs 20
            """)

    @OptionGroup var served: ServedPlan

    @Option(name: .customLong("protocol"), help: "automatic, http1 or http2.")
    var protocolName = ProtocolChoice.automatic.rawValue

    @Option(help: "Event loops, each on its own thread.")
    var loops = 1

    @Option(help: "Connections, all loops together; the protocol's default when absent.")
    var connections: Int?

    @Option(help: "HTTP/2 streams a connection.")
    var streams = 10

    @Option(help: "Seconds without a byte after which a transfer counts as stalled.")
    var idle = 8

    @Option(help: "How often the whole plan is requested.")
    var runs = 1

    @Flag(help: "One JSON object a run on standard output.")
    var json = false

    func validate() throws {
        guard ProtocolChoice(rawValue: protocolName) != nil else {
            throw ValidationError("--protocol \(protocolName) is not one of automatic, http1, http2.")
        }
        guard loops > 0, streams > 0, idle > 0, runs > 0, connections ?? 1 > 0 else {
            throw ValidationError("--loops, --connections, --streams, --idle and --runs are 1 or more.")
        }
    }

    func run() async throws {
        var configuration = TransportConfiguration()
        configuration.protocolChoice = ProtocolChoice(rawValue: protocolName) ?? .automatic
        configuration.loops = loops
        configuration.maximumConnections = connections
        configuration.streamsPerConnection = streams
        configuration.idleTimeout = .seconds(idle)
        configuration.caBundlePath = served.caBundle
        let benchmark = TransportBenchmark(
            plan: served.input, settings: try served.settings(), configuration: configuration)
        var runsWithStalls = 0
        for _ in 0..<runs {
            let result = try await benchmark.run()
            if result.stalled > 0 { runsWithStalls += 1 }
            try report(result)
        }
        if !json { print("\(runsWithStalls) of \(runs) runs with stalled transfers") }
    }

    private func report(_ result: TransportBenchmark.Result) throws {
        if json { return try result.printAsJSON() }
        let cost = result.cpuMillisecondsPerRequest.formatted(.number.precision(.fractionLength(3)))
        print(
            "\(result.transport), \(result.connections) connections: "
                + "\(Int(result.requestsPerSecond)) requests/s, \(Int(result.megabytesPerSecond)) MB/s, "
                + "\(cost) ms CPU a request; \(result.stalled) stalled, \(result.failed) failed")
    }
}
