import Foundation
import FrameEngine
import Synchronization

/// What was made.
public struct SyntheticStudyReceipt: Sendable {
    public let datastoreID: HealthImagingID
    public let imageSetID: HealthImagingID
    public let frames: Int
    /// Of all frames as decoded.
    public let decodedBytes: Int
    /// Of all frames as stored.
    public let encodedBytes: Int
}

extension SyntheticStudy {
    /// Paints, encodes and stores every frame, then commits them as one image set.
    ///
    /// Works on `workers` threads of its own and keeps one frame for each in memory. Frames are not decoded again
    /// for proof: the painter's range is within what the encoder is tested for. When it throws, or is cancelled,
    /// the store has nothing of the study.
    ///
    /// - Parameters:
    ///   - workers: threads; one a core is right.
    ///   - progress: called from any of the threads with the frames finished so far.
    public func write(
        into store: ImageSetStore, datastoreID: HealthImagingID,
        workers: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (@Sendable (_ framesDone: Int) -> Void)? = nil
    ) async throws -> SyntheticStudyReceipt {
        let writer = try store.beginImageSet(datastoreID: datastoreID)
        let made = Mutex([ImageSetDocument.Frame?](repeating: nil, count: frames))
        let done = Atomic(0)
        let layout = self.layout
        do {
            try await ParallelWork.run(
                count: frames, workers: workers, name: "synth",
                makeContext: { FrameMaker(layout: layout, colour: colour) },
                job: { index, maker in
                    let frame = try maker.make(frame: index, of: self, into: writer)
                    made.withLock { $0[index] = frame }
                    progress?(done.add(1, ordering: .relaxed).newValue)
                })
            let documents = made.withLock { $0.compactMap { $0 } }
            let document = document(for: writer, frames: documents)
            try writer.commit(metadata: document.serialized(), tags: tags)
            return SyntheticStudyReceipt(
                datastoreID: datastoreID, imageSetID: writer.imageSetID, frames: frames,
                decodedBytes: frames * layout.byteCount,
                encodedBytes: documents.reduce(0) { $0 + $1.sizeInBytes })
        } catch {
            writer.abandon()
            throw error
        }
    }

    private func document(
        for writer: ImageSetWriter, frames documents: [ImageSetDocument.Frame]
    ) -> ImageSetDocument {
        let instances = (0..<instanceCount).map { index in
            ImageSetDocument.Instance(
                sopInstanceUID: uid(for: .instance, index: index), attributes: instanceAttributes(index),
                unknownVRs: [], storedTransferSyntax: .htj2kLosslessRPCL,
                frames: Array(documents[frames(ofInstance: index)]))
        }
        return ImageSetDocument(
            datastoreID: writer.datastoreID, imageSetID: writer.imageSetID, patient: patientAttributes,
            study: studyAttributes, seriesInstanceUID: uid(for: .series), series: seriesAttributes,
            instances: instances)
    }
}

/// One thread's encoder and pixel memory.
private final class FrameMaker {
    private let layout: PixelLayout
    private let colour: ColourModel
    private let encoder = HTJ2KEncoder()
    private let pool: BufferPool
    private let decoder: FrameDecoder
    private let pixels: UnsafeMutableRawBufferPointer

    init(layout: PixelLayout, colour: ColourModel) {
        self.layout = layout
        self.colour = colour
        pool = BufferPool()
        decoder = FrameDecoder(pool: pool)
        pixels = .allocate(byteCount: layout.byteCount, alignment: 64)
    }

    deinit { pixels.deallocate() }

    func make(
        frame index: Int, of study: SyntheticStudy, into writer: ImageSetWriter
    ) throws -> ImageSetDocument.Frame {
        study.paint(frame: index, into: pixels)
        let raster = UnsafeRawBufferPointer(pixels)
        let encoded = try encoder.encode(raster, layout: layout, colour: colour)
        let id = study.frameID(index)
        try writer.addFrame(id: id, bytes: encoded)
        let frame = pool.buffer(capacity: encoded.count)
        frame.append(encoded)
        let lowerChecksums = try LowerResolutions.checksums(of: layout) { (reduction) throws(DecodeError) in
            try decoder.decode(
                frame, storedAs: .htj2kLosslessRPCL, resolution: ResolutionChoice(reduction: reduction))
        }
        return ImageSetDocument.Frame(
            id: id,
            checksum: ResolutionChecksum(
                width: layout.width, height: layout.height, crc32: CRC32.checksum(raster)),
            lowerChecksums: lowerChecksums,
            pixelValues: PixelRange.of(
                raster, layout: layout, bitsStored: layout.bitsPerSample, highBit: nil),
            sizeInBytes: encoded.count)
    }
}
