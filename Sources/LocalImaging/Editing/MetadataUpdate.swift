import Foundation
import FrameEngine

/// A change of an image set's attributes, as UpdateImageSetMetadata takes it: documents of the metadata's own form that
/// hold what is to go and what is to come.
struct MetadataUpdate {
    /// Why a change is not made. One line for the caller.
    struct Refusal: Error, Equatable {
        let message: String
    }

    private let removals: JSONSlice?
    private let additions: JSONSlice?
    /// Allows UIDs, StudyID and private attributes to be changed.
    private let isForced: Bool

    /// - Parameters:
    ///   - removable: names what is removed; values do not matter, and an instance without members goes as a whole.
    ///   - updatable: what is set.
    init(removable: [UInt8]?, updatable: [UInt8]?, isForced: Bool) throws(Refusal) {
        removals = try removable.map { (text) throws(Refusal) in
            try Self.document(text, "removableAttributes")
        }
        additions = try updatable.map { (text) throws(Refusal) in
            try Self.document(text, "updatableAttributes")
        }
        self.isForced = isForced
        guard removals != nil || additions != nil else {
            throw Refusal(message: "DICOMUpdates must have removableAttributes or updatableAttributes")
        }
    }

    /// Changes a document.
    ///
    /// - Parameter sharedOnly: only patient and study: for the other image sets of the study.
    func apply(to document: inout ImageSetDocument, sharedOnly: Bool = false) throws(Refusal) {
        for (change, isRemoval) in [(removals, true), (additions, false)] {
            guard let change else { continue }
            try apply(change["Patient"]?["DICOM"], to: &document.patient, at: .patient, isRemoval)
            let study = change["Study"]
            try apply(study?["DICOM"], to: &document.study, at: .study, isRemoval)
            if sharedOnly { continue }
            for (uid, series) in study?["Series"]?.members ?? [] {
                guard uid == document.seriesInstanceUID else {
                    throw Refusal(message: "the image set has no series \(uid)")
                }
                try applySeries(series, to: &document, isRemoval)
            }
        }
        try moveIdentifiers(of: &document)
        guard !document.instances.isEmpty else {
            throw Refusal(message: "an image set cannot be left without instances; delete it instead")
        }
    }

    private func applySeries(
        _ series: JSONSlice, to document: inout ImageSetDocument, _ isRemoval: Bool
    ) throws(Refusal) {
        if isRemoval, series.members?.isEmpty ?? false {
            document.instances = []
            return
        }
        try apply(series["DICOM"], to: &document.series, at: .series, isRemoval)
        for (uid, change) in series["Instances"]?.members ?? [] {
            guard let place = document.instances.firstIndex(where: { $0.sopInstanceUID == uid }) else {
                throw Refusal(message: "the image set has no SOP instance \(uid)")
            }
            if isRemoval, change.members?.isEmpty ?? false {
                document.instances.remove(at: place)
                continue
            }
            try apply(change["DICOM"], to: &document.instances[place].attributes, at: .instance, isRemoval)
            for (tag, vr) in change["DICOMVRs"]?.members ?? [] {
                document.instances[place].unknownVRs.removeAll { $0.tag == tag }
                if !isRemoval {
                    document.instances[place].unknownVRs.append((tag: tag, vr: vr.string ?? "UN"))
                }
            }
        }
    }

    private func apply(
        _ change: JSONSlice?, to attributes: inout [MetadataAttribute], at level: AttributeLevel,
        _ isRemoval: Bool
    ) throws(Refusal) {
        guard let change else { return }
        guard let members = change.members else {
            throw Refusal(message: "DICOM must be an object of attributes")
        }
        for (key, value) in members {
            try check(key, at: level, isRemoval: isRemoval)
            let place = attributes.firstIndex { $0.key == key }
            if isRemoval {
                if let place { attributes.remove(at: place) }
            } else if let place {
                attributes[place] = MetadataAttribute(key: key, json: value.text)
            } else {
                attributes.append(MetadataAttribute(key: key, json: value.text))
            }
        }
    }

    // MARK: Rules

    /// Changing these would make the metadata untrue of the frames.
    private static let fixed: Set<String> = [
        "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
        "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "PixelData",
        "TransferSyntaxUID",
    ]
    private static let identifiers: Set<String> = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]

    private func check(_ key: String, at level: AttributeLevel, isRemoval: Bool) throws(Refusal) {
        let isTag = key.utf8.count == 8 && key.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isLowercase }
        let isKeyword =
            key.first.map { $0.isASCII && $0.isUppercase } ?? false
            && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        guard isTag || isKeyword else {
            throw Refusal(message: "\(key) is neither a DICOM keyword nor a tag of eight hexadecimal digits")
        }
        guard !Self.fixed.contains(key) else { throw Refusal(message: "\(key) cannot be changed") }
        if isKeyword, !isTag {
            guard AttributeLevel(keyword: key) == level else {
                throw Refusal(message: "\(key) is not an attribute of the \(level.name) level")
            }
        }
        let needsForce = isTag || Self.identifiers.contains(key) || key == "StudyID"
        guard isForced || !needsForce else {
            throw Refusal(message: "\(key) can be changed with force=true only")
        }
        guard !isRemoval || !Self.identifiers.contains(key) else {
            throw Refusal(message: "\(key) cannot be removed")
        }
    }

    /// Series and instances are filed under their UIDs, which may have been changed.
    private func moveIdentifiers(of document: inout ImageSetDocument) throws(Refusal) {
        if let uid = Self.text("SeriesInstanceUID", document.series) { document.seriesInstanceUID = uid }
        for place in document.instances.indices {
            if let uid = Self.text("SOPInstanceUID", document.instances[place].attributes) {
                document.instances[place].sopInstanceUID = uid
            }
        }
        let uids = document.instances.map(\.sopInstanceUID)
        guard Set(uids).count == uids.count else {
            throw Refusal(message: "two instances cannot have the same SOPInstanceUID")
        }
    }

    private static func text(_ key: String, _ attributes: [MetadataAttribute]) -> String? {
        attributes.first { $0.key == key }.flatMap { JSONSlice(Array($0.json.utf8)).string }
    }

    private static func document(_ text: [UInt8], _ member: String) throws(Refusal) -> JSONSlice {
        guard (1...30_000).contains(text.count) else {
            throw Refusal(message: "\(member) must have 1 to 30000 bytes")
        }
        // Only valid text may be cut into pieces that become part of a document.
        guard let parsed = try? JSONSerialization.jsonObject(with: Data(text)), parsed is [String: Any] else {
            throw Refusal(message: "\(member) must be the base64 of a JSON object")
        }
        let document = JSONSlice(text)
        for (key, _) in document.members ?? [] where !["SchemaVersion", "Patient", "Study"].contains(key) {
            throw Refusal(message: "\(member) has no member \(key)")
        }
        return document
    }
}

extension AttributeLevel {
    fileprivate var name: String {
        switch self {
        case .patient: "patient"
        case .study: "study"
        case .series: "series"
        case .instance: "instance"
        }
    }
}

extension DICOMTags {
    /// What the metadata says now; counts of the study as before.
    init(of document: ImageSetDocument, counts: DICOMTags) {
        self.init { document.text($0) }
        numberOfStudyRelatedSeries = counts.numberOfStudyRelatedSeries
        numberOfStudyRelatedInstances = counts.numberOfStudyRelatedInstances
    }
}
