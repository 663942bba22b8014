import FrameEngine

/// What a plan adds up to, and what fetching it will take.
struct PlanTotals: Encodable {
    /// Frames a second that an account may fetch by default (HealthImaging developer guide, throttling limits).
    static let defaultFramesPerSecond = 1000
    /// US dollars a call (AWS's pricing example: 0.005 for 1,000 API calls).
    private static let dollarsPerRequest = 0.005 / 1000

    let event = "summary"
    private(set) var imageSets = 0
    private(set) var frames = 0
    /// Frames without a checksum: `fetch` writes them only when told to.
    private(set) var framesWithoutChecksum = 0
    /// Frames with a checksum for a lower resolution too: what `fetch --reduce` can verify.
    private(set) var framesWithLowerChecksums = 0
    /// The sum of the metadata's size hints; encoded or decoded sizes, depending on the age of the data.
    private(set) var sizeHintBytes = 0
    /// Frames whose metadata has no size.
    private(set) var framesWithoutSize = 0
    /// Image sets whose metadata could not be had or read.
    private(set) var imageSetsFailed = 0
    /// GetImageFrame requests, without repetitions.
    private(set) var requests = 0
    /// The least time in seconds that the service allows at its default quota.
    private(set) var secondsAtDefaultQuota = 0.0
    private(set) var requestCostInDollars = 0.0

    mutating func add(_ plan: FramePlan) {
        imageSets += 1
        frames += plan.frames.count
        for frame in plan.frames {
            if frame.checksum == nil { framesWithoutChecksum += 1 }
            if !frame.lowerResolutionChecksums.isEmpty { framesWithLowerChecksums += 1 }
            if let size = frame.sizeHintInBytes { sizeHintBytes += size } else { framesWithoutSize += 1 }
        }
        requests = frames
        secondsAtDefaultQuota = Double(frames) / Double(Self.defaultFramesPerSecond)
        requestCostInDollars = Double(frames) * Self.dollarsPerRequest
    }

    mutating func addFailure() {
        imageSetsFailed += 1
    }

    /// For a person.
    var lines: [String] {
        var lines = [
            "\(Formatting.count(frames, of: "frame")) in \(Formatting.count(imageSets, of: "image set"))"
        ]
        if framesWithoutSize < frames {
            lines.append(
                "Size: \(Formatting.bytes(sizeHintBytes)) by the metadata (of pixels or of encoded frames, "
                    + "depending on the age of the data)"
                    + (framesWithoutSize > 0
                        ? ", \(Formatting.count(framesWithoutSize)) frames not counted" : ""))
        }
        lines.append("Requests: \(Formatting.count(requests)) GetImageFrame")
        lines.append(
            "Time at the default quota of \(Formatting.count(Self.defaultFramesPerSecond)) frames/s: "
                + "\(Formatting.clock(.seconds(secondsAtDefaultQuota.rounded(.up)))) at least")
        if framesWithoutChecksum > 0 {
            lines.append(
                "\(Formatting.count(framesWithoutChecksum, of: "frame")) without a checksum: "
                    + "fetch writes them only with --allow-unverifiable")
        }
        if framesWithLowerChecksums > 0 {
            lines.append(
                "\(Formatting.count(framesWithLowerChecksums, of: "frame")) with checksums for lower resolutions: "
                    + "--reduce and --max-size verify those that are listed")
        }
        lines.append(
            "Cost on AWS: the requests about $\(dollars), at $0.005 for 1,000 (check your region's price);")
        lines.append(
            "  reading moves image sets from Archive Instant Access back to Frequent Access for 30 days or more"
        )
        return lines
    }

    /// Rounded up to cents, so that nothing reads as free.
    private var dollars: String {
        let cents = Int((requestCostInDollars * 100).rounded(.up))
        return "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }
}

/// One frame of a plan as a line of JSON.
struct PlannedFrameLine: Encodable {
    let datastoreId: String
    let imageSetId: String
    let versionId: String?
    let studyInstanceUID: String?
    let seriesInstanceUID: String?
    let sopInstanceUID: String?
    let frameNumber: Int
    let imageFrameId: String
    let transferSyntaxUID: String
    let sizeHintBytes: Int?
    let crc32Expected: String?
    /// The lower resolutions that have a checksum, lowest first.
    let lowerResolutions: [Resolution]

    /// Size and checksum of one resolution.
    struct Resolution: Encodable {
        let width: Int
        let height: Int
        let crc32Expected: String
    }

    init(_ frame: PlannedFrame) {
        let instance = frame.instance
        datastoreId = instance.datastoreID.description
        imageSetId = instance.imageSetID.description
        versionId = instance.versionID
        studyInstanceUID = instance.studyInstanceUID.isEmpty ? nil : instance.studyInstanceUID
        seriesInstanceUID = instance.seriesInstanceUID.isEmpty ? nil : instance.seriesInstanceUID
        sopInstanceUID = instance.sopInstanceUID.isEmpty ? nil : instance.sopInstanceUID
        frameNumber = frame.frameNumber
        imageFrameId = frame.imageFrameID.description
        transferSyntaxUID = instance.effectiveTransferSyntax.uid
        sizeHintBytes = frame.sizeHintInBytes
        crc32Expected = frame.checksum.map { CRC32.hexadecimal($0.crc32) }
        lowerResolutions = frame.lowerResolutionChecksums.map {
            Resolution(width: $0.width, height: $0.height, crc32Expected: CRC32.hexadecimal($0.crc32))
        }
    }
}
