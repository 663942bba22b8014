import COpenJPEG

/// Encodes JPEG 2000 Part 1 with OpenJPEG, for tests only.
struct TestEncoder {
    struct Failure: Error {}

    var decompositions = 3
    var tile: (width: Int, height: Int)?
    var isReversible = true
    /// Compression ratio; 0 keeps everything.
    var ratio: Float = 0
    var usesComponentTransform = false
    var progression = OPJ_RPCL

    private final class Sink {
        var bytes: [UInt8] = []
        var position = 0

        func write(_ source: UnsafeRawBufferPointer) {
            let end = position + source.count
            if end > bytes.count { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
            bytes.replaceSubrange(position..<end, with: source)
            position = end
        }
    }

    func encode(_ image: TestImage) throws -> [UInt8] {
        let parameters = UnsafeMutablePointer<opj_cparameters_t>.allocate(capacity: 1)
        defer { parameters.deallocate() }
        opj_set_default_encoder_parameters(parameters)
        parameters.pointee.tcp_numlayers = 1
        parameters.pointee.cp_disto_alloc = 1
        parameters.pointee.tcp_rates.0 = ratio
        // The encoder refuses more decompositions than leave one sample in either direction.
        let smallest = min(image.size.width, image.size.height, tile?.width ?? .max, tile?.height ?? .max)
        let possible = Int.bitWidth - 1 - smallest.leadingZeroBitCount
        parameters.pointee.numresolution = Int32(min(decompositions, possible) + 1)
        parameters.pointee.irreversible = isReversible ? 0 : 1
        parameters.pointee.tcp_mct = usesComponentTransform ? 1 : 0
        parameters.pointee.prog_order = progression
        parameters.pointee.image_offset_x0 = Int32(image.origin.x)
        parameters.pointee.image_offset_y0 = Int32(image.origin.y)
        if let tile {
            parameters.pointee.tile_size_on = OPJ_BOOL(OPJ_TRUE)
            parameters.pointee.cp_tdx = Int32(tile.width)
            parameters.pointee.cp_tdy = Int32(tile.height)
        }
        let planes = try makePlanes(image)
        defer { opj_image_destroy(planes) }
        return try run(parameters, planes)
    }

    private func makePlanes(_ image: TestImage) throws -> UnsafeMutablePointer<opj_image_t> {
        var descriptions = image.planes.map { plane in
            var description = opj_image_cmptparm_t()
            description.dx = UInt32(plane.step.x)
            description.dy = UInt32(plane.step.y)
            description.w = UInt32(plane.size.width)
            description.h = UInt32(plane.size.height)
            description.prec = UInt32(plane.precision)
            description.sgnd = plane.isSigned ? 1 : 0
            return description
        }
        let space = descriptions.count >= 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY
        guard let planes = opj_image_create(UInt32(descriptions.count), &descriptions, space) else {
            throw Failure()
        }
        planes.pointee.x0 = UInt32(image.origin.x)
        planes.pointee.y0 = UInt32(image.origin.y)
        planes.pointee.x1 = UInt32(image.origin.x + image.size.width)
        planes.pointee.y1 = UInt32(image.origin.y + image.size.height)
        for (index, plane) in image.planes.enumerated() {
            planes.pointee.comps[index].data.update(from: plane.samples, count: plane.samples.count)
        }
        return planes
    }

    private func run(
        _ parameters: UnsafeMutablePointer<opj_cparameters_t>, _ image: UnsafeMutablePointer<opj_image_t>
    ) throws -> [UInt8] {
        let sink = Sink()
        guard let codec = opj_create_compress(OPJ_CODEC_J2K), let stream = opj_stream_default_create(0) else {
            throw Failure()
        }
        defer {
            opj_stream_destroy(stream)
            opj_destroy_codec(codec)
        }
        opj_stream_set_user_data(stream, Unmanaged.passUnretained(sink).toOpaque(), nil)
        opj_stream_set_write_function(stream) { source, count, context in
            guard let source, let context else { return -1 }
            Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
                .write(UnsafeRawBufferPointer(start: source, count: count))
            return count
        }
        opj_stream_set_seek_function(stream) { offset, context in
            guard let context else { return OPJ_BOOL(OPJ_FALSE) }
            Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue().position = Int(offset)
            return OPJ_BOOL(OPJ_TRUE)
        }
        opj_stream_set_skip_function(stream) { distance, context in
            guard let context else { return -1 }
            Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue().position += Int(distance)
            return distance
        }
        let isDone = withExtendedLifetime(sink) {
            opj_setup_encoder(codec, parameters, image) == OPJ_TRUE
                && opj_start_compress(codec, image, stream) == OPJ_TRUE
                && opj_encode(codec, stream) == OPJ_TRUE && opj_end_compress(codec, stream) == OPJ_TRUE
        }
        guard isDone else { throw Failure() }
        return sink.bytes
    }
}
