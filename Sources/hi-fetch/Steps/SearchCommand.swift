import ArgumentParser
import Foundation
import FrameEngine
import ImagingWorkflow

/// `hi-fetch search`: image sets by what they hold.
struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find image sets by patient, study, series or dates.",
        discussion: """
            EXAMPLE: hi-fetch search --datastore 12345678901234567890123456789012 --patient PAT-1 --from 20240101 --json

            All that is given must hold; without any of it every image set is found. Goes through all pages of the \
            answer. With --json: a line an image set.
            """)

    /// One image set.
    struct Line: Encodable {
        let imageSetId: String
        let version: Int?
        let isPrimary: Bool?
        let createdAt: Double?
        let updatedAt: Double?
        let storageTier: String?
        let tags: [String: String]

        enum CodingKeys: String, CodingKey {
            case imageSetId, version, isPrimary, createdAt, updatedAt, storageTier
            case tags = "DICOMTags"
        }

        init(_ imageSet: ImageSetSummary) {
            imageSetId = imageSet.imageSetID.description
            version = imageSet.version
            isPrimary = imageSet.isPrimary
            createdAt = imageSet.createdAt?.timeIntervalSince1970
            updatedAt = imageSet.updatedAt?.timeIntervalSince1970
            storageTier = imageSet.storageTier?.rawValue
            tags = imageSet.tags
        }
    }

    @Option(help: ArgumentHelp("The data store.", valueName: "id"))
    var datastore: HealthImagingID

    @Option(help: ArgumentHelp("The PatientID.", valueName: "id"))
    var patient: String?

    @Option(help: ArgumentHelp("The StudyInstanceUID.", valueName: "uid"))
    var study: DICOMUIDArgument?

    @Option(help: ArgumentHelp("The SeriesInstanceUID.", valueName: "uid"))
    var series: DICOMUIDArgument?

    @Option(
        help: ArgumentHelp("Studies made on this day or later: 20240131 or 2024-01-31.", valueName: "date"))
    var from: StudyDateArgument?

    @Option(help: ArgumentHelp("Studies made on this day or earlier.", valueName: "date"))
    var to: StudyDateArgument?

    @Option(help: ArgumentHelp("So many image sets at most.", valueName: "n"))
    var limit: Int?

    @OptionGroup(title: "The service") var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more.") }
        if let from, let to, from.date.date > to.date.date {
            throw ValidationError("--from is later than --to.")
        }
        if let patient, patient.isEmpty || patient.utf8.count > 256 {
            throw ValidationError("--patient must be 1 to 256 bytes.")
        }
    }

    func run() async throws {
        let console = Console.standard
        let verb = self
        let isJSON = outputOptions.json
        let search = ImageSetSearch(
            studyInstanceUID: study?.uid, seriesInstanceUID: series?.uid, patientID: patient,
            studyDates: from == nil && to == nil ? nil : SearchRange(from: from?.date, through: to?.date))
        let count = try await Self.interruptible {
            try await verb.connection.withClient { client in
                try await SearchStep(client: client).search(search, in: verb.datastore, limit: verb.limit) {
                    imageSet in
                    if isJSON { console.json(Line(imageSet)) } else { console.result(Self.text(imageSet)) }
                }
            }
        }
        if !isJSON { console.result("\(Formatting.count(count, of: "image set")) found.") }
    }

    private static func text(_ imageSet: ImageSetSummary) -> String {
        var parts = ["Image set \(imageSet.imageSetID)"]
        if let version = imageSet.version { parts.append("version \(version)") }
        for (name, word) in [
            ("DICOMPatientId", "patient"), ("DICOMStudyInstanceUID", "study"),
            ("DICOMSeriesInstanceUID", "series"),
            ("DICOMSeriesModality", "modality"), ("DICOMStudyDate", "of"),
            ("DICOMNumberOfStudyRelatedInstances", "instances of the study:"),
        ] {
            if let value = imageSet.tags[name] { parts.append("\(word) \(Console.oneLine(value))") }
        }
        return parts.joined(separator: ", ")
    }
}
