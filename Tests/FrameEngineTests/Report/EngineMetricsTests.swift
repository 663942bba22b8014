import CoreMetrics
import Testing

@testable import FrameEngine

@Suite("What the engine measures", .timeLimit(.minutes(5)))
struct EngineMetricsTests {
    /// The text's samples by name and labels.
    private func samples(_ registry: PrometheusRegistry) -> [String: Double] {
        let lines = registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Dictionary(
            uniqueKeysWithValues: lines.compactMap { line in
                let parts = line.split(separator: " ")
                return Double(parts[parts.count - 1]).map { (parts.dropLast().joined(separator: " "), $0) }
            })
    }

    @Test("frames, requests, retries, bytes and times are counted as they happened")
    func counts() async throws {
        let asked = Shared<[Int: Int]>([:])
        let service = FrameService { number in
            let time = asked.withLock { asked in
                asked[number, default: 0] += 1
                return asked[number, default: 0]
            }
            return switch (number, time) {
            case (2, 1): .status(429, code: "ThrottlingException")
            case (3, 1): .status(503, code: "ServiceUnavailable")
            case (4, 1): .broken
            case (5, 1): .bytes([7])
            case (6, _): .bytes([1, 2, 3])
            case (7, _): .status(404, code: "ResourceNotFoundException")
            default: .bytes(FrameService.pixels)
            }
        }
        let registry = PrometheusRegistry()
        let fetcher = try service.fetcher(metrics: EngineMetrics(factory: registry))
        var count = 0
        for try await _ in fetcher.frames(of: try FrameService.frames(10)) { count += 1 }
        await fetcher.shutdown()
        let found = samples(registry)
        let size = Double(FrameService.pixels.count)
        #expect(count == 10)
        #expect(found["hi_fetch_frames_planned_total"] == 10)
        #expect(found[#"hi_fetch_frames_total{status="verified"}"#] == 8)
        #expect(found[#"hi_fetch_frames_total{status="mismatch"}"#] == 1)
        #expect(found[#"hi_fetch_frames_total{status="failed"}"#] == 1)
        #expect(found[#"hi_fetch_frames_total{status="unverifiable"}"#] == 0)
        #expect(found["hi_fetch_frame_decoded_bytes_total"] == 8 * size + 3)
        #expect(found[#"hi_fetch_requests_total{status="2xx"}"#] == 11)
        #expect(found[#"hi_fetch_requests_total{status="4xx"}"#] == 2)
        #expect(found[#"hi_fetch_requests_total{status="5xx"}"#] == 1)
        #expect(found[#"hi_fetch_requests_total{status="none"}"#] == 1)
        #expect(found["hi_fetch_request_duration_seconds_count"] == 14)
        #expect(found[#"hi_fetch_retries_total{class="throttling"}"#] == 1)
        #expect(found[#"hi_fetch_retries_total{class="server"}"#] == 1)
        #expect(found[#"hi_fetch_retries_total{class="transport"}"#] == 1)
        #expect(found[#"hi_fetch_retries_total{class="checksum"}"#] == 2)
        #expect(found["hi_fetch_received_bytes_total"] == 8 * size + 1 + 3 + 3 + 2 + 2 + 2)
        #expect(found["hi_fetch_decode_duration_seconds_count"] == 11)
        #expect(found["hi_fetch_requests_in_flight"] == 0)
        #expect(found["hi_fetch_frames_queued"] == 0)
    }

    @Test("requests in flight go down again when they are cancelled, and are not counted as answered")
    func cancelled() async throws {
        let service = FrameService { _ in .silence }
        let registry = PrometheusRegistry()
        let fetcher = try service.fetcher(metrics: EngineMetrics(factory: registry))
        let frames = try FrameService.frames(20)
        let task = Task { for try await _ in fetcher.frames(of: frames) {} }
        await until { service.inFlight.value == 8 }
        #expect(samples(registry)["hi_fetch_requests_in_flight"] == 8)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await fetcher.shutdown()
        let found = samples(registry)
        #expect(found["hi_fetch_requests_in_flight"] == 0)
        #expect(found[#"hi_fetch_requests_total{status="none"}"#] == 0)
        #expect(found[#"hi_fetch_frames_total{status="failed"}"#] == 0)
    }

    @Test("every measurement has a line of help, and a name that says its unit")
    func names() {
        for name in EngineMetrics.Name.allCases {
            #expect(name.help.hasSuffix("."))
            #expect(name.rawValue.hasPrefix("hi_fetch_"))
        }
        let registry = PrometheusRegistry()
        _ = EngineMetrics(factory: registry)
        let text = registry.text()
        for name in EngineMetrics.Name.allCases {
            #expect(text.contains("# HELP \(name.rawValue) \(name.help)\n# TYPE \(name.rawValue) "))
        }
    }
}

@Suite("Metrics as Prometheus reads them")
struct PrometheusRegistryTests {
    @Test("families come in order, each with its help and type, labels and help escaped")
    func text() {
        let registry = PrometheusRegistry(help: ["b_total": "two\nlines \\ \"quoted\""])
        Counter(label: "b_total", dimensions: [("z", "1"), ("path", "a\"b\\c\nd")], factory: registry)
            .increment(by: 3)
        Counter(label: "b_total", dimensions: [("path", ""), ("z", "0")], factory: registry).increment()
        Meter(label: "a_bytes", dimensions: [], factory: registry).set(2.5)
        Gauge(label: "c", dimensions: [], factory: registry).record(-4)
        let expected = #"""
            # TYPE a_bytes gauge
            a_bytes 2.5
            # HELP b_total two\nlines \\ "quoted"
            # TYPE b_total counter
            b_total{path="",z="0"} 1
            b_total{path="a\"b\\c\nd",z="1"} 3
            # TYPE c gauge
            c -4

            """#
        #expect(registry.text() == expected)
    }

    @Test("a histogram counts a value in every bucket that it fits, and sums in seconds")
    func histogram() {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "t_seconds", dimensions: [("k", "v")], factory: registry)
        timer.recordMilliseconds(1)
        timer.recordMilliseconds(250)
        timer.recordSeconds(100)
        let text = registry.text()
        #expect(text.contains("# TYPE t_seconds histogram\n"))
        #expect(text.contains(#"t_seconds_bucket{k="v",le="0.0005"} 0"#))
        #expect(text.contains(#"t_seconds_bucket{k="v",le="0.001"} 1"#))
        #expect(text.contains(#"t_seconds_bucket{k="v",le="0.25"} 2"#))
        #expect(text.contains(#"t_seconds_bucket{k="v",le="60"} 2"#))
        #expect(text.contains(#"t_seconds_bucket{k="v",le="+Inf"} 3"#))
        #expect(text.contains(#"t_seconds_sum{k="v"} 100.251"#))
        #expect(text.contains(#"t_seconds_count{k="v"} 3"#))
    }

    @Test("what is measured twice under one name is one value, whatever the order of its dimensions")
    func sameValue() {
        let registry = PrometheusRegistry()
        for dimensions in [[("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")]] {
            Counter(label: "n_total", dimensions: dimensions, factory: registry).increment()
            Recorder(label: "r", dimensions: dimensions, factory: registry).record(5)
        }
        #expect(registry.text().contains(#"n_total{a="1",b="2"} 2"#))
        #expect(registry.text().contains(#"r_count{a="1",b="2"} 2"#))
    }

    @Test("numbers are written so that every parser takes them")
    func numbers() {
        #expect(PrometheusText.number(3) == "3")
        #expect(PrometheusText.number(0.25) == "0.25")
        #expect(PrometheusText.number(1e300) == "1e+300")
        #expect(PrometheusText.number(.infinity) == "+Inf")
        #expect(PrometheusText.number(-.infinity) == "-Inf")
        #expect(PrometheusText.number(.nan) == "NaN")
    }
}
