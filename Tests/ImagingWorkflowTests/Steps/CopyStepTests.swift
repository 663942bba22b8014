import Foundation
import Synchronization
import Testing

@testable import FrameEngine
@testable import ImagingWorkflow

@Suite struct CopyStepTests {
    private static func study(_ count: Int, folder: String = "study") -> [String: (size: Int, etag: String)] {
        Dictionary(
            uniqueKeysWithValues: (0..<count).map {
                ("\(folder)/\($0).dcm", (size: 100 + $0, etag: "e\($0)"))
            })
    }

    @Test("Every object below the prefix is copied, and told of; the same copy again finds all of them there")
    func copiesAndResumes() async throws {
        let fake = FakeBuckets([
            "source": Self.study(57).merging(["study2/x": (1, "x")]) { $1 }, "target": [:],
        ])
        fake.state.withLock { $0.buckets["source"]?["study/"] = (0, "folder") }
        let step = CopyStep(s3: try fake.client(), concurrency: 8)
        let told = Mutex<[CopyProgress]>([])
        let result = try await step.copy(
            .bucket(name: "source", prefix: "study"), to: "target", prefix: "in/one"
        ) { progress in told.withLock { $0.append(progress) } }
        #expect(result.copied == 57)
        #expect(result.skipped == 0)
        #expect(result.failures.isEmpty)
        #expect(result.bytes == (0..<57).reduce(0) { $0 + 100 + $1 })
        let keys = fake.state.withLock { Set($0.buckets["target", default: [:]].keys) }
        #expect(keys == Set((0..<57).map { "in/one/\($0).dcm" }))
        let progress = told.withLock { $0 }
        #expect(progress.map(\.done) == Array(0...57))
        #expect(progress.last?.bytesDone == progress.last?.totalBytes)

        fake.state.withLock { state in
            state.written = []
            state.buckets["target"]?["in/one/3.dcm"] = (103, "another")
            state.buckets["target"]?["in/one/4.dcm"] = (5, "e4")
            state.buckets["target"]?["in/one/5.dcm"] = nil
        }
        let again = try await step.copy(
            .bucket(name: "source", prefix: "study/"), to: "target", prefix: "in/one/")
        #expect(again.copied == 3)
        #expect(again.skipped == 54)
        #expect(Set(fake.state.withLock { $0.written }) == ["in/one/3.dcm", "in/one/4.dcm", "in/one/5.dcm"])
    }

    @Test("One object can be named by its key")
    func oneObject() async throws {
        let fake = FakeBuckets(["source": Self.study(2), "target": [:]])
        let result = try await CopyStep(s3: try fake.client()).copy(
            .bucket(name: "source", prefix: "study/1.dcm"), to: "target", prefix: "")
        #expect(result.copied == 1)
        #expect(fake.state.withLock { $0.written } == ["1.dcm"])
    }

    @Test(
        "Two spellings of one character are two keys: neither stands in the other's way or counts as the other"
    )
    func spellings() async throws {
        let (composed, decomposed) = ("\u{e9}.dcm", "e\u{301}.dcm")
        var plan = CopyPlan()
        plan.items = [composed, decomposed].map { CopyItem(source: .file(path: $0), key: $0, size: 1) }
        #expect(try plan.checked().items.count == 2)
        let fake = FakeBuckets([
            "source": ["study/" + composed: (1, "e")], "target": ["in/" + decomposed: (1, "e")],
        ])
        let result = try await CopyStep(s3: try fake.client()).copy(
            .bucket(name: "source", prefix: "study"), to: "target", prefix: "in")
        #expect(result.copied == 1)
        #expect(result.skipped == 0)
    }

    @Test("A prefix without objects is an error that names it, and nothing is written")
    func emptyPrefix() async throws {
        let fake = FakeBuckets(["source": Self.study(2), "target": [:]])
        let step = CopyStep(s3: try fake.client())
        let error = try await #require(throws: StepError.self) {
            try await step.copy(.bucket(name: "source", prefix: "other"), to: "target", prefix: "in")
        }
        #expect(error.reason == .notFound)
        #expect(error.message.contains("'other/'"))
        #expect(error.message.contains("'source'"))
        #expect(fake.state.withLock { $0.written }.isEmpty)
    }

    @Test("An object too large for one copy is refused before anything is copied")
    func tooLarge() async throws {
        var objects = Self.study(2)
        objects["study/big.dcm"] = (S3Client.objectBytesLimit + 1, "big")
        let fake = FakeBuckets(["source": objects, "target": [:]])
        let error = try await #require(throws: StepError.self) {
            try await CopyStep(s3: try fake.client()).copy(
                .bucket(name: "source", prefix: "study"), to: "target", prefix: "")
        }
        #expect(error.message.contains("s3://source/study/big.dcm"))
        #expect(error.message.contains("5 GiB"))
        #expect(fake.state.withLock { $0.written }.isEmpty)
    }

    @Test("An object that fails alone is in the result; the others are copied")
    func oneFails() async throws {
        let fake = FakeBuckets(["source": Self.study(9), "target": [:]])
        fake.state.withLock { state in
            state.errors["PUT target/4.dcm"] = .error("InternalError", status: 500)
            state.errors["PUT target/2.dcm"] = .error("InvalidObjectState", status: 200)
        }
        let result = try await CopyStep(s3: try fake.client()).copy(
            .bucket(name: "source", prefix: "study"), to: "target", prefix: "")
        #expect(result.copied == 7)
        #expect(result.failures.map(\.source) == ["s3://source/study/2.dcm", "s3://source/study/4.dcm"])
        #expect(result.failures.map(\.error.code) == ["InvalidObjectState", "InternalError"])
        for failure in result.failures {
            #expect(failure.text.hasPrefix(failure.source))
            #expect(failure.text.ranges(of: failure.source).count == 1, "named once: \(failure.text)")
        }
    }

    @Test("What every object would meet ends the copy: no permission, no bucket")
    func commonErrors() async throws {
        let fake = FakeBuckets(["source": Self.study(3), "target": [:]])
        fake.state.withLock { state in
            for index in 0..<3 {
                state.errors["PUT target/\(index).dcm"] = .error("AccessDenied", status: 403)
            }
        }
        let step = CopyStep(s3: try fake.client())
        let denied = try await #require(throws: ServiceError.self) {
            try await step.copy(.bucket(name: "source", prefix: "study"), to: "target", prefix: "")
        }
        #expect(denied.kind == .credentials)
        let missing = try await #require(throws: StepError.self) {
            try await step.copy(.bucket(name: "source", prefix: "study"), to: "nowhere", prefix: "")
        }
        #expect(missing.message.contains("'nowhere'"))
        await #expect(throws: ServiceError.self) {
            try await step.copy(.bucket(name: "no-source", prefix: "study"), to: "target", prefix: "")
        }
    }

    @Test("A bucket is made on demand; a name that another account has is an error that says so")
    func makesBucket() async throws {
        let fake = FakeBuckets(["source": Self.study(1)])
        let step = CopyStep(s3: try fake.client())
        let result = try await step.copy(
            .bucket(name: "source", prefix: "study"), to: "new", prefix: "", createsBucket: true)
        #expect(result.copied == 1)
        fake.state.withLock { state in
            state.errors["GET taken"] = .error("AccessDenied", status: 403)
            state.errors["PUT taken"] = .error("BucketAlreadyExists", status: 409)
            state.errors["GET own"] = .error("AccessDenied", status: 403)
            state.errors["PUT own"] = .error("BucketAlreadyOwnedByYou", status: 409)
        }
        let error = try await #require(throws: StepError.self) {
            try await step.copy(
                .bucket(name: "source", prefix: "study"), to: "taken", prefix: "", createsBucket: true)
        }
        #expect(error.reason == .exists)
        #expect(error.message.contains("'taken'"))
        let denied = try await #require(throws: ServiceError.self) {
            try await step.copy(
                .bucket(name: "source", prefix: "study"), to: "own", prefix: "", createsBucket: true)
        }
        #expect(denied.kind == .credentials)
    }

    @Test(
        "DICOM files of folders, however deep, are uploaded under their paths; others are left out and listed"
    )
    func uploads() async throws {
        let folder = try TemporaryFolder()
        try folder.write("a.dcm", "one")
        try folder.write("deep/er/b with + and é", "two")
        try folder.write("notes.txt", "three", isDICOM: false)
        try folder.write("empty", "", isDICOM: false)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/loop", withDestinationPath: folder.path)
        let fake = FakeBuckets(["target": [:]])
        let step = CopyStep(s3: try fake.client())
        let result = try await step.copy(.files([folder.path + "/"]), to: "target", prefix: "in")
        #expect(result.copied == 2)
        #expect(result.otherFiles == ["empty", "loop", "notes.txt"].map { "\(folder.path)/\($0)" })
        let there = fake.state.withLock { $0.buckets["target", default: [:]] }
        #expect(Set(there.keys) == ["in/a.dcm", "in/deep/er/b with + and é"])
        #expect(there["in/a.dcm"]?.size == 135)

        try folder.write("a.dcm", "ONE")
        let again = try await step.copy(.files([folder.path]), to: "target", prefix: "in")
        #expect((again.copied, again.skipped) == (1, 1))
    }

    @Test("A named file that is not there or not DICOM, and a folder without any, are errors that name them")
    func badFiles() async throws {
        let folder = try TemporaryFolder()
        try folder.write("notes.txt", "text", isDICOM: false)
        let step = CopyStep(s3: try FakeBuckets(["target": [:]]).client())
        for (path, word) in [("notes.txt", "DICM"), ("absent", "No such file"), ("", "nothing to copy")] {
            let error = try await #require(throws: StepError.self) {
                try await step.copy(.files(["\(folder.path)/\(path)"]), to: "target", prefix: "")
            }
            #expect(error.message.contains(word), "\(error.message)")
            #expect(error.message.contains(folder.path))
        }
    }

    @Test("Two files that would become one object are an error, not a lottery")
    func sameName() async throws {
        let folder = try TemporaryFolder()
        try folder.write("one/a.dcm", "1")
        try folder.write("two/a.dcm", "2")
        let step = CopyStep(s3: try FakeBuckets(["target": [:]]).client())
        let error = try await #require(throws: StepError.self) {
            try await step.copy(
                .files(["\(folder.path)/one", "\(folder.path)/two"]), to: "target", prefix: "")
        }
        #expect(error.reason == .input)
        #expect(error.message.contains("one/a.dcm"))
        #expect(error.message.contains("two/a.dcm"))
    }
}
