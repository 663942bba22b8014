import Foundation
import FrameEngine

/// What the parts of a fetch cost when each runs alone: what a whole fetch cannot be cheaper than.
///
/// CPU time of all threads, milliseconds a frame. The transport is measured over the whole plan, with the bodies dropped;
/// the others over a sample that is repeated until it is as many frames as the fetch had.
struct FetchFloors {
    struct Result: Codable {
        let transportMilliseconds: Double
        /// With the checksum of the pixels, which is computed while they are made.
        let decodeMilliseconds: Double
        /// Checksum of the file where that is not the pixels: of the bytes as served.
        let checksumMilliseconds: Double
        /// Files into the folder that the fetch wrote into, which is empty again.
        let writeMilliseconds: Double

        var sumMilliseconds: Double {
            transportMilliseconds + decodeMilliseconds + checksumMilliseconds + writeMilliseconds
        }
    }

    let plan: String
    let settings: AWSSettings
    let options: FetchOptions
    /// Codestreams as served.
    let sample: [PooledBuffer]
    let frames: Int

    func run() async throws -> Result {
        var configuration = TransportConfiguration()
        configuration.caBundlePath = settings.caBundlePath
        if let connections = options.connections { configuration.maximumConnections = connections }
        let transport = try await TransportBenchmark(
            plan: plan, settings: settings, configuration: configuration
        ).run()
        guard transport.failed == 0 else {
            throw BenchError("\(transport.failed) of \(transport.requests) requests failed")
        }
        try FileManager.default.removeItem(atPath: options.outputDirectory)
        defer { try? FileManager.default.removeItem(atPath: options.outputDirectory) }
        return Result(
            transportMilliseconds: transport.cpuMillisecondsPerRequest, decodeMilliseconds: try decode(),
            checksumMilliseconds: options.format == .jph ? try repeated { _ = CRC32.checksum($0) } : 0,
            writeMilliseconds: options.format == .none ? 0 : try write())
    }

    private func decode() throws -> Double {
        var decoder: any MeasuredDecoder = DecoderKind.natives[0].make()
        // Once unmeasured: first-seen sizes cost page faults that a long run does not have.
        for codestream in sample { _ = try decoder.decode(codestream) }
        return try repeated { codestream in _ = try decoder.decode(codestream) }
    }

    private func write() throws -> Double {
        let folder = "\(options.outputDirectory)/floor"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var decoder = DecoderKind.natives[0].make()
        let contents = options.format == .jph ? sample : try sample.map { try decoder.decode($0).bytes }
        var number = 0
        return try repeated(contents) { bytes in
            number += 1
            try AtomicFile.write(
                bytes.bytes, to: "\(folder)/\(number).\(options.format.rawValue)", tag: "floor")
        }
    }

    /// CPU milliseconds of `body` for one buffer, over as many calls as the fetch had frames.
    private func repeated(
        _ buffers: [PooledBuffer]? = nil, _ body: (PooledBuffer) throws -> Void
    ) throws -> Double {
        let buffers = buffers ?? sample
        let before = ProcessUsage.now.cpuSeconds
        for index in 0..<frames { try body(buffers[index % buffers.count]) }
        return (ProcessUsage.now.cpuSeconds - before) * 1e3 / Double(frames)
    }
}
