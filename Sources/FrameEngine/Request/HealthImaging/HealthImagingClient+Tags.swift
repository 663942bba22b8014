extension HealthImagingClient {
    /// The tags of a data store or image set, by its ARN (ListTagsForResource).
    public func tags(ofResource arn: String) async throws -> [String: String] {
        struct Answer: Decodable {
            let tags: [String: String]
        }
        let call = AWSCall("ListTagsForResource", method: "GET", path: Self.tagsPath(arn))
        return try await client.json(call, as: Answer.self).tags
    }

    /// Adds tags, or gives those there are other values (TagResource).
    public func addTags(_ tags: [String: String], toResource arn: String) async throws {
        _ = try await client.send(
            AWSCall("TagResource", path: Self.tagsPath(arn)).with(json: ["tags": tags]))
    }

    /// Removes the tags with these keys, 200 at most (UntagResource).
    public func removeTags(_ keys: [String], fromResource arn: String) async throws {
        _ = try await client.send(
            AWSCall(
                "UntagResource", method: "DELETE", path: Self.tagsPath(arn),
                query: keys.map { ("tagKeys", $0) }))
    }

    private static func tagsPath(_ arn: String) -> String { "/tags/\(PercentEncoding.encode(arn))" }
}
