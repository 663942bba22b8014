import ArgumentParser
import FrameEngine
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
