import CAllocationCounter
import Foundation
import FrameEngine

/// What a frame costs the memory system once every size has been seen: calls of the allocator and page faults.
///
/// Counted on one thread over whole native decodes: headers, buffers taken from the pool and given back, checksum.
struct WarmCosts: Codable {
    let frames: Int
    /// Nil where calls cannot be counted.
    let allocationsPerFrame: Double?
    let pageFaultsPerFrame: Double

    private static let rounds = 20

    static func measure(_ inputs: [DecodeBenchmark.Input]) throws -> WarmCosts {
        var decoder = NativeKernels(upTo: .avx512)
        for _ in 0..<2 {
            for input in inputs { _ = try decoder.decode(input.encoded).checksum }
        }
        let faults = pageFaults()
        let calls = cac_calls_on_this_thread()
        for _ in 0..<rounds {
            for input in inputs { _ = try decoder.decode(input.encoded).checksum }
        }
        let frames = rounds * inputs.count
        let allocations = Double(cac_calls_on_this_thread() - calls) / Double(frames)
        return WarmCosts(
            frames: frames, allocationsPerFrame: cac_is_counting() != 0 ? allocations : nil,
            pageFaultsPerFrame: Double(pageFaults() - faults) / Double(frames))
    }

    /// Of this thread so far, without those that waited for a disk.
    private static func pageFaults() -> Int {
        var usage = rusage()
        // RUSAGE_THREAD, which Swift's Glibc does not show.
        getrusage(__rusage_who_t(1), &usage)
        return usage.ru_minflt
    }

    var line: String {
        func number(_ value: Double) -> String {
            value.formatted(.number.precision(.fractionLength(0...2)).grouping(.never))
        }
        let allocations = allocationsPerFrame.map(number) ?? "not counted"
        return "native: allocations a frame \(allocations), page faults a frame \(number(pageFaultsPerFrame))"
            + "  (\(frames) warm frames)"
    }
}
