import Foundation

/// The values of a JSON document that are neither object nor array, for tests that take them away one by one.
enum JSONLeaves {
    enum Step: Hashable, CustomStringConvertible {
        case name(String)
        case index(Int)

        var description: String {
            switch self {
            case .name(let name): name
            case .index(let index): "[\(index)]"
            }
        }
    }

    static func paths(of value: Any) -> [[Step]] {
        if let object = value as? [String: Any] {
            return object.flatMap { name, member in paths(of: member).map { [.name(name)] + $0 } }
        }
        if let array = value as? [Any] {
            return array.indices.flatMap { index in paths(of: array[index]).map { [.index(index)] + $0 } }
        }
        return [[]]
    }

    static func removing(_ path: ArraySlice<Step>, from value: Any) -> Any {
        guard let step = path.first else { return value }
        switch step {
        case .name(let name):
            guard var object = value as? [String: Any] else { return value }
            object[name] = path.count == 1 ? nil : object[name].map { removing(path.dropFirst(), from: $0) }
            return object
        case .index(let index):
            guard var array = value as? [Any] else { return value }
            array[index] = removing(path.dropFirst(), from: array[index])
            return array
        }
    }

    /// Names and values of members, Booleans left out.
    static func namedNumbersAndTexts(of value: Any) -> [(name: String, value: Any)] {
        if let object = value as? [String: Any] {
            return object.flatMap { name, member -> [(name: String, value: Any)] in
                if member is [String: Any] || member is [Any] { return namedNumbersAndTexts(of: member) }
                if let number = member as? NSNumber, number === (true as NSNumber) { return [] }
                return [(name, member)]
            }
        }
        return (value as? [Any])?.flatMap(namedNumbersAndTexts) ?? []
    }

    /// The value as a dump shows it; of times the seconds, which are like no other number.
    static func dumped(_ value: Any) -> String {
        if let number = value as? Double, number > 1_600_000_000 {
            return "\(number - Date(timeIntervalSince1970: 0).timeIntervalSinceReferenceDate.magnitude)"
        }
        return "\(value)"
    }
}
