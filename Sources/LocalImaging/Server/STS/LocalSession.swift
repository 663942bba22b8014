import Foundation

/// What the token of temporary credentials says.
struct LocalSession: Codable, Hashable, Sendable {
    var accessKeyID: String
    /// As it was assumed: `arn:aws:iam::ACCOUNT:role/NAME`.
    var roleARN: String
    var sessionName: String
    /// Seconds since 1970.
    var expiresAt: Double

    var expiration: Date { Date(timeIntervalSince1970: expiresAt) }

    private var account: String {
        let parts = roleARN.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 4 ? String(parts[4]) : ""
    }

    private var roleName: String { roleARN.split(separator: "/").last.map(String.init) ?? "" }

    /// The id of the role and the name of the session.
    var userID: String { RoleStore.id(ofRoleNamed: roleName) + ":" + sessionName }

    /// `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`.
    var arn: String { "arn:aws:sts::\(account):assumed-role/\(roleName)/\(sessionName)" }

    var accountID: String { account }
}
