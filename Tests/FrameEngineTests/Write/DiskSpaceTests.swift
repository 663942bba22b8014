import Foundation
import Testing

@testable import FrameEngine

@Suite("Room on the disk")
struct DiskSpaceTests {
    private let folder: TemporaryFolder
    private let directory: OutputDirectory

    init() throws {
        folder = try TemporaryFolder()
        directory = try OutputDirectory(folder.path)
    }

    private func frames(_ count: Int, decodedBytes: Int?, hint: Int? = nil) -> [PlannedFrame] {
        let known = ManifestTests.outcome(1).frame
        let instance = PlannedInstance(
            datastoreID: known.instance.datastoreID, imageSetID: known.instance.imageSetID,
            decodedFrameBytes: decodedBytes)
        return (0..<count).map { number in
            PlannedFrame(
                instance: instance, frameNumber: number + 1,
                imageFrameID: ManifestTests.outcome(number).frame.imageFrameID, sizeHintInBytes: hint)
        }
    }

    private func space(
        _ format: OutputFormat = .raw, keepsCodestream: Bool = false, free: Shared<Int>,
        compresses: Bool = false
    ) -> DiskSpace {
        DiskSpace(directory, format: format, keepsCodestream: keepsCodestream, bytesInFlight: 20 << 20) {
            DiskSpace.Volume(freeBytes: free.value, blockBytes: 4096, compresses: compresses)
        }
    }

    @Test("pixels that cannot fit are refused before the first is fetched, counted in whole blocks")
    func refused() throws {
        let free = Shared(80 << 10)
        #expect(try space(free: free).expect(frames(10, decodedBytes: 8192)) == nil)
        let error = #expect(throws: DiskSpaceError.self) {
            try space(free: free).expect(frames(10, decodedBytes: 8193))
        }
        #expect(error?.neededBytes == 10 * 12288)
        #expect(error?.code == "ENOSPC")
        #expect(error?.stage == .write)
        #expect(error?.message.contains(folder.path) == true)
        #expect(error?.message.contains("need 0.1 MB") == true)
    }

    @Test("what is only hinted at is warned of, once; and so is what a file system may compress")
    func warned() throws {
        let free = Shared(80 << 10)
        let codestreams = space(.jph, free: free)
        let many = frames(100, decodedBytes: 8192, hint: 4096)
        #expect(try codestreams.expect(many)?.contains("may need 0.4 MB") == true)
        #expect(try codestreams.expect(many) == nil)
        #expect(try space(keepsCodestream: true, free: free).expect(Array(many[..<9])) != nil)
        #expect(try space(free: free, compresses: true).expect(many) != nil)
        #expect(try space(free: free).expect(frames(100, decodedBytes: nil)) == nil)
        #expect(try space(.none, free: free).expect(many) == nil)
    }

    @Test("a disk that fills up from elsewhere ends the run before it is full to the brim")
    func watched() throws {
        let free = Shared(1 << 40)
        let space = space(free: free)
        let frames = frames(100, decodedBytes: 10 << 20)
        #expect(try space.expect(frames) == nil)
        for frame in frames[..<20] { try space.finished(frame) }
        free.withLock { $0 = 500 << 20 }
        #expect(throws: DiskSpaceError.self) {
            for frame in frames[20..<30] { try space.finished(frame) }
        }
    }

    @Test("a plan that just fits is not refused for files that are written and not yet counted")
    func justFits() throws {
        let free = Shared(1000 << 20)
        let space = space(free: free)
        let frames = frames(100, decodedBytes: 10 << 20)
        #expect(try space.expect(frames) == nil)
        for (number, frame) in frames.enumerated() {
            // Two more than are counted are on disk already.
            free.withLock { $0 = max(0, 1000 - 10 * (number + 3)) << 20 }
            try space.finished(frame)
        }
    }

    @Test("files that will be replaced need no room of their own")
    func replaced() throws {
        let frames = frames(3, decodedBytes: 8192)
        _ = try directory.folder(for: frames[0])
        for frame in frames[..<2] {
            let file = OutputDirectory.relativePath(of: frame, extension: "raw")
            try Data(repeating: 1, count: 8192).write(to: URL(fileURLWithPath: folder.file(file)))
        }
        #expect(try space(free: Shared(8192)).expect(frames) == nil)
        #expect(throws: DiskSpaceError.self) { try space(free: Shared(8191)).expect(frames) }
    }

    @Test("a real file system says what it has")
    func real() throws {
        let space = DiskSpace(directory, format: .raw, keepsCodestream: false, bytesInFlight: 20 << 20)
        #expect(try space.expect(frames(1, decodedBytes: 1)) == nil)
        #expect(throws: DiskSpaceError.self) { try space.expect(frames(100_000, decodedBytes: 1 << 40)) }
    }
}
