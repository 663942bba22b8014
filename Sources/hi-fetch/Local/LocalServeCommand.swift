import ArgumentParser
import Foundation
import FrameEngine
import LocalImaging

/// `hi-fetch local serve`: the local data store over HTTP.
struct LocalServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the local data store as HealthImaging does.",
        discussion: """
            EXAMPLE: hi-fetch local serve --store store --port 8443 --tls --credentials KEY:SECRET

            Serves until Ctrl-C: HealthImaging, and on the same port the calls of S3 (path style), CloudFormation \
            and STS that go with it. With --tls: HTTP/2 and HTTP/1.1, with a certificate of the store's own \
            authority, whose file is printed. With --json: one line when it accepts connections \
            {"event":"ready","url":...,"caCertificate":...,"pid":...}.

            FAULTS: --faults makes the server misbehave as networks and services do, by the seed in the same way \
            each time. SPEC is a list of items with commas between them; a RATE is 0.05 or 5%; for example \
            seed=7,429=0.05,503=2%:1-3s,truncate=0.05,latency=lognormal(40ms,0.5),quota=200/s

            \(FaultPlan.help)
            """)

    /// Printed when connections are accepted.
    struct Ready: Encodable {
        let event = "ready"
        let url: String
        let host: String
        let port: Int
        /// The certificate to trust; null without TLS.
        let caCertificate: String?
        let pid: Int32

        enum CodingKeys: String, CodingKey {
            case event, url, host, port, caCertificate, pid
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(event, forKey: .event)
            try container.encode(url, forKey: .url)
            try container.encode(host, forKey: .host)
            try container.encode(port, forKey: .port)
            try container.encode(caCertificate, forKey: .caCertificate)
            try container.encode(pid, forKey: .pid)
        }
    }

    @Option(help: ArgumentHelp("The folder of the local store; made when missing.", valueName: "dir"))
    var store: String

    @Option(help: ArgumentHelp("The port to listen on; 0 takes any free one.", valueName: "n"))
    var port = 8080

    @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Flag(help: "HTTPS, with a certificate authority of the store's own.")
    var tls = false

    @Option(
        help: ArgumentHelp(
            "Accept only requests signed with this key; may be given more than once. Without it: any request.",
            valueName: "key:secret"))
    var credentials: [String] = []

    @Option(
        help: ArgumentHelp(
            "Inject faults: see FAULTS above. What was injected is told at GET /_faults and at the end.",
            valueName: "spec"))
    var faults: String?

    @Option(
        name: .customLong("faults-log"),
        help: ArgumentHelp("Append a JSON line to this file for each injected fault.", valueName: "file"))
    var faultsLog: String?

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        do throws(FaultSpecError) {
            if let faults { _ = try FaultPlan(parsing: faults) }
        } catch {
            throw ValidationError("--faults, \(error.message).")
        }
        if faultsLog != nil, faults == nil { throw ValidationError("--faults-log goes with --faults.") }
        // Taken as text and judged here: the parser's own complaint would repeat the value, and with it a secret.
        guard credentials.allSatisfy({ Self.credentials(from: $0) != nil }) else {
            throw ValidationError("--credentials must be KEY:SECRET.")
        }
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be from 0 to 65535.") }
    }

    func run() async throws {
        let console = Console.standard
        let isJSON = outputOptions.json
        var configuration = LocalServerConfiguration(store: try ImageSetStore(opening: store))
        configuration.host = host
        configuration.port = port
        configuration.usesTLS = tls
        configuration.credentials = credentials.compactMap(Self.credentials(from:))
        configuration.faults = try faults.map { try FaultPlan(parsing: $0) }
        configuration.faultLogPath = faultsLog
        let server = try LocalServer(configuration: configuration)
        let serving = Task {
            try await server.run { address in
                let ready = Ready(
                    url: address.url, host: address.host, port: address.port,
                    caCertificate: server.caCertificatePath, pid: getpid())
                if isJSON { console.json(ready) } else { Self.print(ready, console: console) }
            }
        }
        let signals = InterruptSignals { serving.cancel() }
        defer { signals.stop() }
        defer { Self.print(server.injectedFaults, console: console) }
        try await serving.value
    }

    private static func print(_ injected: InjectedFaults?, console: Console) {
        guard let injected else { return }
        let counts = injected.faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        console.message(
            "hi-fetch: faults injected into \(injected.requests) requests: "
                + (counts.isEmpty ? "none" : counts.joined(separator: ", ")))
    }

    private static func credentials(from text: String) -> AWSCredentials? {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return AWSCredentials(accessKeyID: String(parts[0]), secretAccessKey: String(parts[1]))
    }

    private static func print(_ ready: Ready, console: Console) {
        console.result("Serving HealthImaging's API at \(ready.url)")
        var options = "--endpoint-url \(ready.url)"
        if let certificate = ready.caCertificate {
            console.result("Its certificate authority: \(certificate)")
            options += " --ca-bundle \(certificate)"
        }
        console.result("Try: hi-fetch hello \(options) --no-sign-request   (Ctrl-C ends the server)")
    }
}
