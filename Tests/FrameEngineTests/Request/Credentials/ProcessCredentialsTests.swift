import Foundation
import Testing

@testable import FrameEngine

@Suite("Credentials of a process")
struct ProcessCredentialsTests {
    typealias Home = AWSSettingsTests.Home

    private static let environment = ["PATH": "/usr/bin:/bin"]

    /// The command line of a script. A shell reads it: a file that was just written cannot always be executed, as long as
    /// a process that another test started meanwhile has it open too.
    private static func script(
        _ body: String, in folder: TemporaryFolder, name: String = "keys"
    ) throws -> String {
        let path = folder.file(name)
        try "\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
        return "/bin/sh '\(path)'"
    }

    private static func failure(_ command: String, timeLimit: Duration = .seconds(60)) async
        -> CredentialsError?
    {
        let process = ProcessCredentials(
            command: command, profile: "p", environment: environment, timeLimit: timeLimit)
        do throws(CredentialsError) {
            _ = try await process.credentials()
            return nil
        } catch {
            return error
        }
    }

    @Test("come from the JSON that it prints, with its arguments as they are quoted and no shell between")
    func found() async throws {
        let folder = try TemporaryFolder()
        let script = try Self.script(
            """
            test "$#" = 4 || exit 9
            test "$1$2" = 'a b$HOME;touch evil' || exit 8
            test "$3" = '*' || exit 7
            test -z "$(cat)" || exit 6
            echo 'S3CRET on standard error' >&2
            printf '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"%s","SessionToken":"T",' "$4"
            printf '"Expiration":"2099-01-01T00:00:00Z"}'
            """, in: folder, name: "my keys")
        let home = try Home(
            config: "[default]\ncredential_process = \(script) \"a b\" $HOME';touch evil' * x\\ y\n")
        let found = try await CredentialsDouble.load(home, Self.environment)
        #expect(found.accessKeyID == "PROC")
        #expect(found.secretAccessKey == "x y")
        #expect(found.sessionToken == "T")
        #expect(found.expiration == AWSDate.parse("2099-01-01T00:00:00Z"))
    }

    @Test("stand behind keys of the credentials file and before those of the config file")
    func order() async throws {
        let folder = try TemporaryFolder()
        let script = try Self.script(
            #"echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"S"}'"#, in: folder)
        let config = """
            [default]
            credential_process = \(script)
            aws_access_key_id = CONFIGKEY
            aws_secret_access_key = CONFIGSECRET
            """
        let both = try Home(config: config, credentials: CredentialsTests.files)
        #expect(try await CredentialsDouble.load(both, Self.environment).accessKeyID == "FILEKEY")
        let found = try await CredentialsDouble.load(try Home(config: config), Self.environment)
        #expect(found.accessKeyID == "PROC")
        #expect(found.sessionToken == nil)
        #expect(found.expiration == nil)
    }

    @Test("end in an error that tells what happened and nothing of what was printed")
    func failing() async throws {
        let folder = try TemporaryFolder()
        let cases: [(String, String)] = [
            ("echo S3CRET; echo S3CRET >&2; exit 3", "exit status 3"),
            ("kill -9 $$", "signal 9"),
            ("echo S3CRET", "not the JSON"),
            (#"echo '{"AccessKeyId":"S3CRET"}'"#, "has no Version"),
            (#"echo '{"Version":2,"AccessKeyId":"S3CRET"}'"#, "Version 2"),
            (#"echo '{"Version":1,"AccessKeyId":"S3CRET"}'"#, "has no SecretAccessKey"),
            (
                #"echo '{"Version":1,"AccessKeyId":"K","SecretAccessKey":"S3CRET","Expiration":"x"}'"#,
                "Expiration"
            ),
            ("yes S3CRET", "printed more than 65536 bytes"),
            (":", "not the JSON"),
        ]
        for (body, words) in cases {
            let error = await Self.failure(try Self.script(body, in: folder))
            #expect(error?.message.contains(words) == true, "\(body): \(error?.message ?? "no error")")
            #expect(error?.message.contains("profile 'p': credential_process") == true)
            #expect(error?.message.contains("S3CRET") == false)
        }
        #expect(await Self.failure("/nonexistent/program")?.message.contains("does not exist") == true)
        #expect(await Self.failure("no-such-program-anywhere")?.message.contains("does not exist") == true)
        #expect(await Self.failure("program 'open quote")?.message.contains("a quote is open") == true)
    }

    @Test("are given up after the time limit, and what was started is gone then")
    func timeLimit() async throws {
        let folder = try TemporaryFolder()
        let marker = folder.file("pid")
        let script = try Self.script("sleep 1000 & echo $! > '\(marker)'; wait", in: folder)
        let error = await Self.failure(script, timeLimit: .milliseconds(700))
        #expect(error?.reason == .unreachable)
        #expect(error?.message.contains("did not end within") == true)
        try await Self.expectGone(marker)
    }

    @Test("are given up when the task that needs them is cancelled")
    func cancelled() async throws {
        let folder = try TemporaryFolder()
        let marker = folder.file("pid")
        let script = try Self.script("sleep 1000 & echo $! > '\(marker)'; wait", in: folder)
        let home = try Home(config: "[default]\ncredential_process = \(script)\n")
        let task = Task { try await CredentialsDouble.load(home, Self.environment) }
        while !FileManager.default.fileExists(atPath: marker) { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await Self.expectGone(marker)
    }

    /// Waits until the process whose number is in the file does not run any more: a dead one may wait for its parent.
    private static func expectGone(_ marker: String) async throws {
        let text = try String(contentsOfFile: marker, encoding: .utf8)
        let id = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        while let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            !status.contains(") Z ")
        {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test("leave alone what the process leaves behind, even where that holds its output open")
    func agent() async throws {
        let folder = try TemporaryFolder()
        let marker = folder.file("pid")
        let script = try Self.script(
            """
            sleep 1000 & echo $! > '\(marker)'
            echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"S"}'
            """, in: folder)
        let process = ProcessCredentials(command: script, profile: "p", environment: Self.environment)
        #expect(try await process.credentials().accessKeyID == "PROC")
        let text = try String(contentsOfFile: marker, encoding: .utf8)
        let id = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(kill(id, SIGKILL) == 0, "the agent lives on")
    }

    @Test(
        "are asked for with the words that a shell would make of the line, and no more",
        arguments: [
            ("a b  c", ["a", "b", "c"]), ("  'a b' \"c d\"e ", ["a b", "c de"]), (#"a\ b \'"#, ["a b", "'"]),
            (#""a\"b\\c\d""#, [#"a"b\c\d"#]), (#"'a\b'"#, [#"a\b"#]), ("'' \"\"", ["", ""]), ("", []),
            ("$HOME `x` ~ a|b > c", ["$HOME", "`x`", "~", "a|b", ">", "c"]), ("a\tb\nc", ["a", "b", "c"]),
            ("ä'ö ü'", ["äö ü"]),
        ])
    func words(line: String, expected: [String]) {
        #expect(CommandWords.split(line) == expected)
    }

    @Test("are not asked for with a line whose quote is open", arguments: ["'a", "\"a", "a\\", "\"a\\"])
    func openQuotes(line: String) {
        #expect(CommandWords.split(line) == nil)
    }
}
