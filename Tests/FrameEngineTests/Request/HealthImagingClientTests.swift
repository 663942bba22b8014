import Foundation
import Testing

@testable import FrameEngine

@Suite("HealthImaging client")
struct HealthImagingClientTests {
    static let store = String(repeating: "d", count: 32)
    static let imageSet = String(repeating: "1", count: 32)
    static let secret = "wJalrXUtnFEMI-VERY-SECRET"

    static func id(_ text: String) throws -> HealthImagingID { try #require(HealthImagingID(text)) }

    static func client(_ transport: ScriptedTransport, signed: Bool = true, attempts: Int = 3) throws
        -> HealthImagingClient
    {
        let credentials = AWSCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: "TOKEN")
        let settings = AWSSettings(
            region: "eu-west-1", endpoints: try HealthImagingEndpoints(region: "eu-west-1"),
            credentials: signed ? StaticCredentials(credentials) : UnsignedRequests())
        return HealthImagingClient(
            transport: transport, settings: settings,
            retry: RetryPolicy(attempts: attempts, base: .zero, retryAfterCap: .zero),
            now: { Date(timeIntervalSince1970: 1_440_938_160) })
    }

    @Test("lists the data stores of all pages, from the control plane, with exponents and nulls")
    func listsDatastores() async throws {
        let transport = ScriptedTransport([
            .json(
                """
                {"datastoreSummaries":[{"datastoreId":"\(Self.store)","datastoreName":"one","datastoreStatus":"ACTIVE",
                "datastoreArn":null,"createdAt":1.700243522295E9,"updatedAt":null}],"nextToken":"a+/="}
                """),
            .json(
                #"{"datastoreSummaries":[{"datastoreId":"\#(Self.imageSet)","datastoreStatus":"NEW_ONE"}],"nextToken":null}"#
            ),
        ])
        let stores = try await Self.client(transport).datastores()
        #expect(stores.map(\.id.description) == [Self.store, Self.imageSet])
        #expect(stores.map(\.name) == ["one", ""])
        #expect(stores[0].createdAt == Date(timeIntervalSince1970: 1_700_243_522.295))
        #expect(stores[1].status == "NEW_ONE")
        #expect(
            transport.requests.map(\.url) == [
                "https://medical-imaging.eu-west-1.amazonaws.com/datastore?maxResults=50",
                "https://medical-imaging.eu-west-1.amazonaws.com/datastore?maxResults=50&nextToken=a%2B%2F%3D",
            ])
        #expect(transport.requests.allSatisfy { $0.method == "GET" && $0.body.isEmpty })
        #expect(!transport.requests.contains { $0.fields.contains { $0.name == "Content-Type" } })
    }

    @Test("searches page by page, only as far as it is asked")
    func searchesLazily() async throws {
        let page = { (next: String) in
            ScriptedTransport.Answer.json(
                """
                {"imageSetsMetadataSummaries":[{"imageSetId":"\(Self.imageSet)","version":4,"isPrimary":true,
                "DICOMTags":{"DICOMStudyInstanceUID":"1.2","DICOMSeriesNumber":3,"DICOMPatientId":null}}]\(next)}
                """)
        }
        let transport = ScriptedTransport([
            page(#","nextToken":"t1""#), page(#","nextToken":"t2""#), page(""),
        ])
        let pages = try Self.client(transport).searchImageSets(in: try Self.id(Self.store))
        var iterator = pages.makeAsyncIterator()
        let first = try #require(try await iterator.next()?.first)
        #expect(transport.requests.count == 1)
        #expect(first.version == 4)
        #expect(first.isPrimary == true)
        #expect(first.studyInstanceUID == "1.2")
        #expect(first.tags == ["DICOMStudyInstanceUID": "1.2", "DICOMSeriesNumber": "3"])
        var rest = 0
        while let page = try await iterator.next() { rest += page.count }
        #expect(rest == 2)
        #expect(transport.requests.map { String(decoding: $0.body, as: UTF8.self) } == ["{}", "{}", "{}"])
        #expect(transport.requests[2].url.hasSuffix("/searchImageSets?maxResults=50&nextToken=t2"))
        #expect(
            transport.requests[0].url.hasPrefix("https://runtime-medical-imaging.eu-west-1.amazonaws.com/"))
    }

    @Test("does not make up the version of an image set that a search tells none of")
    func summaryWithoutVersion() async throws {
        let summaries = ["", #","version":null"#, #","version":"7""#].map {
            #"{"imageSetId":"\#(Self.imageSet)"\#($0)}"#
        }
        let transport = ScriptedTransport([
            .json(#"{"imageSetsMetadataSummaries":[\#(summaries.joined(separator: ","))]}"#)
        ])
        let pages = try Self.client(transport).searchImageSets(in: try Self.id(Self.store))
        var iterator = pages.makeAsyncIterator()
        #expect(try await iterator.next()?.map(\.version) == [nil, nil, 7])
    }

    @Test("sends the filters of a search as the API shapes them")
    func searchFilters() throws {
        func body(_ search: ImageSetSearch) throws -> String {
            String(decoding: try AWSCall("X").with(json: search.criteria).body, as: UTF8.self)
        }
        let both = ImageSetSearch(studyInstanceUID: "1.2", seriesInstanceUID: "1.\"3")
        #expect(
            try body(both)
                == #"{"filters":[{"operator":"EQUAL","values":[{"DICOMStudyInstanceUID":"1.2"}]},"#
                + #"{"operator":"EQUAL","values":[{"DICOMSeriesInstanceUID":"1.\"3"}]}]}"#)
        #expect(try body(.all) == "{}")
    }

    @Test("ends with an error where a page repeats the token of the page before")
    func repeatedToken() async throws {
        let page = ScriptedTransport.Answer.json(#"{"imageSetsMetadataSummaries":[],"nextToken":"same"}"#)
        let transport = ScriptedTransport([page, page, page])
        let pages = try Self.client(transport).searchImageSets(in: try Self.id(Self.store))
        let error = await #expect(throws: ServiceError.self) { for try await _ in pages {} }
        #expect(error?.code == "UnreadableResponse")
        #expect(transport.requests.count == 2)
    }

    @Test("gets an image set and its metadata by POST without a body, of a version where one is named")
    func getsImageSet() async throws {
        let transport = ScriptedTransport([
            .json(
                #"{"datastoreId":"\#(Self.store)","imageSetId":"\#(Self.imageSet)","versionId":"2","imageSetState":"ACTIVE","message":null}"#
            ),
            .status(200, [], [0x1F, 0x8B, 1, 2]),
        ])
        let client = try Self.client(transport)
        let properties = try await client.imageSet(
            try Self.id(Self.imageSet), in: try Self.id(Self.store), version: "2")
        #expect(properties.versionID == "2")
        #expect(properties.state == "ACTIVE")
        let metadata = try await client.imageSetMetadata(
            try Self.id(Self.imageSet), in: try Self.id(Self.store))
        #expect(Array(metadata.bytes) == [0x1F, 0x8B, 1, 2])
        let path = "/datastore/\(Self.store)/imageSet/\(Self.imageSet)"
        #expect(transport.requests[0].url.hasSuffix("\(path)/getImageSet?version=2"))
        #expect(transport.requests[1].url.hasSuffix("\(path)/getImageSetMetadata"))
        #expect(transport.requests.allSatisfy { $0.method == "POST" && $0.body.isEmpty })
        #expect(transport.bodyLimits == [16 << 20, 256 << 20])
    }

    @Test("makes a frame request signed over its content type, host, date and token, sending nothing itself")
    func frameRequest() async throws {
        let transport = ScriptedTransport([])
        let frame = PlannedFrame(
            instance: PlannedInstance(
                datastoreID: try Self.id(Self.store), imageSetID: try Self.id(Self.imageSet)), frameNumber: 1,
            imageFrameID: try Self.id(String(repeating: "f", count: 32)))
        let request = try await Self.client(transport).frameRequest(for: frame)
        #expect(request.method == "POST")
        #expect(request.url.hasSuffix("/datastore/\(Self.store)/imageSet/\(Self.imageSet)/getImageFrame"))
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"imageFrameId":"ffffffffffffffffffffffffffffffff"}"#)
        let header = try #require(request.fields.first { $0.name == "Authorization" }?.value)
        let authorization = try #require(SigV4.Authorization(parsing: header))
        #expect(
            authorization.signedHeaders == ["content-type", "host", "x-amz-date", "x-amz-security-token"])
        #expect(authorization.scope.description == "20150830/eu-west-1/medical-imaging/aws4_request")
        #expect(
            authorization.isValid(
                secretAccessKey: Self.secret, timestamp: "20150830T123600Z", method: "POST",
                path: "/datastore/\(Self.store)/imageSet/\(Self.imageSet)/getImageFrame", query: "",
                fields: request.fields + [
                    HTTPField("Host", "runtime-medical-imaging.eu-west-1.amazonaws.com")
                ],
                payloadHash: SigV4.payloadHash(of: request.body)))
        let unsigned = try await Self.client(transport, signed: false).frameRequest(for: frame)
        #expect(unsigned.fields == [HTTPField("Content-Type", "application/json")])
        #expect(transport.requests.isEmpty)
    }

    @Test(
        "tries again after 429, 500, 502, 503, 504 and passing transport failures",
        arguments: [429, 500, 502, 503, 504])
    func retries(status: Int) async throws {
        let transport = ScriptedTransport([
            .json(#"{"message":"busy"}"#, status: status), .failure(.init(isRetryable: true)),
            .json(#"{"datastoreSummaries":[]}"#),
        ])
        #expect(try await Self.client(transport).datastores().isEmpty)
        #expect(transport.requests.count == 3)
    }

    @Test("gives up when the attempts are used up, with the last error")
    func attemptsUsedUp() async throws {
        let busy = ScriptedTransport.Answer.json(#"{"message":"busy"}"#, status: 503)
        let transport = ScriptedTransport([busy, busy, busy, busy])
        let error = await #expect(throws: ServiceError.self) { try await Self.client(transport).datastores() }
        #expect(error?.status == 503)
        #expect(transport.requests.count == 3)
    }

    @Test("does not try again what would fail again", arguments: [400, 402, 403, 404, 406, 409, 501])
    func doesNotRetry(status: Int) async throws {
        let transport = ScriptedTransport([.json("{}", status: status), .json("{}")])
        let error = await #expect(throws: ServiceError.self) { try await Self.client(transport).datastores() }
        #expect(error?.status == status)
        #expect(error?.code == "http-\(status)")
        #expect(transport.requests.count == 1)

        let broken = ScriptedTransport([.failure(.init(isRetryable: false)), .json("{}")])
        await #expect(throws: ScriptedTransport.Failure.self) { try await Self.client(broken).datastores() }
        #expect(broken.requests.count == 1)
    }

    @Test(
        "says so when a success is not what the operation returns",
        arguments: ["<html>sign in</html>", "", "[]", #"{"datastoreSummaries":[{"datastoreId":"../x"}]}"#])
    func unreadable(body: String) async throws {
        let transport = ScriptedTransport([.json(body)])
        let error = await #expect(throws: ServiceError.self) { try await Self.client(transport).datastores() }
        #expect(error?.code == "UnreadableResponse")
        #expect(error?.isRetryable == false)
        #expect(error?.message.contains("ListDatastores") == true)
    }
}
