/// One element of an XML document, with all below it: what AWS's XML answers are read from.
///
/// Attributes are dropped, namespaces too: a name is what follows its prefix.
package struct XMLNode: Sendable, Equatable {
    /// Why a document cannot be read.
    package struct Malformed: Error, Equatable {
        /// Some words for the end of a sentence. They repeat nothing of the document.
        package let problem: String
    }

    package internal(set) var name: String
    /// The element's own text, entities replaced, blanks kept; the text of its children is theirs.
    package internal(set) var text = ""
    package internal(set) var children: [XMLNode] = []

    init(name: String) { self.name = name }

    /// Reads a document in UTF-8. DOCTYPE, and with it every entity but the five predefined ones, is refused.
    ///
    /// Depth, number of elements and, through the bytes given, size are limited, so that no document does harm.
    package init(parsing bytes: some Collection<UInt8>) throws(Malformed) {
        var reader = XMLReader(bytes)
        self = try reader.document()
    }

    /// The first child of that name.
    package subscript(_ name: String) -> XMLNode? { children.first { $0.name == name } }

    /// The children of that name, in the document's order.
    package func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

    /// The text of the first child of that name; nil where there is none, empty where it is empty.
    package func text(_ name: String) -> String? { self[name]?.text }
}
