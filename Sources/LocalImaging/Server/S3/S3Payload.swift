import Foundation
import FrameEngine

/// The body of a request to S3: takes off the form in which it was sent, and checks it against all that was said of it.
struct S3Payload {
    private enum Form {
        case plain
        case chunked(ChunkedPayload)
    }

    /// Payload bytes that must come; nil where nothing was said.
    let size: Int?
    private let limit: Int
    private var form: Form
    private var digests: PayloadDigests
    /// The hash of the body that was signed; nil where none was.
    private let signedHash: String?
    private let md5: Data?
    /// Checksums as the fields of the request have them.
    private let sent: [PayloadDigests.Algorithm: String]
    private let announced: Set<PayloadDigests.Algorithm>
    private var count = 0

    /// - Parameters:
    ///   - signer: who signed the request; nil where signatures are not looked at.
    ///   - limit: the most payload bytes.
    init(
        _ request: S3Request, signer: RequestAuthenticator.Signer?, limit: Int
    ) throws(S3Error) {
        self.limit = limit
        let kind = request.field("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD"
        let isChunked = kind.hasPrefix("STREAMING-") || request.field("x-amz-decoded-content-length") != nil
        size = try Self.length(request, isChunked ? "x-amz-decoded-content-length" : "content-length")
        if let size, size > limit { throw .tooLarge(limit) }
        form = .plain
        var hash: String?
        if isChunked {
            let seal = try Self.seal(kind, signer)
            form = .chunked(ChunkedPayload(seal: seal, limit: size ?? limit))
        } else if kind != "UNSIGNED-PAYLOAD" {
            guard kind.utf8.count == 64 else { throw .invalidArgument("x-amz-content-sha256 must be a hash") }
            hash = kind
        }
        signedHash = hash
        if let text = request.field("content-md5") {
            guard let digest = Data(base64Encoded: text), digest.count == 16 else {
                throw S3Error(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
            }
            md5 = digest
        } else {
            md5 = nil
        }
        var sent: [PayloadDigests.Algorithm: String] = [:]
        for algorithm in PayloadDigests.Algorithm.allCases {
            if let value = request.field(algorithm.field) { sent[algorithm] = value }
        }
        self.sent = sent
        announced = try Self.announced(request)
        digests = PayloadDigests(announced.union(sent.keys).union(hash == nil ? [] : [.sha256]))
    }

    private static func length(_ request: S3Request, _ name: String) throws(S3Error) -> Int? {
        guard let text = request.field(name) else { return nil }
        guard let length = Int(text), length >= 0 else { throw .invalidArgument("\(name) must be a length") }
        return length
    }

    private static func seal(
        _ kind: String, _ signer: RequestAuthenticator.Signer?
    ) throws(S3Error) -> ChunkSeal? {
        switch kind {
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "UNSIGNED-PAYLOAD": return nil
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
            return signer.map { ChunkSeal(signer: $0, hasTrailer: kind.hasSuffix("-TRAILER")) }
        default: throw .notImplemented("a body signed as \(kind)")
        }
    }

    private static func announced(_ request: S3Request) throws(S3Error) -> Set<PayloadDigests.Algorithm> {
        var algorithms: Set<PayloadDigests.Algorithm> = []
        for name in (request.field("x-amz-trailer") ?? "").split(separator: ",") {
            let name = name.trimmingBlanks.lowercased()
            guard let algorithm = PayloadDigests.Algorithm.allCases.first(where: { $0.field == name }) else {
                throw .invalidRequest("The value specified in the x-amz-trailer header is not supported")
            }
            algorithms.insert(algorithm)
        }
        return algorithms
    }

    /// Reads the next bytes of the body and hands the payload among them to `sink`.
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, to sink: (UnsafeRawBufferPointer) throws(S3Error) -> Void
    ) throws(S3Error) {
        switch form {
        case .plain: try pass(bytes, to: sink)
        case .chunked(var chunked):
            // Taken out while it works, so that it is not copied.
            form = .plain
            defer { form = .chunked(chunked) }
            var digests = digests
            var count = count
            try chunked.feed(bytes) { piece throws(S3Error) in
                digests.update(piece)
                count += piece.count
                try sink(piece)
            }
            self.digests = digests
            self.count = count
        }
    }

    private mutating func pass(
        _ bytes: UnsafeRawBufferPointer, to sink: (UnsafeRawBufferPointer) throws(S3Error) -> Void
    ) throws(S3Error) {
        count += bytes.count
        guard count <= size ?? limit else {
            throw size == nil ? .tooLarge(limit) : .invalidRequest("the body is longer than was said")
        }
        digests.update(bytes)
        try sink(bytes)
    }

    /// Checks the whole body.
    ///
    /// - Parameter md5: of the payload, where it was computed.
    /// - Returns: the checksums that the client sent, by algorithm, all of them right.
    func finish(md5 computed: [UInt8]) throws(S3Error) -> [String: String] {
        var trailers: [String: String] = [:]
        if case .chunked(let chunked) = form {
            guard chunked.isComplete else { throw Self.incomplete }
            trailers = chunked.trailers
        }
        guard size == nil || size == count else { throw Self.incomplete }
        if let signedHash, signedHash != digests.sha256Hexadecimal {
            throw SignatureRefusal.wrongPayloadHash.s3Error
        }
        if let md5, Array(md5) != computed {
            throw S3Error(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
        }
        var checksums: [String: String] = [:]
        for algorithm in announced {
            guard let value = trailers[algorithm.field] else {
                throw S3Error(
                    400, "MalformedTrailerError",
                    "The request contained trailing data that was not well-formed")
            }
            checksums[algorithm.rawValue] = value
        }
        for (algorithm, value) in sent { checksums[algorithm.rawValue] = value }
        for algorithm in announced.union(sent.keys)
        where checksums[algorithm.rawValue] != digests.base64(algorithm) {
            throw S3Error(
                400, "BadDigest",
                "The \(algorithm.rawValue.uppercased()) you specified did not match the calculated checksum.")
        }
        return checksums
    }

    private static let incomplete = S3Error(
        400, "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header")
}
