import Foundation
import Testing

@testable import FrameEngine

@Suite("Settings from options, environment and files")
struct AWSSettingsTests {
    /// A home folder with these two files, gone when the test is.
    final class Home {
        let path: String

        init(config: String? = nil, credentials: String? = nil) throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
            let aws = folder.appendingPathComponent(".aws")
            try FileManager.default.createDirectory(at: aws, withIntermediateDirectories: true)
            path = folder.path
            try config?.write(to: aws.appendingPathComponent("config"), atomically: true, encoding: .utf8)
            try credentials?.write(
                to: aws.appendingPathComponent("credentials"), atomically: true, encoding: .utf8)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func settings(
            _ options: AWSSettings.Options = .init(), _ environment: [String: String] = [:]
        ) throws(SettingsError) -> AWSSettings {
            // Without the metadata service of the machine that the tests run on.
            let base = ["HOME": path, "AWS_EC2_METADATA_DISABLED": "true"]
            return try AWSSettings(options: options, environment: environment.merging(base) { own, _ in own })
        }
    }

    static let runtime = "https://runtime-medical-imaging"

    @Test("takes the region from the option, AWS_REGION, AWS_DEFAULT_REGION, the profile, in this order")
    func regionOrder() throws {
        let home = try Home(config: "[default]\nregion = eu-west-1\n[profile p]\nregion=eu-west-2")
        #expect(try home.settings().region == "eu-west-1")
        #expect(try home.settings(.init(profile: "p")).region == "eu-west-2")
        #expect(try home.settings(.init(), ["AWS_PROFILE": "p"]).region == "eu-west-2")
        var environment = ["AWS_DEFAULT_REGION": "us-west-1"]
        #expect(try home.settings(.init(), environment).region == "us-west-1")
        environment["AWS_REGION"] = "us-west-2"
        #expect(try home.settings(.init(), environment).region == "us-west-2")
        let settings = try home.settings(.init(region: "us-east-1"), environment)
        #expect(settings.endpoints.runtime == "\(Self.runtime).us-east-1.amazonaws.com")
    }

    @Test("needs a region unless there is a custom endpoint, and tells how to give one")
    func noRegion() throws {
        let home = try Home()
        let error = #expect(throws: SettingsError.self) { try home.settings() }
        #expect(error?.reason == .noRegion)
        #expect(error?.message.contains("--region") == true)
        let custom = try home.settings(.init(endpointURL: "http://127.0.0.1:8080/"))
        #expect(custom.region == "us-east-1")
        #expect(custom.endpoints.control == "http://127.0.0.1:8080")
    }

    @Test(
        "takes the endpoint from the option, the service's variable, the general one, services, the profile")
    func endpointOrder() throws {
        let config = """
            [profile both]
            region = us-east-1
            services = local
            endpoint_url = http://profile/
            [profile plain]
            region = us-east-1
            endpoint_url = http://profile
            [services local]
            s3 =
              endpoint_url = http://s3
            medical_imaging =
              endpoint_url = http://services
            """
        let home = try Home(config: config)
        func control(
            _ profile: String, option: String? = nil, _ environment: [String: String] = [:]
        ) throws -> String {
            try home.settings(.init(profile: profile, endpointURL: option), environment).endpoints.control
        }
        #expect(try control("plain") == "http://profile")
        #expect(try control("both") == "http://services")
        var environment = ["AWS_ENDPOINT_URL": "http://general"]
        #expect(try control("both", environment) == "http://general")
        environment["AWS_ENDPOINT_URL_MEDICAL_IMAGING"] = "http://own"
        #expect(try control("both", environment) == "http://own")
        #expect(try control("both", option: "http://option", environment) == "http://option")
        environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
        #expect(try control("both", environment) == "https://medical-imaging.us-east-1.amazonaws.com")
        #expect(try control("both", option: "http://option", environment) == "http://option")
    }

    @Test("refuses FIPS or dual stack together with a custom endpoint")
    func endpointVariants() throws {
        let home = try Home()
        for options in [
            AWSSettings.Options(endpointURL: "http://x", useFIPS: true),
            AWSSettings.Options(endpointURL: "http://x", useDualStack: true),
        ] {
            let error = #expect(throws: SettingsError.self) { try home.settings(options) }
            #expect(error?.reason == .endpointVariant)
        }
        let environment = ["AWS_USE_FIPS_ENDPOINT": "True", "AWS_REGION": "us-east-1"]
        #expect(try home.settings(.init(), environment).endpoints.runtime.contains("-fips.us-east-1"))
        #expect(try !home.settings(.init(useFIPS: false), environment).endpoints.runtime.contains("fips"))
        let error = #expect(throws: SettingsError.self) {
            try home.settings(.init(region: "us-east-1"), ["AWS_USE_DUALSTACK_ENDPOINT": "yes"])
        }
        #expect(error?.reason == .invalidValue)
    }

    @Test("finds the CA bundle in the option, the environment, the profile")
    func caBundle() throws {
        let home = try Home(config: "[default]\nregion=us-east-1\nca_bundle = /profile.pem")
        #expect(try home.settings().caBundlePath == "/profile.pem")
        #expect(try home.settings(.init(), ["AWS_CA_BUNDLE": "/env.pem"]).caBundlePath == "/env.pem")
        #expect(
            try home.settings(.init(caBundle: "/o.pem"), ["AWS_CA_BUNDLE": "/env.pem"]).caBundlePath
                == "/o.pem")
    }

    @Test("names the profiles there are when the one asked for is not among them")
    func noSuchProfile() throws {
        let home = try Home(config: "[default]\n[profile one]\n", credentials: "[two]\n")
        let error = #expect(throws: SettingsError.self) {
            try home.settings(.init(profile: "three", region: "us-east-1"))
        }
        #expect(error?.reason == .noSuchProfile)
        #expect(error?.message.contains("there are: default, one, two") == true)
    }

    @Test("reads the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name")
    func namedFiles() async throws {
        let home = try Home(
            config: "[default]\nregion = ap-southeast-2",
            credentials: "[default]\naws_access_key_id=A\naws_secret_access_key=B")
        let settings = try AWSSettings(environment: [
            "HOME": "/nonexistent", "AWS_CONFIG_FILE": "\(home.path)/.aws/config",
            "AWS_SHARED_CREDENTIALS_FILE": "\(home.path)/.aws/credentials",
        ])
        #expect(settings.region == "ap-southeast-2")
        #expect(try await settings.credentials.credentials()?.accessKeyID == "A")
    }
}
