/// A DICOM data set in the making, written as a Part 10 file in Explicit VR Little Endian (PS3.10, 7.1; PS3.5, 7.1.2).
///
/// Elements may be set in any order and are written in that of their tags. Text must be ASCII.
struct DICOMDataSet {
    /// The value representations that are written here (PS3.5, 6.2).
    enum VR: String {
        case age = "AS"
        case code = "CS"
        case date = "DA"
        case decimal = "DS"
        case integer = "IS"
        case longText = "LO"
        case otherByte = "OB"
        case otherWord = "OW"
        case personName = "PN"
        case shortText = "SH"
        case time = "TM"
        case uid = "UI"
        case unsignedLong = "UL"
        case unsignedShort = "US"

        /// Whether the length has four bytes, behind two that are reserved.
        var isLong: Bool { self == .otherByte || self == .otherWord }

        /// What makes a value's length even.
        var padding: UInt8 { self == .uid || self == .otherByte ? 0 : UInt8(ascii: " ") }
    }

    private var elements: [UInt32: (vr: VR, value: [UInt8])] = [:]

    init() {}

    /// Text; several values have backslashes between them.
    mutating func set(_ tag: UInt32, _ vr: VR, _ text: String) { elements[tag] = (vr, Array(text.utf8)) }

    mutating func set(_ tag: UInt32, _ number: UInt16) {
        elements[tag] = (.unsignedShort, Self.littleEndian(number))
    }

    private mutating func set(_ tag: UInt32, _ vr: VR, bytes: [UInt8]) { elements[tag] = (vr, bytes) }

    /// The file up to its first pixel: preamble, file meta information, data set and the header of the pixel data,
    /// which is of `pixelBytes` bytes. The pixels, as 16-bit words, follow and end the file.
    ///
    /// The data set must have SOP class (0008,0016) and instance (0008,0018).
    func fileHead(pixelBytes: Int) -> [UInt8] {
        var meta = DICOMDataSet()
        meta.set(0x0002_0001, .otherByte, bytes: [0, 1])
        meta.set(0x0002_0002, .uid, bytes: elements[0x0008_0016]?.value ?? [])
        meta.set(0x0002_0003, .uid, bytes: elements[0x0008_0018]?.value ?? [])
        meta.set(0x0002_0010, .uid, "1.2.840.10008.1.2.1")
        meta.set(0x0002_0012, .uid, Self.implementationClassUID)
        meta.set(0x0002_0013, .shortText, "HI_FETCH")
        let group = meta.encoded()
        var length = DICOMDataSet()
        length.set(0x0002_0000, .unsignedLong, bytes: Self.littleEndian(UInt32(group.count)))
        return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + length.encoded() + group + encoded()
            + Self.header(0x7fe0_0010, .otherWord, length: pixelBytes + pixelBytes % 2)
    }

    /// A UID below 2.25 (PS3.5, B.2), drawn once for this writer.
    private static let implementationClassUID = "2.25.233408517236204175892316870457390262518"

    private func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        for (tag, element) in elements.sorted(by: { $0.key < $1.key }) {
            let padding = element.value.count % 2 == 0 ? [] : [element.vr.padding]
            bytes += Self.header(tag, element.vr, length: element.value.count + padding.count)
            bytes += element.value
            bytes += padding
        }
        return bytes
    }

    private static func header(_ tag: UInt32, _ vr: VR, length: Int) -> [UInt8] {
        littleEndian(UInt16(truncatingIfNeeded: tag >> 16)) + littleEndian(UInt16(truncatingIfNeeded: tag))
            + Array(vr.rawValue.utf8)
            + (vr.isLong ? [0, 0] + littleEndian(UInt32(length)) : littleEndian(UInt16(length)))
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
