import FrameEngine

/// Takes a body in S3's `aws-chunked` form apart as it arrives: chunks with their sizes, perhaps signed, then trailers
/// (S3 API reference, "Signature calculations: transferring a payload in multiple chunks").
///
///     400;chunk-signature=…CRLF 1024 bytes CRLF … 0;chunk-signature=…CRLF name:value CRLF CRLF
struct ChunkedPayload {
    /// The longest line: a chunk's size with its signature, or a trailer.
    private static let lineLimit = 1024
    private static let trailerLimit = 16

    private enum State { case size, data, dataEnd, trailers, end }

    /// Checks the signatures of chunks; nil where they have none.
    private var seal: ChunkSeal?
    private let limit: Int
    private var state = State.size
    private var line: [UInt8] = []
    /// Bytes of the chunk that are still to come.
    private var left = 0
    private var signature: String?
    /// Payload bytes so far.
    private(set) var count = 0
    /// Trailers by name, lower case.
    private(set) var trailers: [String: String] = [:]
    /// The trailers as they are signed.
    private var trailerText = ""

    /// - Parameter limit: the most payload bytes.
    init(seal: ChunkSeal?, limit: Int) {
        self.seal = seal
        self.limit = limit
    }

    private static let malformed = S3Error.invalidRequest(
        "The body is not in the aws-chunked form that was announced")

    /// Whether the last chunk and all behind it has been read.
    var isComplete: Bool { state == .end }

    /// Reads the next bytes of the body and hands the payload among them to `sink`.
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, to sink: (UnsafeRawBufferPointer) throws(S3Error) -> Void
    ) throws(S3Error) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .data:
                let piece = rest.prefix(left)
                let raw = UnsafeRawBufferPointer(rebasing: piece)
                seal?.update(raw)
                try sink(raw)
                count += raw.count
                left -= raw.count
                rest = rest.dropFirst(piece.count)
                if left == 0 { state = .dataEnd }
            case .end:
                throw Self.malformed
            case .size, .dataEnd, .trailers:
                guard let end = rest.firstIndex(of: 0x0A) else {
                    line += rest
                    rest = rest[rest.endIndex...]
                    guard line.count <= Self.lineLimit else { throw Self.malformed }
                    continue
                }
                line += rest[..<end]
                rest = rest[(end + 1)...]
                guard line.last == 0x0D, line.count <= Self.lineLimit else { throw Self.malformed }
                let text = String(decoding: line.dropLast(), as: UTF8.self)
                line.removeAll(keepingCapacity: true)
                try read(text)
            }
        }
    }

    private mutating func read(_ line: String) throws(S3Error) {
        switch state {
        case .size: try readSize(line)
        case .dataEnd:
            guard line.isEmpty else { throw Self.malformed }
            try endChunk()
            state = .size
        case .trailers:
            if line.isEmpty {
                try endTrailers()
                state = .end
            } else {
                try readTrailer(line)
            }
        case .data, .end: throw Self.malformed
        }
    }

    private mutating func readSize(_ line: String) throws(S3Error) {
        let parts = line.split(separator: ";", omittingEmptySubsequences: false)
        guard let digits = parts.first, (1...8).contains(digits.utf8.count),
            digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), let size = Int(digits, radix: 16)
        else { throw Self.malformed }
        guard size <= limit - count else { throw S3Error.tooLarge(limit) }
        signature = parts.dropFirst().first { $0.hasPrefix("chunk-signature=") }.map {
            String($0.dropFirst(16))
        }
        left = size
        if size > 0 {
            state = .data
        } else {
            try endChunk()
            state = .trailers
        }
    }

    private mutating func endChunk() throws(S3Error) {
        guard seal?.endChunk(signature) ?? true else { throw SignatureRefusal.wrongSignature.s3Error }
        signature = nil
    }

    private mutating func readTrailer(_ line: String) throws(S3Error) {
        guard let colon = line.firstIndex(of: ":"), trailers.count < Self.trailerLimit else {
            throw Self.malformed
        }
        let name = line[..<colon].lowercased()
        let value = line[line.index(after: colon)...].trimmingBlanks
        guard !name.isEmpty, trailers[name] == nil else { throw Self.malformed }
        trailers[name] = value
        if name != "x-amz-trailer-signature" { trailerText += "\(name):\(value)\n" }
    }

    private mutating func endTrailers() throws(S3Error) {
        guard let seal, seal.hasTrailer else { return }
        guard seal.isTrailer(trailerText, signedWith: trailers["x-amz-trailer-signature"]) else {
            throw SignatureRefusal.wrongSignature.s3Error
        }
    }
}
