import Foundation
import FrameEngine
import Testing

/// The metadata document of a stored image set, as a client reads it.
struct MetadataDocument {
    struct Frame {
        let path: String
        let syntax: String?
        /// Of all resolutions, lowest first.
        let checksums: [ResolutionChecksum]
        /// Of the full one.
        let checksum: UInt32
        let range: [Int?]

        /// CRC-32 of the decoded pixels, or of the stored bytes where the frame was kept as imported.
        func decodedChecksum() throws -> UInt32 {
            let stored = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            guard syntax == TransferSyntax.htj2kLosslessRPCL.uid else { return CRC32.checksum(stored) }
            let decoded = try stored.withUnsafeBytes { try OpenJPEGDecoder().decode($0, pool: BufferPool()) }
            return CRC32.checksum(decoded.bytes.bytes)
        }
    }

    let root: [String: Any]
    let series: [String: Any]
    /// By SOP Instance UID.
    let instances: [String: [String: Any]]
    /// By SOP Instance UID, in frame order.
    let framesByInstance: [String: [Frame]]

    var frames: [Frame] { framesByInstance.sorted { $0.key < $1.key }.flatMap(\.value) }

    init(of imageSet: HealthImagingID, in datastore: HealthImagingID, at store: String) throws {
        let folder = "\(store)/datastores/\(datastore)/imagesets/\(imageSet)"
        let zipped = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/v1/metadata.json.gz")))
        let json = try zipped.withUnsafeBytes { try Gzip.inflate($0, limit: 1 << 28) }
        root = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        let study = try #require(root["Study"] as? [String: Any])
        let all = try #require(study["Series"] as? [String: [String: Any]])
        #expect(all.count == 1, "one series an image set")
        series = try #require(all.values.first)
        instances = try #require(series["Instances"] as? [String: [String: Any]])
        framesByInstance = try instances.mapValues { instance in
            let frames = try #require(instance["ImageFrames"] as? [[String: Any]])
            return try frames.map { frame in
                let id = try #require(frame["ID"] as? String)
                let sums = try #require(
                    frame["PixelDataChecksumFromBaseToFullResolution"] as? [[String: Any]])
                let checksums = try sums.map { entry in
                    ResolutionChecksum(
                        width: try #require(entry["Width"] as? Int),
                        height: try #require(entry["Height"] as? Int),
                        crc32: try #require(entry["Checksum"] as? NSNumber).uint32Value)
                }
                return Frame(
                    path: "\(folder)/frames/\(id)", syntax: instance["StoredTransferSyntaxUID"] as? String,
                    checksums: checksums, checksum: try #require(checksums.last).crc32,
                    range: [frame["MinPixelValue"] as? Int, frame["MaxPixelValue"] as? Int])
            }
        }
    }

    /// The attributes of one level.
    func attributes(_ level: String) -> [String: Any] {
        (root[level] as? [String: Any])?["DICOM"] as? [String: Any] ?? [:]
    }
}
