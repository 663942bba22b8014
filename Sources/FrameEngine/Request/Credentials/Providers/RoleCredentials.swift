import Foundation

/// `role_arn` of a profile: a role that the credentials of another profile, or of this machine, assume.
///
/// The other profile may be such a role itself, and so on; a chain that comes back to itself is an error.
struct RoleCredentials: Sendable {
    let configuration: AWSConfiguration
    let services: CredentialsServices

    func credentials(of profile: AWSProfile) async throws(CredentialsError) -> AWSCredentials {
        try await credentials(of: profile, visited: [profile.name])
    }

    private func credentials(
        of profile: AWSProfile, visited: [String]
    ) async throws(CredentialsError) -> AWSCredentials {
        let place = "profile '\(profile.name)'"
        guard profile.value("mfa_serial") == nil else {
            throw CredentialsError(
                .unsupported,
                "\(place) has mfa_serial, and a code cannot be asked for here; export temporary keys instead: "
                    + "eval \"$(aws configure export-credentials --profile \(profile.name) --format env)\"")
        }
        let request = try request(of: profile, place)
        let source = try await source(of: profile, place, visited: visited)
        do {
            return try await services.roles.assume(request, with: source)
        } catch {
            throw CredentialsError(granting: "\(place): AssumeRole of \(request.roleARN)", error)
        }
    }

    private func request(of profile: AWSProfile, _ place: String) throws(CredentialsError) -> RoleRequest {
        var duration: Int?
        if let text = profile.value("duration_seconds") {
            duration = Int(text)
            guard let duration, (900...43200).contains(duration) else {
                throw CredentialsError(
                    .incomplete, "\(place): duration_seconds is not a whole number from 900 to 43200")
            }
        }
        return RoleRequest(
            roleARN: profile.value("role_arn") ?? "",
            sessionName: profile.value("role_session_name")
                ?? RoleRequest.freshSessionName(at: services.now()),
            durationSeconds: duration, externalID: profile.value("external_id"))
    }

    private func source(
        of profile: AWSProfile, _ place: String, visited: [String]
    ) async throws(CredentialsError) -> AWSCredentials {
        switch (profile.value("source_profile"), profile.value("credential_source")) {
        case (.some, .some):
            throw CredentialsError(
                .incomplete, "\(place) has both source_profile and credential_source; it needs one of them")
        case (nil, nil):
            throw CredentialsError(
                .incomplete, "\(place) has role_arn but neither source_profile nor credential_source")
        case (let name?, nil):
            return try await source(named: name, of: profile, visited: visited)
        case (nil, let kind?):
            return try await source(kind, place)
        }
    }

    private func source(
        named name: String, of parent: AWSProfile, visited: [String]
    ) async throws(CredentialsError) -> AWSCredentials {
        guard let profile = configuration.profile(name) else {
            throw CredentialsError(
                .incomplete,
                "profile '\(parent.name)': its source_profile '\(name)' is neither in the AWS config file nor in the "
                    + "credentials file")
        }
        // A profile may be its own source: for the keys that it has beside the role.
        if visited.contains(name), name != parent.name || !profile.hasKeys {
            throw CredentialsError(
                .incomplete,
                "profile '\(visited.first ?? name)': source_profile goes round in a circle: "
                    + (visited + [name]).joined(separator: " -> "))
        }
        if profile.isAssumedRole, !profile.hasKeys {
            return try await credentials(of: profile, visited: visited + [name])
        }
        let steps = ProfileSteps(configuration: configuration, services: services)
        switch try await steps.lookup(profile, named: name, usesEnvironment: false) {
        case .found(let credentials):
            return credentials
        case .nothing(let why):
            throw CredentialsError(
                .incomplete, "profile '\(parent.name)': its source_profile '\(name)' \(why)")
        }
    }

    private func source(_ kind: String, _ place: String) async throws(CredentialsError) -> AWSCredentials {
        let source: any CredentialsSource
        switch kind {
        case "Environment":
            source = EnvironmentCredentials(environment: configuration.environment)
        case "EcsContainer":
            source = ContainerCredentials(
                environment: configuration.environment, transports: services.transports)
        case "Ec2InstanceMetadata":
            source = InstanceCredentials(
                configuration: configuration, transports: services.transports, now: services.now)
        default:
            throw CredentialsError(
                .incomplete,
                "\(place): credential_source is none of Environment, Ec2InstanceMetadata and EcsContainer")
        }
        switch try await source.load() {
        case .found(let credentials):
            return credentials
        case .nothing(let why):
            throw CredentialsError(
                .incomplete, "\(place): its credential_source \(kind) has no credentials: \(why)")
        }
    }
}

extension CredentialsError {
    /// What a call that should give credentials ended in.
    init(granting call: String, _ error: any Error) {
        switch error {
        case let error as CredentialsError:
            self.init(error.reason, "\(call): \(error.message)")
        case let error as ServiceError:
            self.init(error.isRetryable ? .unreachable : .refused, "\(call): \(error.message)")
        case let error as TransportError:
            self.init(
                .unreachable,
                "\(call): \(error.endpoint.isEmpty ? "" : "\(error.endpoint): ")\(error.detail) (\(error.code))"
            )
        case let error as any StageError:
            self.init(.unreachable, "\(call): \(error.message)")
        default:
            self.init(.unreachable, "\(call) was not carried out")
        }
    }
}
