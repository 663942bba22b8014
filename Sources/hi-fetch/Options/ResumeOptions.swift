import ArgumentParser
import Foundation
import FrameEngine

/// What is done with the frames of earlier runs, and how safely this one's are kept.
struct ResumeOptions: ParsableArguments {
    @Flag(
        name: .customLong("no-resume"),
        help: "Fetch every frame, also those that an earlier run into the folder has finished.")
    var noResume = false

    @Flag(
        help:
            "Read the files of frames that an earlier run has finished, and fetch those again that have changed."
    )
    var recheck = false

    @Option(
        help: """
            When files are forced onto the medium. none: when the system likes, safe against a kill; end: all at \
            the end of the run; each: every frame before the manifest names it, safe against a loss of power, slow.
            """)
    var sync: SyncPolicy = .none

    @Option(
        name: .customLong("keep-evidence"),
        help: ArgumentHelp(
            "A folder, outside of --output, for answers with wrong bytes, as they came; 1,000 at most.",
            valueName: "dir"))
    var evidence: String?

    func validate() throws {
        if noResume, recheck { throw ValidationError("--recheck has no meaning with --no-resume.") }
        if evidence == "" { throw ValidationError("--keep-evidence needs the name of a folder.") }
    }

    /// - Throws: `ValidationError` where the evidence would lie among the frames.
    func check(output: String) throws {
        guard let evidence else { return }
        let (inner, outer) = (Self.components(evidence), Self.components(output))
        if inner.starts(with: outer) {
            throw ValidationError("--keep-evidence must be a folder outside of --output.")
        }
    }

    /// `options` with these put in.
    func fetchOptions(_ options: FetchOptions) -> FetchOptions {
        var options = options
        options.resumes = !noResume
        options.rechecks = recheck
        options.sync = sync
        options.evidenceDirectory = evidence
        return options
    }

    private static func components(_ path: String) -> [String] {
        URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().pathComponents
    }
}
