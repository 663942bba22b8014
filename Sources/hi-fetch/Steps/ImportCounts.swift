import ImagingWorkflow

/// What an import job did, with reasons, as it is told with `--json`.
struct ImportCounts: Encodable {
    let scanned: Int
    let imported: Int
    let failed: Int
    let warned: Int
    let failures: [ImportSummary.File]
    let warnings: [ImportSummary.File]

    init(_ summary: ImportSummary) {
        scanned = summary.scanned
        imported = summary.imported
        failed = summary.failed
        warned = summary.warned
        failures = summary.failures
        warnings = summary.warnings
    }
}
