import FrameEngine

/// Where the parts of a store lie. The only place that joins ids to paths, and it takes checked ids only.
///
///     ROOT/store.json                                       format version
///     ROOT/store.lock                                       held while a writer, a store or a sweep begins or ends
///     ROOT/staging/ , ROOT/trash/                           half-made data stores; what is being deleted
///     ROOT/buckets/                                         see `BucketLayout`
///     ROOT/datastores/<id>/{datastore.json,tags.json}
///     ROOT/datastores/<id>/importjobs/<jobId>{.json,.lock}  import jobs; the lock is held by who runs it
///     ROOT/datastores/<id>/organize.lock                    held while a series finds its image set
///     ROOT/datastores/<id>/writers/<imageSetId>{,.lock}     image sets being written
///     ROOT/datastores/<id>/imagesets/<imageSetId>/{tags.json,activity.json}
///     ROOT/datastores/<id>/imagesets/<imageSetId>/v<N>/{imageset.json,metadata.json.gz}
///     ROOT/datastores/<id>/imagesets/<imageSetId>/frames/<imageFrameId>
///     ROOT/idc-open-data/                                   files of the built-in bucket, made when they are asked for
struct StoreLayout: Sendable {
    let root: String

    var formatFile: String { root + "/store.json" }
    var lockFile: String { root + "/store.lock" }
    var staging: String { root + "/staging" }
    var trash: String { root + "/trash" }
    var syntheticObjects: String { root + "/idc-open-data" }
    var datastores: String { root + "/datastores" }

    func datastore(_ id: HealthImagingID) -> String { datastores + "/" + id.description }
    func datastoreFile(_ id: HealthImagingID) -> String { datastore(id) + "/datastore.json" }
    func writers(_ id: HealthImagingID) -> String { datastore(id) + "/writers" }
    func importJobs(_ id: HealthImagingID) -> String { datastore(id) + "/importjobs" }
    func organizeLock(_ id: HealthImagingID) -> String { datastore(id) + "/organize.lock" }
    func imageSets(_ id: HealthImagingID) -> String { datastore(id) + "/imagesets" }

    func imageSet(_ datastore: HealthImagingID, _ imageSet: HealthImagingID) -> String {
        imageSets(datastore) + "/" + imageSet.description
    }

    func version(_ datastore: HealthImagingID, _ imageSet: HealthImagingID, _ version: Int) -> String {
        self.imageSet(datastore, imageSet) + "/" + Self.versionName(version)
    }

    func frame(
        _ datastore: HealthImagingID, _ imageSet: HealthImagingID, _ frame: HealthImagingID
    ) -> String {
        self.imageSet(datastore, imageSet) + "/frames/" + frame.description
    }

    static func versionName(_ version: Int) -> String { "v\(version)" }

    /// The version that a folder name stands for; nil for any other name.
    static func version(named name: String) -> Int? {
        guard name.first == "v", let version = Int(name.dropFirst()), version > 0,
            versionName(version) == name
        else { return nil }
        return version
    }

    static let imageSetFileName = "imageset.json"
    static let metadataFileName = "metadata.json.gz"
    static let syntaxesFileName = "frame-syntaxes.json"
    static let activityFileName = "activity.json"
    static let tagsFileName = "tags.json"
}
