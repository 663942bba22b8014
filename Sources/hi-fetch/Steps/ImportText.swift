import ImagingWorkflow

/// What an import job did, in lines for a person.
enum ImportText {
    /// Files with a problem that are listed.
    private static let filesListed = 20

    /// Counts of an import, and the files that it did not take or complained about.
    static func summaryLines(_ summary: ImportSummary) -> [String] {
        var lines = [
            "  \(Formatting.count(summary.scanned, of: "file")) scanned, \(Formatting.count(summary.imported)) imported, "
                + "\(Formatting.count(summary.failed)) failed, \(Formatting.count(summary.warned)) with warnings"
        ]
        for (files, count, word) in [
            (summary.failures, summary.failed, "failed"), (summary.warnings, summary.warned, "warning"),
        ] {
            for file in files.prefix(filesListed) {
                lines.append("  \(word): \(Console.oneLine("\(file.key): \(file.kind): \(file.message)"))")
            }
            let more = count - min(files.count, filesListed)
            if more > 0 { lines.append("  \(word): \(Formatting.count(more)) more") }
        }
        return lines
    }

    static func imageSetLines(_ imageSets: [ImportedImageSet]) -> [String] {
        ["\(Formatting.count(imageSets.count, of: "image set")) in the job's manifest."]
            + imageSets.map { imageSet in
                var line = "  Image set ID: \(imageSet.id)"
                if let version = imageSet.version { line += ", version \(version)" }
                if let instances = imageSet.instances {
                    line += ", \(Formatting.count(instances, of: "instance"))"
                }
                return imageSet.isPrimary == false ? line + ", not primary" : line
            }
    }
}
