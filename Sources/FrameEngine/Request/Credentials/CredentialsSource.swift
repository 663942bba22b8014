/// One place that may have credentials.
protocol CredentialsSource: Sendable {
    /// What messages call it.
    var name: String { get }

    /// Looks. A place that has something unusable throws, so that the user learns of it.
    ///
    /// The error's message names the place and never what was found there.
    func load() async throws(CredentialsError) -> CredentialsLookup
}

/// What a place had.
enum CredentialsLookup: Sendable {
    case found(AWSCredentials)
    /// Nothing, and why.
    case nothing(String)
}
