/// Where a run stands at one moment.
struct ProgressSample: Equatable {
    /// Since the run began.
    var elapsed: Duration
    var framesDone: Int
    /// Frames planned so far; nil while nothing is planned yet.
    var framesTotal: Int?
    var framesFailed: Int
    /// Bytes received from the service, read from disk, or made: what `byteVerb` says. Nil where they are not counted.
    var receivedBytes: Int?
    /// Bytes of decoded pixels; nil where nothing is decoded.
    var decodedBytes: Int?
    /// What is counted.
    var noun = "frames"
    /// What happened to the bytes in `receivedBytes`.
    var byteVerb = "received"
}

/// Turns samples into the line that a person watches: counts, current rates and the time left.
///
/// The rates are those of the last ten seconds, so that they follow the run without jumping.
struct ProgressLine {
    private static let window = Duration.seconds(10)

    private var samples: [ProgressSample] = []

    /// Takes the newest sample.
    mutating func add(_ sample: ProgressSample) {
        samples.append(sample)
        // One sample older than the window stays, as the start of the slope.
        while samples.count > 2, sample.elapsed - samples[1].elapsed >= Self.window {
            samples.removeFirst()
        }
    }

    /// The bar for a terminal of `width` columns, at most `width - 1` characters and escape sequences besides.
    func bar(width: Int, color: Bool) -> String {
        guard let now = samples.last else { return "" }
        let text = facts(now, short: width < 110)
        let room = width - 1
        let cells = min(30, room - text.count - 3)
        guard cells >= 5, let total = now.framesTotal, total > 0 else {
            return String(text.prefix(max(0, room)))
        }
        let filled = min(cells, cells * now.framesDone / total)
        let done = String(repeating: "#", count: filled)
        let rest = String(repeating: "-", count: cells - filled)
        guard color else { return "[\(done)\(rest)] \(text)" }
        // Green, or yellow once a frame has failed (ECMA-48, SGR).
        let tint = now.framesFailed == 0 ? "\u{1b}[32m" : "\u{1b}[33m"
        return "[\(tint)\(done)\u{1b}[0m\(rest)] \(text)"
    }

    /// The line for a log: no bar, no escape sequences.
    func plain() -> String {
        samples.last.map { facts($0, short: false) } ?? ""
    }

    private func facts(_ now: ProgressSample, short: Bool) -> String {
        var parts = [counts(now)]
        if now.framesFailed > 0 { parts.append("\(Formatting.count(now.framesFailed)) failed") }
        let rates = currentRates()
        if now.receivedBytes != nil {
            let received = Formatting.rate(bytesPerSecond: rates.received)
            parts.append(short && now.decodedBytes != nil ? "\(received) in" : "\(received) \(now.byteVerb)")
        }
        if now.decodedBytes != nil {
            parts.append("\(Formatting.rate(bytesPerSecond: rates.decoded)) \(short ? "out" : "decoded")")
        }
        if let left = timeLeft(now, framesPerSecond: rates.frames) {
            parts.append("ETA \(Formatting.clock(left))")
        }
        return parts.joined(separator: ", ")
    }

    private func counts(_ now: ProgressSample) -> String {
        guard let total = now.framesTotal, total > 0 else {
            return "\(Formatting.count(now.framesDone)) \(now.noun)"
        }
        let percent = 100 * now.framesDone / total
        return "\(Formatting.count(now.framesDone))/\(Formatting.count(total)) \(now.noun) \(percent)%"
    }

    private func currentRates() -> (frames: Double, received: Double, decoded: Double) {
        guard let first = samples.first, let last = samples.last else { return (0, 0, 0) }
        let seconds = (last.elapsed - first.elapsed).seconds
        guard seconds > 0 else { return (0, 0, 0) }
        return (
            Double(last.framesDone - first.framesDone) / seconds,
            Double((last.receivedBytes ?? 0) - (first.receivedBytes ?? 0)) / seconds,
            Double((last.decodedBytes ?? 0) - (first.decodedBytes ?? 0)) / seconds
        )
    }

    private func timeLeft(_ now: ProgressSample, framesPerSecond: Double) -> Duration? {
        guard let total = now.framesTotal, total > now.framesDone, framesPerSecond > 0 else { return nil }
        let seconds = Double(total - now.framesDone) / framesPerSecond
        return seconds < 1e9 ? .seconds(seconds) : nil
    }
}
