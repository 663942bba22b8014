import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Which image set an import ends in")
struct ImageSetRulesTests {
    private let temporary: TemporaryStore
    private let datastore: HealthImagingID

    init() throws {
        temporary = try TemporaryStore()
        datastore = try temporary.store.createDatastore(name: "rules").id
    }

    /// A file of series 1.2.3.`series` of study 1.2.3.
    static func file(_ number: Int, series: Int = 7, step: Int = 3) -> DICOMFileBuilder {
        var builder = DICOMFileBuilder(
            sopInstanceUID: "1.2.3.\(series).\(number)", series: "1.2.3.\(series)", study: "1.2.3")
        builder.set(0x0008_0020, "DA", "20200229")
        builder.set(0x0020_0011, "IS", String(series))
        builder.set(0x0020_0013, "IS", String(number))
        builder.setImage(rows: 6, columns: 5, allocated: 16)
        builder.pixelData = .native(PixelKindTests.ramp(60, step: number + step), vr: "OW")
        return builder
    }

    static func entries(_ files: [DICOMFileBuilder]) -> [ImportEntry] {
        files.enumerated().map { index, file in
            let content = file.bytes()
            return ImportEntry(name: "file-\(index)", isNamed: true) { (limit) throws(DICOMFileError) in
                var bytes = content
                return try DICOMFile(&bytes, limit: limit)
            }
        }
    }

    private func importFiles(_ files: [DICOMFileBuilder], jobID: String? = nil) async throws -> ImportReport {
        let report = try await DICOMImporter().importEntries(
            Self.entries(files), into: temporary.store, datastoreID: datastore, jobID: jobID)
        #expect(report.failures.isEmpty)
        return report
    }

    private func record(_ report: ImportReport, _ index: Int = 0, version: Int? = nil) throws
        -> ImageSetRecord
    {
        let id = try #require(HealthImagingID(report.imageSets[index].imageSetID))
        return try temporary.store.imageSet(datastoreID: datastore, imageSetID: id, version: version)
    }

    @Test(
        "more instances of a series make the next version of its image set, and the versions before stay readable"
    )
    func moreInstances() async throws {
        let first = try await importFiles([Self.file(1), Self.file(2)])
        let second = try await importFiles([Self.file(3)])
        #expect(first.imageSets[0].imageSetID == second.imageSets[0].imageSetID)
        #expect(first.imageSets[0].version == 1 && second.imageSets[0].version == 2)
        #expect(second.imageSets[0].instances == 1 && second.imageSets[0].isPrimary)
        let (old, new) = (try record(first, version: 1), try record(second))
        #expect(
            try temporary.store.document(of: old).instances.map(\.sopInstanceUID) == [
                "1.2.3.7.1", "1.2.3.7.2",
            ])
        let document = try temporary.store.document(of: new)
        #expect(document.instances.map(\.sopInstanceUID) == ["1.2.3.7.1", "1.2.3.7.2", "1.2.3.7.3"])
        #expect(new.frameCount == 3 && new.version == 2 && new.createdAt == old.createdAt)
        #expect(new.tags.numberOfStudyRelatedInstances == 3)
        for frame in document.instances.flatMap(\.frames) {
            let (path, _) = temporary.store.frameFile(of: new, frameID: frame.id)
            let bytes = try #require(try StoreFiles.read(path))
            #expect(bytes.count == frame.sizeInBytes)
        }
        #expect(
            try temporary.names("datastores/\(datastore)/writers").isEmpty, "nothing is left of the writers")
    }

    @Test("an instance that is imported again replaces the older one in a new version")
    func sameInstance() async throws {
        let first = try await importFiles([Self.file(1), Self.file(2)])
        let again = try await importFiles([Self.file(1), Self.file(2)])
        #expect(again.imageSets[0].version == 2 && again.imageSets.count == 1)
        let changed = try await importFiles([Self.file(2, step: 40)])
        let versions = try (1...3).map { try temporary.store.document(of: record(first, version: $0)) }
        #expect(versions.map(\.instances.count) == [2, 2, 2])
        let sums = versions.map { $0.instances[1].frames[0].checksum.crc32 }
        #expect(sums[0] == sums[1] && sums[1] != sums[2])
        #expect(versions[1].instances[0].frames[0].id == versions[2].instances[0].frames[0].id)
        #expect(changed.imageSets[0].version == 3)
    }

    @Test(
        "data of patient, study or series that conflict make an image set that is not primary",
        arguments: [
            (UInt32(0x0010_0020), "LO", "someone else"), (0x0008_0020, "DA", "20200301"),
            (0x0020_0010, "SH", "S9"),
            (0x0008_0050, "SH", "A77"), (0x0020_0011, "IS", "99"),
        ])
    func conflict(tag: UInt32, vr: String, value: String) async throws {
        let first = try await importFiles([Self.file(1)])
        var other = Self.file(2)
        other.set(tag, vr, value)
        let second = try await importFiles([other])
        #expect(second.imageSets[0].imageSetID != first.imageSets[0].imageSetID)
        #expect(!second.imageSets[0].isPrimary && second.imageSets[0].version == 1)
        #expect(try !record(second).isPrimary && record(first).isPrimary && record(first).version == 1)
        let third = try await importFiles([Self.file(3)])
        #expect(third.imageSets[0].imageSetID == first.imageSets[0].imageSetID, "the primary one goes on")
    }

    @Test("files that conflict among themselves are divided: those with the first one's data become primary")
    func conflictInside() async throws {
        var other = Self.file(2)
        other.set(0x0010_0020, "LO", "someone else")
        let report = try await importFiles([Self.file(1), other, Self.file(3)])
        #expect(report.imageSets.map(\.isPrimary) == [true, false])
        #expect(report.imageSets.map(\.instances) == [2, 1])
        #expect(report.imported.map(\.imageSet) == [0, 1, 0])
    }

    @Test(
        "another series of the study is an image set of its own, and conflicts where the patient is another")
    func otherSeries() async throws {
        _ = try await importFiles([Self.file(1)])
        let second = try await importFiles([Self.file(1, series: 8)])
        #expect(second.imageSets[0].isPrimary && second.imageSets[0].version == 1)
        var other = Self.file(1, series: 9)
        other.set(0x0010_0020, "LO", "someone else")
        #expect(try await importFiles([other]).imageSets[0].isPrimary == false)
    }

    @Test("a job that is run again commits nothing twice")
    func resumed() async throws {
        let first = try await importFiles([Self.file(1)], jobID: "job")
        let between = try await importFiles([Self.file(2)], jobID: "other")
        #expect(between.imageSets.map(\.version) == [2])
        let again = try await importFiles([Self.file(1), Self.file(1, series: 8)], jobID: "job")
        #expect(again.imageSets.map(\.version) == [1, 1])
        #expect(again.imageSets[0].imageSetID == first.imageSets[0].imageSetID)
        #expect(try temporary.names("datastores/\(datastore)/writers").isEmpty)
    }

    @Test("an image set that is being deleted takes no instances: a new one is made")
    func deleting() async throws {
        let first = try await importFiles([Self.file(1)])
        try temporary.store.beginDeletion(datastoreID: datastore, imageSetID: record(first).id, seconds: 600)
        let second = try await importFiles([Self.file(2)])
        #expect(
            second.imageSets[0].imageSetID != first.imageSets[0].imageSetID && second.imageSets[0].isPrimary)
        _ = try temporary.reopened()
        #expect(throws: StoreError.self) { try record(first) }
    }

    @Test("a file whose class or UID is odd is imported with a warning")
    func warnings() async throws {
        var odd = Self.file(1)
        odd.set(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2")
        odd.set(0x0008_0018, "UI", "1.02.x")
        let report = try await importFiles([odd, Self.file(2)])
        #expect(report.imported.map { $0.warnings.map(\.code) } == [[0xb007, 0xb201], []])
        #expect(ImportWarning.isValidUID("1.2.0.30") && !ImportWarning.isValidUID("1..2"))
        #expect(!ImportWarning.isValidUID(String(repeating: "1", count: 65)) && !ImportWarning.isValidUID(""))
    }

    @Test("a value that is longer than the service takes is a failure of its file")
    func tooLong() async throws {
        var long = Self.file(1)
        long.set(0x0008_1030, "LO", String(repeating: "x", count: 257))
        let report = try await DICOMImporter().importEntries(
            Self.entries([long, Self.file(2)]), into: temporary.store, datastoreID: datastore)
        #expect(report.failures.map(\.path) == ["file-0"] && report.filesImported == 1)
        #expect(report.failures[0].reason.contains("StudyDescription"))
    }
}
