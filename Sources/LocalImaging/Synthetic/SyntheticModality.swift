/// The kinds of study that can be made.
public enum SyntheticModality: String, Sendable, CaseIterable {
    /// Computed tomography: axial chest and abdomen, signed 16-bit Hounsfield units.
    case ct = "CT"
    /// Magnetic resonance: axial head, unsigned, 12 bits in 16.
    case mr = "MR"
    /// Ultrasound: colour Doppler fan, RGB 8-bit, many frames in an instance.
    case us = "US"
    /// Mammography: one large frame in an instance, unsigned, 14 bits in 16.
    case mg = "MG"

    /// A usual frame size, in pixels.
    public var defaultSize: (width: Int, height: Int) {
        switch self {
        case .ct: (512, 512)
        case .mr: (384, 384)
        case .us: (800, 600)
        case .mg: (2560, 3328)
        }
    }

    /// Frames of one SOP instance: cine loops for ultrasound, one image otherwise.
    var framesPerInstance: Int { self == .us ? 60 : 1 }

    /// SOP class (PS3.4, B.5).
    var sopClassUID: String {
        switch self {
        case .ct: "1.2.840.10008.5.1.4.1.1.2"
        case .mr: "1.2.840.10008.5.1.4.1.1.4"
        case .us: "1.2.840.10008.5.1.4.1.1.3.1"
        case .mg: "1.2.840.10008.5.1.4.1.1.1.2"
        }
    }

    /// BitsStored; BitsAllocated is the container.
    var bitsStored: Int {
        switch self {
        case .ct: 16
        case .mr: 12
        case .us: 8
        case .mg: 14
        }
    }
}
