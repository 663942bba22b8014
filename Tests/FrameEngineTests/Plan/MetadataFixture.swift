import Foundation

@testable import FrameEngine

/// Builds small metadata documents of any shape.
enum MetadataFixture {
    static let datastoreID = String(repeating: "d", count: 32)
    static let imageSetID = String(repeating: "1", count: 32)

    /// A frame id that ends in `number`.
    static func frameID(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    /// A document with this text as the value of `Study.Series`.
    static func document(series: String, study: String = #"{"StudyInstanceUID":"1.2.3"}"#) -> String {
        """
        {"SchemaVersion":"1.1","DatastoreID":"\(datastoreID)","ImageSetID":"\(imageSetID)",
        "Patient":{"DICOM":{"PatientName":"A^B"}},"Study":{"DICOM":\(study),"Series":\(series)}}
        """
    }

    /// A document with one series `1.2`, one instance `1.2.3`, and these members of the instance.
    static func document(instance members: String) -> String {
        document(series: #"{"1.2":{"Instances":{"1.2.3":{\#(members)}}}}"#)
    }

    /// A document with one frame that has these members beside its ID.
    static func document(frame members: String) -> String {
        document(instance: #""ImageFrames":[{"ID":"\#(frameID(7))",\#(members)}]"#)
    }

    /// A document with one frame whose checksum list is this text.
    static func document(checksums list: String) -> String {
        document(frame: #""PixelDataChecksumFromBaseToFullResolution":\#(list)"#)
    }

    static func plan(_ text: String, source: String = "test") throws(PlanError) -> FramePlan {
        try plan(Array(text.utf8), source: source)
    }

    static func plan(_ bytes: [UInt8], source: String = "test") throws(PlanError) -> FramePlan {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(PlanError) in
                try MetadataPlanner.plan(bytes, source: source, versionID: nil)
            }
        }
        return try result.get()
    }

    static func gzip(_ text: String) -> [UInt8] {
        Array(text.utf8).withUnsafeBytes { Gzip.deflate($0) }
    }

    /// The folder with captured documents: HI_FETCH_SHARED_DATA, or `shared/data` beside the repository.
    static var sharedData: URL? {
        if let path = ProcessInfo.processInfo.environment["HI_FETCH_SHARED_DATA"] {
            return URL(fileURLWithPath: path)
        }
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared/data")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }

    /// The folder with captured metadata documents, where it is here.
    static var capturedFolder: URL? {
        let folder = sharedData?.appendingPathComponent("metadata")
        return folder.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }
    }
}
