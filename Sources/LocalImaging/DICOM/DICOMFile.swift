import CDCMTK
import Foundation
import FrameEngine

/// Why a file was not read, or not imported. One line, without a full stop.
public struct DICOMFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds that programs distinguish.
    public enum Kind: String, Sendable, Codable {
        /// Not a DICOM Part 10 file at all.
        case notDICOM = "not-dicom"
        /// Cut short, or with lengths that do not fit.
        case damaged
        /// Valid, but of a kind that is not imported.
        case unsupported
        /// The file system, memory or the installation.
        case system
    }

    public let kind: Kind
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ status: cdcm_status, _ reason: cdcm_reason) {
        let text = withUnsafeBytes(of: reason.text) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        switch status {
        case CDCM_NOT_DICOM: self.init(.notDICOM, text)
        case CDCM_DAMAGED: self.init(.damaged, text)
        case CDCM_UNSUPPORTED: self.init(.unsupported, text)
        default: self.init(.system, text)
        }
    }
}

/// A parsed DICOM Part 10 file: its attributes in the service's JSON form, and its frames.
///
/// One thread at a time. Files are not trusted: see `cdcmtk.h` for what is checked.
final class DICOMFile {
    /// One top-level attribute.
    struct Attribute {
        let metadata: MetadataAttribute
        let isFileMeta: Bool
        /// The first value of a string attribute without padding; empty for other kinds.
        let text: String
    }

    let attributes: [Attribute]
    /// Of private and unknown attributes, at any depth.
    let unknownVRs: [(tag: String, vr: String)]
    let image: cdcm_image
    /// The file's own transfer syntax.
    let transferSyntax: TransferSyntax

    private let file: OpaquePointer
    private var encoded = cdcm_bytes()

    /// Reads and parses the file at `path`; `limit` bounds its size and that of an inflated data set, in bytes.
    convenience init(contentsOf path: String, limit: Int) throws(DICOMFileError) {
        var bytes = try Self.read(path, limit: limit)
        try self.init(&bytes, limit: limit)
    }

    /// Parses a file held in memory. `bytes` are altered.
    init(_ bytes: inout [UInt8], limit: Int) throws(DICOMFileError) {
        var opened: OpaquePointer?
        var reason = cdcm_reason()
        let status = bytes.withUnsafeMutableBufferPointer { buffer in
            cdcm_open(buffer.baseAddress, buffer.count, limit, &opened, &reason)
        }
        guard status == CDCM_OK, let file = opened else { throw DICOMFileError(status, reason) }
        self.file = file
        attributes = (0..<cdcm_attribute_count(file)).map { Self.attribute(of: file, at: $0) }
        unknownVRs = (0..<cdcm_unknown_vr_count(file)).map { index in
            var unknown = cdcm_unknown_vr()
            cdcm_unknown_vr_at(file, index, &unknown)
            return (tag: String(cString: unknown.tag), vr: Self.text(of: unknown.vr))
        }
        var image = cdcm_image()
        cdcm_describe_image(file, &image)
        self.image = image
        transferSyntax = TransferSyntax(uid: Self.text(of: image.transfer_syntax))
    }

    deinit {
        cdcm_bytes_free(&encoded)
        cdcm_close(file)
    }

    var photometricInterpretation: String { Self.text(of: image.photometric_interpretation) }

    /// The first value of the string attribute `keyword`; nil where it is absent or empty.
    func text(_ keyword: String) -> String? {
        guard let found = attributes.first(where: { $0.metadata.key == keyword }), !found.text.isEmpty
        else { return nil }
        return found.text
    }

    /// The whole native pixel data, little-endian; valid as long as the file.
    func nativePixels() throws(DICOMFileError) -> UnsafeRawBufferPointer {
        var data: UnsafePointer<UInt8>?
        var size = 0
        var reason = cdcm_reason()
        let status = cdcm_native_pixels(file, &data, &size, &reason)
        guard status == CDCM_OK else { throw DICOMFileError(status, reason) }
        return UnsafeRawBufferPointer(start: data, count: size)
    }

    /// Decodes frame `index` (0-based) with DCMTK into `buffer`, which takes the frame rounded up to an even size.
    /// Returns whether the planes follow each other.
    func decodeFrame(
        _ index: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(DICOMFileError) -> Bool {
        var isPlanar: Int32 = 0
        var reason = cdcm_reason()
        let status = cdcm_decode_frame(
            file, UInt32(truncatingIfNeeded: index), buffer.baseAddress, buffer.count, &isPlanar, &reason)
        guard status == CDCM_OK else { throw DICOMFileError(status, reason) }
        return isPlanar != 0
    }

    /// The encoded bytes of frame `index` (0-based) of `frames`; valid until the next call.
    func encodedFrame(_ index: Int, of frames: Int) throws(DICOMFileError) -> UnsafeRawBufferPointer {
        var reason = cdcm_reason()
        let status = cdcm_encoded_frame(file, UInt64(index), UInt64(frames), &encoded, &reason)
        guard status == CDCM_OK else { throw DICOMFileError(status, reason) }
        return UnsafeRawBufferPointer(start: encoded.data, count: encoded.size)
    }

    // MARK: C values

    private static func attribute(of file: OpaquePointer, at index: Int) -> Attribute {
        var found = cdcm_attribute()
        cdcm_attribute_at(file, index, &found)
        let json = UnsafeRawBufferPointer(start: found.json, count: found.json_size)
        return Attribute(
            metadata: MetadataAttribute(
                key: String(cString: found.key), json: String(decoding: json, as: UTF8.self)),
            isFileMeta: found.group == 2, text: String(cString: found.text))
    }

    /// The text in a fixed array of C characters that ends at its first NUL.
    private static func text<Characters>(of characters: Characters) -> String {
        withUnsafeBytes(of: characters) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func read(_ path: String, limit: Int) throws(DICOMFileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw system("open", errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw system("read", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DICOMFileError(.notDICOM, "not a regular file")
        }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw DICOMFileError(.unsupported, "the file has \(size) bytes and the limit is \(limit)")
        }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { buffer, count in
            while count < size {
                let got = Foundation.read(descriptor, buffer.baseAddress?.advanced(by: count), size - count)
                if got > 0 { count += got }
                if got == 0 { break }
                if got < 0 && errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        guard failure == 0 else { throw system("read", failure) }
        return bytes
    }

    private static func system(_ operation: String, _ code: Int32) -> DICOMFileError {
        DICOMFileError(.system, "cannot \(operation) it: \(String(cString: strerror(code)))")
    }
}
