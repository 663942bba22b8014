/// The exit statuses of the contract (docs/architecture.md); the numbers above 2 are those of sysexits(3).
enum ExitStatus: Int32, Sendable {
    /// Every frame verified, or unverifiable and allowed.
    case success = 0
    /// Some frames failed or their checksum differs.
    case someFailed = 1
    /// The command line makes no sense.
    case usage = 64
    /// What was to be read is not there or not what it should be.
    case unreadableInput = 65
    /// The service cannot be reached, or fails.
    case serviceUnavailable = 69
    /// A local file cannot be written, or the disk is full.
    case localIO = 74
    /// Credentials are missing, wrong or expired, or do not permit this.
    case noPermission = 77
    /// Stopped by a signal; running the same command again goes on.
    case interrupted = 130
}
