import Foundation

extension RoleStore {
    private static let service = "medical-imaging.amazonaws.com"

    /// Why the service could not assume a role for an import; nil where it could.
    ///
    /// A role that no local stack made is taken for a good one: there is no other way to make roles here. Of a trust
    /// policy only the services that it allows are looked at.
    func importProblem(ofRoleARN arn: String) -> String? {
        let name = arn.split(separator: "/").last.map(String.init) ?? ""
        guard let role = try? role(name) else { return nil }
        return Self.allowsService(role.trustPolicy)
            ? nil : "Role \(arn) cannot be assumed by \(Self.service): its trust policy does not allow it."
    }

    static func allowsService(_ trustPolicy: String) -> Bool {
        guard
            let policy = try? JSONSerialization.jsonObject(with: Data(trustPolicy.utf8)) as? [String: Any],
            let statements = policy["Statement"] as? [[String: Any]]
                ?? (policy["Statement"] as? [String: Any]).map({ [$0] })
        else { return false }
        return statements.contains { statement in
            let services = (statement["Principal"] as? [String: Any])?["Service"]
            let names = services as? [String] ?? (services as? String).map { [$0] } ?? []
            return statement["Effect"] as? String == "Allow" && names.contains(service)
        }
    }
}
