import FrameEngine

/// A part of a bucket's list as S3 gives it: keys, and for all keys that share a prefix up to a delimiter that prefix once.
struct ObjectListing {
    enum Entry {
        case object(ObjectRecord)
        case prefix(String)

        var text: String {
            switch self {
            case .object(let object): object.key
            case .prefix(let prefix): prefix
            }
        }
    }

    /// Where a list goes on.
    enum Position {
        /// Behind a key.
        case key(String)
        /// Behind everything that begins with this.
        case prefix(String)

        init(_ entry: Entry) {
            switch entry {
            case .object(let object): self = .key(object.key)
            case .prefix(let prefix): self = .prefix(prefix)
            }
        }

        /// For a marker that a client names: one that ends with the delimiter stands for all that begins with it.
        init(marker: String, delimiter: String?) {
            if let delimiter, !delimiter.isEmpty,
                marker.utf8.suffix(delimiter.utf8.count).elementsEqual(delimiter.utf8)
            {
                self = .prefix(marker)
            } else {
                self = .key(marker)
            }
        }

        /// A form that clients hand back without looking into it.
        var token: String {
            switch self {
            case .key(let key): "k" + ObjectListing.hexadecimal(key)
            case .prefix(let prefix): "p" + ObjectListing.hexadecimal(prefix)
            }
        }

        init?(token: String) {
            guard let kind = token.first, let text = ObjectListing.text(hexadecimal: token.dropFirst()) else {
                return nil
            }
            switch kind {
            case "k": self = .key(text)
            case "p": self = .prefix(text)
            default: return nil
            }
        }
    }

    private(set) var entries: [Entry] = []
    private(set) var isTruncated = false

    var objects: [ObjectRecord] {
        entries.compactMap { entry in
            guard case .object(let object) = entry else { return nil }
            return object
        }
    }

    var prefixes: [String] {
        entries.compactMap { entry in
            guard case .prefix(let prefix) = entry else { return nil }
            return prefix
        }
    }

    /// Where the next part begins; nil behind the last.
    var next: Position? { isTruncated ? entries.last.map { Position($0) } : nil }

    init(
        of source: some ObjectSource, bucket: String, prefix: String, delimiter: String?, after: Position?,
        limit: Int
    ) throws(BucketError) {
        let isGrouped = delimiter.map { !$0.isEmpty } ?? false
        var start: String?
        var skipped: String?
        switch after {
        case nil: break
        case .key(let key): start = key
        case .prefix(let prefix):
            start = prefix
            skipped = prefix
        }
        // Without groups one object more than wanted tells whether there are more.
        let count = isGrouped || skipped != nil ? Int.max : limit
        let page = try source.list(bucket: bucket, prefix: prefix, after: start, limit: count)
        for object in page.objects {
            if let skipped, ObjectKey.has(object.key, prefix: skipped) { continue }
            var entry = Entry.object(object)
            if let delimiter, isGrouped, let common = Self.common(object.key, prefix, delimiter) {
                if case .prefix(let last)? = entries.last, ObjectKey.isSame(last, common) { continue }
                entry = .prefix(common)
            }
            guard entries.count < limit else {
                isTruncated = limit > 0
                return
            }
            entries.append(entry)
        }
        isTruncated = page.isTruncated && limit > 0
    }

    /// A key up to and with the first delimiter behind the prefix; nil where there is none.
    private static func common(_ key: String, _ prefix: String, _ delimiter: String) -> String? {
        let bytes = Array(key.utf8)
        let wanted = Array(delimiter.utf8)
        var index = prefix.utf8.count
        while index + wanted.count <= bytes.count {
            if bytes[index..<(index + wanted.count)].elementsEqual(wanted) {
                return String(decoding: bytes[..<(index + wanted.count)], as: UTF8.self)
            }
            index += 1
        }
        return nil
    }

    private static func hexadecimal(_ text: String) -> String { ObjectWriter.hexadecimal(text.utf8) }

    private static func text(hexadecimal digits: Substring) -> String? {
        let digits = Array(digits.utf8)
        guard digits.count % 2 == 0, digits.count <= 4 * ObjectKey.limitInBytes,
            digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
        else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16)
            else {
                return nil
            }
            bytes.append(byte)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
