/// Where the files of a copy come from.
package enum CopySource: Hashable, Sendable {
    /// Every object below a prefix, which is taken as a folder, or the one object of that key.
    case bucket(name: String, prefix: String)
    /// DICOM files of this machine, and all DICOM files in folders, however deep.
    case files([String])
}
