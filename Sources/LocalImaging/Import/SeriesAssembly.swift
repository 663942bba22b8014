import FrameEngine
import Synchronization

/// One image set in the making: a series whose instances arrive from several threads.
final class SeriesAssembly: Sendable {
    /// What the files have in common.
    let identity: SeriesIdentity
    let writer: ImageSetWriter
    private let patient: [MetadataAttribute]
    private let study: [MetadataAttribute]
    private let series: [MetadataAttribute]
    /// Serialised values of the levels above the instance, by key.
    private let shared: [String: String]
    private let firstTags: DICOMTags
    private let instances = Mutex([ImageSetDocument.Instance]())

    /// The attributes of patient, study and series are those of the series' first file.
    init(identity: SeriesIdentity, writer: ImageSetWriter, first file: DICOMFile) {
        self.identity = identity
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

    /// Makes the instances visible: in the series' primary image set, in a new one, or in a non-primary one.
    ///
    /// - Parameters:
    ///   - seriesInStudy: series of the study in this import.
    ///   - otherInstancesInStudy: instances of the study's other series in this import.
    func commit(
        to store: ImageSetStore, jobID: String?, seriesInStudy: Int, otherInstancesInStudy: Int
    ) throws(StoreError) -> ImportReport.ImageSet {
        let instances = self.instances.withLock { $0 }
        let document = ImageSetDocument(
            datastoreID: writer.datastoreID, imageSetID: writer.imageSetID, patient: patient, study: study,
            seriesInstanceUID: identity.seriesInstanceUID, series: series, instances: instances)
        var tags = firstTags
        tags.numberOfStudyRelatedSeries = seriesInStudy
        let placement = SeriesPlacement(
            store: store, identity: identity, document: document, tags: tags,
            otherInstancesInStudy: otherInstancesInStudy, jobID: jobID)
        let record = try placement.commit(writer)
        let frames = instances.flatMap(\.frames)
        return ImportReport.ImageSet(
            imageSetID: record.id.description, version: record.version, isPrimary: record.isPrimary,
            studyInstanceUID: identity.study.studyInstanceUID, seriesInstanceUID: identity.seriesInstanceUID,
            instances: instances.count, frames: frames.count,
            storedBytes: frames.reduce(0) { $0 + $1.sizeInBytes })
    }

    private static func unique(_ all: [(tag: String, vr: String)]) -> [(tag: String, vr: String)] {
        var seen: Set<String> = []
        return all.filter { seen.insert($0.tag).inserted }
    }
}

extension DICOMTags {
    /// The search attributes that one file has.
    init(of file: DICOMFile) { self.init { file.text($0) } }

    /// Search attributes by their keywords.
    init(_ value: (_ keyword: String) -> String?) {
        self.init()
        patientID = value("PatientID")
        patientName = value("PatientName")
        patientBirthDate = value("PatientBirthDate")
        patientSex = value("PatientSex")
        studyInstanceUID = value("StudyInstanceUID")
        studyID = value("StudyID")
        studyDescription = value("StudyDescription")
        accessionNumber = value("AccessionNumber")
        seriesInstanceUID = value("SeriesInstanceUID")
        seriesModality = value("Modality")
        seriesBodyPart = value("BodyPartExamined")
        seriesNumber = value("SeriesNumber").flatMap { Int($0) }
        studyDate = value("StudyDate")
        studyTime = value("StudyTime")
    }
}
