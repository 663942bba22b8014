import CGuardedOpenJPEG
import COpenJPEG
import Synchronization

/// One frame's way through OpenJPEG: codec, stream and image, freed together. One thread.
///
/// OpenJPEG 2.5 allocates a codec for each image and has no way to use one twice.
struct OpenJPEGSession: ~Copyable {
    /// What OpenJPEG said, first messages first, bounded.
    final class Messages {
        private(set) var text = ""

        func take(_ message: UnsafePointer<CChar>?) {
            guard let message, text.utf8.count < 300 else { return }
            let line = String(cString: message).split(whereSeparator: \.isNewline).joined(separator: " ")
            text += (text.isEmpty ? "" : "; ") + line.prefix(200)
        }
    }

    /// The bytes that OpenJPEG reads through callbacks.
    final class Source {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        /// Copies up to `wanted` bytes; -1 when none is left.
        func read(into target: UnsafeMutableRawPointer?, _ wanted: Int) -> Int {
            let length = min(wanted, bytes.count - position)
            guard length > 0, let target, let base = bytes.baseAddress else { return -1 }
            target.copyMemory(from: base + position, byteCount: length)
            position += length
            return length
        }

        func seek(to offset: Int64) -> Bool {
            guard offset >= 0, offset <= Int64(bytes.count) else { return false }
            position = Int(offset)
            return true
        }
    }

    /// OpenJPEG copies through this many bytes unless a read is larger; its own default is a whole MiB a frame.
    private static let streamBufferSize = 64 << 10

    private let codec: UnsafeMutablePointer<opj_codec_t?>
    private let stream: UnsafeMutablePointer<opj_stream_t?>
    private let messages = Messages()
    private let source: Source
    private(set) var image: UnsafeMutablePointer<opj_image_t>?
    /// Whether an assertion failed in the middle: nothing of the session may be touched, or freed, any more.
    private var isLost = false

    /// How many sessions were lost so far, in the whole process. Each leaks what it had.
    private static let lostSessions = Atomic(0)
    private static let lostSessionsLimit = 100

    /// Whether OpenJPEG may still be used. Streams that are made to fail its assertions must not eat all memory.
    static var isTrusted: Bool { lostSessions.load(ordering: .relaxed) < lostSessionsLimit }

    /// Everything OpenJPEG reported so far.
    var report: String { messages.text.isEmpty ? "no reason given" : messages.text }

    /// Nil when no memory is left. `bytes` must stay valid as long as the session.
    init?(reading bytes: UnsafeRawBufferPointer) {
        guard let codec = opj_create_decompress(OPJ_CODEC_J2K) else { return nil }
        guard let stream = opj_stream_create(Self.streamBufferSize, OPJ_BOOL(OPJ_TRUE)) else {
            opj_destroy_codec(codec)
            return nil
        }
        self.codec = codec
        self.stream = stream
        source = Source(bytes)
        installCallbacks(byteCount: bytes.count)
    }

    deinit {
        guard !isLost else { return }
        if let image { opj_image_destroy(image) }
        opj_stream_destroy(stream)
        opj_destroy_codec(codec)
    }

    /// Decodes every component. False when OpenJPEG refuses, or fails one of its assertions; `report` tells why.
    mutating func decode(with parameters: UnsafeMutablePointer<opj_dparameters_t>) -> Bool {
        var failed = gopj_assertion()
        switch gopj_decode(codec, stream, parameters, &image, &failed) {
        case GOPJ_DECODED: return true
        case GOPJ_ASSERTED:
            isLost = true
            image = nil
            Self.lostSessions.add(1, ordering: .relaxed)
            messages.take("its assertion \(String(cString: failed.condition)) failed")
            return false
        default: return false
        }
    }

    private func installCallbacks(byteCount: Int) {
        let reportTo = Unmanaged.passUnretained(messages).toOpaque()
        let take: opj_msg_callback = { message, context in
            guard let context else { return }
            Unmanaged<Messages>.fromOpaque(context).takeUnretainedValue().take(message)
        }
        opj_set_error_handler(codec, take, reportTo)
        opj_set_warning_handler(codec, take, reportTo)

        opj_stream_set_user_data(stream, Unmanaged.passUnretained(source).toOpaque(), nil)
        opj_stream_set_user_data_length(stream, UInt64(byteCount))
        // size_t is Int to Swift, so the (OPJ_SIZE_T)-1 that stands for the end of the data is -1.
        opj_stream_set_read_function(stream) { target, wanted, context in
            guard let context else { return -1 }
            return Unmanaged<Source>.fromOpaque(context).takeUnretainedValue().read(into: target, wanted)
        }
        opj_stream_set_skip_function(stream) { distance, context in
            guard let context else { return -1 }
            let source = Unmanaged<Source>.fromOpaque(context).takeUnretainedValue()
            let (target, overflow) = Int64(source.position).addingReportingOverflow(distance)
            return !overflow && source.seek(to: target) ? distance : -1
        }
        opj_stream_set_seek_function(stream) { offset, context in
            guard let context else { return OPJ_BOOL(OPJ_FALSE) }
            let source = Unmanaged<Source>.fromOpaque(context).takeUnretainedValue()
            return source.seek(to: offset) ? OPJ_BOOL(OPJ_TRUE) : OPJ_BOOL(OPJ_FALSE)
        }
    }
}
