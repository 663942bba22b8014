import Foundation

/// The folder of real DICOM files beside the repository, which not every checkout has.
enum SharedDICOM {
    /// Nil, with a message on standard error, where the folder is absent.
    static let folder: String? = {
        if let given = ProcessInfo.processInfo.environment["HI_FETCH_SHARED_DATA"] { return given + "/dicom" }
        var directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while directory.path != "/" {
            directory.deleteLastPathComponent()
            let candidate = directory.appendingPathComponent("shared/data/dicom").path
            if FileManager.default.fileExists(atPath: candidate) { return candidate }
        }
        FileHandle.standardError.write(Data("SKIPPED: shared/data/dicom is not there\n".utf8))
        return nil
    }()

    static var isPresent: Bool { folder != nil }
}
