import Testing

@testable import FrameEngine

@Suite("Endpoints of every service")
struct ServiceEndpointsTests {
    static func settings(
        _ environment: [String: String] = [:], _ options: AWSSettings.Options = .init(), config: String = ""
    ) throws -> AWSSettings {
        try AWSSettingsTests.Home(config: config).settings(options, environment)
    }

    @Test("one --endpoint-url serves all services")
    func optionServesAll() throws {
        let settings = try Self.settings(
            ["AWS_ENDPOINT_URL_S3": "http://s3"], .init(region: "eu-west-1", endpointURL: "http://all:9/"))
        for service in [AWSService.s3, .sts, .cloudFormation, .healthImaging] {
            let endpoint = settings.endpoint(for: service)
            #expect(endpoint.url == "http://all:9")
            #expect(endpoint.isCustom)
            #expect(endpoint.region == "eu-west-1")
        }
    }

    @Test(
        "a service's own variable beats the general one, which beats the profile's services and the profile")
    func order() throws {
        let config = """
            [default]
            region = us-east-1
            services = here
            endpoint_url = http://profile
            [services here]
            s3 =
              endpoint_url = http://section-s3
            cloudformation =
              endpoint_url = http://section-cf
            """
        func urls(_ environment: [String: String]) throws -> [String] {
            let settings = try Self.settings(environment, config: config)
            return [AWSService.s3, .sts, .cloudFormation, .healthImaging].map {
                settings.endpoint(for: $0).url
            }
        }
        #expect(
            try urls([:]) == ["http://section-s3", "http://profile", "http://section-cf", "http://profile"])
        #expect(
            try urls(["AWS_ENDPOINT_URL_STS": "http://sts", "AWS_ENDPOINT_URL_CLOUDFORMATION": "http://cf"])
                == ["http://section-s3", "http://sts", "http://cf", "http://profile"])
        #expect(
            try urls(["AWS_ENDPOINT_URL": "http://g", "AWS_ENDPOINT_URL_S3": "http://s3"])
                == ["http://s3", "http://g", "http://g", "http://g"])
        #expect(
            try urls(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://g"]) == [
                "https://s3.us-east-1.amazonaws.com", "https://sts.us-east-1.amazonaws.com",
                "https://cloudformation.us-east-1.amazonaws.com",
                "https://medical-imaging.us-east-1.amazonaws.com",
            ])
    }

    @Test("what is wrong for one service alone is told by that one's calls, not before")
    func problems() throws {
        let settings = try Self.settings(["AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_S3": "s3.local"])
        #expect(settings.endpoint(for: .s3).problem?.reason == .invalidEndpoint)
        #expect(settings.endpoint(for: .sts).problem == nil)
        let custom = try Self.settings(["AWS_ENDPOINT_URL_MEDICAL_IMAGING": "http://127.0.0.1:1"])
        #expect(custom.endpoint(for: .healthImaging).url == "http://127.0.0.1:1")
        #expect(custom.endpoint(for: .s3).problem?.reason == .noRegion)
        #expect(custom.endpoint(for: .s3, region: "us-west-2").url == "https://s3.us-west-2.amazonaws.com")
        #expect(custom.endpoint(for: .s3, region: "x.evil").problem?.reason == .invalidRegion)
        let fips = try Self.settings([
            "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_STS": "http://x", "AWS_USE_FIPS_ENDPOINT": "true",
        ])
        #expect(fips.endpoint(for: .sts).problem?.reason == .endpointVariant)
        #expect(fips.endpoint(for: .s3).url == "https://s3-fips.us-east-1.amazonaws.com")
        let china = try Self.settings([:], .init(region: "cn-north-1", useFIPS: true))
        #expect(china.endpoint(for: .s3).problem?.reason == .endpointVariant)
    }

    @Test("settings made by hand have the same URL, or the same variant, for all services")
    func byHand() throws {
        let custom = AWSSettings(
            region: "eu-west-1", endpoints: try HealthImagingEndpoints(custom: "http://127.0.0.1:7/p"),
            credentials: UnsignedRequests())
        #expect(custom.endpoint(for: .s3).url == "http://127.0.0.1:7/p")
        #expect(custom.endpoint(for: .s3).isCustom)
        let own = AWSSettings(
            region: "eu-west-1",
            endpoints: try HealthImagingEndpoints(region: "eu-west-1", useFIPS: true, useDualStack: true),
            credentials: UnsignedRequests())
        #expect(own.endpoint(for: .sts).url == "https://sts-fips.eu-west-1.api.aws")
        #expect(!own.endpoint(for: .sts).isCustom)
        let signed = AWSSettings(own, credentials: AWSClientTests.key)
        #expect(signed.endpoint(for: .sts) == own.endpoint(for: .sts))
    }
}
