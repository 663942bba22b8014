import ArgumentParser

/// How results are told.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print machine-readable lines of JSON on standard output, and nothing else there.")
    var json = false
}

/// A number of bytes on the command line: `1500000`, `512K`, `64M`, `2G` (powers of 1024; a `B` or `iB` may follow).
struct ByteCountArgument: ExpressibleByArgument, Equatable {
    let bytes: Int

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let shift: Int
        switch argument.dropFirst(digits.count).lowercased() {
        case "", "b": shift = 0
        case "k", "kb", "kib": shift = 10
        case "m", "mb", "mib": shift = 20
        case "g", "gb", "gib": shift = 30
        case "t", "tb", "tib": shift = 40
        default: return nil
        }
        guard let number = Int(digits), number <= Int.max >> shift else { return nil }
        bytes = number << shift
    }
}

/// `WIDTHxHEIGHT` in pixels on the command line.
struct ImageSizeArgument: ExpressibleByArgument, Equatable {
    let width: Int
    let height: Int

    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]), width > 0, height > 0
        else {
            return nil
        }
        self.width = width
        self.height = height
    }
}
