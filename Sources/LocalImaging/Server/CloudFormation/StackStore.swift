import Foundation
import FrameEngine

/// Stacks in a folder of the store, a file each. Deleted ones stay for those who ask what became of them. Any thread;
/// several processes.
struct StackStore: Sendable {
    private let folder: String

    init(opening storePath: String) throws(StoreError) {
        folder = storePath + "/stacks"
        try StoreFiles.makeDirectory(folder)
    }

    /// Every stack, the newest first.
    func stacks() throws(StoreError) -> [StackRecord] {
        var records: [StackRecord] = []
        for name in try StoreFiles.names(in: folder) where name.hasSuffix(".json") {
            if let record = try read(String(name.dropLast(5))) { records.append(record) }
        }
        return records.sorted { ($0.createdAt, $0.uuid) > ($1.createdAt, $1.uuid) }
    }

    /// By ARN any stack, by name one that has not been deleted; nil where there is none.
    func stack(_ nameOrARN: String) throws(StoreError) -> StackRecord? {
        try stacks().first { $0.arn == nameOrARN || ($0.name == nameOrARN && !$0.isDeleted) }
    }

    func read(_ uuid: String) throws(StoreError) -> StackRecord? {
        guard UUID(uuidString: uuid) != nil else { return nil }
        let path = path(uuid)
        guard let bytes = try StoreFiles.read(path) else { return nil }
        return try StoreJSON.decode(StackRecord.self, from: bytes, path: path)
    }

    /// Adds a stack whose name is free; returns the one that has the name where it is not.
    func add(_ record: StackRecord) throws(StoreError) -> StackRecord? {
        try locked { () throws(StoreError) in
            if let present = try stack(record.name) { return present }
            try write(record)
            return nil
        }
    }

    /// Changes a stack in one step; changes of several threads and processes follow one another.
    ///
    /// - Throws: `StoreError.notFound`.
    @discardableResult
    func update(_ uuid: String, _ change: (inout StackRecord) -> Void) throws(StoreError) -> StackRecord {
        try locked { () throws(StoreError) in
            guard var record = try read(uuid) else { throw .notFound(what: "stack \(uuid)") }
            change(&record)
            try write(record)
            return record
        }
    }

    /// Runs `body` while nobody else works on the stack; waits for that.
    func working<Result>(on uuid: String, _ body: () throws(StoreError) -> Result) throws(StoreError)
        -> Result
    {
        try FileLock.withLock(on: "\(folder)/\(uuid).work", body)
    }

    private func write(_ record: StackRecord) throws(StoreError) {
        let path = path(record.uuid)
        try StoreFiles.replace(path, bytes: StoreJSON.encode(record, for: path))
    }

    private func path(_ uuid: String) -> String { "\(folder)/\(uuid).json" }

    private func locked<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try FileLock.withLock(on: folder + "/lock", body)
    }
}
