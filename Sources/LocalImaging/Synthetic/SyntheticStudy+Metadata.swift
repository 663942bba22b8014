/// The DICOM attributes of a synthetic study, as an importer would have found them in its files.
extension SyntheticStudy {
    var patientAttributes: [MetadataAttribute] {
        var generator = generator(for: .patient)
        return [
            MetadataAttribute("PatientName", "Synthetic^\(modality.rawValue)"),
            MetadataAttribute("PatientID", patientID),
            MetadataAttribute("PatientBirthDate", "19\(40 + generator.next() % 50)0101"),
            MetadataAttribute("PatientSex", generator.next() % 2 == 0 ? "F" : "M"),
        ]
    }

    var patientID: String { "SYNTH-\(seed)" }
    var studyDate: String { "20240315" }
    var studyTime: String { "101500" }
    var studyDescription: String { "Synthetic \(modality.rawValue), \(frames) frames" }
    var accessionNumber: String { "S\(seed % 1_000_000_000)" }

    var studyAttributes: [MetadataAttribute] {
        [
            MetadataAttribute("StudyInstanceUID", uid(for: .study)),
            MetadataAttribute("StudyID", "1"),
            MetadataAttribute("StudyDate", studyDate),
            MetadataAttribute("StudyTime", studyTime),
            MetadataAttribute("StudyDescription", studyDescription),
            MetadataAttribute("AccessionNumber", accessionNumber),
            MetadataAttribute("ReferringPhysicianName", nil as String?),
        ]
    }

    var seriesAttributes: [MetadataAttribute] {
        [
            MetadataAttribute("SeriesInstanceUID", uid(for: .series)),
            MetadataAttribute("SeriesNumber", "1"),
            MetadataAttribute("SeriesDate", studyDate),
            MetadataAttribute("SeriesTime", studyTime),
            MetadataAttribute("SeriesDescription", "phantom, seed \(seed)"),
            MetadataAttribute("Modality", modality.rawValue),
            MetadataAttribute("Manufacturer", "hi-fetch"),
            MetadataAttribute("ManufacturerModelName", "local synth"),
            MetadataAttribute("FrameOfReferenceUID", uid(for: .frameOfReference)),
        ]
    }

    /// SOP instance `index` (0-based).
    func instanceAttributes(_ index: Int) -> [MetadataAttribute] {
        let count = frames(ofInstance: index).count
        let sopInstanceUID = uid(for: .instance, index: index)
        let container = layout.bytesPerSample * 8
        var attributes = [
            MetadataAttribute("MediaStorageSOPClassUID", modality.sopClassUID),
            MetadataAttribute("MediaStorageSOPInstanceUID", sopInstanceUID),
            MetadataAttribute("TransferSyntaxUID", "1.2.840.10008.1.2.1"),
            MetadataAttribute("SOPClassUID", modality.sopClassUID),
            MetadataAttribute("SOPInstanceUID", sopInstanceUID),
            MetadataAttribute("InstanceNumber", String(index + 1)),
            MetadataAttribute("ImageType", imageType),
            MetadataAttribute("Rows", height),
            MetadataAttribute("Columns", width),
            MetadataAttribute("SamplesPerPixel", layout.components),
            MetadataAttribute("PhotometricInterpretation", modality == .us ? "RGB" : "MONOCHROME2"),
            MetadataAttribute("BitsAllocated", container),
            MetadataAttribute("BitsStored", modality.bitsStored),
            MetadataAttribute("HighBit", modality.bitsStored - 1),
            MetadataAttribute("PixelRepresentation", layout.isSigned ? 1 : 0),
        ]
        if layout.components > 1 { attributes.append(MetadataAttribute("PlanarConfiguration", 0)) }
        if modality.framesPerInstance > 1 {
            attributes.append(MetadataAttribute("NumberOfFrames", String(count)))
        }
        attributes += modalityAttributes(index)
        return attributes
    }

    private var imageType: [String] {
        switch modality {
        case .ct: ["ORIGINAL", "PRIMARY", "AXIAL"]
        case .mr: ["ORIGINAL", "PRIMARY", "M", "SE"]
        case .us, .mg: ["ORIGINAL", "PRIMARY"]
        }
    }

    private func modalityAttributes(_ index: Int) -> [MetadataAttribute] {
        switch modality {
        case .ct:
            [
                MetadataAttribute("RescaleIntercept", "0"),
                MetadataAttribute("RescaleSlope", "1"),
                MetadataAttribute("RescaleType", "HU"),
                MetadataAttribute("WindowCenter", ["40"]),
                MetadataAttribute("WindowWidth", ["400"]),
                MetadataAttribute("SliceThickness", "1"),
            ] + position(index, spacing: 0.7)
        case .mr:
            [
                MetadataAttribute("WindowCenter", ["1000"]),
                MetadataAttribute("WindowWidth", ["2000"]),
                MetadataAttribute("SliceThickness", "1"),
            ] + position(index, spacing: 0.65)
        case .us:
            [MetadataAttribute("FrameTime", "33.3")]
        case .mg:
            [
                MetadataAttribute("ImageLaterality", index % 2 == 0 ? "R" : "L"),
                MetadataAttribute("ImagerPixelSpacing", ["0.07", "0.07"]),
            ]
        }
    }

    /// Slices 1 mm apart, centred.
    private func position(_ index: Int, spacing: Double) -> [MetadataAttribute] {
        [
            MetadataAttribute("PixelSpacing", ["\(spacing)", "\(spacing)"]),
            MetadataAttribute("ImageOrientationPatient", ["1", "0", "0", "0", "1", "0"]),
            MetadataAttribute(
                "ImagePositionPatient",
                ["\(-spacing * Double(width) / 2)", "\(-spacing * Double(height) / 2)", "\(index)"]),
        ]
    }

    /// What SearchImageSets finds the image set by.
    var tags: DICOMTags {
        var tags = DICOMTags()
        tags.patientID = patientID
        tags.patientName = "Synthetic^\(modality.rawValue)"
        tags.studyInstanceUID = uid(for: .study)
        tags.studyID = "1"
        tags.studyDescription = studyDescription
        tags.studyDate = studyDate
        tags.studyTime = studyTime
        tags.accessionNumber = accessionNumber
        tags.numberOfStudyRelatedSeries = 1
        tags.numberOfStudyRelatedInstances = instanceCount
        tags.seriesInstanceUID = uid(for: .series)
        tags.seriesModality = modality.rawValue
        tags.seriesNumber = 1
        return tags
    }
}
