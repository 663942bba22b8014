import Foundation
import FrameEngine
import NIOCore

/// The part of STS that is answered: who am I, and temporary credentials for roles. Any role of the right form may be
/// assumed, whether a stack made it or not, and its policies are not enforced.
struct STSAPI: Sendable {
    static let version = "2011-06-15"
    static let namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    static let actions: Set<String> = ["GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity"]

    let sessions: SessionIssuer
    let accountID: String
    /// Whether tokens of web identities are taken though nothing says who signed them. Where requests must be signed
    /// and come from other machines, that would let in everybody.
    let trustsWebIdentities: Bool

    /// - Parameter signer: nil where nobody is asked for.
    func respond(
        to call: QueryCall, signer: RequestAuthenticator.Signer?, requestID: String, at date: Date
    ) throws(QueryError) -> APIResponse {
        var xml = XMLText()
        try xml.group("\(call.action)Response", namespace: Self.namespace) { xml throws(QueryError) in
            switch call.action {
            case "GetCallerIdentity": writeIdentity(signer, to: &xml)
            case "AssumeRole": try writeAssumedRole(call, isWebIdentity: false, at: date, to: &xml)
            case "AssumeRoleWithWebIdentity":
                guard trustsWebIdentities else {
                    throw QueryError(
                        status: 403, code: "AccessDenied",
                        message:
                            "the local server cannot verify tokens of web identities, and takes them only "
                            + "while it listens on a loopback address")
                }
                try Self.checkWebIdentity(call.required("WebIdentityToken"), at: date)
                try writeAssumedRole(call, isWebIdentity: true, at: date, to: &xml)
            default:
                throw QueryError(
                    code: "InvalidAction",
                    message: "Could not find operation \(call.action) for version \(Self.version)")
            }
            xml.group("ResponseMetadata") { xml in xml.element("RequestId", requestID) }
        }
        return APIResponse(contentType: "text/xml", body: .bytes(ByteBuffer(string: xml.text)))
    }

    private func writeIdentity(_ signer: RequestAuthenticator.Signer?, to xml: inout XMLText) {
        let session = signer?.session
        xml.group("GetCallerIdentityResult") { xml in
            xml.element("Arn", session?.arn ?? "arn:aws:iam::\(accountID):root")
            xml.element("UserId", session?.userID ?? accountID)
            xml.element("Account", session?.accountID ?? accountID)
        }
    }

    private func writeAssumedRole(
        _ call: QueryCall, isWebIdentity: Bool, at date: Date, to xml: inout XMLText
    ) throws(QueryError) {
        let role = try call.required("RoleArn")
        let name = try call.required("RoleSessionName")
        guard Self.isRoleARN(role) else { throw .validation("\(role) is invalid") }
        let isName = name.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80
                && (character.isLetter || character.isNumber || "_+=,.@-".utf8.contains(byte))
        }
        guard isName, (2...64).contains(name.utf8.count) else {
            throw .validation(
                "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint: "
                    + "Member must have 2 to 64 of letters, digits and _+=,.@-")
        }
        var duration = 3600
        if let text = call["DurationSeconds"] {
            guard let seconds = Int(text), (900...43_200).contains(seconds) else {
                throw .validation(
                    "1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: "
                        + "Member must be from 900 to 43200")
            }
            duration = seconds
        }
        let credentials = sessions.issue(
            roleARN: role, sessionName: name, expiration: date.addingTimeInterval(Double(duration)))
        let session = sessions.session(
            token: credentials.sessionToken ?? "", accessKeyID: credentials.accessKeyID)
        xml.group(isWebIdentity ? "AssumeRoleWithWebIdentityResult" : "AssumeRoleResult") { xml in
            xml.group("AssumedRoleUser") { xml in
                xml.element("AssumedRoleId", session?.userID)
                xml.element("Arn", session?.arn)
            }
            xml.group("Credentials") { xml in
                xml.element("AccessKeyId", credentials.accessKeyID)
                xml.element("SecretAccessKey", credentials.secretAccessKey)
                xml.element("SessionToken", credentials.sessionToken)
                xml.element("Expiration", credentials.expiration.map(WireDates.iso8601))
            }
            if isWebIdentity { xml.element("SubjectFromWebIdentityToken", name) }
        }
    }

    /// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
    static func isRoleARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1] == "aws" || parts[1].hasPrefix("aws-"),
            parts[2] == "iam",
            parts[3].isEmpty, parts[4].utf8.count == 12,
            parts[4].utf8.allSatisfy({ (0x30...0x39).contains($0) }), parts[5].hasPrefix("role/")
        else { return false }
        let names = parts[5].dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        return text.utf8.count <= 2048 && names.allSatisfy { RoleStore.isValid(String($0)) }
    }

    /// A JSON web token that says when it ends is not taken after that; who signed it is not looked at.
    private static func checkWebIdentity(_ token: String, at date: Date) throws(QueryError) {
        struct Claims: Decodable { var exp: Double? }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return }
        var base64 = parts[1].replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let content = Data(base64Encoded: String(base64)),
            let end = (try? JSONDecoder().decode(Claims.self, from: content))?.exp
        else { return }
        guard end > date.timeIntervalSince1970 else {
            throw QueryError(
                code: "ExpiredTokenException", message: "Token expired: its time to live has passed")
        }
    }
}
