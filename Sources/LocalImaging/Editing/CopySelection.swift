import Foundation
import FrameEngine

/// The instances that CopyImageSet is asked to copy: `copiableAttributes`, a document of the metadata's form with
/// empty instances.
struct CopySelection {
    private let instances: Set<String>

    /// - Throws: `MetadataUpdate.Refusal` where the text is not such a document.
    init(_ text: String) throws(MetadataUpdate.Refusal) {
        let bytes = Array(text.utf8)
        guard (1...260_000).contains(text.unicodeScalars.count),
            let parsed = try? JSONSerialization.jsonObject(with: Data(bytes)), parsed is [String: Any],
            let series = JSONSlice(bytes)["Study"]?["Series"]?.members
        else {
            throw .init(message: "copiableAttributes must be JSON with Study.Series.<UID>.Instances.<UID>")
        }
        instances = Set(series.flatMap { $0.value["Instances"]?.members?.map(\.key) ?? [] })
        guard !instances.isEmpty else { throw .init(message: "copiableAttributes names no SOP instance") }
    }

    /// Leaves the chosen instances alone in the document.
    func apply(to document: inout ImageSetDocument) throws(MetadataUpdate.Refusal) {
        let present = Set(document.instances.map(\.sopInstanceUID))
        if let unknown = instances.subtracting(present).sorted().first {
            throw .init(message: "the source image set has no SOP instance \(unknown)")
        }
        document.instances.removeAll { !instances.contains($0.sopInstanceUID) }
    }
}
