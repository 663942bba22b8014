import FrameEngine

/// What the samples of an image mean, as far as a JP2 file can say it.
public enum ColourModel: Sendable {
    /// One component.
    case grey
    /// Red, green, blue.
    case rgb
    /// Luminance and two colour differences, full range (DICOM's YBR_FULL).
    case ybr

    /// EnumCS of the colour specification box (ISO/IEC 15444-1, I.5.3.3).
    var enumeratedColourSpace: UInt32 {
        switch self {
        case .grey: 17
        case .rgb: 16
        case .ybr: 18
        }
    }
}

/// The JP2 boxes around a codestream, in the form of the frames that HealthImaging serves.
public enum JP2Boxes {
    /// The bytes before the codestream: signature, `ftyp` with brand `jp2 ` (not `jph `), `jp2h` with `ihdr` and
    /// `colr`, and the header of a `jp2c` box whose length 0 means "to the end of the file" (ISO/IEC 15444-1,
    /// annex I). 85 bytes, so that SOC follows at offset 85.
    public static func header(for layout: PixelLayout, colour: ColourModel) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(85)
        appendBox("jP  ", [0x0d, 0x0a, 0x87, 0x0a], to: &bytes)
        appendBox("ftyp", Array("jp2 ".utf8) + [0, 0, 0, 0] + Array("jp2 ".utf8), to: &bytes)
        var header: [UInt8] = []
        appendBox("ihdr", imageHeader(of: layout), to: &header)
        appendBox("colr", [1, 0, 0] + bigEndian(colour.enumeratedColourSpace), to: &header)
        appendBox("jp2h", header, to: &bytes)
        bytes += bigEndian(0) + Array("jp2c".utf8)
        return bytes
    }

    /// HEIGHT, WIDTH, NC, BPC (bits - 1, top bit: signed), C = 7, UnkC = 1 as the service writes it, IPR = 0.
    private static func imageHeader(of layout: PixelLayout) -> [UInt8] {
        let bitsAndSign = UInt8(truncatingIfNeeded: layout.bitsPerSample - 1) | (layout.isSigned ? 0x80 : 0)
        let components = UInt16(truncatingIfNeeded: layout.components)
        return bigEndian(UInt32(truncatingIfNeeded: layout.height))
            + bigEndian(UInt32(truncatingIfNeeded: layout.width))
            + [UInt8(components >> 8), UInt8(components & 0xff), bitsAndSign, 7, 1, 0]
    }

    private static func appendBox(_ type: String, _ content: [UInt8], to bytes: inout [UInt8]) {
        bytes += bigEndian(UInt32(content.count + 8)) + Array(type.utf8) + content
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
