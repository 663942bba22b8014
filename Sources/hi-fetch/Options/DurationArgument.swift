import ArgumentParser

/// A time on the command line: `90`, `90s`, `30m`, `2h`.
struct DurationArgument: ExpressibleByArgument, Equatable, CustomStringConvertible {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 1, "s": 1, "m": 60, "h": 3600]
        guard let unit = units[argument.dropFirst(digits.count).lowercased()], let number = Int(digits),
            (1...10_000_000).contains(number)
        else { return nil }
        duration = .seconds(number * unit)
    }

    var description: String { "\(duration.components.seconds)s" }
    var defaultValueDescription: String { description }
}
