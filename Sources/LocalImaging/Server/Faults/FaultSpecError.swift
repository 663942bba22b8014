/// Why a fault specification cannot be read: where, and what would be right there.
public struct FaultSpecError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The first character is 1.
    public let position: Int
    /// What stands there: up to the next comma, and not much of it. Empty at the end.
    public let found: String
    /// What would be right.
    public let expected: String

    /// One line: `position 14, at '2': expected a rate …`.
    public var message: String {
        let place = found.isEmpty ? "at the end" : "at '\(found)'"
        return "position \(position), \(place): expected \(expected)"
    }

    public var description: String { message }
}
