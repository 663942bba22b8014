import CSimdJSON

/// A parsed JSON text. Its values are valid only inside `withRoot`.
final class JSONDocument {
    /// A text is parsed where it is when so many bytes follow it, whatever is in them; others are copied.
    static let padding = Int(CSJ_PADDING)

    private let document: OpaquePointer
    private let top: csj_element

    /// Parses `bytes`, which need not outlive the call.
    ///
    /// - Parameter isPadded: whether `padding` bytes that can be read follow them.
    init(parsing bytes: UnsafeRawBufferPointer, isPadded: Bool = false) throws(JSONSyntaxError) {
        var document: OpaquePointer?
        var root = csj_element()
        let status = csj_open(bytes.baseAddress, bytes.count, isPadded, &document, &root)
        guard status == CSJ_OK, let document else { throw JSONSyntaxError(status) }
        self.document = document
        top = root
    }

    deinit {
        csj_close(document)
    }

    /// Lends the top value. Nothing of it may leave `body`.
    func withRoot<Result, Failure: Error>(
        _ body: (JSONValue) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(JSONValue(element: top))
    }
}

/// Why a text is not JSON that can be read.
enum JSONSyntaxError: Error {
    case empty
    case tooLarge
    case tooDeep
    case notUTF8
    case badNumber
    case malformed
    case outOfMemory

    init(_ status: csj_status) {
        switch status {
        case CSJ_EMPTY: self = .empty
        case CSJ_TOO_LARGE: self = .tooLarge
        case CSJ_TOO_DEEP: self = .tooDeep
        case CSJ_NOT_UTF8: self = .notUTF8
        case CSJ_BAD_NUMBER: self = .badNumber
        case CSJ_NO_MEMORY: self = .outOfMemory
        default: self = .malformed
        }
    }
}

/// One value of a `JSONDocument`: two words, free to copy, valid as long as the document is lent.
struct JSONValue {
    enum Kind {
        case null
        case bool
        case integer
        case double
        case string
        case array
        case object
    }

    let element: csj_element

    var kind: Kind {
        switch csj_type_of(element) {
        case CSJ_BOOL: .bool
        case CSJ_INTEGER: .integer
        case CSJ_DOUBLE: .double
        case CSJ_STRING: .string
        case CSJ_ARRAY: .array
        case CSJ_OBJECT: .object
        default: .null
        }
    }

    /// A whole number, also one that is written with a fraction of zero or an exponent.
    var integer: Int? {
        var value: Int64 = 0
        if csj_get_int64(element, &value) { return Int(value) }
        var double = 0.0
        guard kind == .double, csj_get_double(element, &double) else { return nil }
        return Int(exactly: double)
    }

    var string: String? {
        var text = csj_text()
        guard csj_get_text(element, &text) else { return nil }
        return String(text)
    }

    /// A string without the blanks and zeros that DICOM pads with (PS3.5, 6.2).
    var paddedString: String? {
        var text = csj_text()
        guard csj_get_text(element, &text) else { return nil }
        return String(text.withoutPadding)
    }

    /// The member with that name; nil where there is none or it is null.
    subscript(name: StaticString) -> JSONValue? {
        var found = csj_element()
        let start = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard csj_find(element, start, name.utf8CodeUnitCount, &found) else { return nil }
        let value = JSONValue(element: found)
        return value.kind == .null ? nil : value
    }

    /// Calls `body` with each member of an object or element of an array, in order; the name is empty in arrays.
    func forEachMember<Failure: Error>(
        _ body: (_ name: csj_text, _ value: JSONValue) throws(Failure) -> Void
    ) throws(Failure) {
        var cursor = csj_members(element)
        var name = csj_text()
        var value = csj_element()
        while csj_next(&cursor, &name, &value) { try body(name, JSONValue(element: value)) }
    }
}

extension csj_text {
    /// Without leading and trailing blanks and zeros.
    var withoutPadding: csj_text {
        var start = 0
        var end = length
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0 { end -= 1 }
        while start < end, bytes[start] == 0x20 || bytes[start] == 0 { start += 1 }
        guard let bytes else { return self }
        return csj_text(bytes: bytes + start, length: end - start)
    }
}

extension String {
    init(_ text: csj_text) {
        self.init(
            decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.length), as: UTF8.self)
    }
}
