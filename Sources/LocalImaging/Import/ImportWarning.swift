import FrameEngine

/// Something about a file that was imported all the same (developer guide, "Import warning codes").
public struct ImportWarning: Sendable, Codable, Hashable {
    /// The service's number for the reason.
    public let code: Int
    /// Its name.
    public let type: String
    /// One line for a person.
    public let message: String

    /// What there is to say about a file.
    static func all(of file: DICOMFile) -> [ImportWarning] {
        var found: [ImportWarning] = []
        let mediaClass = file.text("MediaStorageSOPClassUID")
        if let mediaClass, let own = file.text("SOPClassUID"), own != mediaClass {
            found.append(
                ImportWarning(
                    code: 0xb007, type: "SopClassDataMismatch",
                    message: "the file meta information names SOP class \(mediaClass) and the data set \(own)"
                ))
        }
        for keyword in ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"] {
            guard let uid = file.text(keyword), !isValidUID(uid) else { continue }
            found.append(
                ImportWarning(
                    code: 0xb201, type: "InvalidUidFormat",
                    message:
                        "\(keyword) is not a UID: numbers without leading zeros, dots between, 64 characters at most"
                ))
        }
        return found
    }

    /// PS3.5, 9.1.
    static func isValidUID(_ uid: String) -> Bool {
        let parts = uid.split(separator: ".", omittingEmptySubsequences: false)
        return (1...64).contains(uid.utf8.count)
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && (part.count == 1 || part.first != "0")
            }
    }
}

/// The lengths that the service takes at most (developer guide, "DICOM element constraints").
enum ElementLimits {
    private static let limits = [
        "PatientName": 256, "PatientID": 256, "StudyInstanceUID": 256, "SeriesInstanceUID": 256,
        "SOPInstanceUID": 256, "StudyID": 256, "StudyDescription": 256, "AccessionNumber": 256,
        "PatientSex": 16,
        "PatientBirthDate": 18, "StudyDate": 18, "StudyTime": 28,
    ]

    /// Throws for the first value that is too long.
    static func check(_ file: DICOMFile) throws(DICOMFileError) {
        for attribute in file.attributes {
            guard let limit = limits[attribute.metadata.key], attribute.text.count > limit else { continue }
            throw DICOMFileError(
                .unsupported,
                "\(attribute.metadata.key) has \(attribute.text.count) characters and the limit is \(limit)")
        }
    }
}
