import Crypto
import Foundation
import FrameEngine

/// A role that a local stack made. Its policies are kept and not enforced.
package struct RoleRecord: Codable, Hashable, Sendable {
    package var name: String
    /// `AROA…`.
    package var id: String
    /// Begins and ends with a slash.
    package var path: String
    /// Seconds since 1970.
    package var createdAt: Double
    /// The document that says who may assume it, as JSON.
    package var trustPolicy: String
    /// On whose behalf it was made.
    package var owner: String
}

/// The roles of a store, a file each. Any thread; several processes.
package struct RoleStore: Sendable {
    private let store: String
    private var folder: String { store + "/roles" }

    package init(opening storePath: String) throws(StoreError) {
        store = storePath.count > 1 && storePath.hasSuffix("/") ? String(storePath.dropLast()) : storePath
        try StoreFiles.makeDirectory(folder)
    }

    /// 1 to 64 letters, digits and `_+=,.@-`: safe as the name of a file behind a prefix.
    package static func isValid(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                let character = Character(Unicode.Scalar(byte))
                return byte < 0x80
                    && (character.isLetter || character.isNumber || "_+=,.@-".utf8.contains(byte))
            }
    }

    /// The id that a role of that name has here.
    static func id(ofRoleNamed name: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        let digits = SHA256.hash(data: Data(name.utf8)).prefix(17).map { alphabet[Int($0 & 31)] }
        return "AROA" + String(decoding: digits, as: UTF8.self)
    }

    /// Nil where there is none.
    package func role(_ name: String) throws(StoreError) -> RoleRecord? {
        guard Self.isValid(name), let bytes = try StoreFiles.read(path(name)) else { return nil }
        return try StoreJSON.decode(RoleRecord.self, from: bytes, path: path(name))
    }

    /// Every role, by name.
    package func roles() throws(StoreError) -> [RoleRecord] {
        var records: [RoleRecord] = []
        for file in try StoreFiles.names(in: folder).sorted()
        where file.hasPrefix("role-") && file.hasSuffix(".json") {
            if let role = try role(String(file.dropFirst(5).dropLast(5))) { records.append(role) }
        }
        return records
    }

    /// Makes a role; one that the same owner made before is returned as it is.
    ///
    /// - Throws: `StoreError.conflict` where the name is taken or no name.
    package func create(
        _ name: String, path: String = "/", trustPolicy: String, owner: String
    ) throws(StoreError) -> RoleRecord {
        guard Self.isValid(name) else {
            throw .conflict(reason: "a role's name must be 1 to 64 letters, digits and _+=,.@-")
        }
        return try FileLock.withLock(on: store + "/store.lock") { () throws(StoreError) in
            if let present = try role(name) {
                guard present.owner == owner else { throw .conflict(reason: "\(name) already exists") }
                return present
            }
            let record = RoleRecord(
                name: name, id: Self.id(ofRoleNamed: name), path: path,
                createdAt: Date.now.timeIntervalSince1970.rounded(.down), trustPolicy: trustPolicy,
                owner: owner)
            try StoreFiles.replace(self.path(name), bytes: StoreJSON.encode(record, for: self.path(name)))
            return record
        }
    }

    /// Deletes a role; one that is not there is no error.
    package func delete(_ name: String) throws(StoreError) {
        guard Self.isValid(name) else { return }
        try StoreFiles.removeTree(path(name))
    }

    private func path(_ name: String) -> String { "\(folder)/role-\(name).json" }
}
