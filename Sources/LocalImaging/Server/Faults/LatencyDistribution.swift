import Foundation

/// How long an answer is held back. Times are in seconds.
public enum LatencyDistribution: Sendable, Hashable {
    case constant(Double)
    case uniform(ClosedRange<Double>)
    /// Half of the answers take longer than the median; `sigma` is the standard deviation of the logarithm.
    case lognormal(median: Double, sigma: Double)
    /// A heavy tail: the smaller `alpha`, the more answers take very long.
    case pareto(least: Double, alpha: Double)

    /// No answer is held back longer, in seconds, however long the tail.
    static let limit = 60.0

    /// The value that two independent numbers from 0 up to 1 stand for.
    func seconds(_ first: Double, _ second: Double) -> Double {
        let value =
            switch self {
            case .constant(let seconds): seconds
            case .uniform(let range):
                range.lowerBound + (range.upperBound - range.lowerBound) * first
            case .lognormal(let median, let sigma):
                // Box and Muller; 1 - first is never 0.
                median * exp(sigma * (-2 * log(1 - first)).squareRoot() * cos(2 * Double.pi * second))
            case .pareto(let least, let alpha):
                least / pow(1 - first, 1 / alpha)
            }
        return min(value, Self.limit)
    }
}
