import Dispatch
import Foundation
import FrameEngine
import Synchronization

/// `verify` of an output folder beside threads that only read the same files.
struct VerifyBenchmark {
    struct Result: Codable {
        let files: Int
        let bytes: Int
        let threads: Int
        let verifyMegabytesPerSecond: Double
        let readMegabytesPerSecond: Double
        /// The rate of verifying over that of reading.
        let ratio: Double
    }

    let directory: String
    let repeats: Int
    private let threads = FetchOptions.defaultWorkers

    init(directory: String, repeats: Int) {
        self.directory = directory
        self.repeats = repeats
    }

    /// Reads everything once unmeasured, so that both find the files as warm as they can be.
    func run() async throws -> Result {
        let files = try listFiles()
        _ = try read(files)
        var verifying: [Double] = []
        var reading: [Double] = []
        var bytes = 0
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            let verification = try await OutputVerifier(directory: directory).run { _, _, _ in }
            verifying.append(start.duration(to: .now).inSeconds)
            guard verification.isClean else {
                throw BenchError("\(directory) is not as its manifest says; see 'hi-fetch verify'")
            }
            bytes = verification.bytesRead
            let again = ContinuousClock.now
            guard try read(files) == bytes else {
                throw BenchError("\(directory) holds files that its manifest does not name")
            }
            reading.append(again.duration(to: .now).inSeconds)
        }
        let rates = (
            verify: Double(bytes) / 1e6 / DecodeBenchmark.median(verifying),
            read: Double(bytes) / 1e6 / DecodeBenchmark.median(reading)
        )
        return Result(
            files: files.count, bytes: bytes, threads: threads, verifyMegabytesPerSecond: rates.verify,
            readMegabytesPerSecond: rates.read, ratio: rates.verify / rates.read)
    }

    /// The frames' files: everything below the folder but what lies in it directly (manifest, report).
    private func listFiles() throws -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: directory) else {
            throw BenchError("\(directory) is not a folder that can be read")
        }
        var files: [String] = []
        for case let file as String in walk where file.contains("/") {
            if walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                files.append("\(directory)/\(file)")
            }
        }
        guard !files.isEmpty else { throw BenchError("there are no frames in \(directory)") }
        return files
    }

    /// Bytes that `threads` threads read, file by file.
    private func read(_ files: [String]) throws -> Int {
        let next = Atomic<Int>(0)
        let total = Atomic<Int>(0)
        let failed = Atomic<Bool>(false)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var chunk = [UInt8](repeating: 0, count: 256 << 10)
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < files.count else { return }
                let descriptor = open(files[index], O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { return failed.store(true, ordering: .relaxed) }
                defer { close(descriptor) }
                while true {
                    let count = Foundation.read(descriptor, &chunk, chunk.count)
                    guard count > 0 else { break }
                    total.add(count, ordering: .relaxed)
                }
            }
        }
        guard !failed.load(ordering: .relaxed) else {
            throw BenchError("a file in \(directory) cannot be read")
        }
        return total.load(ordering: .relaxed)
    }
}
