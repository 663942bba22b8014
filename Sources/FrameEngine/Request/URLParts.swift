/// An absolute `http` or `https` URL taken apart without decoding anything (RFC 3986, 3).
public struct URLParts: Hashable, Sendable {
    /// `http` or `https`, lower case.
    public let scheme: String
    /// Lower case; an IPv6 address keeps its brackets.
    public let host: String
    public let port: Int?
    /// As written, percent-encoded; empty or starting with a slash.
    public let path: String
    /// As written, without the question mark; nil when there is none.
    public let query: String?

    /// Nil unless `text` is an absolute http(s) URL with a host and a port within 1...65535.
    public init?(_ text: String) {
        guard let separator = text.range(of: "://"), !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f })
        else { return nil }
        scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var authority = rest[..<authorityEnd]
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        guard let (host, port) = Self.split(authority: authority) else { return nil }
        self.host = host
        self.port = port
        let target = rest[authorityEnd...]
        if let mark = target.firstIndex(of: "?") {
            path = String(target[..<mark])
            query = String(target[target.index(after: mark)...])
        } else {
            path = String(target)
            query = nil
        }
    }

    private static func split(authority: Substring) -> (host: String, port: Int?)? {
        var host = authority
        var port: Int?
        let bracketEnd = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[bracketEnd...].lastIndex(of: ":") {
            host = authority[..<colon]
            let digits = authority[authority.index(after: colon)...]
            guard let number = Int(digits), (1...65535).contains(number), digits.first != "+" else {
                return nil
            }
            port = number
        }
        guard !host.isEmpty, host.first != "[" || host.last == "]" else { return nil }
        return (host.lowercased(), port)
    }

    /// The `Host` header that HTTP clients send: the port only when it is not the scheme's own (RFC 9110, 7.2).
    public var hostHeader: String {
        guard let port, port != (scheme == "https" ? 443 : 80) else { return host }
        return "\(host):\(port)"
    }
}
