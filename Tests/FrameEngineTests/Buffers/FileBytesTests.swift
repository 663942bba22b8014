import Foundation
import Glibc
import Testing

@testable import FrameEngine

@Suite("Reading files")
struct FileBytesTests {
    private let folder: TemporaryFolder
    private let pool = BufferPool(idleBytesLimit: 0)

    init() throws { folder = try TemporaryFolder() }

    private func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = folder.file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Calls `body` with a path that reads what `bytes` are, through a pipe.
    private func withPipe<Result>(of bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let (reader, writer) = try Self.privatePipe()
        let thread = Thread {
            try? writer.write(contentsOf: Data(bytes))
            try? writer.close()
        }
        thread.start()
        return try withExtendedLifetime(reader) { try body("/dev/fd/\(reader.fileDescriptor)") }
    }

    /// A pipe that no process inherits which another test starts: its end would not come.
    private static func privatePipe() throws -> (reader: FileHandle, writer: FileHandle) {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        for end in ends { try #require(fcntl(end, F_SETFD, FD_CLOEXEC) == 0) }
        return (
            FileHandle(fileDescriptor: ends[0], closeOnDealloc: true),
            FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        )
    }

    @Test(
        "a guess of the size reserves no more than the file has, and never traps",
        arguments: [0, -1, 3, 1 << 30, 1 << 62, .max])
    func guesses(expecting: Int) throws {
        let path = try write([1, 2, 3], to: "small")
        let buffer = try FileBytes.read(path, expecting: expecting, into: pool).get()
        let content = withExtendedLifetime(buffer) { Array(buffer.bytes) }
        #expect(content == [1, 2, 3])
        #expect(buffer.capacity == 4096)
    }

    @Test("a pipe is read to its end, whatever size was guessed", arguments: [0, 10, 1 << 62])
    func pipes(expecting: Int) throws {
        let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let read = try withPipe(of: bytes) {
            try FileBytes.read($0, expecting: expecting, into: pool).get()
        }
        let isSame = withExtendedLifetime(read) { read.bytes.elementsEqual(bytes) }
        #expect(isSame)
        #expect(read.count == bytes.count)
        #expect(read.capacity <= 2 << 20)
        #expect(try FileBytes.read("/dev/null", into: pool).get().count == 0)
    }

    @Test("a pipe or a device without end stops at the limit; a regular file has one only where it is named")
    func limits() throws {
        let result = FileBytes.read("/dev/zero", limit: 1_000_000, into: pool)
        let error = #expect(throws: FileBytes.ReadError.self) { try result.get() }
        #expect(error?.errno == EFBIG)
        #expect(error?.message == "cannot read /dev/zero: larger than 1000000 bytes, which is not read")
        let just = try withPipe(of: [1, 2, 3]) { try FileBytes.read($0, limit: 3, into: pool).get().count }
        #expect(just == 3)
        let file = try write([1, 2, 3], to: "three")
        #expect(try FileBytes.read(file, limit: 3, into: pool).get().count == 3)
        let large = FileBytes.read(file, limit: 2, into: pool)
        #expect(#expect(throws: FileBytes.ReadError.self) { try large.get() }?.errno == EFBIG)
    }

    @Test("only regular files are read where that is asked, without waiting for a pipe's writer")
    func onlyRegular() throws {
        let fifo = folder.file("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        for path in [fifo, "/dev/zero"] {
            let result = FileBytes.read(path, onlyRegular: true, into: pool)
            let error = #expect(throws: FileBytes.ReadError.self) { try result.get() }
            #expect(error?.errno == EINVAL)
            #expect(error?.message.contains("not a regular file") == true)
        }
        let folderResult = FileBytes.read(folder.path, onlyRegular: true, into: pool)
        #expect(#expect(throws: FileBytes.ReadError.self) { try folderResult.get() }?.errno == EISDIR)
        let file = try write([7], to: "seven")
        #expect(try FileBytes.read(file, onlyRegular: true, into: pool).get().count == 1)
    }

    @Test("metadata is planned from a pipe, and from standard input where the path is a dash")
    func metadataFromPipes() throws {
        let text = MetadataFixture.document(frame: #""FrameSizeInBytes":12"#)
        let piped = try withPipe(of: MetadataFixture.gzip(text)) {
            try MetadataPlanner.plan(contentsOf: $0)
        }
        #expect(piped.frames.count == 1)

        let former = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
        defer {
            dup2(former, STDIN_FILENO)
            close(former)
        }
        for (content, expected) in [(text, 1), ("", nil)] as [(String, Int?)] {
            let (reader, writer) = try Self.privatePipe()
            try writer.write(contentsOf: Data(content.utf8))
            try writer.close()
            try #require(dup2(reader.fileDescriptor, STDIN_FILENO) == STDIN_FILENO)
            if let expected {
                #expect(try MetadataPlanner.plan(contentsOf: "-").frames.count == expected)
            } else {
                let error = #expect(throws: PlanError.self) { try MetadataPlanner.plan(contentsOf: "-") }
                #expect(error?.message.hasPrefix("standard input: empty") == true)
            }
        }
    }
}
