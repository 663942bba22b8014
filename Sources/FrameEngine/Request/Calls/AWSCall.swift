import Foundation

/// One request of an operation, before it is signed.
package struct AWSCall: Sendable {
    /// The largest answer, in bytes, that is accepted where a call names no other limit.
    package static let usualBodyLimit = 16 << 20

    /// The operation's name in the API model, such as `ListObjectsV2`: for errors.
    package var operation: String
    package var method: String
    /// Percent-encoded; begins with a slash. Of an S3 key each byte but `/` and the unreserved ones is encoded.
    package var path: String
    /// Names and values as they are meant; the client encodes them. A nil value makes a bare name (`?versions`).
    package var query: [(name: String, value: String?)]
    package var fields: [HTTPField]
    package var body: [UInt8]
    /// The largest answer that is accepted, in bytes.
    package var bodyLimit: Int
    /// Goes before the host of the service's own endpoint: `runtime-`, or `bucket.`. Not used with custom endpoints.
    package var hostPrefix: String
    /// Whether the call is signed where there are credentials; `AssumeRoleWithWebIdentity` never is.
    package var isSigned = true
    /// What no error may repeat, beyond the credentials that sign: tokens that the call carries.
    package var secrets: [String] = []

    package init(
        _ operation: String, method: String = "POST", path: String = "/",
        query: [(name: String, value: String?)] = [], fields: [HTTPField] = [], body: [UInt8] = [],
        bodyLimit: Int = AWSCall.usualBodyLimit, hostPrefix: String = ""
    ) {
        self.operation = operation
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.bodyLimit = bodyLimit
        self.hostPrefix = hostPrefix
    }

    /// The same call with `value` as its JSON body: members sorted, dates as seconds since 1970, nil left out.
    ///
    /// - Throws: `ServiceError` of kind `.client` for a number that JSON has no form for.
    package func with(json value: some Encodable) throws(ServiceError) -> AWSCall {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .secondsSince1970
        guard let data = try? encoder.encode(value) else {
            throw ServiceError(
                operation: operation, status: 0, awsCode: "UnwritableRequest",
                message: "\(operation): a value of the request cannot be written as JSON; check its dates",
                kind: .client)
        }
        var call = self
        call.body = [UInt8](data)
        call.fields.append(HTTPField("Content-Type", "application/json"))
        return call
    }

    /// Path and query as they go over the wire.
    var target: String {
        guard !query.isEmpty else { return path }
        let pairs = query.map { name, value in
            let name = PercentEncoding.encode(name)
            return value.map { "\(name)=\(PercentEncoding.encode($0))" } ?? name
        }
        return "\(path)?\(pairs.joined(separator: "&"))"
    }
}
