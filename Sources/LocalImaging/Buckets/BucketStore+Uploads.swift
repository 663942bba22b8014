import Crypto
import Foundation
import FrameEngine

/// Objects that are uploaded in parts. What is uploaded stays until the upload is completed or aborted.
extension BucketStore {
    /// The highest number of a part.
    package static let partLimit = 10_000
    /// Every part but the last has this size at least.
    package static let leastPartInBytes = 5 << 20

    /// Begins an upload.
    ///
    /// - Throws: `BucketError.noSuchBucket`, `.invalidKey`.
    package func createUpload(
        bucket: String, key: String, properties: ObjectProperties
    ) throws(BucketError) -> UploadRecord {
        guard ObjectKey.isValid(key) else { throw .invalidKey }
        let upload = UploadRecord(
            id: .random(), bucket: bucket, key: key, properties: properties, initiatedAt: BucketRecord.now())
        let file = UploadFile(
            key: key, properties: properties, initiatedAt: upload.initiatedAt.timeIntervalSince1970)
        try exclusively { () throws(BucketError) in
            try require(bucket)
            try BucketError.stored { () throws(StoreError) in
                let folder = folder(upload)
                try StoreFiles.makeDirectory(folder)
                let path = folder + "/upload.json"
                try StoreFiles.replace(path, bytes: StoreJSON.encode(file, for: path))
                try StoreFiles.syncDirectory(layout.uploads(bucket))
            }
        }
        return upload
    }

    /// An upload that is neither completed nor aborted.
    ///
    /// - Throws: `BucketError.noSuchUpload`, also where it is of another key.
    package func upload(_ id: String, bucket: String, key: String) throws(BucketError) -> UploadRecord {
        try require(bucket)
        guard let checked = HealthImagingID(id), let upload = try readUpload(checked, bucket),
            ObjectKey.isSame(upload.key, key)
        else { throw .noSuchUpload(id) }
        return upload
    }

    /// Every upload in a bucket, in the order of the keys and of the times.
    package func uploads(bucket: String) throws(BucketError) -> [UploadRecord] {
        try require(bucket)
        let names = try BucketError.stored { () throws(StoreError) in
            try StoreFiles.names(in: layout.uploads(bucket))
        }
        var found: [UploadRecord] = []
        for name in names {
            guard let id = HealthImagingID(name), let upload = try readUpload(id, bucket) else { continue }
            found.append(upload)
        }
        return found.sorted {
            ObjectKey.isSame($0.key, $1.key)
                ? $0.initiatedAt < $1.initiatedAt : ObjectKey.isLess($0.key, than: $1.key)
        }
    }

    /// Makes what was written a part of an upload; a part of that number is replaced.
    ///
    /// - Throws: `BucketError.noSuchUpload` where it was completed or aborted meanwhile.
    package func add(
        _ writer: ObjectWriter, to upload: UploadRecord, number: Int
    ) throws(BucketError) -> PartRecord {
        let (size, md5) = (writer.size, writer.md5)
        let part = PartRecord(
            number: number, size: size, eTag: ObjectWriter.hexadecimal(md5),
            lastModified: BucketRecord.now().timeIntervalSince1970,
            data: "\(number).\(HealthImagingID.random())")
        let folder = folder(upload)
        try BucketError.stored { () throws(StoreError) in try writer.synchronize() }
        try exclusively { () throws(BucketError) in
            guard try readUpload(upload.id, upload.bucket) != nil else {
                throw .noSuchUpload(upload.id.description)
            }
            let present = try readPart(number, of: upload)
            try BucketError.stored { () throws(StoreError) in
                try writer.move(to: folder + "/" + part.data)
                let path = folder + "/\(number).json"
                try StoreFiles.replace(path, bytes: StoreJSON.encode(part, for: path))
                if let present { try StoreFiles.removeTree(folder + "/" + present.data) }
            }
        }
        return part
    }

    /// The parts of an upload, in the order of their numbers.
    package func parts(of upload: UploadRecord) throws(BucketError) -> [PartRecord] {
        let names = try BucketError.stored { () throws(StoreError) in try StoreFiles.names(in: folder(upload))
        }
        var found: [PartRecord] = []
        for name in names where name.hasSuffix(".json") {
            guard let number = Int(name.dropLast(5)), let part = try readPart(number, of: upload) else {
                continue
            }
            found.append(part)
        }
        return found.sorted { $0.number < $1.number }
    }

    /// Makes the object of the named parts, in one step, and ends the upload.
    ///
    /// - Throws: `BucketError.invalidPart`, `.invalidPartOrder`, `.partTooSmall`, `.preconditionFailed`.
    package func complete(
        _ upload: UploadRecord, parts named: [(number: Int, eTag: String)],
        if condition: ObjectWriter.Condition = .none
    ) throws(BucketError) -> ObjectRecord {
        let present = Dictionary(try parts(of: upload).map { ($0.number, $0) }, uniquingKeysWith: { $1 })
        var chosen: [PartRecord] = []
        for (number, eTag) in named {
            guard let part = present[number], part.eTag == eTag else { throw .invalidPart(number: number) }
            guard chosen.last.map({ $0.number < number }) ?? true else { throw .invalidPartOrder }
            if let last = chosen.last, last.size < Self.leastPartInBytes {
                throw .partTooSmall(number: last.number)
            }
            chosen.append(part)
        }
        guard !chosen.isEmpty else { throw .invalidPart(number: 1) }
        let writer = try beginObject(bucket: upload.bucket, key: upload.key)
        var digest = Insecure.MD5()
        for part in chosen {
            try append(part, of: upload, to: writer)
            digest.update(data: Self.bytes(hexadecimal: part.eTag))
        }
        let eTag = ObjectWriter.hexadecimal(digest.finalize()) + "-\(chosen.count)"
        let object = try writer.commit(upload.properties, eTag: eTag, if: condition)
        try remove(upload)
        return object
    }

    /// Ends an upload and removes its parts.
    package func abort(_ upload: UploadRecord) throws(BucketError) { try remove(upload) }

    // MARK: Files

    private func folder(_ upload: UploadRecord) -> String {
        layout.uploads(upload.bucket) + "/" + upload.id.description
    }

    private func append(
        _ part: PartRecord, of upload: UploadRecord, to writer: ObjectWriter
    ) throws(BucketError) {
        let size = writer.size
        guard try writer.append(fileAt: folder(upload) + "/" + part.data) else {
            throw .noSuchUpload(upload.id.description)
        }
        guard writer.size - size == part.size else { throw .invalidPart(number: part.number) }
    }

    private func remove(_ upload: UploadRecord) throws(BucketError) {
        let trashed = layout.trash + "/" + HealthImagingID.random().description
        try exclusively { () throws(BucketError) in
            guard StoreFiles.exists(folder(upload)) else { throw .noSuchUpload(upload.id.description) }
            try BucketError.stored { () throws(StoreError) in try StoreFiles.move(folder(upload), to: trashed)
            }
        }
        try BucketError.stored { () throws(StoreError) in try StoreFiles.removeTree(trashed) }
    }

    private func readUpload(_ id: HealthImagingID, _ bucket: String) throws(BucketError) -> UploadRecord? {
        let path = layout.uploads(bucket) + "/\(id)/upload.json"
        return try BucketError.stored { () throws(StoreError) in
            guard let bytes = try StoreFiles.read(path) else { return nil }
            let file = try StoreJSON.decode(UploadFile.self, from: bytes, path: path)
            return UploadRecord(
                id: id, bucket: bucket, key: file.key, properties: file.properties,
                initiatedAt: Date(timeIntervalSince1970: file.initiatedAt))
        }
    }

    private func readPart(_ number: Int, of upload: UploadRecord) throws(BucketError) -> PartRecord? {
        let path = folder(upload) + "/\(number).json"
        return try BucketError.stored { () throws(StoreError) in
            guard let bytes = try StoreFiles.read(path) else { return nil }
            return try StoreJSON.decode(PartRecord.self, from: bytes, path: path)
        }
    }

    private static func bytes(hexadecimal text: String) -> Data {
        let digits = Array(text.utf8)
        return Data(
            stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
            })
    }
}
