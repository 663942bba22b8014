import Foundation

extension Encodable {
    /// Prints the value as one JSON object on one line of standard output, keys in their order.
    func printAsJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}
