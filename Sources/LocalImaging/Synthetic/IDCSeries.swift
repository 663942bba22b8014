/// A synthetic series in place of a public one of the Imaging Data Commons: as many instances, the same folder in the
/// bucket, made-up pixels and patients.
///
/// Deterministic: the same bytes on every machine. The size of a file follows from its attributes; pixels are painted
/// for a file's bytes alone. Immutable; any thread.
struct IDCSeries: Sendable {
    /// What is seen, and how the files say it.
    struct Subject: Sendable {
        let modality: SyntheticModality
        let bodyPart: String
        let studyDescription: String
        let seriesDescription: String
        let side: Int
        /// Slices of the painter's whole volume, and the first that is in the series.
        let volumeSlices: Int
        let firstSlice: Int
        let sliceStep: Int
        /// Between pixels, and from one slice to the next, in micrometres.
        let pixelSpacing: Int
        let sliceSpacing: Int
        let rescaleSlope: String
        let rescaleIntercept: Int
        let rescaleType: String
        let windowCenter: Int
        let windowWidth: Int
        /// As DICOM writes them.
        let patientSex: String
        let patientAge: String
        let studyDate: String
    }

    /// The folder of its objects, without the slash behind.
    let folder: String
    let instanceCount: Int
    let subject: Subject
    /// Keys of the objects by instance, 0-based.
    let keys: [String]

    /// Goes into every derived value; another number when the painters change, so that ETags change with the bytes.
    static let revision: UInt64 = 1

    init(folder: String, instanceCount: Int, subject: Subject) {
        self.folder = folder
        self.instanceCount = instanceCount
        self.subject = subject
        keys = (0..<instanceCount).map { index in
            var generator = Self.generator(folder: folder, role: .key, index: index)
            return "\(folder)/\(generator.nextUUIDText()).dcm"
        }
    }

    /// The bytes of every file of the series.
    func fileSize(_ index: Int) -> Int { head(index).count + pixelBytes }

    /// The ETag of an instance's object: in the form of an upload in parts, which is no checksum of the bytes, since
    /// theirs would have to be painted for it.
    func eTag(_ index: Int) -> String {
        var generator = generator(for: .eTag, index: index)
        return SplitMix64.hexadecimal(UInt128(generator.next()) << 64 | UInt128(generator.next())) + "-1"
    }

    /// A whole Part 10 file, 0-based. `painter` is one of `makePainter`.
    func file(_ index: Int, painter: any FramePainter) -> [UInt8] {
        let head = head(index)
        var file = [UInt8](repeating: 0, count: head.count + pixelBytes)
        file.replaceSubrange(0..<head.count, with: head)
        // A header may end anywhere; samples are painted where they are aligned.
        let pixels = UnsafeMutableRawBufferPointer.allocate(byteCount: pixelBytes, alignment: 16)
        defer { pixels.deallocate() }
        painter.paint(frame: subject.firstSlice + index * subject.sliceStep, into: pixels)
        if subject.modality == .ct, subject.rescaleIntercept != 0 {
            // The painter's values are the rescaled ones.
            let samples = pixels.bindMemory(to: Int16.self)
            for place in samples.indices { samples[place] -= Int16(subject.rescaleIntercept) }
        }
        file.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[head.count...]).copyMemory(from: .init(pixels))
        }
        return file
    }

    /// Makes the noise that the slices share: some milliseconds.
    func makePainter() -> any FramePainter {
        let seed = generator(for: .pixels).seedWord
        let setup = PaintingSetup(
            width: subject.side, height: subject.side, frames: subject.volumeSlices, seed: seed)
        switch (subject.modality, subject.bodyPart) {
        case (.ct, _): return CTPainter(setup: setup)
        case (_, "BREAST"): return BreastPainter(setup: setup)
        default: return MRPainter(setup: setup)
        }
    }

    var pixelBytes: Int { subject.side * subject.side * 2 }

    // MARK: Derived values

    /// What a derived value is for.
    enum Role: UInt64 {
        case key = 1
        case study = 2
        case series = 3
        case instance = 4
        case frameOfReference = 5
        case eTag = 6
        case pixels = 7
        case patient = 8
    }

    func generator(for role: Role, index: Int = 0) -> SplitMix64 {
        Self.generator(folder: folder, role: role, index: index)
    }

    func uid(for role: Role, index: Int = 0) -> String {
        var generator = generator(for: role, index: index)
        return generator.nextUID()
    }

    private static func generator(folder: String, role: Role, index: Int) -> SplitMix64 {
        let name = folder.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return SplitMix64(mixing: [revision, name, role.rawValue, UInt64(index)])
    }
}

extension SplitMix64 {
    /// The first number that a copy of this generator makes.
    fileprivate var seedWord: UInt64 {
        var copy = self
        return copy.next()
    }
}
