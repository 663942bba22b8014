import Crypto
import Foundation
import FrameEngine
import Hummingbird
import NIOCore
import NIOPosix

/// Takes HTTP to S3's API and back: checks signatures, writes uploads to the disk as they arrive.
struct S3Responder: Sendable {
    let api: S3API
    /// Nil where signatures are not asked for.
    let authenticator: RequestAuthenticator?
    let threads: NIOThreadPool

    func respond(to request: Request, head: APIRequest) async throws -> APIResponse {
        let id = UUID().uuidString.lowercased()
        var answer: APIResponse
        do {
            answer = try await perform(request, head)
        } catch let error as S3Error {
            answer = error.response(to: head, requestID: id)
        }
        for name in ["x-amz-request-id", "x-amz-id-2"] {
            answer.fields.append(FrameEngine.HTTPField(name, id))
        }
        return answer
    }

    private func perform(_ request: Request, _ head: APIRequest) async throws -> APIResponse {
        try S3Operation.refusePresigned(head)
        let signer = try signer(of: head)
        let asked = try S3Request(head)
        let operation = try S3Operation(asked)
        if operation.takesObject {
            let upload = try await threads.runIfActive {
                try S3Upload(asked, operation, api: api, signer: signer)
            }
            for try await buffer in request.body {
                try await threads.runIfActive { try upload.write(buffer) }
            }
            return try await threads.runIfActive { try upload.finish() }
        }
        let collected: ByteBuffer
        do {
            collected = try await request.body.collect(upTo: S3API.bodyLimitInBytes)
        } catch is NIOTooManyBytesError {
            throw S3Error.tooLarge(S3API.bodyLimitInBytes)
        }
        return try await threads.runIfActive {
            var whole = head
            whole.body = try Self.payload(of: asked, collected, signer: signer)
            return try api.respond(to: try S3Request(whole), operation)
        }
    }

    /// Who signed the request; nil where signatures are not asked for. What was signed of the body is checked with it.
    private func signer(of head: APIRequest) throws(S3Error) -> RequestAuthenticator.Signer? {
        guard let authenticator else { return nil }
        do throws(SignatureRefusal) {
            guard head.field("authorization") != nil else { throw .missing }
            guard let hash = head.field("x-amz-content-sha256") else { throw .missingPayloadHash }
            let signer = try authenticator.signer(
                of: head, payloadHash: hash, services: ["s3"], pathStyle: .asSent, at: Date.now)
            // Others could add `x-amz-copy-source` to what somebody signed, and it would be another request.
            let isSigned = head.fields.map { $0.name.lowercased() }.allSatisfy { name in
                !name.hasPrefix("x-amz-") || name == "x-amz-content-sha256"
                    || signer.authorization.signedHeaders.contains(name)
            }
            guard isSigned else { throw .unsignedField }
            return signer
        } catch {
            throw error.s3Error
        }
    }

    /// The payload of a body that has come whole, checked.
    private static func payload(
        of request: S3Request, _ body: ByteBuffer, signer: RequestAuthenticator.Signer?
    ) throws(S3Error) -> [UInt8] {
        var payload = try S3Payload(request, signer: signer, limit: S3API.bodyLimitInBytes)
        var bytes: [UInt8] = []
        let result = body.withUnsafeReadableBytes { raw in
            Result { () throws(S3Error) in
                try payload.feed(raw) { piece throws(S3Error) in bytes += piece }
            }
        }
        try result.get()
        _ = try payload.finish(md5: Array(Insecure.MD5.hash(data: bytes)))
        return bytes
    }
}
