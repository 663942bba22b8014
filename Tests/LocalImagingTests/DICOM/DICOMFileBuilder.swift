import Foundation

/// Writes small DICOM Part 10 files for tests, byte by byte.
struct DICOMFileBuilder {
    /// How the data set is written.
    enum Encoding {
        case implicitLittleEndian
        case explicitLittleEndian
        case explicitBigEndian
    }

    /// The pixel data's own form.
    enum PixelData {
        case none
        case native([UInt8], vr: String)
        /// Fragments after an offset table of these entries.
        case fragments([[UInt8]], offsets: [UInt32])
    }

    var encoding = Encoding.explicitLittleEndian
    var transferSyntax = "1.2.840.10008.1.2.1"
    var pixelData = PixelData.none
    private var elements: [(tag: UInt32, vr: String, value: [UInt8])] = []

    /// A secondary capture image with the identifiers that an import needs.
    init(sopInstanceUID: String = "1.2.3.4.5", series: String = "1.2.3.4", study: String = "1.2.3") {
        set(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.7")
        set(0x0008_0018, "UI", sopInstanceUID)
        set(0x0008_0060, "CS", "OT")
        set(0x0010_0010, "PN", "Test^Person")
        set(0x0010_0020, "LO", "ID 1")
        set(0x0020_000d, "UI", study)
        set(0x0020_000e, "UI", series)
    }

    mutating func set(_ tag: UInt32, _ vr: String, _ text: String) {
        set(tag, vr, bytes: Array(text.utf8))
    }

    mutating func set(_ tag: UInt32, _ vr: String, bytes: [UInt8]) {
        elements.removeAll { $0.tag == tag }
        elements.append((tag, vr, bytes))
    }

    mutating func set(_ tag: UInt32, _ value: UInt16) {
        set(tag, "US", bytes: number(value))
    }

    mutating func remove(_ tag: UInt32) { elements.removeAll { $0.tag == tag } }

    /// The image pixel module.
    mutating func setImage(
        rows: Int, columns: Int, samples: Int = 1, photometric: String = "MONOCHROME2", allocated: Int,
        stored: Int? = nil, isSigned: Bool = false, isPlanar: Bool = false, frames: Int? = nil
    ) {
        set(0x0028_0002, UInt16(samples))
        set(0x0028_0004, "CS", photometric)
        if samples > 1 { set(0x0028_0006, isPlanar ? 1 : 0) }
        if let frames { set(0x0028_0008, "IS", String(frames)) }
        set(0x0028_0010, UInt16(rows))
        set(0x0028_0011, UInt16(columns))
        set(0x0028_0100, UInt16(allocated))
        set(0x0028_0101, UInt16(stored ?? allocated))
        set(0x0028_0102, UInt16((stored ?? allocated) - 1))
        set(0x0028_0103, isSigned ? 1 : 0)
    }

    /// `value` in the byte order of the data set.
    func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        let ordered = encoding == .explicitBigEndian ? value.bigEndian : value.littleEndian
        return withUnsafeBytes(of: ordered) { Array($0) }
    }

    /// The whole file.
    func bytes() -> [UInt8] {
        var meta = DICOMFileBuilder.empty
        meta.set(0x0002_0001, "OB", bytes: [0, 1])
        meta.set(0x0002_0002, "UI", "1.2.840.10008.5.1.4.1.1.7")
        meta.set(0x0002_0003, "UI", "1.2.3.4.5")
        meta.set(0x0002_0010, "UI", transferSyntax)
        let group = meta.dataSet()
        meta.elements = [(0x0002_0000, "UL", meta.number(UInt32(group.count)))]
        return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + meta.dataSet() + group + dataSet()
    }

    /// The data set alone.
    func dataSet() -> [UInt8] {
        var result: [UInt8] = []
        for element in elements.sorted(by: { $0.tag < $1.tag }) {
            var value = element.value
            if value.count % 2 != 0 { value.append(element.vr == "UI" || element.vr == "OB" ? 0 : 0x20) }
            result += header(element.tag, element.vr, length: UInt32(value.count)) + value
        }
        switch pixelData {
        case .none: break
        case .native(let pixels, let vr):
            let padded = pixels.count % 2 == 0 ? pixels : pixels + [0]
            result += header(0x7fe0_0010, vr, length: UInt32(padded.count)) + padded
        case .fragments(let fragments, let offsets):
            result += header(0x7fe0_0010, "OB", length: 0xffff_ffff)
            for item in [offsets.flatMap { number($0) }] + fragments {
                let padded = item.count % 2 == 0 ? item : item + [0]
                result += tag(0xfffe_e000) + number(UInt32(padded.count)) + padded
            }
            result += tag(0xfffe_e0dd) + number(UInt32(0))
        }
        return result
    }

    func tag(_ tag: UInt32) -> [UInt8] {
        number(UInt16(tag >> 16)) + number(UInt16(tag & 0xffff))
    }

    func header(_ tag: UInt32, _ vr: String, length: UInt32) -> [UInt8] {
        if encoding == .implicitLittleEndian { return self.tag(tag) + number(length) }
        let isLong = ["OB", "OW", "OF", "OD", "OL", "SQ", "UN", "UT", "UC"].contains(vr)
        return self.tag(tag) + Array(vr.utf8)
            + (isLong ? [0, 0] + number(length) : number(UInt16(truncatingIfNeeded: length)))
    }

    private static var empty: DICOMFileBuilder {
        var builder = DICOMFileBuilder()
        builder.elements = []
        return builder
    }
}
