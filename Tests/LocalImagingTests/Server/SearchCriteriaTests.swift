import Foundation
import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Search criteria")
struct SearchCriteriaTests {
    /// An image set whose every searchable attribute is known.
    static let record: ImageSetRecord = {
        var tags = DICOMTags()
        tags.patientID = "PAT-7"
        tags.accessionNumber = "ACC-7"
        tags.studyID = "STUDY-7"
        tags.studyInstanceUID = "1.2.7"
        tags.seriesInstanceUID = "1.2.7.1"
        tags.studyDate = "20240229"
        tags.studyTime = "101530.25"
        return ImageSetRecord(
            datastoreID: .random(), id: .random(), version: 1,
            createdAt: Date(timeIntervalSince1970: 1_700_000_000.25),
            updatedAt: Date(timeIntervalSince1970: 1_700_000_500.75), workflowStatus: "CREATED",
            isPrimary: true, isForced: false, tags: tags, frameCount: 1, frameSyntax: .htj2kLosslessRPCL,
            otherFrameSyntaxes: [:])
    }()

    private func criteria(_ json: String) throws -> SearchCriteria {
        try JSONDecoder().decode(SearchCriteria.self, from: Data(json.utf8))
    }

    static let filters: [(condition: String, values: String, isFound: Bool)] = [
        ("EQUAL", #"{"DICOMPatientId":"PAT-7"}"#, true),
        ("EQUAL", #"{"DICOMPatientId":"PAT-8"}"#, false),
        ("EQUAL", #"{"DICOMPatientId":"pat-7"}"#, false),
        ("BETWEEN", #"{"DICOMPatientId":"PAT-7"},{"DICOMPatientId":"PAT-8"}"#, true),
        ("BETWEEN", #"{"DICOMPatientId":"PAT-8"},{"DICOMPatientId":"PAT-9"}"#, false),
        ("EQUAL", #"{"DICOMAccessionNumber":"ACC-7"}"#, true),
        ("EQUAL", #"{"DICOMAccessionNumber":""}"#, false),
        ("BETWEEN", #"{"DICOMAccessionNumber":"ACC-1"},{"DICOMAccessionNumber":"ACC-7"}"#, true),
        ("EQUAL", #"{"DICOMStudyId":"STUDY-7"}"#, true),
        ("EQUAL", #"{"DICOMStudyId":"STUDY"}"#, false),
        ("BETWEEN", #"{"DICOMStudyId":"A"},{"DICOMStudyId":"Z"}"#, true),
        ("EQUAL", #"{"DICOMStudyInstanceUID":"1.2.7"}"#, true),
        ("EQUAL", #"{"DICOMStudyInstanceUID":"1.2.70"}"#, false),
        ("BETWEEN", #"{"DICOMStudyInstanceUID":"1.2.6"},{"DICOMStudyInstanceUID":"1.2.8"}"#, true),
        ("EQUAL", #"{"DICOMSeriesInstanceUID":"1.2.7.1"}"#, true),
        ("EQUAL", #"{"DICOMSeriesInstanceUID":"1.2.7"}"#, false),
        ("BETWEEN", #"{"DICOMSeriesInstanceUID":"1.2.8"},{"DICOMSeriesInstanceUID":"1.2.9"}"#, false),
        ("EQUAL", #"{"createdAt":1700000000.25}"#, true),
        ("EQUAL", #"{"createdAt":1700000000}"#, true),
        ("EQUAL", #"{"createdAt":1700000000.5}"#, false),
        ("EQUAL", #"{"createdAt":1700000001}"#, false),
        ("BETWEEN", #"{"createdAt":1.7E9},{"createdAt":1700000000.25}"#, true),
        ("BETWEEN", #"{"createdAt":1700000000.26},{"createdAt":1800000000}"#, false),
        ("EQUAL", #"{"updatedAt":1700000500}"#, true),
        ("EQUAL", #"{"updatedAt":1700000000}"#, false),
        ("BETWEEN", #"{"updatedAt":1700000500},{"updatedAt":1700000501}"#, true),
        ("BETWEEN", #"{"updatedAt":0},{"updatedAt":1700000500}"#, false),
        ("EQUAL", #"{"isPrimary":true}"#, true),
        ("EQUAL", #"{"isPrimary":false}"#, false),
        ("EQUAL", #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240229"}}"#, true),
        (
            "EQUAL", #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240229","DICOMStudyTime":"1015"}}"#,
            true
        ),
        (
            "EQUAL",
            #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240229","DICOMStudyTime":"101530.250000"}}"#,
            true
        ),
        (
            "EQUAL", #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240229","DICOMStudyTime":"1016"}}"#,
            false
        ),
        (
            "BETWEEN",
            #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240101"}},"#
                + #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240229"}}"#, true
        ),
        (
            "BETWEEN",
            #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240101"}},"#
                + #"{"DICOMStudyDateAndTime":{"DICOMStudyDate":"20240229","DICOMStudyTime":"1014"}}"#, false
        ),
    ]

    @Test("every attribute is found by EQUAL and BETWEEN as the API says", arguments: filters)
    func filter(condition: String, values: String, isFound: Bool) throws {
        let criteria = try criteria(
            #"{"filters":[{"operator":"\#(condition)","values":[\#(values)]}]}"#)
        #expect(criteria.matches(Self.record) == isFound)
    }

    @Test("an image set must pass both of two filters")
    func both() throws {
        for (second, isFound) in [("STUDY-7", true), ("STUDY-8", false)] {
            let criteria = try criteria(
                #"{"filters":[{"operator":"EQUAL","values":[{"DICOMPatientId":"PAT-7"}]},"#
                    + #"{"operator":"EQUAL","values":[{"DICOMStudyId":"\#(second)"}]}]}"#)
            #expect(criteria.matches(Self.record) == isFound)
        }
    }

    @Test("an attribute that an image set lacks is never found")
    func absent() throws {
        let bare = ImageSetRecord(
            datastoreID: .random(), id: .random(), version: 1, createdAt: .now, updatedAt: .now,
            workflowStatus: "CREATED", isPrimary: false, isForced: false, tags: DICOMTags(), frameCount: 0,
            frameSyntax: .htj2k, otherFrameSyntaxes: [:])
        for (condition, values, isFound) in Self.filters
        where isFound && values.contains("DICOM") {
            let criteria = try criteria(
                #"{"filters":[{"operator":"\#(condition)","values":[\#(values)]}]}"#)
            #expect(!criteria.matches(bare))
        }
        #expect(try criteria("{}").matches(bare))
    }

    @Test(
        "what the API does not have is refused as such",
        arguments: [
            #"{"filters":[]}"#, #"{"filter":[]}"#, #"{"sort":{"sortField":"x","sortOrder":"ASC"}}"#,
            #"{"sort":{"sortField":"createdAt","sortOrder":"asc"}}"#,
            #"{"filters":[{"operator":"LIKE","values":[{"DICOMPatientId":"x"}]}]}"#,
            #"{"filters":[{"operator":"EQUAL","values":[]}]}"#,
            #"{"filters":[{"operator":"EQUAL","values":[{"DICOMPatientId":"x"},{"DICOMPatientId":"y"}]}]}"#,
            #"{"filters":[{"operator":"BETWEEN","values":[{"DICOMPatientId":"x"}]}]}"#,
            #"{"filters":[{"operator":"BETWEEN","values":[{"DICOMPatientId":"x"},{"DICOMStudyId":"y"}]}]}"#,
            #"{"filters":[{"operator":"BETWEEN","values":[{"isPrimary":true},{"isPrimary":true}]}]}"#,
            #"{"filters":[{"operator":"EQUAL","values":[{"DICOMModality":"CT"}]}]}"#,
            #"{"filters":[{"operator":"EQUAL","values":[{"DICOMPatientId":"x","isPrimary":true}]}]}"#,
            #"{"filters":[{"operator":"EQUAL","values":[{}]}]}"#,
            #"{"filters":[{"operator":"EQUAL","values":[{"DICOMStudyDateAndTime":{"DICOMStudyDate":"2024"}}]}]}"#,
            #"{"filters":[{"operator":"EQUAL","values":[{"DICOMPatientId":"x"}],"more":1}]}"#,
        ])
    func refused(json: String) {
        #expect(throws: APIError.self) { try criteria(json) }
    }

    @Test("a sort position follows the field asked for")
    func positions() throws {
        var later = DICOMTags()
        later.studyDate = "20240301"
        let other = ImageSetRecord(
            datastoreID: .random(), id: .random(), version: 1,
            createdAt: Self.record.createdAt - 1, updatedAt: Self.record.updatedAt + 1,
            workflowStatus: "CREATED", isPrimary: true, isForced: false, tags: later, frameCount: 1,
            frameSyntax: .htj2kLosslessRPCL, otherFrameSyntaxes: [:])
        for (field, isLater) in [
            (SearchCriteria.Sort.Field.updatedAt, true), (.createdAt, false), (.studyDateAndTime, true),
        ] {
            let criteria = SearchCriteria(sort: .init(field: field, order: .ascending))
            #expect((criteria.position(of: Self.record) < criteria.position(of: other)) == isLater)
        }
    }
}
