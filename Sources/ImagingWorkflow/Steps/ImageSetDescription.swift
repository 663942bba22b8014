import FrameEngine

/// The metadata of one image set: where it was saved, and what it says of the frames.
package struct ImageSetDescription: Sendable {
    package let imageSetID: HealthImagingID
    /// The file, gzipped JSON as the service sends it.
    package let path: String
    /// The file's size in bytes.
    package let bytes: Int
    /// In DICOM order.
    package let frames: [FrameDescription]

    package init(imageSetID: HealthImagingID, path: String, bytes: Int, frames: [FrameDescription]) {
        self.imageSetID = imageSetID
        self.path = path
        self.bytes = bytes
        self.frames = frames
    }
}
