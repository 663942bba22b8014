import ArgumentParser
import FrameEngine

/// Plans a selection and prints it: `plan`, and `fetch --dry-run`.
struct PlanRun {
    let selection: SelectionOptions
    let connection: ConnectionOptions
    let isJSON: Bool

    func run() async throws {
        let console = Console.standard
        let (selection, connection, isJSON) = (selection, connection, isJSON)
        let (totals, failures) = try await Fetch.interruptible {
            try await connection.withClient { client in
                let feed = PlanFeed(
                    sources: selection.sources, datastoreID: selection.datastore, client: client,
                    shard: selection.shard)
                return try await Self.walk(feed, console: console, isJSON: isJSON)
            }
        }
        if isJSON {
            console.json(totals)
        } else if totals.imageSets > 0 || failures.isEmpty {
            for line in totals.lines { console.result(line) }
        }
        if let first = failures.first {
            // Nothing at all could be planned: the status says why, if one reason explains it all.
            let isSame = totals.imageSets == 0 && Set(failures).count == 1
            throw ExitCode((isSame ? first : .someFailed).rawValue)
        }
    }

    private static func walk(
        _ feed: PlanFeed, console: Console, isJSON: Bool
    ) async throws -> (PlanTotals, [ExitStatus]) {
        var totals = PlanTotals()
        var failures: [ExitStatus] = []
        var denials = DenialJudge()
        for await item in feed.items() {
            try Task.checkCancellation()
            switch item.result {
            case .success(let plan):
                totals.add(plan)
                denials.notePermitted()
                if isJSON {
                    for frame in plan.frames { console.json(PlannedFrameLine(frame)) }
                } else {
                    console.result(describe(plan))
                }
            case .failure(let failure):
                totals.addFailure()
                let status = ExitStatus(of: failure.error)
                failures.append(status)
                console.error(failure.line)
                // Refused credentials are refused for every other image set too, a missing permission may not be.
                let ends =
                    if let error = failure.error as? ServiceError, error.isDenial {
                        denials.note(error)
                    } else {
                        status == .noPermission
                    }
                if ends { return (totals, failures) }
            }
        }
        // A cancelled feed ends early without an error.
        try Task.checkCancellation()
        return (totals, failures)
    }

    private static func describe(_ plan: FramePlan) -> String {
        let version = plan.versionID.map { "@\($0)" } ?? ""
        return "\(plan.imageSetID)\(version): \(Formatting.count(plan.frames.count, of: "frame"))"
    }
}
