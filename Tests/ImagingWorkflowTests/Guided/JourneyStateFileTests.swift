import Foundation
import FrameEngine
import ImagingWorkflow
import Testing

@Suite("The workflow's state file")
struct JourneyStateFileTests {
    private let folder = NSTemporaryDirectory() + "journey-\(UInt64.random(in: .min ... .max))"

    private func whole() throws -> JourneyState {
        var state = JourneyState(runID: JourneyState.newRunID(), region: "us-east-1", isLocal: true)
        state.stack = JourneyStack(name: "stack", datastoreName: "store", token: "token", id: "arn:aws:x")
        state.resources = try ScriptedSteps.resources()
        state.source = .study(2)
        state.copied = JourneyState.Copied(objects: 3, bytes: 4)
        state.jobID = "abc123"
        state.jobOutput = "s3://out-bucket/output/"
        state.summary = ImportSummary()
        state.imageSets = [ImportedImageSet(id: try unwrap(ScriptedSteps.datastore), version: 2)]
        state.frames = JourneyFrames(planned: 1, verified: 1, folder: "x")
        state.phase = .fetched
        return state
    }

    @Test("what was saved is read again, every phase of it")
    func roundTrip() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try JourneyStateFile(folder: folder)
        #expect(try file.load() == nil)
        for phase in JourneyState.Phase.allCases {
            var state = try whole()
            state.phase = phase
            try file.save(state)
            #expect(try file.load() == state)
        }
        for source in [JourneySource.bucket(name: "b-1", prefix: "x y/ü+%"), .files(["/a b", "c"])] {
            var state = try whole()
            state.source = source
            try file.save(state)
            #expect(try file.load()?.source == source)
        }
    }

    @Test("a folder that another workflow works in is refused")
    func locked() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try JourneyStateFile(folder: folder)
        #expect(throws: JourneyError.self) { try JourneyStateFile(folder: folder) }
        withExtendedLifetime(file) {}
    }

    @Test("a folder that cannot be made is an error that names it")
    func noFolder() throws {
        let error = #expect(throws: JourneyError.self) { try JourneyStateFile(folder: "/dev/null/x") }
        #expect(error?.message.contains("/dev/null/x") == true)
    }

    @Test("a file that is damaged, of another version, or not to be trusted is refused by name")
    func refused() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try JourneyStateFile(folder: folder)
        try file.save(try whole())
        let text = try String(contentsOfFile: file.path, encoding: .utf8)
        let datastore = try unwrap(ScriptedSteps.datastore).description
        for (old, new) in [
            ("\"format\" : 1", "\"format\" : 2"), ("\"format\" : 1", "\"format\" : \"x\""), (text, ""),
            (text, "[]"),
            (text, String(text.prefix(text.count / 2))), (datastore, "../../../../../etc/passwd"),
            ("abc123", "../x"), ("in-bucket", "in/../bucket"), ("us-east-1", "evil.example/"),
            ("s3://out-bucket/output/", "file:///etc"),
            ("\"phase\" : \"fetched\"", "\"phase\" : \"nowhere\""),
            ("\"name\" : \"stack\"", "\"name\" : \"a b\""), ("\"jobID\" : \"abc123\",", ""),
            ("arn:aws:iam::123456789012:role/import", "role"), ("\"study\"", "\"planet\""),
        ] {
            let spoilt = text.replacingOccurrences(of: old, with: new)
            #expect(spoilt != text)
            try Data(spoilt.utf8).write(to: URL(fileURLWithPath: file.path))
            let error = #expect(throws: JourneyError.self, "\(old) -> \(new)") { try file.load() }
            #expect(error?.reason == .damagedState)
            #expect(error?.message.contains(file.path) == true)
        }
    }

    @Test("a study that is not on the list is refused")
    func unknownStudy() throws {
        var state = try whole()
        state.source = .study(4)
        #expect(state.problem == "source")
        state.source = .study(-1)
        #expect(state.problem == "source")
    }

    @Test("a run that has ended is set aside under its own name")
    func setAside() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try JourneyStateFile(folder: folder)
        let state = try whole()
        try file.save(state)
        try file.setAside()
        #expect(try file.load() == nil)
        #expect(FileManager.default.fileExists(atPath: "\(folder)/workflow-\(state.runID).json"))
    }

    @Test("the file is whole and holds nothing that looks like a secret")
    func contents() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try JourneyStateFile(folder: folder)
        try file.save(try whole())
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names == ["workflow.json"])
        let text = try String(contentsOfFile: file.path, encoding: .utf8).lowercased()
        for word in ["secret", "accesskey", "password", "sessiontoken"] { #expect(!text.contains(word)) }
    }
}
