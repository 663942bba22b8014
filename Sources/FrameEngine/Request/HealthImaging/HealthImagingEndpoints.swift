/// Where the two planes of HealthImaging answer: base URLs without a trailing slash.
public struct HealthImagingEndpoints: Hashable, Sendable {
    /// Data stores, import jobs, tags.
    public let control: String
    /// Image sets, metadata, frames.
    public let runtime: String

    /// Requests for frames a second that the service's documented quota allows; nil for an endpoint of one's own.
    public let documentedRequestsPerSecond: Double?

    /// The service's own endpoints in `region`, as AWS's endpoint rules make them.
    public init(
        region: String, useFIPS: Bool = false, useDualStack: Bool = false
    ) throws(SettingsError) {
        try Self.check(region: region)
        let partition = Partition(of: region)
        let name = useFIPS ? "medical-imaging-fips" : "medical-imaging"
        let suffix = useDualStack ? partition.dualStackSuffix : partition.suffix
        control = "https://\(name).\(region).\(suffix)"
        runtime = "https://runtime-\(name).\(region).\(suffix)"
        documentedRequestsPerSecond = 1_000
    }

    /// One endpoint for both planes, taken as it is: nothing is put before its host. It may have a port and a path.
    public init(custom url: String) throws(SettingsError) {
        let hasUserInfo = url.prefix { $0 != "?" && $0 != "#" }.contains("@")
        guard !hasUserInfo else {
            throw SettingsError(
                .invalidEndpoint, "the endpoint URL holds a user name or password; give it without them")
        }
        guard let parts = URLParts(url), parts.query == nil, !url.contains("#") else {
            throw SettingsError(
                .invalidEndpoint,
                "the endpoint URL\(Self.place(of: url)) is not of the form http(s)://host[:port][/path]")
        }
        var path = Substring(parts.path)
        while path.hasSuffix("/") { path.removeLast() }
        control = "\(parts.scheme)://\(parts.hostHeader)\(path)"
        runtime = control
        documentedRequestsPerSecond = nil
    }

    /// Scheme and host, for an error; nothing where they cannot be told from user info. The rest may hold secrets.
    private static func place(of url: String) -> String {
        guard !url.contains("@"), let parts = URLParts(url) else { return "" }
        return " (\(parts.scheme)://\(parts.host))"
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

/// A group of regions with its own domain names (botocore's partitions.json).
private struct Partition {
    let suffix: String
    let dualStackSuffix: String

    init(of region: String) {
        let known: [(prefix: String, suffix: String, dualStack: String)] = [
            ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
            ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
            ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
            ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
            ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
            ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
        ]
        let match = known.first { region.hasPrefix($0.prefix) }
        suffix = match?.suffix ?? "amazonaws.com"
        dualStackSuffix = match?.dualStack ?? "api.aws"
    }
}
