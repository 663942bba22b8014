import FrameEngine
import Synchronization

/// One image set in the making: a series whose instances arrive from several threads.
final class SeriesAssembly: Sendable {
    /// What makes two files one image set.
    struct Key: Hashable, Sendable {
        let studyInstanceUID: String
        let seriesInstanceUID: String
    }

    let key: Key
    let writer: ImageSetWriter
    private let patient: [MetadataAttribute]
    private let study: [MetadataAttribute]
    private let series: [MetadataAttribute]
    /// Serialised values of the levels above the instance, by key.
    private let shared: [String: String]
    private let firstTags: DICOMTags
    private let instances = Mutex([ImageSetDocument.Instance]())

    /// The attributes of patient, study and series are those of the series' first file.
    init(key: Key, writer: ImageSetWriter, first file: DICOMFile) {
        self.key = key
        self.writer = writer
        var levels: [AttributeLevel: [MetadataAttribute]] = [:]
        for attribute in file.attributes where !attribute.isFileMeta {
            levels[AttributeLevel(keyword: attribute.metadata.key), default: []].append(attribute.metadata)
        }
        patient = levels[.patient] ?? []
        study = levels[.study] ?? []
        series = levels[.series] ?? []
        shared = Dictionary(
            (patient + study + series).map { ($0.key, $0.json) }, uniquingKeysWith: { first, _ in first })
        firstTags = DICOMTags(of: file)
    }

    /// Stores the frames of one instance and remembers its attributes. Any thread.
    func add(_ file: DICOMFile, sopInstanceUID: String, output: InstanceTranscoder.Output) throws {
        for frame in output.frames {
            let syntax = output.syntax ?? .htj2kLosslessRPCL
            try frame.bytes.withUnsafeBytes { bytes in
                try writer.addFrame(id: frame.document.id, bytes: bytes, storedAs: syntax)
            }
        }
        // A value that differs from the first file's stays at the instance, so that none is lost.
        let own = file.attributes.filter { attribute in
            attribute.isFileMeta || AttributeLevel(keyword: attribute.metadata.key) == .instance
                || shared[attribute.metadata.key] != attribute.metadata.json
        }
        let instance = ImageSetDocument.Instance(
            sopInstanceUID: sopInstanceUID, attributes: own.map(\.metadata),
            unknownVRs: Self.unique(file.unknownVRs), storedTransferSyntax: output.syntax,
            frames: output.frames.map(\.document))
        instances.withLock { $0.append(instance) }
    }

    var instanceCount: Int { instances.withLock(\.count) }

    /// Makes the image set visible. The counts are those of this import.
    func commit(seriesInStudy: Int, instancesInStudy: Int) throws(StoreError) -> ImportReport.ImageSet {
        let instances = self.instances.withLock { $0 }
        let document = ImageSetDocument(
            datastoreID: writer.datastoreID, imageSetID: writer.imageSetID, patient: patient, study: study,
            seriesInstanceUID: key.seriesInstanceUID, series: series, instances: instances)
        var tags = firstTags
        tags.numberOfStudyRelatedSeries = seriesInStudy
        tags.numberOfStudyRelatedInstances = instancesInStudy
        try writer.commit(metadata: document.serialized(), tags: tags)
        let frames = instances.flatMap(\.frames)
        return ImportReport.ImageSet(
            imageSetID: writer.imageSetID.description, studyInstanceUID: key.studyInstanceUID,
            seriesInstanceUID: key.seriesInstanceUID, instances: instances.count, frames: frames.count,
            storedBytes: frames.reduce(0) { $0 + $1.sizeInBytes })
    }

    private static func unique(_ all: [(tag: String, vr: String)]) -> [(tag: String, vr: String)] {
        var seen: Set<String> = []
        return all.filter { seen.insert($0.tag).inserted }
    }
}

extension DICOMTags {
    /// The search attributes that one file has.
    init(of file: DICOMFile) {
        self.init()
        patientID = file.text("PatientID")
        patientName = file.text("PatientName")
        patientBirthDate = file.text("PatientBirthDate")
        patientSex = file.text("PatientSex")
        studyInstanceUID = file.text("StudyInstanceUID")
        studyID = file.text("StudyID")
        studyDescription = file.text("StudyDescription")
        accessionNumber = file.text("AccessionNumber")
        seriesInstanceUID = file.text("SeriesInstanceUID")
        seriesModality = file.text("Modality")
        seriesBodyPart = file.text("BodyPartExamined")
        seriesNumber = file.text("SeriesNumber").flatMap { Int($0) }
        studyDate = file.text("StudyDate")
        studyTime = file.text("StudyTime")
    }
}
