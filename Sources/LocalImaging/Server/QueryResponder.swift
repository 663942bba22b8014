import Foundation
import FrameEngine

/// The services of the query protocol, told apart by the version of their API that a request names.
struct QueryResponder: Sendable {
    let sts: STSAPI
    let cloudFormation: CloudFormationAPI
    /// Nil where signatures are not asked for.
    let authenticator: RequestAuthenticator?

    func respond(to request: APIRequest, at date: Date) -> APIResponse {
        let id = UUID().uuidString.lowercased()
        let call = QueryCall(request)
        let isSTS = call["Version"].map { $0 == STSAPI.version } ?? STSAPI.actions.contains(call.action)
        do throws(QueryError) {
            let signer = try signer(of: request, call, service: isSTS ? "sts" : "cloudformation", at: date)
            return isSTS
                ? try sts.respond(to: call, signer: signer, requestID: id, at: date)
                : try cloudFormation.respond(to: call, requestID: id, at: date)
        } catch {
            return error.response(
                namespace: isSTS ? STSAPI.namespace : CloudFormationAPI.namespace, requestID: id)
        }
    }

    /// Who signed the request; nil where signatures are not asked for, and for the one action that a token stands for.
    private func signer(
        of request: APIRequest, _ call: QueryCall, service: String, at date: Date
    ) throws(QueryError) -> RequestAuthenticator.Signer? {
        guard let authenticator, call.action != "AssumeRoleWithWebIdentity" else { return nil }
        do throws(SignatureRefusal) {
            return try authenticator.signer(
                of: request, payloadHash: try RequestAuthenticator.payloadHash(of: request),
                services: [service], pathStyle: .encodedTwice, at: date)
        } catch {
            throw error.queryError
        }
    }
}
