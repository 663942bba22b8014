import Testing

@testable import FrameEngine

@Suite("Endpoints")
struct HealthImagingEndpointsTests {
    struct Known: Sendable {
        let region: String
        var fips = false
        var dual = false
        let host: String
    }

    // What botocore 1.43.11 resolves for medical-imaging.
    static let table = [
        Known(region: "us-east-1", host: "medical-imaging.us-east-1.amazonaws.com"),
        Known(region: "eu-west-2", host: "medical-imaging.eu-west-2.amazonaws.com"),
        Known(region: "us-west-2", fips: true, host: "medical-imaging-fips.us-west-2.amazonaws.com"),
        Known(region: "us-west-2", dual: true, host: "medical-imaging.us-west-2.api.aws"),
        Known(region: "us-west-2", fips: true, dual: true, host: "medical-imaging-fips.us-west-2.api.aws"),
        Known(region: "us-gov-west-1", host: "medical-imaging.us-gov-west-1.amazonaws.com"),
        Known(region: "cn-north-1", host: "medical-imaging.cn-north-1.amazonaws.com.cn"),
        Known(
            region: "cn-north-1", dual: true, host: "medical-imaging.cn-north-1.api.amazonwebservices.com.cn"),
        Known(region: "us-iso-east-1", host: "medical-imaging.us-iso-east-1.c2s.ic.gov"),
        Known(region: "us-isob-east-1", host: "medical-imaging.us-isob-east-1.sc2s.sgov.gov"),
    ]

    @Test("are the hosts that botocore resolves, the data plane's with its prefix", arguments: table)
    func hosts(_ known: Known) throws {
        let endpoints = try HealthImagingEndpoints(
            region: known.region, useFIPS: known.fips, useDualStack: known.dual)
        #expect(endpoints.control == "https://\(known.host)")
        #expect(endpoints.runtime == "https://runtime-\(known.host)")
    }

    @Test(
        "take a custom URL as it is for both planes, without its trailing slash",
        arguments: [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("http://localhost/", "http://localhost"),
            ("https://Proxy.Example.com:8443/a/b//", "https://proxy.example.com:8443/a/b"),
            ("HTTPS://x:443", "https://x"), ("http://[::1]:9000/p", "http://[::1]:9000/p"),
        ])
    func custom(url: String, expected: String) throws {
        let endpoints = try HealthImagingEndpoints(custom: url)
        #expect(endpoints.control == expected)
        #expect(endpoints.runtime == expected)
    }

    @Test(
        "refuse what is no URL of a server",
        arguments: [
            "", "localhost:8080", "ftp://x", "http://", "http://:80", "http://x:0", "http://x:65536",
            "http://x:a",
            "http://x y", "http://x?q=1", "http://x/#f", "http://[::1",
        ])
    func badURL(url: String) {
        let error = #expect(throws: SettingsError.self) { try HealthImagingEndpoints(custom: url) }
        #expect(error?.reason == .invalidEndpoint)
    }

    @Test("refuse a URL with a password and do not repeat it")
    func password() {
        let error = #expect(throws: SettingsError.self) {
            try HealthImagingEndpoints(custom: "https://me:hunter2@host/")
        }
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test(
        "repeat scheme and host of a URL at most, and not even those where they may be user info",
        arguments: [
            ("https://host/p4th?key=s3cret", "https://host)"),
            ("https://host:99/p4th#s3cret", "https://host)"),
            ("https://s3cret?x@host", nil), ("https://s3cret#@host/", nil), ("https://s3cret:p4th", nil),
            ("s3cret p4th", nil), ("https://u:s3cret@host?p4th", nil),
        ] as [(String, String?)])
    func rejectedURL(url: String, shown: String?) throws {
        let error = #expect(throws: SettingsError.self) { try HealthImagingEndpoints(custom: url) }
        let message = try #require(error?.message)
        #expect(!message.contains("s3cret"))
        #expect(!message.contains("p4th"))
        if let shown { #expect(message.contains(shown)) }
    }

    @Test(
        "refuse a region that cannot be part of a host name, and say what regions look like",
        arguments: ["us east", "", "us-east-1.evil.com", "US-EAST-1", "us_east_1", "-us", "us-", "us/east"])
    func badRegion(region: String) {
        let error = #expect(throws: SettingsError.self) { try HealthImagingEndpoints(region: region) }
        #expect(error?.reason == .invalidRegion)
        #expect(error?.message.contains("us-east-1") == true)
    }
}
