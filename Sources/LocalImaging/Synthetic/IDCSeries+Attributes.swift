/// The attributes of the files: the modules of the CT and the MR image (PS3.3, A.3 and A.4).
extension IDCSeries {
    /// A file up to its pixels.
    func head(_ index: Int) -> [UInt8] { dataSet(index).fileHead(pixelBytes: pixelBytes) }

    private func dataSet(_ index: Int) -> DICOMDataSet {
        var data = DICOMDataSet()
        setIdentity(index, in: &data)
        setPatient(in: &data)
        if subject.modality == .ct {
            setComputedTomography(in: &data)
        } else {
            setMagneticResonance(in: &data)
        }
        setGeometry(index, in: &data)
        setImage(in: &data)
        return data
    }

    private func setIdentity(_ index: Int, in data: inout DICOMDataSet) {
        let minute = Self.padded(index / 60 % 60)
        let second = Self.padded(index % 60)
        data.set(0x0008_0005, .code, "ISO_IR 100")
        data.set(
            0x0008_0008, .code,
            subject.modality == .ct ? #"ORIGINAL\PRIMARY\AXIAL"# : #"ORIGINAL\PRIMARY\M\SE"#)
        data.set(0x0008_0016, .uid, subject.modality.sopClassUID)
        data.set(0x0008_0018, .uid, uid(for: .instance, index: index))
        for tag: UInt32 in [0x0008_0020, 0x0008_0021, 0x0008_0022, 0x0008_0023] {
            data.set(tag, .date, subject.studyDate)
        }
        data.set(0x0008_0030, .time, "091500")
        data.set(0x0008_0031, .time, "092200")
        for tag: UInt32 in [0x0008_0032, 0x0008_0033] { data.set(tag, .time, "10\(minute)\(second)") }
        data.set(0x0008_0050, .shortText, "IDC" + folder.prefix(8))
        data.set(0x0008_0060, .code, subject.modality.rawValue)
        data.set(0x0008_0070, .longText, "hi-fetch")
        data.set(0x0008_0090, .personName, "")
        data.set(0x0008_1030, .longText, subject.studyDescription)
        data.set(0x0008_103e, .longText, subject.seriesDescription)
        data.set(0x0008_1090, .longText, "Synthetic scanner")
        data.set(0x0020_000d, .uid, uid(for: .study))
        data.set(0x0020_000e, .uid, uid(for: .series))
        data.set(0x0020_0010, .shortText, "1")
        data.set(0x0020_0011, .integer, subject.modality == .ct ? "2" : "5")
        data.set(0x0020_0012, .integer, "1")
        data.set(0x0020_0013, .integer, String(index + 1))
    }

    private func setPatient(in data: inout DICOMDataSet) {
        var generator = generator(for: .patient)
        let number = 100_000 + generator.next() % 900_000
        data.set(0x0010_0010, .personName, "Synthetic^IDC \(number)")
        data.set(0x0010_0020, .longText, "IDC-\(number)")
        data.set(0x0010_0030, .date, "")
        data.set(0x0010_0040, .code, subject.patientSex)
        data.set(0x0010_1010, .age, subject.patientAge)
        data.set(0x0012_0062, .code, "YES")
        data.set(0x0012_0063, .longText, "made up, no patient")
    }

    private func setComputedTomography(in data: inout DICOMDataSet) {
        data.set(0x0018_0060, .decimal, "120")
        data.set(0x0018_0090, .decimal, Self.millimetres(subject.pixelSpacing * subject.side))
        data.set(0x0018_1151, .integer, "240")
        data.set(0x0018_1210, .shortText, "STANDARD")
    }

    private func setMagneticResonance(in data: inout DICOMDataSet) {
        data.set(0x0018_0020, .code, "SE")
        data.set(0x0018_0021, .code, "NONE")
        data.set(0x0018_0022, .code, "")
        data.set(0x0018_0023, .code, "3D")
        data.set(0x0018_0080, .decimal, "7.4")
        data.set(0x0018_0081, .decimal, "3.4")
        data.set(0x0018_0087, .decimal, "1.5")
        data.set(0x0018_1314, .decimal, "12")
    }

    private func setGeometry(_ index: Int, in data: inout DICOMDataSet) {
        let corner = Self.millimetres(-subject.pixelSpacing * subject.side / 2)
        let z = Self.millimetres(-index * subject.sliceSpacing)
        data.set(0x0018_0015, .code, subject.bodyPart)
        data.set(0x0018_0050, .decimal, Self.millimetres(subject.sliceSpacing))
        data.set(0x0018_1020, .longText, "1")
        data.set(0x0018_5100, .code, subject.bodyPart == "BREAST" ? "HFP" : "HFS")
        data.set(0x0020_0032, .decimal, #"\#(corner)\\#(corner)\\#(z)"#)
        data.set(0x0020_0037, .decimal, #"1\0\0\0\1\0"#)
        data.set(0x0020_0052, .uid, uid(for: .frameOfReference))
        data.set(0x0020_1040, .longText, "")
        data.set(0x0020_1041, .decimal, z)
    }

    private func setImage(in data: inout DICOMDataSet) {
        let isSigned = subject.modality == .ct
        let bits = UInt16(subject.modality.bitsStored)
        let spacing = Self.millimetres(subject.pixelSpacing)
        data.set(0x0028_0002, 1)
        data.set(0x0028_0004, .code, "MONOCHROME2")
        data.set(0x0028_0010, UInt16(subject.side))
        data.set(0x0028_0011, UInt16(subject.side))
        data.set(0x0028_0030, .decimal, #"\#(spacing)\\#(spacing)"#)
        data.set(0x0028_0100, 16)
        data.set(0x0028_0101, bits)
        data.set(0x0028_0102, bits - 1)
        data.set(0x0028_0103, isSigned ? 1 : 0)
        data.set(0x0028_1050, .decimal, String(subject.windowCenter))
        data.set(0x0028_1051, .decimal, String(subject.windowWidth))
        data.set(0x0028_1052, .decimal, String(subject.rescaleIntercept))
        data.set(0x0028_1053, .decimal, subject.rescaleSlope)
        data.set(0x0028_1054, .longText, subject.rescaleType)
    }

    /// Micrometres as millimetres, without an exponent and without needless zeros.
    static func millimetres(_ micrometres: Int) -> String {
        let whole = abs(micrometres) / 1000
        var fraction = String(1000 + abs(micrometres) % 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return (micrometres < 0 ? "-" : "") + String(whole) + (fraction.isEmpty ? "" : "." + fraction)
    }

    private static func padded(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
}
