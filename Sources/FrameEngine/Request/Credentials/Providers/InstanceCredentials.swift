import Foundation

/// The role of an EC2 instance, from its metadata service, version 2: a token first, then the role's name, then its keys.
///
/// Version 1, which anything that can make the machine fetch a URL can read, is never used.
struct InstanceCredentials: CredentialsSource {
    let configuration: AWSConfiguration
    let transports: CredentialsTransports
    let now: @Sendable () -> Date

    var name: String { "EC2 instance metadata" }

    private static let rolePath = "/latest/meta-data/iam/security-credentials/"
    /// In seconds. One token serves one search.
    private static let tokenLifetime = "300"
    /// Credentials that have expired are used for so long, while the metadata service cannot renew them.
    private static let extensionTime: TimeInterval = 900

    /// What ends a search without credentials: on any other machine than an instance that is the rule.
    private struct Nothing: Error {
        let why: String
    }

    func load() async throws(CredentialsError) -> CredentialsLookup {
        if configuration.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            return .nothing("AWS_EC2_METADATA_DISABLED is true")
        }
        let base = try baseURL()
        let timeLimit = try configuration.count(
            "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", default: 1, name)
        let attempts = try configuration.count(
            "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", default: 1, name)
        let transport: any HTTPTransport
        do { transport = try transports.metadata() } catch { throw .noTransport(error, name) }
        let endpoint = CredentialsEndpoint(
            transport: transport, timeLimit: .seconds(timeLimit), attempts: attempts)
        do throws(Nothing) {
            let token = try await token(base, endpoint)
            let role = try await role(base, token, endpoint)
            return .found(try await keys(base, role, token, endpoint))
        } catch {
            return .nothing(error.why)
        }
    }

    private func token(_ base: String, _ endpoint: CredentialsEndpoint) async throws(Nothing) -> String {
        let request = HTTPRequest(
            method: "PUT", url: "\(base)/latest/api/token",
            fields: [HTTPField("X-aws-ec2-metadata-token-ttl-seconds", Self.tokenLifetime)])
        let token = String(decoding: try await send(request, endpoint), as: UTF8.self)
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Nothing(why: "\(place(base)) gave no IMDSv2 token")
        }
        return token
    }

    private func role(
        _ base: String, _ token: String, _ endpoint: CredentialsEndpoint
    ) async throws(Nothing) -> String {
        let body: [UInt8]
        do {
            body = try await endpoint.send(get("\(base)\(Self.rolePath)", token))
        } catch {
            throw Nothing(
                why: error.status == 404 ? "the instance has no role" : "\(place(base)) \(error.text)")
        }
        guard let line = String(decoding: body, as: UTF8.self).split(whereSeparator: \.isNewline).first else {
            throw Nothing(why: "the instance has no role")
        }
        return String(line)
    }

    private func keys(
        _ base: String, _ role: String, _ token: String, _ endpoint: CredentialsEndpoint
    ) async throws(Nothing) -> AWSCredentials {
        let url = "\(base)\(Self.rolePath)\(PercentEncoding.encode(role))"
        let body = try await send(get(url, token), endpoint)
        do throws(KeyDocument.Problem) {
            let document = try KeyDocument(parsing: body)
            if let code = document.code, code != "Success" {
                throw KeyDocument.Problem(text: "says that the role cannot be used")
            }
            return extended(try document.credentials(sessionToken: document.token))
        } catch {
            throw Nothing(why: "the answer of \(place(base)) \(error.text)")
        }
    }

    /// While the service behind it is ill the metadata service gives old credentials: the best there are, and often still
    /// accepted (AWS SDKs: static stability).
    private func extended(_ credentials: AWSCredentials) -> AWSCredentials {
        guard let expiration = credentials.expiration, expiration <= now() else { return credentials }
        return AWSCredentials(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey,
            sessionToken: credentials.sessionToken, expiration: now() + Self.extensionTime)
    }

    private func send(
        _ request: HTTPRequest, _ endpoint: CredentialsEndpoint
    ) async throws(Nothing) -> [UInt8] {
        do {
            return try await endpoint.send(request)
        } catch {
            throw Nothing(why: "\(place(request.url)) \(error.text)")
        }
    }

    private func get(_ url: String, _ token: String) -> HTTPRequest {
        HTTPRequest(method: "GET", url: url, fields: [HTTPField("X-aws-ec2-metadata-token", token)])
    }

    private func place(_ url: String) -> String { URLParts(url)?.hostHeader ?? "" }

    private func baseURL() throws(CredentialsError) -> String {
        let named =
            configuration.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            ?? configuration.profileValue("ec2_metadata_service_endpoint")
        if var named {
            guard let parts = URLParts(named), parts.query == nil, !named.contains("@"), !named.contains("#")
            else {
                throw CredentialsError(
                    .incomplete,
                    "\(name): AWS_EC2_METADATA_SERVICE_ENDPOINT is not of the form http://host[:port]")
            }
            while named.hasSuffix("/") { named.removeLast() }
            return named
        }
        let mode =
            configuration.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
            ?? configuration.profileValue("ec2_metadata_service_endpoint_mode") ?? "ipv4"
        switch mode.lowercased() {
        case "ipv4": return "http://169.254.169.254"
        case "ipv6": return "http://[fd00:ec2::254]"
        default:
            throw CredentialsError(
                .incomplete, "\(name): AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6")
        }
    }
}

extension AWSConfiguration {
    /// A whole number from 1 on.
    fileprivate func count(
        _ variable: String, _ key: String, default fallback: Int, _ place: String
    ) throws(CredentialsError) -> Int {
        guard let text = self.variable(variable) ?? profileValue(key) else { return fallback }
        guard let number = Int(text), (1...600).contains(number) else {
            throw CredentialsError(.incomplete, "\(place): \(variable) is not a whole number from 1 to 600")
        }
        return number
    }
}
