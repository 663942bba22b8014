/// What a worker thread owns: a decoder, and its number.
final class FrameWorker {
    struct Worked: Sendable {
        let result: FramePipeline.Result
        /// CRC-32 of the bytes as served, when they turned out wrong: tells the network from the service on a
        /// second try.
        let wrongAnswer: UInt32?
    }

    private let decoder: FrameDecoder
    private let pool: BufferPool
    private let number: Int
    private let metrics: EngineMetrics

    /// - Parameters:
    ///   - pool: where the decoder takes its memory from.
    ///   - number: which worker this is, to keep temporary file names apart.
    init(decoder: FrameDecoder, pool: BufferPool, number: Int, metrics: EngineMetrics = .off) {
        self.decoder = decoder
        self.pool = pool
        self.number = number
        self.metrics = metrics
    }

    /// Decodes, verifies and writes; the frame's pixels never leave this thread's core.
    ///
    /// - Parameters:
    ///   - wrongAnswers: CRC-32s of earlier answers for this frame that were wrong. One that comes again is looked at
    ///     more closely.
    ///   - evidence: keeps this answer if it is wrong.
    func finish(
        _ frame: PlannedFrame, encoded: PooledBuffer, at resolution: ResolutionChoice, sink: any FrameSink,
        allowsUnverifiable: Bool, wrongAnswers: [UInt32] = [], evidence: EvidenceFolder? = nil
    ) -> Worked {
        var outcome = FrameOutcome(frame: frame, status: .failed, resolution: resolution)
        outcome.encodedBytes = encoded.count
        var error: (any StageError)?
        let verification = verify(encoded, outcome: &outcome, error: &error) {
            !wrongAnswers.isEmpty && wrongAnswers.contains(CRC32.checksum(encoded))
        }
        let isWrong = error?.stage == .decode || error?.stage == .verify
        let wrongAnswer = isWrong ? CRC32.checksum(encoded) : nil
        if outcome.status == .mismatch, let verification, wrongAnswers.contains(where: { $0 == wrongAnswer })
        {
            outcome.mismatchCause = judge(verification.frame, of: encoded)
        }
        if let verification, error == nil, outcome.status == .verified || allowsUnverifiable {
            do {
                try write(verification, encoded: encoded, to: sink, outcome: &outcome)
            } catch let failure {
                outcome.status = .failed
                error = failure
            }
        }
        outcome.failure = error.map(FrameFailure.init)
        // Right bytes that one decoder makes wrong pixels of are evidence too; a text in a frame's place is not.
        let isText = (error as? DecodeError)?.kind == .notACodestream
        if let evidence, wrongAnswer != nil || outcome.mismatchCause == .decoder, !isText {
            do {
                let crc32 = wrongAnswer ?? CRC32.checksum(encoded)
                try evidence.keep(encoded, crc32: crc32, of: frame, worker: number)
            } catch let failure {
                // Not the frame's failure, but the run's.
                error = failure
            }
        }
        return Worked(result: .init(outcome: outcome, error: error), wrongAnswer: wrongAnswer)
    }

    /// Whose fault the same wrong bytes are when they come a second time: if the decoders make different pixels of them,
    /// one decoder's.
    private func judge(_ decoded: DecodedFrame, of encoded: PooledBuffer) -> MismatchCause {
        guard let other = decoder.otherDecoding(of: encoded, than: decoded) else { return .service }
        let agree = CRC32.checksum(other.bytes) == CRC32.checksum(decoded.bytes)
        return agree ? .service : .decoder
    }

    /// Decodes and compares, with a second decoder where the first seems to be at fault, and fills in `outcome`.
    ///
    /// - Parameters:
    ///   - error: is set to what is wrong with the answer, if anything is.
    ///   - cameAgain: whether these very bytes came before.
    /// - Returns: nil where there is nothing to compare.
    private func verify(
        _ encoded: PooledBuffer, outcome: inout FrameOutcome, error: inout (any StageError)?,
        cameAgain: () -> Bool
    ) -> Verification? {
        let frame = outcome.frame
        let syntax = frame.instance.effectiveTransferSyntax
        var decoded: DecodedFrame
        var verification: Verification
        do {
            let resolution = outcome.resolution
            decoded = try metrics.decode { () throws(DecodeError) in
                try decoder.decode(encoded, storedAs: syntax, resolution: resolution)
            }
            verification = FrameVerifier.verify(decoded, encoded: encoded, against: frame, pool: pool)
            if case .mismatch = verification.verdict,
                let other = decoder.secondOpinion(on: encoded, suspect: decoded, cameAgain: cameAgain())
            {
                decoded = other
                verification = FrameVerifier.verify(decoded, encoded: encoded, against: frame, pool: pool)
                if case .verified = verification.verdict { outcome.mismatchCause = .decoder }
            }
        } catch let failure {
            // No second opinion here: what one decoder calls damaged may end the process in the other.
            error = failure
            return nil
        }
        outcome.decoder = decoded.decoder
        outcome.fallbackReason = decoded.fallbackReason
        outcome.layout = verification.frame.layout
        outcome.decodedBytes = verification.frame.bytes.count
        outcome.reduction = decoded.layout == nil ? nil : decoded.reduction
        outcome.lacksResolution = decoded.lacksResolution
        outcome.expectedCRC32 = verification.expected
        outcome.crc32 = verification.crc32
        switch verification.verdict {
        case .verified:
            outcome.status = .verified
            return verification
        case .unverifiable(let reason):
            outcome.status = .unverifiable
            outcome.unverifiableReason = reason
        case .mismatch(let mismatch):
            outcome.status = .mismatch
            error = mismatch
        }
        if decoded.layout == nil, let page = EncodedKind.page(in: encoded.bytes) {
            outcome.status = .failed
            error = UnexpectedContentError(content: page.rawValue, byteCount: encoded.count)
        }
        return verification
    }

    /// Hands an accepted frame to the sink.
    private func write(
        _ verification: Verification, encoded: PooledBuffer, to sink: any FrameSink,
        outcome: inout FrameOutcome
    ) throws(WriteError) {
        let accepted = AcceptedFrame(frame: outcome.frame, encoded: encoded, decoded: verification.frame)
        guard let written = try sink.write(accepted, worker: number) else { return }
        outcome.file = written.file.path
        outcome.fileBytes = written.file.contents.count
        let coversFile = verification.covers(written.file.contents)
        outcome.fileCRC32 = coversFile ? outcome.crc32 : CRC32.checksum(written.file.contents)
        outcome.codestreamFile = written.codestream?.path
        outcome.codestreamCRC32 = written.codestream.map { CRC32.checksum($0.contents) }
    }
}

extension Verification {
    /// Whether `crc32` was computed over these very bytes, so that it need not be computed again.
    fileprivate func covers(_ contents: PooledBuffer) -> Bool {
        switch verdict {
        case .verified(.decoded), .verified(.widened): contents === frame.bytes
        case .verified(.stored), .unverifiable, .mismatch: false
        }
    }
}
