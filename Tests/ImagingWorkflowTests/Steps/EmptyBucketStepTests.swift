import Testing

@testable import FrameEngine
@testable import ImagingWorkflow

@Suite struct EmptyBucketStepTests {
    private static func versions(_ keys: [String], isTruncated: Bool = false) -> ScriptedService.Answer {
        let entries = keys.map { "<Version><Key>\($0)</Key><VersionId>1</VersionId></Version>" }.joined()
        return .xml(
            "<ListVersionsResult><IsTruncated>\(isTruncated)</IsTruncated><NextKeyMarker>m</NextKeyMarker>\(entries)"
                + "</ListVersionsResult>")
    }

    @Test("A bucket is listed anew until nothing is left; an empty page that is not the last is passed over")
    func untilEmpty() async throws {
        let service = ScriptedService([
            Self.versions(["a", "b"], isTruncated: true), .xml("<DeleteResult/>"),
            Self.versions([], isTruncated: true), Self.versions(["c"]), .xml("<DeleteResult/>"),
            Self.versions([]),
        ])
        var told: [Int] = []
        let count = try await EmptyBucketStep(s3: TestSettings.s3(service)).empty("bucket", prefix: "p/") {
            told.append($0)
        }
        #expect(count == 3)
        #expect(told == [2, 3])
        #expect(service.requests.filter { $0.method == "GET" }.allSatisfy { $0.form["prefix"] == "p/" })
    }

    @Test("A bucket that is not there is empty")
    func noBucket() async throws {
        let service = ScriptedService([.error("NoSuchBucket", status: 404)])
        #expect(try await EmptyBucketStep(s3: TestSettings.s3(service)).empty("bucket") == 0)
    }

    @Test("What S3 does not delete is an error that names it, with the right class")
    func refused() async throws {
        let service = ScriptedService([
            Self.versions(["a", "b"]),
            .xml(
                "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"
            ),
        ])
        let error = try await #require(throws: ServiceError.self) {
            try await EmptyBucketStep(s3: TestSettings.s3(service)).empty("bucket")
        }
        #expect(error.kind == .credentials)
        #expect(error.message.contains("s3://bucket/b"))
    }

    @Test("A service that deletes nothing and says that it did is not asked for ever")
    func liar() async throws {
        let service = ScriptedService { request, _ in
            request.method == "POST" ? .xml("<DeleteResult/>") : Self.versions(["a"])
        }
        await #expect(throws: ServiceError.self) {
            try await EmptyBucketStep(s3: TestSettings.s3(service)).empty("bucket")
        }
    }
}
