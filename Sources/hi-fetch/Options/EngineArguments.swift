import ArgumentParser
import FrameEngine
import ImagingWorkflow
import LocalImaging

// The engine's own value types as they are written on the command line.

extension OutputFormat: ExpressibleByArgument {}

extension DecoderPreference: ExpressibleByArgument {}

extension SyncPolicy: ExpressibleByArgument {}

extension SyntheticModality: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

extension HealthImagingID: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// `I/N`.
extension FrameShard: ExpressibleByArgument {
    public init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
        self.init(index: index, count: count)
    }
}

/// `s3://bucket/prefix`.
extension S3Location: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// `ProtocolChoice` as it is written on the command line.
enum HTTPVersionArgument: String, ExpressibleByArgument, CaseIterable {
    case auto
    case http1 = "1.1"
    case http2 = "2"

    var choice: ProtocolChoice {
        switch self {
        case .auto: .automatic
        case .http1: .http1
        case .http2: .http2
        }
    }
}
