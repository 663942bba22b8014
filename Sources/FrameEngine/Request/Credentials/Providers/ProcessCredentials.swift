import Foundation

/// `credential_process`: a program of the user's that prints credentials as JSON.
///
/// The line is split into words as a shell would, and the program is run with them directly: no shell, no variables, no
/// globs, no pipes. It gets the environment of this program, nothing on standard input, and a limit on time and output; what
/// it says on standard error is thrown away, since it may hold anything.
struct ProcessCredentials: Sendable {
    let command: String
    /// The profile's name, for errors.
    let profile: String
    let environment: [String: String]
    var timeLimit: Duration = .seconds(60)
    /// Bytes of standard output.
    var outputLimit = 64 << 10

    func credentials() async throws(CredentialsError) -> AWSCredentials {
        let place = "profile '\(profile)': credential_process"
        guard let words = CommandWords.split(command), let program = words.first, !program.isEmpty else {
            throw CredentialsError(.incomplete, "\(place) is not a command: a quote is open, or it is empty")
        }
        let child = ChildProcess(
            words: words, environment: environment, timeLimit: timeLimit, outputLimit: outputLimit)
        let output: [UInt8]
        do {
            output = try await child.output()
        } catch {
            throw CredentialsError(
                error.isTimeout ? .unreachable : .refused, "\(place) \(error.text); run it by hand to see why"
            )
        }
        do throws(KeyDocument.Problem) {
            let document = try KeyDocument(parsing: output)
            guard let version = document.version else { throw KeyDocument.Problem(text: "has no Version") }
            guard version == 1 else {
                throw KeyDocument.Problem(text: "has Version \(version); only version 1 is known")
            }
            return try document.credentials(sessionToken: document.sessionToken)
        } catch {
            throw CredentialsError(.incomplete, "\(place): what it printed \(error.text)")
        }
    }
}
