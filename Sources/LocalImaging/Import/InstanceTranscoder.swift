import Foundation
import FrameEngine

/// Turns the pixel data of one instance into stored frames. One for each worker: keeps encoder and scratch memory.
final class InstanceTranscoder {
    /// The frames of one instance, ready to be stored.
    struct Output {
        /// Nil without pixel data.
        let syntax: TransferSyntax?
        let frames: [(document: ImageSetDocument.Frame, bytes: [UInt8])]
    }

    private let encoder = HTJ2KEncoder()
    private let decoder = OpenJPEGDecoder()
    private let pool = BufferPool()
    private let verifiesEncoding: Bool
    private let raster: PooledBuffer
    private let scratch: PooledBuffer

    /// - Parameter verifiesEncoding: decode each encoded frame again and compare it with its source.
    init(verifiesEncoding: Bool) {
        self.verifiesEncoding = verifiesEncoding
        raster = pool.buffer(capacity: 1 << 20)
        scratch = pool.buffer(capacity: 1 << 20)
    }

    func transcode(_ file: DICOMFile) throws(DICOMFileError) -> Output {
        switch try ImportRoute(file) {
        case .noFrames: Output(syntax: nil, frames: [])
        case .transcode(let source): try transcode(file, from: source)
        case .keepEncoded: try keep(file, frames: PixelDescription(file).frames, of: file.transferSyntax)
        case .keepVideo: try keep(file, frames: 1, of: file.transferSyntax)
        case .keepBits: try keepBits(file)
        }
    }

    // MARK: Kept as imported

    private func keep(
        _ file: DICOMFile, frames: Int, of syntax: TransferSyntax
    ) throws(DICOMFileError) -> Output {
        let image = try PixelDescription(file)
        var kept: [(document: ImageSetDocument.Frame, bytes: [UInt8])] = []
        for index in 0..<frames {
            let bytes = try file.encodedFrame(index, of: frames)
            guard !bytes.isEmpty else { throw DICOMFileError(.damaged, "frame \(index + 1) is empty") }
            kept.append(Self.stored(Array(bytes), image: image))
        }
        return Output(syntax: syntax, frames: kept)
    }

    /// Frames of one-bit pixels follow each other without padding (PS3.5, 8.1.1), so that one may start inside of a
    /// byte. Here each frame starts at a byte of its own, the order of the bits as imported, its last byte filled
    /// with 0. How the service cuts such frames is not known; frames of whole bytes are stored unchanged.
    private func keepBits(_ file: DICOMFile) throws(DICOMFileError) -> Output {
        let image = try PixelDescription(file)
        let bytes = try file.nativePixels()
        let frameBits = image.width * image.height * image.components
        let neededBytes = (frameBits * image.frames + 7) / 8
        guard bytes.count >= neededBytes else { throw Self.tooShort(bytes.count, neededBytes, image.frames) }
        let frames = (0..<image.frames).map { index in
            let cut = RasterArrangement.bits(of: bytes, from: index * frameBits, count: frameBits)
            return Self.stored(cut, image: image)
        }
        return Output(syntax: .explicitVRLittleEndian, frames: frames)
    }

    private static func stored(
        _ bytes: [UInt8], image: PixelDescription
    ) -> (document: ImageSetDocument.Frame, bytes: [UInt8]) {
        let checksum = ResolutionChecksum(
            width: image.width, height: image.height, crc32: CRC32.checksum(bytes))
        let document = ImageSetDocument.Frame(
            id: .random(), checksum: checksum, pixelValues: nil, sizeInBytes: bytes.count)
        return (document, bytes)
    }

    // MARK: Transcoded

    private func transcode(
        _ file: DICOMFile, from source: ImportRoute.PixelSource
    ) throws(DICOMFileError) -> Output {
        let image = try PixelDescription(file)
        try image.checkIsTranscodable()
        let native = source == .native ? try NativeFrames(file, image: image) : nil
        var frames: [(document: ImageSetDocument.Frame, bytes: [UInt8])] = []
        for index in 0..<image.frames {
            if let native {
                native.copy(frame: index, into: raster, scratch: scratch)
            } else if source == .dcmtk {
                try decodeWithDCMTK(file, frame: index, image: image)
            } else {
                try decodeWithOpenJPEG(file, frame: index, image: image)
            }
            extendSigns(image)
            frames.append(try encode(image, frame: index))
        }
        return Output(syntax: .htj2kLosslessRPCL, frames: frames)
    }

    /// Signed samples must have their sign in the unused bits, because a client takes the decoded container for the
    /// value; some files have zeros there, and JPEG-LS knows no signs. The unused bits of unsigned samples stay as
    /// they are: they may hold an overlay.
    private func extendSigns(_ image: PixelDescription) {
        guard image.isSigned, image.highBit == image.bitsStored - 1 else { return }
        raster.withMutableBytes(count: image.frameBytes) { pixels in
            RasterArrangement.extend(
                pixels, bits: image.bitsStored, bytesPerSample: image.bytesPerSample, isSigned: true)
        }
    }

    private func encode(
        _ image: PixelDescription, frame index: Int
    ) throws(DICOMFileError) -> (document: ImageSetDocument.Frame, bytes: [UInt8]) {
        let pixels = raster.bytes
        let layout = image.layout(of: pixels)
        let encoded: [UInt8]
        do {
            encoded = Array(try encoder.encode(pixels, layout: layout, colour: image.colour))
        } catch {
            throw DICOMFileError(.unsupported, "frame \(index + 1) cannot be encoded: \(error)")
        }
        if verifiesEncoding { try verify(encoded, frame: index) }
        let lowerChecksums = try lowerChecksums(of: encoded, layout: layout, frame: index)
        let document = ImageSetDocument.Frame(
            id: .random(),
            checksum: ResolutionChecksum(
                width: image.width, height: image.height, crc32: CRC32.checksum(pixels)),
            lowerChecksums: lowerChecksums,
            pixelValues: PixelRange.of(
                pixels, layout: layout, bitsStored: image.bitsStored, highBit: image.highBit),
            sizeInBytes: encoded.count)
        return (document, encoded)
    }

    /// By OpenJPEG, as the proof of the encoding, so that a client's own decoder is not compared with itself.
    private func lowerChecksums(
        of encoded: [UInt8], layout: PixelLayout, frame index: Int
    ) throws(DICOMFileError) -> [ResolutionChecksum] {
        let stream = pool.buffer(capacity: encoded.count)
        encoded.withUnsafeBytes { stream.append($0) }
        do {
            return try LowerResolutions.checksums(of: layout) { (reduction) throws(DecodeError) in
                try decoder.decode(stream.bytes, reduction: reduction, pool: pool)
            }
        } catch {
            throw DICOMFileError(
                .system, "frame \(index + 1) does not decode at a lower resolution: \(error.message)")
        }
    }

    private func verify(_ encoded: [UInt8], frame index: Int) throws(DICOMFileError) {
        let decoded = encoded.withUnsafeBytes { bytes in
            try? decoder.decode(bytes, pool: pool)
        }
        guard let decoded, Self.areEqual(decoded.bytes.bytes, raster.bytes) else {
            throw DICOMFileError(
                .system,
                "frame \(index + 1) does not decode to its source again; nothing of the file is stored")
        }
    }

    private static func areEqual(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        guard let left = first.baseAddress, let right = second.baseAddress else { return false }
        return first.count == second.count && memcmp(left, right, first.count) == 0
    }

    private func decodeWithDCMTK(
        _ file: DICOMFile, frame index: Int, image: PixelDescription
    ) throws(DICOMFileError) {
        let even = image.frameBytes + image.frameBytes % 2
        let isPlanar = try scratch.withMutableBytes(count: even) { (buffer) throws(DICOMFileError) in
            try file.decodeFrame(index, into: buffer)
        }
        let decoded = UnsafeRawBufferPointer(rebasing: scratch.bytes.prefix(image.frameBytes))
        raster.withMutableBytes(count: image.frameBytes) { pixels in
            if isPlanar && image.components > 1 {
                RasterArrangement.interleave(
                    decoded, components: image.components, bytesPerSample: image.bytesPerSample, into: pixels)
            } else {
                pixels.copyMemory(from: decoded)
            }
        }
    }

    private func decodeWithOpenJPEG(
        _ file: DICOMFile, frame index: Int, image: PixelDescription
    ) throws(DICOMFileError) {
        let encoded = try file.encodedFrame(index, of: image.frames)
        let decoded: DecodedFrame
        do {
            decoded = try decoder.decode(encoded, pool: pool)
        } catch {
            let kind: DICOMFileError.Kind = error.kind == .unsupported ? .unsupported : .damaged
            throw DICOMFileError(kind, "frame \(index + 1) cannot be decoded: \(error.message)")
        }
        guard let layout = decoded.layout, layout.width == image.width, layout.height == image.height,
            layout.components == image.components
        else {
            throw DICOMFileError(
                .damaged, "the codestream of frame \(index + 1) has another size than the attributes say")
        }
        guard layout.bitsPerSample <= image.bitsAllocated else {
            throw DICOMFileError(
                .damaged,
                "the codestream has \(layout.bitsPerSample) bits, BitsAllocated is \(image.bitsAllocated)")
        }
        raster.withMutableBytes(count: image.frameBytes) { pixels in
            RasterArrangement.convert(
                decoded.bytes.bytes, layout: layout, bytesPerSample: image.bytesPerSample, into: pixels)
            // Where the codestream and PixelRepresentation disagree on the sign, the attribute is right.
            if layout.isSigned != image.isSigned {
                RasterArrangement.extend(
                    pixels, bits: layout.bitsPerSample, bytesPerSample: image.bytesPerSample,
                    isSigned: image.isSigned)
            }
        }
    }

    static func tooShort(_ count: Int, _ needed: Int, _ frames: Int) -> DICOMFileError {
        DICOMFileError(
            .damaged,
            "the pixel data has \(count) bytes and \(frames) frame\(frames == 1 ? "" : "s") need \(needed)")
    }
}
