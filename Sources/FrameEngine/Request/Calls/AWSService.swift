/// A service that calls are sent to: how it is named in hosts, signatures and settings, and how it speaks.
package struct AWSService: Sendable, Hashable {
    /// How requests are written and answers read.
    package enum WireProtocol: Sendable, Hashable {
        /// Paths, queries and JSON bodies.
        case restJSON
        /// Paths, queries and XML bodies; paths are signed as they are sent, the body's hash goes along.
        case restXML
        /// A form with `Action` and `Version`, answered in XML.
        case query(version: String)
    }

    /// The service's id in settings: of the config file's services section (`medical_imaging`), and in upper case the end
    /// of the variable `AWS_ENDPOINT_URL_…`.
    package let id: String
    /// What the service's hosts begin with.
    package let endpointPrefix: String
    package let signingName: String
    package let wire: WireProtocol

    package init(id: String, endpointPrefix: String, signingName: String, wire: WireProtocol) {
        self.id = id
        self.endpointPrefix = endpointPrefix
        self.signingName = signingName
        self.wire = wire
    }

    package static let healthImaging = AWSService(
        id: "medical_imaging", endpointPrefix: "medical-imaging", signingName: "medical-imaging",
        wire: .restJSON)
    package static let s3 = AWSService(id: "s3", endpointPrefix: "s3", signingName: "s3", wire: .restXML)
    package static let cloudFormation = AWSService(
        id: "cloudformation", endpointPrefix: "cloudformation", signingName: "cloudformation",
        wire: .query(version: "2010-05-15"))
    package static let sts = AWSService(
        id: "sts", endpointPrefix: "sts", signingName: "sts", wire: .query(version: "2011-06-15"))

    /// The environment variable that names an endpoint for this service alone.
    var endpointVariable: String { "AWS_ENDPOINT_URL_\(id.uppercased())" }

    /// S3 alone has its paths signed as they are sent.
    var pathStyle: SigV4.PathStyle { wire == .restXML ? .asSent : .encodedTwice }
}
