import Foundation

/// The endpoint that ECS, EKS Pod Identity and Greengrass give a container's role at.
struct ContainerCredentials: CredentialsSource {
    static let relativeURI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    static let fullURI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

    private static let host = "http://169.254.170.2"
    /// Of ECS, of EKS Pod Identity over IPv4 and IPv6, and this machine's own.
    private static let plainHosts: Set<String> = [
        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]", "localhost",
    ]

    let environment: [String: String]
    let transports: CredentialsTransports
    /// Between attempts.
    var pause: Duration = .seconds(1)

    var name: String { "container endpoint" }

    func load() async throws(CredentialsError) -> CredentialsLookup {
        guard let url = try url() else {
            return .nothing("neither \(Self.relativeURI) nor \(Self.fullURI) is set")
        }
        var fields = [HTTPField("Accept", "application/json")]
        if let token = try authorization() { fields.append(HTTPField("Authorization", token)) }
        let place = URLParts(url)?.hostHeader ?? ""
        let transport: any HTTPTransport
        do { transport = try transports.metadata() } catch { throw .noTransport(error, name) }
        let endpoint = CredentialsEndpoint(
            transport: transport, timeLimit: .seconds(2), attempts: 3, pause: pause)
        let body: [UInt8]
        do {
            body = try await endpoint.send(HTTPRequest(method: "GET", url: url, fields: fields))
        } catch {
            throw CredentialsError(
                error.status == nil ? .unreachable : .refused, "\(name): \(place) \(error.text)")
        }
        do throws(KeyDocument.Problem) {
            let document = try KeyDocument(parsing: body)
            return .found(try document.credentials(sessionToken: document.token))
        } catch {
            throw CredentialsError(.incomplete, "\(name): the answer of \(place) \(error.text)")
        }
    }

    /// Nil where the environment names none.
    private func url() throws(CredentialsError) -> String? {
        if let path = environment[Self.relativeURI], !path.isEmpty {
            guard path.hasPrefix("/"), URLParts(Self.host + path) != nil else {
                throw CredentialsError(
                    .incomplete, "\(name): \(Self.relativeURI) is not a path; it begins with /")
            }
            return Self.host + path
        }
        guard let text = environment[Self.fullURI], !text.isEmpty else { return nil }
        guard let parts = URLParts(text), !text.contains("@") else {
            throw CredentialsError(
                .incomplete, "\(name): \(Self.fullURI) is not of the form http(s)://host[:port]/path")
        }
        guard parts.scheme == "https" || Self.plainHosts.contains(parts.host) || Self.isLoopback(parts.host)
        else {
            throw CredentialsError(
                .incomplete,
                "\(name): \(Self.fullURI) names '\(parts.host)'; without https it may only name this machine, "
                    + "169.254.170.2, 169.254.170.23 or [fd00:ec2::23]")
        }
        return text
    }

    /// 127.0.0.0/8, written as four numbers.
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8($0) != nil }
    }

    /// The file is read each time: EKS writes new tokens into it.
    private func authorization() throws(CredentialsError) -> String? {
        let text: String
        let place: String
        if let path = environment[Self.tokenFile], !path.isEmpty {
            place = "the file that \(Self.tokenFile) names"
            do throws(SmallFile.Problem) {
                text = String(decoding: try SmallFile.read(path), as: UTF8.self)
            } catch {
                throw CredentialsError(.incomplete, "\(name): \(place) \(error.text)")
            }
        } else if let token = environment[Self.token], !token.isEmpty {
            place = Self.token
            text = token
        } else {
            return nil
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw CredentialsError(.incomplete, "\(name): \(place) holds a line break, which no header may")
        }
        return text
    }
}
