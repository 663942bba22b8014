import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

/// A store in a folder of its own, removed with this object.
final class TemporaryStore {
    let path: String
    let store: ImageSetStore

    init() throws {
        path = NSTemporaryDirectory() + "store-" + HealthImagingID.random().description
        store = try ImageSetStore(opening: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A second process's view of the same folder.
    func reopened() throws -> ImageSetStore { try ImageSetStore(opening: path) }

    /// Writes an image set with `frames` frames of a few bytes.
    func addImageSet(
        to datastore: HealthImagingID, frames: Int = 1, tags: DICOMTags = DICOMTags(), isPrimary: Bool = true
    ) throws -> ImageSetRecord {
        let writer = try store.beginImageSet(datastoreID: datastore)
        for number in 0..<frames {
            try writer.add(id: .random(), bytes: [UInt8(number & 0xff), 2, 3])
        }
        return try writer.commit(metadata: Array(#"{"A":1}"#.utf8), tags: tags, isPrimary: isPrimary)
    }

    func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted()
    }
}

extension ImageSetWriter {
    func add(
        id: HealthImagingID, bytes: [UInt8], storedAs syntax: TransferSyntax = .htj2kLosslessRPCL
    ) throws {
        try bytes.withUnsafeBytes { try addFrame(id: id, bytes: $0, storedAs: syntax) }
    }
}
