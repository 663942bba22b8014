import ArgumentParser
import FrameEngine

/// A day on the command line: `20240131` or `2024-01-31`.
struct StudyDateArgument: ExpressibleByArgument, Equatable {
    let date: DICOMDateTime

    init?(argument: String) {
        let parts = argument.split(separator: "-", omittingEmptySubsequences: false)
        let isDashed = parts.map(\.utf8.count) == [4, 2, 2]
        guard parts.count == 1 || isDashed, let date = DICOMDateTime(date: parts.joined()) else { return nil }
        self.date = date
    }
}
