import Foundation
import FrameEngine
import NIOCore
import Synchronization

/// Finds other frames of an image set. Any thread; blocks on the disk.
final class SiblingFrames: Sendable {
    /// Sorted names, by folder. Image sets never get other frames.
    private let folders = Mutex<[String: [String]]>([:])
    private static let foldersKept = 64
    /// How many frames are looked at for one with other bytes.
    private static let looks = 16

    private let store: ImageSetStore

    init(_ store: ImageSetStore) { self.store = store }

    /// The bytes of another frame, or of the next one, in the order of ids, that differ from `bytes`; nil where there
    /// is none.
    ///
    /// - Parameter number: which frame; neighbouring numbers are different frames where there are several.
    func bytes(
        besides frame: HealthImagingID, of imageSet: HealthImagingID, in datastore: HealthImagingID,
        otherThan bytes: ByteBuffer, number: Int
    ) throws(StoreError) -> ByteBuffer? {
        let (path, _) = try store.frameFile(datastoreID: datastore, imageSetID: imageSet, frameID: frame)
        let folder = (path as NSString).deletingLastPathComponent
        let names = names(in: folder)
        guard let index = names.firstIndex(of: frame.description) else { return nil }
        guard names.count > 1 else { return nil }
        for look in number..<number + Self.looks {
            let other = folder + "/" + names[(index + 1 + look % (names.count - 1)) % names.count]
            guard let file = try OpenFile(other) else { continue }
            let content = try file.read(count: file.size, at: 0)
            if content != bytes { return content }
        }
        return nil
    }

    private func names(in folder: String) -> [String] {
        if let names = folders.withLock({ $0[folder] }) { return names }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        folders.withLock { folders in
            if folders.count >= Self.foldersKept { folders.removeAll() }
            folders[folder] = names
        }
        return names
    }
}
