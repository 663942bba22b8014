extension HealthImagingClient {
    /// Makes a data store (CreateDatastore); it is `CREATING` for some minutes.
    public func createDatastore(_ new: NewDatastore) async throws -> DatastoreChange {
        try await client.json(AWSCall("CreateDatastore", path: "/datastore").with(json: new))
    }

    /// Deletes a data store (DeleteDatastore); its image sets must be gone.
    public func deleteDatastore(_ id: HealthImagingID) async throws -> DatastoreChange {
        try await client.json(AWSCall("DeleteDatastore", method: "DELETE", path: "/datastore/\(id)"))
    }

    /// One data store (GetDatastore).
    public func datastore(_ id: HealthImagingID) async throws -> DatastoreSummary {
        struct Answer: Decodable {
            let datastoreProperties: DatastoreSummary
        }
        let call = AWSCall("GetDatastore", method: "GET", path: "/datastore/\(id)")
        return try await client.json(call, as: Answer.self).datastoreProperties
    }

    /// All data stores of the account in this region, or those of one status (ListDatastores, all pages).
    public func datastores(status: DatastoreStatus? = nil) async throws -> [DatastoreSummary] {
        struct Page: PagedAnswer {
            let datastoreSummaries: [DatastoreSummary]?
            let nextToken: String?

            var items: [DatastoreSummary] { datastoreSummaries ?? [] }
        }
        var call = AWSCall("ListDatastores", method: "GET", path: "/datastore")
        call.query = status.map { [("datastoreStatus", $0.rawValue)] } ?? []
        return try await all(call, as: Page.self)
    }
}
