/// Puts samples into larger containers.
enum SampleWidening {
    /// The frame with each 8-bit sample in 16 bits, little-endian: sign-extended when signed, else zero-extended.
    ///
    /// Nil for a frame whose samples are not in one byte each. The layout then states 16 bits a sample, because a
    /// layout's precision decides its container.
    static func to16Bits(_ frame: DecodedFrame, pool: BufferPool) -> DecodedFrame? {
        guard let layout = frame.layout, layout.bytesPerSample == 1 else { return nil }
        let wide = PixelLayout(
            width: layout.width, height: layout.height, components: layout.components, bitsPerSample: 16,
            isSigned: layout.isSigned)
        let source = frame.bytes.bytes
        guard wide.byteCount == 2 * source.count else { return nil }
        let buffer = pool.buffer(capacity: wide.byteCount)
        buffer.withMutableBytes(count: wide.byteCount) { target in
            let samples = target.bindMemory(to: UInt16.self)
            if layout.isSigned {
                for (index, byte) in source.enumerated() {
                    samples[index] = UInt16(bitPattern: Int16(Int8(bitPattern: byte))).littleEndian
                }
            } else {
                for (index, byte) in source.enumerated() { samples[index] = UInt16(byte).littleEndian }
            }
        }
        var widened = DecodedFrame(bytes: buffer, layout: wide, decoder: frame.decoder)
        widened.reduction = frame.reduction
        widened.lacksResolution = frame.lacksResolution
        return widened
    }
}
