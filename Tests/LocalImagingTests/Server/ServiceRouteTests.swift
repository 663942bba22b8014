import FrameEngine
import Testing

@testable import LocalImaging

@Suite("Which service a request is for")
struct ServiceRouteTests {
    private func route(_ method: String, _ target: String, _ fields: [HTTPField] = []) -> ServiceRoute {
        ServiceRoute(APIRequest(method: method, target: target, fields: fields))
    }

    private func signed(_ service: String) -> [HTTPField] {
        let signature = String(repeating: "a", count: 64)
        let scope = "20260101/us-east-1/\(service)/aws4_request"
        return [
            HTTPField(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=K/\(scope), SignedHeaders=host, Signature=\(signature)")
        ]
    }

    @Test("a signed request names its service, whatever its path says")
    func signedRequests() {
        #expect(route("GET", "/datastore", signed("s3")) == .s3)
        #expect(route("GET", "/some-bucket", signed("medical-imaging")) == .healthImaging)
        #expect(route("POST", "/", signed("cloudformation")) == .query)
        #expect(route("POST", "/", signed("sts")) == .query)
    }

    @Test(
        "of an unsigned request the path, the action and the type of the content tell",
        arguments: [
            ("GET", "/", ServiceRoute.s3), ("GET", "/?Action=GetCallerIdentity", .query),
            ("GET", "/datastore", .healthImaging), ("GET", "/datastore/x", .healthImaging),
            ("PATCH", "/datastore", .healthImaging), ("GET", "/tags/arn", .healthImaging),
            ("POST", "/startDICOMImportJob/datastore/x", .healthImaging),
            ("GET", "/bucket", .s3), ("PUT", "/bucket/key", .s3), ("POST", "/bucket?delete", .s3),
            ("GET", "/%62ucket/key", .s3), ("GET", "/NoBucket/key", .healthImaging),
            ("GET", "/..%2f..", .healthImaging),
        ] as [(String, String, ServiceRoute)])
    func unsigned(_ method: String, _ target: String, _ expected: ServiceRoute) {
        #expect(route(method, target) == expected)
    }

    @Test("a form at the root is a call in the query protocol")
    func forms() {
        let form = [HTTPField("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
        #expect(route("POST", "/", form) == .query)
        #expect(route("POST", "/") == .s3)
    }
}
