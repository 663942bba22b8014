/// The ids of a frame as a manifest has them: 3 x 32 characters, compared and hashed as bytes.
struct FrameKey: Equatable {
    private typealias ID = SIMD32<UInt8>

    private static let idLength = 32

    private let datastore: ID
    private let imageSet: ID
    private let frame: ID

    init(_ frame: PlannedFrame) {
        datastore = Self.id(frame.instance.datastoreID)
        imageSet = Self.id(frame.instance.imageSetID)
        self.frame = Self.id(frame.imageFrameID)
    }

    /// Nil where one of the three cannot be an id: such a record is no frame's.
    init?(_ line: ManifestLine) {
        guard let datastore = Self.id(line.datastoreID), let imageSet = Self.id(line.imageSetID),
            let frame = Self.id(line.imageFrameID)
        else { return nil }
        self.datastore = datastore
        self.imageSet = imageSet
        self.frame = frame
    }

    /// By a seed of the process, so that nobody can choose ids that have the same.
    var hash: UInt64 {
        withUnsafeBytes(of: self) { bytes in
            var hasher = Hasher()
            hasher.combine(bytes: bytes)
            return UInt64(bitPattern: Int64(hasher.finalize()))
        }
    }

    /// A file's name if that and the place are what this program gives the frame (`OutputDirectory.relativePath`); nil
    /// for any other.
    func ownFile(_ file: ManifestLine.Text?) -> ManifestLine.Text? {
        let stem = 3 * (Self.idLength + 1)
        guard let file, !file.hasEscapes, (stem + 1...stem + 8).contains(file.bytes.count),
            Self.id(file.bytes, 0) == datastore, file.bytes[Self.idLength] == UInt8(ascii: "/"),
            Self.id(file.bytes, Self.idLength + 1) == imageSet,
            file.bytes[2 * Self.idLength + 1] == UInt8(ascii: "/"),
            Self.id(file.bytes, 2 * Self.idLength + 2) == frame, file.bytes[stem - 1] == UInt8(ascii: "."),
            file.bytes[stem...].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) })
        else { return nil }
        return file
    }

    private static func id(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> ID {
        bytes.loadUnaligned(fromByteOffset: offset, as: ID.self)
    }

    private static func id(_ text: ManifestLine.Text) -> ID? {
        text.hasEscapes || text.bytes.count != idLength ? nil : id(text.bytes, 0)
    }

    private static func id(_ id: HealthImagingID) -> ID {
        var text = id.description
        return text.withUTF8 { Self.id(UnsafeRawBufferPointer($0), 0) }
    }
}
