import FrameEngine

/// What tags can be put on.
public enum TaggedResource: Hashable, Sendable {
    case datastore(HealthImagingID)
    case imageSet(datastore: HealthImagingID, id: HealthImagingID)
}

extension ImageSetStore {
    /// The tags of a resource.
    ///
    /// - Throws: `StoreError.notFound`.
    public func tags(of resource: TaggedResource) throws(StoreError) -> [String: String] {
        let folder = try folder(of: resource)
        let path = folder + "/" + StoreLayout.tagsFileName
        guard let bytes = try StoreFiles.read(path) else { return [:] }
        return try StoreJSON.decode([String: String].self, from: bytes, path: path)
    }

    /// Changes the tags of a resource in one step; changes of several threads and processes follow one another.
    ///
    /// - Throws: `StoreError.notFound`.
    public func updateTags(
        of resource: TaggedResource, _ change: (inout [String: String]) -> Void
    ) throws(StoreError) {
        try FileLock.withLock(on: layout.lockFile) { () throws(StoreError) in
            var tags = try tags(of: resource)
            change(&tags)
            let path = try folder(of: resource) + "/" + StoreLayout.tagsFileName
            try StoreFiles.replace(path, bytes: StoreJSON.encode(tags, for: path))
        }
    }

    private func folder(of resource: TaggedResource) throws(StoreError) -> String {
        switch resource {
        case .datastore(let id):
            _ = try datastore(id)
            return layout.datastore(id)
        case .imageSet(let datastore, let id):
            _ = try versions(datastoreID: datastore, imageSetID: id)
            return layout.imageSet(datastore, id)
        }
    }
}
