/// Where the two planes of HealthImaging answer: base URLs without a trailing slash.
public struct HealthImagingEndpoints: Hashable, Sendable {
    /// Data stores, import jobs, tags.
    public let control: String
    /// Image sets, metadata, frames.
    public let runtime: String

    /// Requests for frames a second that the service's documented quota allows; nil for an endpoint of one's own.
    public let documentedRequestsPerSecond: Double?

    /// Whether somebody named the URL.
    package let isCustom: Bool
    let useFIPS: Bool
    let useDualStack: Bool

    /// What goes before the host of the runtime plane.
    static let runtimePrefix = "runtime-"

    /// The service's own endpoints in `region`, as AWS's endpoint rules make them.
    public init(
        region: String, useFIPS: Bool = false, useDualStack: Bool = false
    ) throws(SettingsError) {
        let endpoint = try AWSEndpoint(
            of: .healthImaging, region: region, useFIPS: useFIPS, useDualStack: useDualStack)
        self.init(endpoint, useFIPS: useFIPS, useDualStack: useDualStack)
    }

    /// One endpoint for both planes, taken as it is: nothing is put before its host. It may have a port and a path.
    public init(custom url: String) throws(SettingsError) {
        self.init(
            try AWSEndpoint(custom: url, region: AWSSettings.regionOfCustomEndpoints), useFIPS: false,
            useDualStack: false)
    }

    init(_ endpoint: AWSEndpoint, useFIPS: Bool, useDualStack: Bool) {
        control = endpoint.url
        runtime = endpoint.url(hostPrefix: Self.runtimePrefix)
        documentedRequestsPerSecond = endpoint.isCustom ? nil : 1_000
        isCustom = endpoint.isCustom
        self.useFIPS = useFIPS
        self.useDualStack = useDualStack
    }

    /// Throws unless `region` can be one label of a host name.
    static func check(region: String) throws(SettingsError) {
        let isLabel = region.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isLabel, (1...63).contains(region.utf8.count), region.first != "-", region.last != "-" else {
            throw SettingsError(
                .invalidRegion, "'\(region)' is not the name of an AWS region; regions look like us-east-1")
        }
    }
}
