import Foundation
import Testing

@testable import FrameEngine

@Suite("HealthImaging operations against the service's model, by botocore")
struct HealthImagingShapeTests {
    static func client(_ answers: [ScriptedTransport.Answer]) throws -> (
        HealthImagingClient, ScriptedTransport
    ) {
        let transport = ScriptedTransport(answers)
        let settings = AWSSettings(
            region: "us-east-1", endpoints: try HealthImagingEndpoints(region: "us-east-1"),
            credentials: UnsignedRequests())
        // Once: what cannot be read is the matter here, and not that it is asked for again.
        let client = HealthImagingClient(
            transport: transport, settings: settings, retry: RetryPolicy(attempts: 1))
        return (client, transport)
    }

    static func call(_ name: String) throws -> HealthImagingShapeCalls.Call {
        let calls = try #require(HealthImagingShapeCalls())
        return try #require(calls.all[name])
    }

    static func answer(_ operation: String) throws -> BotocoreAnswers.Response {
        let answers = try BotocoreAnswers.responses()
        return try #require(answers[operation])
    }

    /// What a client makes of an answer, with every property by name, or the error's text.
    static func result(of name: String, answering json: String) async throws -> String {
        let call = try call(name)
        let (client, _) = try client([.json(json)])
        do {
            var text = ""
            dump(try await call(client), to: &text)
            return text
        } catch let error as ServiceError {
            return "error: \(error.code)"
        }
    }

    @Test("every operation of the model is called, in every form that the script makes")
    func complete() throws {
        let rows = try BotocoreAnswers.requests()
        let calls = try #require(HealthImagingShapeCalls()?.all)
        #expect(Set(rows.map(\.name)) == Set(calls.keys))
        #expect(Set(rows.map(\.operation)) == Set(try BotocoreAnswers.responses().keys))
        #expect(Set(rows.map(\.operation)).count == 18)
    }

    @Test("requests have the method, the URL, the query and the body that botocore writes")
    func requests() async throws {
        for row in try BotocoreAnswers.requests() {
            let call = try Self.call(row.name)
            let known = try Self.answer(row.operation)
            var answers = [known.full.map { .json($0) } ?? ScriptedTransport.Answer.status(200, [], [])]
            if row.isLaterPage { answers.insert(.json(try #require(known.paged)), at: 0) }
            let (client, transport) = try Self.client(answers)
            _ = try await call(client)
            #expect(transport.requests.count == answers.count, "\(row.name)")
            let request = try #require(transport.requests.last)
            #expect(request.method == row.method, "\(row.name)")
            let own = try #require(URLParts(request.url))
            let theirs = try #require(URLParts(row.url))
            #expect(own.scheme == theirs.scheme && own.host == theirs.host, "\(row.name)")
            #expect(own.path == theirs.path, "\(row.name)")
            #expect(
                SigV4.canonicalQuery(own.query ?? "") == SigV4.canonicalQuery(theirs.query ?? ""),
                "\(row.name)")
            let body = String(decoding: request.body, as: UTF8.self)
            #expect(
                try BotocoreAnswers.canonical(body) == BotocoreAnswers.canonical(row.body), "\(row.name)")
            let type = request.fields.first { $0.name == "Content-Type" }?.value
            #expect((type ?? "") == row.contentType, "\(row.name)")
        }
    }

    /// The first call of each operation whose answer is JSON.
    static let answered = [
        "CopyImageSet", "CreateDatastore", "DeleteDatastore", "DeleteImageSet", "GetDICOMImportJob",
        "GetDatastore", "GetImageSet", "ListDICOMImportJobs", "ListDatastores", "ListImageSetVersions",
        "ListTagsForResource", "SearchImageSets", "StartDICOMImportJob", "UpdateImageSetMetadata",
    ]

    @Test("an answer with the required members only is enough", arguments: answered)
    func leastAnswers(operation: String) async throws {
        let answer = try Self.answer(operation)
        let least = try #require(answer.least)
        #expect(try await !Self.result(of: operation, answering: least).hasPrefix("error"))
    }

    @Test("every member of an answer is read: without it the result is another, or none", arguments: answered)
    func everyMember(operation: String) async throws {
        let answer = try Self.answer(operation)
        let full = try #require(answer.full)
        let result = try await Self.result(of: operation, answering: full)
        #expect(!result.hasPrefix("error"))
        let value = try JSONSerialization.jsonObject(with: Data(full.utf8))
        let paths = JSONLeaves.paths(of: value)
        #expect(!paths.isEmpty)
        // A search repeats how it was told to sort.
        for path in paths where path.first != .name("sort") {
            let rest = try JSONSerialization.data(withJSONObject: JSONLeaves.removing(path[...], from: value))
            let other = try await Self.result(
                of: operation, answering: String(decoding: rest, as: UTF8.self))
            #expect(other != result, "\(operation): \(path) is not read")
        }
    }

    @Test("members that have the same name with us have the value of that name", arguments: answered)
    func memberValues(operation: String) async throws {
        let answer = try Self.answer(operation)
        let full = try #require(answer.full)
        let result = try await Self.result(of: operation, answering: full)
        // Lines of a dump are "- name: value", dates within two lines, optionals within "some".
        let flat = result.replacing("\n", with: " ").lowercased()
        for (name, value) in JSONLeaves.namedNumbersAndTexts(
            of: try JSONSerialization.jsonObject(with: Data(full.utf8)))
        where flat.contains(" \(name.lowercased()): ") {
            let wanted = JSONLeaves.dumped(value).lowercased()
            let isThere = flat.components(separatedBy: " \(name.lowercased()): ").dropFirst().contains {
                $0.prefix(250).contains(wanted)
            }
            #expect(isThere, "\(operation): \(name) is not \(wanted)")
        }
    }

    @Test("the two image sets of a copy are not mistaken for each other")
    func copySides() async throws {
        let call = try Self.call("CopyImageSet")
        let answer = try Self.answer("CopyImageSet")
        let full = try #require(answer.full)
        let result = try await call(try Self.client([.json(full)]).0)
        let copied = try #require(result as? CopiedImageSet)
        let object = try JSONSerialization.jsonObject(with: Data(full.utf8)) as? [String: Any]
        let source = object?["sourceImageSetProperties"] as? [String: Any]
        let destination = object?["destinationImageSetProperties"] as? [String: Any]
        #expect(copied.source.imageSetID.description == source?["imageSetId"] as? String)
        #expect(copied.destination.imageSetID.description == destination?["imageSetId"] as? String)
    }

    @Test("answers that are no JSON are given as they are, with their type")
    func blobs() async throws {
        let getFrame = try Self.call("GetImageFrame")
        #expect(try Self.answer("GetImageFrame").headers == ["Content-Type"])
        let bytes = ScriptedTransport.Answer.status(200, [HTTPField("Content-Type", "image/jph")], [1, 2, 3])
        let frame = try await getFrame(try Self.client([bytes]).0) as? ImageFrame
        #expect(frame.map { Array($0.bytes.bytes) } == [1, 2, 3])
        #expect(frame?.contentType == "image/jph")
        let page = ScriptedTransport.Answer.status(200, [HTTPField("Content-Type", "text/html")], [60])
        await #expect(throws: UnexpectedContentError.self) {
            try await getFrame(try Self.client([page]).0)
        }
        let metadata = try await Self.call("GetImageSetMetadata")(try Self.client([bytes]).0)
        #expect((metadata as? PooledBuffer).map { Array($0.bytes) } == [1, 2, 3])
    }

    @Test("the lists of words are the model's, and a word that is new there is a value like any other")
    func enums() throws {
        let known = try BotocoreAnswers.table("enums", as: [String: Set<String>].self)
        func words<Words: OpenEnum>(_ type: Words.Type) -> Set<String> { Set(type.known.map(\.rawValue)) }
        let own: [String: Set<String>] = [
            "DatastoreStatus": words(DatastoreStatus.self), "JobStatus": words(JobStatus.self),
            "ImageSetState": words(ImageSetState.self),
            "ImageSetWorkflowStatus": words(ImageSetWorkflowStatus.self),
            "StorageTier": words(StorageTier.self),
            "LosslessStorageFormat": words(LosslessStorageFormat.self),
            "SortField": Set(ImageSetSearch.Order.Field.allCases.map(\.rawValue)),
            "SortOrder": Set(ImageSetSearch.Order.Direction.allCases.map(\.rawValue)),
            "Operator": Set(SearchCondition.Operator.allCases.map(\.rawValue)),
        ]
        #expect(own == known)
        let new = try JSONDecoder().decode([JobStatus].self, from: Data(#"["PAUSED","COMPLETED"]"#.utf8))
        #expect(new == [JobStatus(rawValue: "PAUSED"), .completed])
    }
}
