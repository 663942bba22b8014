import Foundation
import Testing

@testable import FrameEngine

@Suite("Searches")
struct ImageSetSearchTests {
    static func summary(_ number: Int, patient: String, date: String, updated: Double) -> String {
        """
        {"imageSetId":"\(String(format: "%032d", number))","updatedAt":\(updated),"isPrimary":\(number % 2 == 0),
        "DICOMTags":{"DICOMPatientId":"\(patient)","DICOMStudyDate":"\(date)","DICOMStudyTime":"120000.5",
        "DICOMStudyInstanceUID":"1","DICOMSeriesInstanceUID":"2"}}
        """
    }

    /// The numbers of the image sets that a search gives of four, and the filters that went to the service.
    static func found(_ search: ImageSetSearch) async throws -> (numbers: [Int?], body: String) {
        let summaries = [
            summary(1, patient: "A", date: "20230101", updated: 100),
            summary(2, patient: "B", date: "20230102", updated: 200),
            summary(3, patient: "A", date: "20230103", updated: 300),
            #"{"imageSetId":"\#(String(format: "%032d", 4))"}"#,
        ]
        let transport = ScriptedTransport([
            .json(#"{"imageSetsMetadataSummaries":[\#(summaries.joined(separator: ","))]}"#)
        ])
        let client = try HealthImagingClientTests.client(transport)
        let pages = client.searchImageSets(
            in: try HealthImagingClientTests.id(HealthImagingClientTests.store), search)
        var found: [ImageSetSummary] = []
        for try await page in pages { found += page }
        return (
            found.map { Int($0.imageSetID.description) },
            String(decoding: transport.requests.first?.body ?? [], as: UTF8.self)
        )
    }

    @Test("leave two conditions to the service, whatever its answers are")
    func servicesOwn() async throws {
        let (numbers, body) = try await Self.found(
            ImageSetSearch(patientID: "A", updatedAt: SearchRange(from: Date(timeIntervalSince1970: 250))))
        #expect(numbers == [1, 2, 3, 4])
        #expect(body.contains("DICOMPatientId"))
        #expect(body.contains(#"{"updatedAt":250},{"updatedAt":253402214400}"#))
    }

    @Test("check what is more than two conditions on the answers; what is not told does not hold")
    func checkedHere() async throws {
        var search = ImageSetSearch(studyInstanceUID: "1", seriesInstanceUID: "2")
        #expect(try await Self.found(search).numbers == [1, 2, 3, 4])
        search.patientID = "A"
        let (numbers, body) = try await Self.found(search)
        #expect(numbers == [1, 3])
        #expect(!body.contains("DICOMPatientId"))
        search.studyDates = SearchRange(from: DICOMDateTime(date: "20230102"))
        #expect(try await Self.found(search).numbers == [3])
        search.patientID = nil
        #expect(try await Self.found(search).numbers == [2, 3])
        search.studyDates?.through = DICOMDateTime(date: "20230102")
        #expect(try await Self.found(search).numbers == [2])
        search.studyDates?.through = DICOMDateTime(date: "20230102", time: "115959")
        #expect(try await Self.found(search).numbers == [])
        search.studyDates = SearchRange()
        search.updatedAt = SearchRange(
            from: Date(timeIntervalSince1970: 100), through: Date(timeIntervalSince1970: 200))
        #expect(try await Self.found(search).numbers == [1, 2])
        search.isPrimary = true
        #expect(try await Self.found(search).numbers == [2])
        search.accessionNumber = "none"
        // Now the series goes to the service, and the accession number is checked here.
        #expect(try await Self.found(search).numbers == [])
    }

    @Test("take dates of DICOM's form only")
    func dates() {
        #expect(DICOMDateTime(date: "20240229", time: "235960") != nil)
        #expect(DICOMDateTime(date: "20240229", time: "000000.123456") != nil)
        for (date, time) in [
            ("2024-02-29", nil), ("20241301", nil), ("20240132", nil), ("2024022", nil), ("", nil),
            ("20240229", "240000"), ("20240229", "1200"), ("20240229", "120000."), ("20240229", ""),
            ("２０２４０２２９", nil),
        ] as [(String, String?)] {
            #expect(DICOMDateTime(date: date, time: time) == nil, "\(date) \(time ?? "")")
        }
    }
}
