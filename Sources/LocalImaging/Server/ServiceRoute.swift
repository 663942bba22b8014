import FrameEngine

/// Which of the services on the one port a request is for.
enum ServiceRoute: Hashable, Sendable {
    case healthImaging
    case s3
    /// The services of the query protocol, which the action tells apart: CloudFormation and STS.
    case query

    /// Decided by the request's head alone: a signed request names its service; of an unsigned one the path, the query
    /// and the type of the content tell.
    init(_ head: APIRequest) {
        if let header = head.field("authorization"), let signed = SigV4.Authorization(parsing: header) {
            switch signed.scope.service {
            case "medical-imaging":
                self = .healthImaging
                return
            case "s3":
                self = .s3
                return
            case "cloudformation", "sts":
                self = .query
                return
            default: break
            }
        }
        self = Self.unsigned(head)
    }

    private static func unsigned(_ head: APIRequest) -> ServiceRoute {
        if head.path == "/" {
            let isForm = head.field("content-type")?.hasPrefix("application/x-www-form-urlencoded") ?? false
            if head.method == "POST", isForm { return .query }
            return head.parameters("Action").isEmpty ? .s3 : .query
        }
        if Operation(method: head.method, path: head.path) != nil { return .healthImaging }
        let first = head.path.dropFirst().prefix { $0 != "/" }
        let name = APIRequest.decoded(first)
        if name == "datastore" || name == "tags" { return .healthImaging }
        return BucketName.isValid(name) ? .s3 : .healthImaging
    }
}
