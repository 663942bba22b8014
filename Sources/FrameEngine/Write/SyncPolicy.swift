/// When what was written is forced onto the medium. A killed process loses nothing either way: the system writes what
/// it was given. The policies differ in what a loss of power or a crash of the system can take.
public enum SyncPolicy: String, Sendable, CaseIterable {
    /// The system decides. After a loss of power, run the same fetch with `--recheck`.
    case none
    /// Everything once, at the end of the run, before the report is written: what a report counts is on the medium.
    case end
    /// Each frame: its file and its folder, and then its line in the manifest. What the manifest names is on the
    /// medium at any moment.
    case each
}
