import Testing

@testable import FrameEngine

@Suite("Endpoints against botocore's rules")
struct BotocoreEndpointTests {
    static let services: [(String, AWSService)] = [
        ("medical-imaging", .healthImaging), ("s3", .s3), ("sts", .sts), ("cloudformation", .cloudFormation),
    ]

    @Test("are those of every region and variant, and are refused where the rules refuse")
    func everyRegion() throws {
        let table = try BotocoreAnswers.table("endpoints", as: [String: [String: [String?]]].self)
        #expect(Set(table.keys) == Set(Self.services.map(\.0)))
        for (name, service) in Self.services {
            let regions = try #require(table[name])
            #expect(regions.count > 30)
            for (region, urls) in regions {
                let own = [(false, false), (false, true), (true, false), (true, true)].map { fips, dual in
                    try? AWSEndpoint(of: service, region: region, useFIPS: fips, useDualStack: dual).url
                }
                #expect(own == urls, "\(name) \(region)")
            }
        }
    }
}
