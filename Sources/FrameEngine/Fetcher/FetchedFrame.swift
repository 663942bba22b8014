/// A frame that was fetched and decoded and whose checksum is the one in the image set's metadata.
///
/// Its bytes are the very memory that the decoder filled, not a copy. They live, and count against the fetcher's
/// memory limit, as long as any copy of this value does: let go of frames that are done with. Any thread may read
/// them; nobody writes them any more. They stay valid after the fetcher was shut down.
public struct FetchedFrame: Sendable {
    /// The memory of a frame, with its share of the budget.
    private final class Hold: Sendable {
        let decoded: DecodedFrame
        let encoded: PooledBuffer?
        private let lease: AsyncBudget.Lease

        init(decoded: DecodedFrame, encoded: PooledBuffer?, lease: AsyncBudget.Lease) {
            self.decoded = decoded
            self.encoded = encoded
            self.lease = lease
        }
    }

    /// All that is worth recording of it: `manifestLine()` makes a line of a manifest of it.
    public let outcome: FrameOutcome
    private let hold: Hold

    /// - Parameter lease: is corrected to what the frame holds.
    init(
        outcome: FrameOutcome, decoded: DecodedFrame, encoded: PooledBuffer?, lease: AsyncBudget.Lease
    ) {
        let encodedBytes = encoded.map { $0 === decoded.bytes ? 0 : $0.count } ?? 0
        lease.adjust(to: decoded.bytes.count + encodedBytes)
        self.outcome = outcome
        hold = Hold(decoded: decoded, encoded: encoded, lease: lease)
    }

    /// What was planned: ids, frame number, expected checksum.
    public var planned: PlannedFrame { outcome.frame }

    /// False for a frame without a checksum, where the fetcher's options allow those.
    public var isVerified: Bool { outcome.status == .verified }

    /// Width, height, samples and their precision. Nil for a frame that is not decoded: its bytes are those of its
    /// transfer syntax.
    public var layout: PixelLayout? { hold.decoded.layout }

    /// The number of bytes that `withUnsafeBytes` gives.
    public var byteCount: Int { hold.decoded.bytes.count }

    /// Gives `body` the pixels: little-endian, pixel-interleaved, rows top to bottom, without padding, as `layout`
    /// says; the stored bytes where there is none.
    ///
    /// The pointer is valid as long as any copy of the frame lives, so it may leave `body` with one.
    public func withUnsafeBytes<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        defer { withExtendedLifetime(hold) {} }
        return try body(hold.decoded.bytes.bytes)
    }

    /// Gives `body` the samples as numbers: row by row, those of a pixel one behind the other.
    ///
    /// - Returns: nil, and `body` is not called, where the frame is not decoded or its samples are not of this type: it
    ///   must have `layout.bytesPerSample` bytes, and be signed where the samples are.
    public func withUnsafeSamples<Sample: FixedWidthInteger, Value, Failure: Error>(
        as type: Sample.Type, _ body: (UnsafeBufferPointer<Sample>) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        guard let layout, layout.bytesPerSample * 8 == Sample.bitWidth, layout.isSigned == Sample.isSigned
        else {
            return nil
        }
        return try withUnsafeBytes { bytes throws(Failure) in
            // Blocks of the pool are aligned to more than any integer, and nothing else is ever bound to them.
            try body(bytes.assumingMemoryBound(to: type))
        }
    }

    /// Gives `body` the bytes as the service sent them.
    ///
    /// - Returns: nil, and `body` is not called, unless the options' `keepsEncodedBytes` was set.
    public func withUnsafeEncodedBytes<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        defer { withExtendedLifetime(hold) {} }
        guard let encoded = hold.encoded else { return nil }
        return try body(encoded.bytes)
    }
}
