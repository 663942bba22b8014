import COpenJPH
import Foundation
import FrameEngine

/// The machine and the libraries that figures belong to.
struct MachineDescription: Codable {
    let processor: String
    let cores: Int
    let openjpeg: String
    let openjph: String

    static var current: MachineDescription {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = model?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
        return MachineDescription(
            processor: name ?? "unknown processor", cores: CorePinning.availableCores,
            openjpeg: OpenJPEGDecoder.libraryVersion, openjph: String(cString: cojph_library_version()))
    }

    /// One line for the head of a report.
    var line: String { "\(processor), \(cores) cores; OpenJPEG \(openjpeg), OpenJPH \(openjph)" }
}
