import Crypto
import FrameEngine

/// The chain of signatures over the chunks of a body: each over the one before and the hash of the chunk's bytes.
struct ChunkSeal {
    /// Whether trailers follow that are signed too.
    let hasTrailer: Bool
    private let key: SymmetricKey
    private let prefix: String
    private var previous: String
    private var hash = SHA256()

    init(signer: RequestAuthenticator.Signer, hasTrailer: Bool) {
        let scope = signer.authorization.scope
        self.hasTrailer = hasTrailer
        key = SigV4.signingKey(secretAccessKey: signer.credentials.secretAccessKey, scope: scope)
        prefix = "\(signer.timestamp)\n\(scope)\n"
        previous = signer.authorization.signature
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    /// Whether this is the signature of the chunk that has passed.
    mutating func endChunk(_ signature: String?) -> Bool {
        let text =
            "AWS4-HMAC-SHA256-PAYLOAD\n\(prefix)\(previous)\n\(SigV4.emptyPayloadHash)\n"
            + ObjectWriter.hexadecimal(hash.finalize())
        hash = SHA256()
        previous = SigV4.signature(of: text, key: key)
        return signature.map { SigV4.isEqualInConstantTime($0, previous) } ?? false
    }

    /// Whether this is the signature of the trailers, each `name:value` and a line feed.
    func isTrailer(_ text: String, signedWith signature: String?) -> Bool {
        let toSign =
            "AWS4-HMAC-SHA256-TRAILER\n\(prefix)\(previous)\n\(SigV4.payloadHash(of: text.utf8))"
        return signature.map { SigV4.isEqualInConstantTime($0, SigV4.signature(of: toSign, key: key)) }
            ?? false
    }
}
