/// Takes the frames out of a plan that an earlier run has finished: the journal says which, the disk says whether
/// their files are there.
struct ResumeFilter: Sendable {
    /// Frames looked at in one go, so that fetching begins before a large image set has been looked through.
    static let sliceSize = 1024

    private let journal: ResumeJournal
    private let root: String
    private let rechecks: Bool
    private let workers: WorkerPool<FrameWorker>

    /// - Parameters:
    ///   - root: the output folder.
    ///   - rechecks: whether files are read and compared with their checksums; otherwise only their sizes are.
    ///   - workers: the files are looked at on all of them.
    init(journal: ResumeJournal, root: String, rechecks: Bool, workers: WorkerPool<FrameWorker>) {
        self.journal = journal
        self.root = root
        self.rechecks = rechecks
        self.workers = workers
    }

    /// The frames that no record names as finished, without a look at the records or the disk: which frames are to be
    /// written anew, where files that are replaced need no room.
    func unrecorded(_ frames: [PlannedFrame]) -> [PlannedFrame] {
        journal.isEmpty ? frames : frames.filter { !journal.names($0) }
    }

    /// The frames that are still to be fetched, in their order.
    func unfinished(_ frames: ArraySlice<PlannedFrame>) async -> [PlannedFrame] {
        guard !journal.isEmpty else { return Array(frames) }
        let pieceSize = max(1, frames.count / workers.count)
        let starts = stride(from: frames.startIndex, to: frames.endIndex, by: pieceSize)
        return await withTaskGroup(of: (Int, [PlannedFrame]).self) { group in
            for start in starts {
                let piece = frames[start..<min(start + pieceSize, frames.endIndex)]
                group.addTask {
                    await workers.run { [journal, root, rechecks] _ in
                        guard let lines = journal.makeLines() else { return (start, Array(piece)) }
                        let checker = rechecks ? FileChecker() : nil
                        return (
                            start,
                            piece.filter { frame in
                                let recorded = journal.recorded(frame, in: lines)
                                return recorded?.isIntact(in: root, checker: checker) != true
                            }
                        )
                    }
                }
            }
            var found: [(start: Int, frames: [PlannedFrame])] = []
            for await piece in group { found.append(piece) }
            return found.sorted { $0.start < $1.start }.flatMap(\.frames)
        }
    }
}
