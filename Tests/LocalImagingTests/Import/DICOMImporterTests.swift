import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Import of files into a store")
struct DICOMImporterTests {
    private static func file(_ number: Int, series: String) -> DICOMFileBuilder {
        var builder = DICOMFileBuilder(sopInstanceUID: "\(series).\(number)", series: series)
        builder.set(0x0020_0013, "IS", String(number))
        builder.set(0x0008_1030, "LO", "a study")
        builder.set(0x0020_0011, "IS", "4")
        builder.setImage(rows: 6, columns: 5, allocated: 16, frames: 2)
        builder.pixelData = .native(PixelKindTests.ramp(120, step: number + 3), vr: "OW")
        return builder
    }

    /// Two series, in two folders, and what else lies about.
    private static func folder() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for number in 1...3 {
            try scratch.write(file(number, series: "1.2.3.7").bytes(), to: "in/a/\(number).dcm")
            try scratch.write(file(number, series: "1.2.3.8").bytes(), to: "in/b/\(number)")
        }
        try scratch.write(file(2, series: "1.2.3.7").bytes(), to: "in/b/copy.dcm")
        try scratch.write(Array(file(9, series: "1.2.3.8").bytes().dropLast(30)), to: "in/b/cut.dcm")
        try scratch.write(Array("hello".utf8), to: "in/README.txt")
        try scratch.write(Array("x".utf8), to: "in/DICOMDIR")
        try scratch.write(Array("x".utf8), to: "in/.hidden")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/in/b/loop", withDestinationPath: scratch.path + "/in")
        return scratch
    }

    @Test("a folder becomes one image set a series, and every other file is named", arguments: [1, 4])
    func wholeFolder(workers: Int) async throws {
        let scratch = try Self.folder()
        let store = try ImageSetStore(opening: scratch.path + "/store")
        let datastore = try store.createDatastore(name: "test")
        var importer = DICOMImporter()
        importer.workers = workers
        let report = try await importer.importFiles(
            [scratch.path + "/in"], into: store, datastoreID: datastore.id)
        #expect(report.filesImported == 6 && report.filesScanned == 10)
        #expect(report.imageSets.map(\.seriesInstanceUID) == ["1.2.3.7", "1.2.3.8"])
        #expect(report.imageSets.map(\.instances) == [3, 3] && report.frames == 12)
        #expect(report.failures.map { ($0.path as NSString).lastPathComponent } == ["copy.dcm", "cut.dcm"])
        #expect(report.failures.map(\.code) == ["duplicate", "damaged"])
        #expect(report.skipped.map { ($0.path as NSString).lastPathComponent } == ["DICOMDIR", "README.txt"])
        #expect(!report.isComplete)

        let records = try store.imageSets(datastoreID: datastore.id)
        #expect(Set(records.map(\.id.description)) == Set(report.imageSets.map(\.imageSetID)))
        for record in records {
            let document = try MetadataDocument(of: record.id, in: datastore.id, at: store.path)
            #expect(document.root["SchemaVersion"] as? String == "1.1")
            #expect(document.root["ImageSetID"] as? String == record.id.description)
            #expect(document.root["DatastoreID"] as? String == datastore.id.description)
            #expect(document.attributes("Patient")["PatientName"] as? String == "Test^Person")
            #expect(document.attributes("Study")["StudyDescription"] as? String == "a study")
            let series = document.series["DICOM"] as? [String: Any]
            #expect(series?["SeriesNumber"] as? String == "4")
            #expect(document.frames.count == 6)
            for frame in document.frames { #expect(try frame.decodedChecksum() == frame.checksum) }
            for instance in document.instances.values {
                #expect(instance["StoredTransferSyntaxUID"] as? String == "1.2.840.10008.1.2.4.202")
                #expect(instance["ChecksumType"] as? String == "DECOMPRESSED")
                let own = instance["DICOM"] as? [String: Any]
                #expect(own?["PatientName"] == nil && own?["SeriesNumber"] == nil)
                #expect(own?["Rows"] as? Int == 6)
            }
            #expect(record.tags.numberOfStudyRelatedSeries == 2)
            #expect(record.tags.numberOfStudyRelatedInstances == 6)
            #expect(record.tags.seriesNumber == 4)
        }
    }

    @Test("frames are in the document in DICOM order")
    func frameOrder() async throws {
        let scratch = try ScratchFolder()
        let builder = Self.file(1, series: "1.2.3.7")
        try scratch.write(builder.bytes(), to: "one.dcm")
        let store = try ImageSetStore(opening: scratch.path + "/store")
        let datastore = try store.createDatastore(name: "test")
        let report = try await DICOMImporter().importFiles(
            [scratch.path + "/one.dcm"], into: store, datastoreID: datastore.id)
        #expect(report.isComplete)
        let id = try #require(report.imageSets.first.flatMap { HealthImagingID($0.imageSetID) })
        let document = try MetadataDocument(of: id, in: datastore.id, at: store.path)
        let expected = try PixelKindTests.pixels(builder).map { CRC32.checksum($0) }
        #expect(document.frames.map(\.checksum) == expected)
    }

    @Test("a value that differs inside of a series is kept at the instance")
    func differingValues() async throws {
        let scratch = try ScratchFolder()
        var second = Self.file(2, series: "1.2.3.7")
        second.set(0x0010_0010, "PN", "Other^Person")
        try scratch.write(Self.file(1, series: "1.2.3.7").bytes(), to: "in/1.dcm")
        try scratch.write(second.bytes(), to: "in/2.dcm")
        let store = try ImageSetStore(opening: scratch.path + "/store")
        let datastore = try store.createDatastore(name: "test")
        let report = try await DICOMImporter().importFiles(
            [scratch.path + "/in"], into: store, datastoreID: datastore.id)
        let id = try #require(report.imageSets.first.flatMap { HealthImagingID($0.imageSetID) })
        let document = try MetadataDocument(of: id, in: datastore.id, at: store.path)
        #expect(document.attributes("Patient")["PatientName"] as? String == "Test^Person")
        let names = document.instances.mapValues {
            ($0["DICOM"] as? [String: Any])?["PatientName"] as? String
        }
        #expect(names["1.2.3.7.1"] == .some(nil) && names["1.2.3.7.2"] == "Other^Person")
    }

    @Test("a file that the user names and that is no DICOM, or is not there, is a failure")
    func namedFiles() async throws {
        let scratch = try Self.folder()
        let store = try ImageSetStore(opening: scratch.path + "/store")
        let datastore = try store.createDatastore(name: "test")
        let paths = ["/in/README.txt", "/in/missing"].map { scratch.path + $0 }
        let report = try await DICOMImporter().importFiles(paths, into: store, datastoreID: datastore.id)
        #expect(Set(report.failures.map(\.code)) == ["system", "not-dicom"])
        #expect(report.imageSets.isEmpty && report.filesImported == 0)
        #expect(try store.imageSets(datastoreID: datastore.id).isEmpty)
    }
}
