import FrameEngine

/// The frames of native pixel data. Borrows the file's memory.
struct NativeFrames {
    private let bytes: UnsafeRawBufferPointer
    private let image: PixelDescription
    private let isSubsampled: Bool
    /// Bytes from one frame to the next.
    private let stride: Int

    init(_ file: DICOMFile, image: PixelDescription) throws(DICOMFileError) {
        bytes = try file.nativePixels()
        self.image = image
        // Some writers name a subsampled interpretation and store every sample all the same.
        isSubsampled = image.isSubsampled && bytes.count < image.frameBytes * image.frames
        stride = isSubsampled ? image.frameBytes / 3 * 2 : image.frameBytes
        guard bytes.count >= stride * image.frames else {
            throw InstanceTranscoder.tooShort(bytes.count, stride * image.frames, image.frames)
        }
    }

    /// Fills `raster` with frame `index` (0-based), pixel-interleaved at full resolution.
    func copy(frame index: Int, into raster: PooledBuffer, scratch: PooledBuffer) {
        let frame = UnsafeRawBufferPointer(rebasing: bytes[index * stride..<(index + 1) * stride])
        raster.withMutableBytes(count: image.frameBytes) { pixels in
            if isSubsampled {
                RasterArrangement.expandSubsampled(frame, into: pixels)
            } else if image.isPlanar {
                // The frame may start at an odd address; the scratch memory is aligned.
                scratch.withMutableBytes(count: frame.count) { $0.copyMemory(from: frame) }
                RasterArrangement.interleave(
                    scratch.bytes, components: image.components, bytesPerSample: image.bytesPerSample,
                    into: pixels)
            } else {
                pixels.copyMemory(from: frame)
            }
        }
    }
}
