import Foundation
import Synchronization

/// A program that is run once for what it prints: in a group of its own, with limits on time and output.
///
/// When a limit ends it, so are those that it started and that stayed in its group. What it leaves behind on purpose after a
/// success, an agent perhaps, lives on.
struct ChildProcess: Sendable {
    /// Why there is no output.
    struct Failure: Error {
        /// For a person; completes "the program …".
        let text: String
        var isTimeout = false
    }

    /// The program, looked for in `PATH` where it has no slash, and its arguments.
    let words: [String]
    let environment: [String: String]
    let timeLimit: Duration
    /// Bytes.
    let outputLimit: Int

    /// How long it is waited for without looking whether the task was cancelled, in milliseconds.
    private static let slice: Int32 = 50

    /// Runs it on a thread of its own. A cancelled task ends the program.
    func output() async throws(Failure) -> [UInt8] {
        let isCancelled = Flag()
        let result: Result<[UInt8], Failure> = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                Thread.detachNewThread { waiter.resume(returning: run(isCancelled)) }
            }
        } onCancel: {
            isCancelled.raise()
        }
        return try result.get()
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isRaised: Bool { value.load(ordering: .relaxed) }
        func raise() { value.store(true, ordering: .relaxed) }
    }

    private func run(_ isCancelled: Flag) -> Result<[UInt8], Failure> {
        var pipe: [Int32] = [-1, -1]
        guard Glibc.pipe(&pipe) == 0 else {
            return .failure(Failure(text: "could not be run (error \(errno))"))
        }
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let started = start(output: pipe[1])
        close(pipe[1])
        defer { close(pipe[0]) }
        switch started {
        case .failure(let failure):
            return .failure(failure)
        case .success(let child):
            return read(pipe[0], until: ContinuousClock.now + timeLimit, child, isCancelled)
        }
    }

    // MARK: Starting

    private func start(output: Int32) -> Result<pid_t, Failure> {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // This program ignores some signals, and what is ignored stays so over an exec.
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var id: pid_t = 0
        let status = Self.withStrings(words) { arguments in
            Self.withStrings(environment.map { "\($0.key)=\($0.value)" }) { variables in
                posix_spawnp(&id, words[0], &actions, &attributes, arguments, variables)
            }
        }
        switch status {
        case 0: return .success(id)
        case ENOENT: return .failure(Failure(text: "names a program that does not exist"))
        case EACCES: return .failure(Failure(text: "names a file that may not be run"))
        default: return .failure(Failure(text: "could not be run (error \(status))"))
        }
    }

    /// A null-terminated array of C strings, for as long as `body` runs.
    private static func withStrings<Value>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
    ) -> Value {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }

    // MARK: Waiting

    private func read(
        _ pipe: Int32, until deadline: ContinuousClock.Instant, _ child: pid_t, _ isCancelled: Flag
    ) -> Result<[UInt8], Failure> {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        var isOpen = true
        while true {
            if isCancelled.isRaised { return end(child, Failure(text: "was stopped")) }
            if ContinuousClock.now >= deadline {
                let seconds = timeLimit.components.seconds
                return end(child, Failure(text: "did not end within \(seconds) s", isTimeout: true))
            }
            var waiting = pollfd(fd: isOpen ? pipe : -1, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, isOpen ? Self.slice : 5) > 0 {
                let count = Glibc.read(pipe, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                isOpen = count > 0
                if count > 0 { output += buffer.prefix(count) }
                if output.count > outputLimit {
                    return end(child, Failure(text: "printed more than \(outputLimit) bytes"))
                }
                continue
            }
            // Nothing to read: it has ended, or something that it started holds the pipe, or it is still at work.
            var status: Int32 = 0
            let waited = waitpid(child, &status, WNOHANG)
            if waited == child { return Self.judge(status, output) }
            if waited < 0, errno != EINTR { return .failure(Failure(text: "ended without a status")) }
        }
    }

    private func end(_ child: pid_t, _ failure: Failure) -> Result<[UInt8], Failure> {
        kill(-child, SIGKILL)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return .failure(failure)
    }

    private static func judge(_ status: Int32, _ output: [UInt8]) -> Result<[UInt8], Failure> {
        let signal = status & 0x7f
        guard signal == 0 else { return .failure(Failure(text: "was ended by signal \(signal)")) }
        let code = status >> 8 & 0xff
        guard code == 0 else { return .failure(Failure(text: "ended with exit status \(code)")) }
        return .success(output)
    }
}
