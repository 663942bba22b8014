import Foundation
import FrameEngine
import Synchronization

/// The built-in bucket `idc-open-data`, which can only be read: `IDCSeries.all` as objects.
///
/// Keys, sizes and ETags are there at once; a file is made in STORE/idc-open-data when its bytes are first asked for,
/// whole or not at all, and stays. Any thread; several processes.
package final class IDCBucket: ObjectSource {
    package static let name = "idc-open-data"

    private let folder: String
    /// In the order of the keys.
    private let objects: [ObjectRecord]
    private let places: [String: Place]
    /// By series; made when the first of its files is.
    private let painters = Mutex<[Int: any FramePainter]>([:])

    private struct Place {
        let series: Int
        let instance: Int
    }

    /// The real objects' time does not matter; a fixed one keeps lists equal from day to day.
    private static let createdAt = Date(timeIntervalSince1970: 1_577_836_800)

    /// Nothing is written before a file is asked for.
    package init(store: ImageSetStore) {
        folder = store.layout.syntheticObjects
        var objects: [ObjectRecord] = []
        var places: [String: Place] = [:]
        for (number, series) in IDCSeries.all.enumerated() {
            for (instance, key) in series.keys.enumerated() {
                places[key] = Place(series: number, instance: instance)
                objects.append(
                    ObjectRecord(
                        bucket: Self.name, key: key, size: series.fileSize(instance),
                        eTag: series.eTag(instance),
                        lastModified: Self.createdAt,
                        properties: ObjectProperties(contentType: "application/dicom"), location: key))
            }
        }
        self.objects = objects.sorted { ObjectKey.isLess($0.key, than: $1.key) }
        self.places = places
    }

    package func buckets() throws(BucketError) -> [BucketRecord] { [Self.record] }

    package func bucket(_ name: String) throws(BucketError) -> BucketRecord? {
        name == Self.name ? Self.record : nil
    }

    package func object(bucket: String, key: String) throws(BucketError) -> ObjectRecord? {
        try check(bucket)
        return objects.first { ObjectKey.isSame($0.key, key) }
    }

    package func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) throws(BucketError) -> ObjectPage {
        try check(bucket)
        let found = objects.filter { object in
            ObjectKey.has(object.key, prefix: prefix)
                && (after.map { ObjectKey.isLess($0, than: object.key) } ?? true)
        }
        return ObjectPage(objects: Array(found.prefix(max(limit, 0))), isTruncated: found.count > limit)
    }

    package func path(of object: ObjectRecord) throws(BucketError) -> String {
        guard object.bucket == Self.name, let place = places[object.key] else {
            throw .noSuchKey(bucket: object.bucket, key: object.key)
        }
        let path = "\(folder)/r\(IDCSeries.revision)-\(place.series)-\(place.instance).dcm"
        if StoreFiles.size(of: path) == object.size { return path }
        let series = IDCSeries.all[place.series]
        let bytes = series.file(place.instance, painter: painter(of: place.series))
        return try BucketError.stored { () throws(StoreError) in
            try StoreFiles.makeDirectory(folder)
            try StoreFiles.replace(path, bytes: bytes)
            return path
        }
    }

    private static let record = BucketRecord(name: name, createdAt: createdAt, region: "us-east-1")

    private func check(_ bucket: String) throws(BucketError) {
        guard bucket == Self.name else { throw .noSuchBucket(bucket) }
    }

    private func painter(of series: Int) -> any FramePainter {
        painters.withLock { painters in
            if let known = painters[series] { return known }
            let made = IDCSeries.all[series].makePainter()
            painters[series] = made
            return made
        }
    }
}
