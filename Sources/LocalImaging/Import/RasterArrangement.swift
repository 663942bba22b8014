import FrameEngine

/// Brings rasters into the one form that is encoded: pixel-interleaved, full resolution, container of BitsAllocated.
enum RasterArrangement {
    /// Planes one after another (PlanarConfiguration 1) to pixels.
    static func interleave(
        _ planes: UnsafeRawBufferPointer, components: Int, bytesPerSample: Int,
        into pixels: UnsafeMutableRawBufferPointer
    ) {
        let samples = planes.count / (components * bytesPerSample)
        switch bytesPerSample {
        case 1: interleave(planes.bindMemory(to: UInt8.self), pixels.bindMemory(to: UInt8.self), samples)
        case 2: interleave(planes.bindMemory(to: UInt16.self), pixels.bindMemory(to: UInt16.self), samples)
        default: interleave(planes.bindMemory(to: UInt32.self), pixels.bindMemory(to: UInt32.self), samples)
        }
    }

    private static func interleave<Sample>(
        _ planes: UnsafeBufferPointer<Sample>, _ pixels: UnsafeMutableBufferPointer<Sample>, _ samples: Int
    ) {
        guard samples > 0 else { return }
        let components = planes.count / samples
        for component in 0..<components {
            let plane = component * samples
            for index in 0..<samples { pixels[index * components + component] = planes[plane + index] }
        }
    }

    /// YBR_FULL_422, Y1 Y2 Cb Cr for two pixels (PS3.3, C.7.6.3.1.2), to Y Cb Cr for each. The checksum covers full
    /// rasters, so a frame is stored as one; the colour differences are repeated and not interpolated.
    static func expandSubsampled(
        _ pairs: UnsafeRawBufferPointer, into pixels: UnsafeMutableRawBufferPointer
    ) {
        for pair in 0..<pairs.count / 4 {
            let from = pair * 4
            let to = pair * 6
            pixels[to] = pairs[from]
            pixels[to + 3] = pairs[from + 1]
            for pixel in [to, to + 3] {
                pixels[pixel + 1] = pairs[from + 2]
                pixels[pixel + 2] = pairs[from + 3]
            }
        }
    }

    /// Decoded samples to containers of another size. Signed samples are sign extended, unsigned ones zero extended;
    /// where the container is narrower the low bits remain.
    static func convert(
        _ decoded: UnsafeRawBufferPointer, layout: PixelLayout, bytesPerSample: Int,
        into pixels: UnsafeMutableRawBufferPointer
    ) {
        if layout.bytesPerSample == bytesPerSample {
            pixels.copyMemory(from: decoded)
            return
        }
        for index in 0..<decoded.count / layout.bytesPerSample {
            let value = sample(decoded, at: index * layout.bytesPerSample, layout: layout)
            let offset = index * bytesPerSample
            switch bytesPerSample {
            case 1: pixels[offset] = UInt8(truncatingIfNeeded: value)
            case 2:
                pixels.storeBytes(
                    of: UInt16(truncatingIfNeeded: value).littleEndian, toByteOffset: offset, as: UInt16.self)
            default:
                pixels.storeBytes(
                    of: UInt32(truncatingIfNeeded: value).littleEndian, toByteOffset: offset, as: UInt32.self)
            }
        }
    }

    private static func sample(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, layout: PixelLayout
    ) -> Int64 {
        switch (layout.bytesPerSample, layout.isSigned) {
        case (1, false): Int64(bytes[offset])
        case (1, true): Int64(Int8(bitPattern: bytes[offset]))
        case (2, false): Int64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        case (2, true): Int64(bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))
        case (_, false): Int64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        case (_, true): Int64(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
        }
    }

    /// Makes the bits above the lowest `bits` of each sample copies of the sign, or 0 for unsigned samples.
    static func extend(
        _ pixels: UnsafeMutableRawBufferPointer, bits: Int, bytesPerSample: Int, isSigned: Bool
    ) {
        let unused = bytesPerSample * 8 - bits
        guard unused > 0, bits > 0 else { return }
        switch (bytesPerSample, isSigned) {
        case (1, false): extend(pixels.bindMemory(to: UInt8.self), by: unused)
        case (1, true): extend(pixels.bindMemory(to: Int8.self), by: unused)
        case (2, false): extend(pixels.bindMemory(to: UInt16.self), by: unused)
        case (2, true): extend(pixels.bindMemory(to: Int16.self), by: unused)
        case (_, false): extend(pixels.bindMemory(to: UInt32.self), by: unused)
        case (_, true): extend(pixels.bindMemory(to: Int32.self), by: unused)
        }
    }

    private static func extend<Sample: FixedWidthInteger>(
        _ samples: UnsafeMutableBufferPointer<Sample>, by unused: Int
    ) {
        let shift = Sample(truncatingIfNeeded: unused)
        for index in samples.indices { samples[index] = (samples[index] &<< shift) &>> shift }
    }

    /// `count` bits from bit `start` on, the least significant bit of a byte first (PS3.5, 8.1.1), moved to the start
    /// of a byte; the bits that fill the last byte are 0.
    static func bits(of bytes: UnsafeRawBufferPointer, from start: Int, count: Int) -> [UInt8] {
        let size = (count + 7) / 8
        let shift = start % 8
        var result = [UInt8](repeating: 0, count: size)
        for index in 0..<size {
            let place = start / 8 + index
            var value = bytes[place] >> UInt8(shift)
            if shift > 0, place + 1 < bytes.count { value |= bytes[place + 1] << UInt8(8 - shift) }
            result[index] = value
        }
        if count % 8 != 0 { result[size - 1] &= (1 << UInt8(count % 8)) - 1 }
        return result
    }
}
