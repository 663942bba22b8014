/// One profile as the two files together have it.
struct AWSProfile: Sendable {
    let name: String
    /// Nil where the file does not have the profile.
    let credentialsSection: AWSConfigFile.Section?
    let configSection: AWSConfigFile.Section?

    /// A value of the profile, the credentials file first, as the AWS tools merge what is about credentials; nil where it
    /// is absent or empty.
    func value(_ key: String) -> String? {
        (credentialsSection?.values[key] ?? configSection?.values[key]).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether one of the files has a key of the pair.
    var hasKeys: Bool { value("aws_access_key_id") != nil || value("aws_secret_access_key") != nil }

    /// Whether it is a role that other credentials assume. With a token file it is one that a web identity assumes.
    var isAssumedRole: Bool { value("role_arn") != nil && value("web_identity_token_file") == nil }
}
