import CoreMetrics
import Synchronization

/// A metrics backend that keeps every value in memory and tells them all as text: Prometheus' exposition format,
/// version 0.0.4.
///
/// For programs that have no backend of their own. Thread-safe. Labels are taken as names as they are, so whoever measures
/// must name things as Prometheus wants them (`hi_fetch_frames_total`). What is measured twice under one name and with the
/// same dimensions is one value; nothing is ever forgotten.
public final class PrometheusRegistry: MetricsFactory {
    struct Key: Hashable {
        let name: String
        /// As they are written between the braces: `status="verified"`, or empty.
        let labels: String
    }

    private struct Families {
        var counters: [Key: PrometheusCounter] = [:]
        var gauges: [Key: PrometheusGauge] = [:]
        var histograms: [Key: PrometheusHistogram] = [:]
    }

    private let families = Mutex(Families())
    private let help: [String: String]

    /// - Parameter help: a line for people by name; the engine's own measurements have theirs.
    public init(help: [String: String] = [:]) {
        let own = EngineMetrics.Name.allCases.map { ($0.rawValue, $0.help) }
        self.help = help.merging(own) { given, _ in given }
    }

    /// Makes this the backend of the whole process. Once a process: swift-metrics allows it no second time.
    ///
    /// All that the engine measures is in the text from now on, at zero: who reads it needs to know what will come.
    public func install() {
        MetricsSystem.bootstrap(self)
        _ = EngineMetrics(factory: self)
    }

    /// Every value at this moment.
    public func text() -> String {
        var text = PrometheusText()
        let now = families.withLock { $0 }
        text.add(now.counters, type: "counter", help: help) { [("", "", "\($0.value)")] }
        text.add(now.gauges, type: "gauge", help: help) { [("", "", PrometheusText.number($0.value))] }
        text.add(now.histograms, type: "histogram", help: help) { $0.samples }
        return text.finish()
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let key = Key(name: label, labels: PrometheusText.labels(dimensions))
        return families.withLock { families in
            let counter = families.counters[key] ?? PrometheusCounter()
            families.counters[key] = counter
            return counter
        }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A distribution where `aggregate` is true, otherwise the last value.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? histogram(label, dimensions, buckets: PrometheusHistogram.magnitudes) : gauge(label, dimensions)
    }

    /// In seconds, as Prometheus wants times.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, buckets: PrometheusHistogram.seconds)
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        let key = Key(name: label, labels: PrometheusText.labels(dimensions))
        return families.withLock { families in
            let gauge = families.gauges[key] ?? PrometheusGauge()
            families.gauges[key] = gauge
            return gauge
        }
    }

    private func histogram(
        _ label: String, _ dimensions: [(String, String)], buckets: [Double]
    ) -> PrometheusHistogram {
        let key = Key(name: label, labels: PrometheusText.labels(dimensions))
        return families.withLock { families in
            let histogram = families.histograms[key] ?? PrometheusHistogram(bounds: buckets)
            families.histograms[key] = histogram
            return histogram
        }
    }
}
