internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Looks through the sources of a run before any is taken in: the content identity of each, and
/// which stretches of it the ledger, or an earlier source of the same run, has.
///
/// Content decides, not the name: a renamed or compressed copy is the same source; a file that grew
/// is taken from where it stood; in a file that was joined from others only what is new is taken;
/// a copy that was cut off is known while the whole is among the sources too.
struct SourceSurvey {
    /// One source.
    struct Source {
        var path: String
        var scanned: ScannedContent
        /// True when nothing in it is new.
        var isKnown: Bool
        /// True when it was counted and its parts are to be made again.
        var isRedo = false
        /// The plain bytes at its end that are left for a later run.
        var openBytes = 0
        /// Where it counts as ended in its plain bytes; nil: where the file ends.
        var end: Int? { openBytes == 0 ? nil : scanned.content.byteCount }

        /// Names what is taken of it: the stream, the content, and where the known stretches lie.
        func taskName(stream: String) -> Digest256 {
            var text = "\(stream) \(scanned.content.digest.hex) \(scanned.knownPrefix)"
            for known in scanned.known where known.range.lowerBound > 0 {
                text += " \(known.range.lowerBound)-\(known.range.upperBound)"
            }
            return Digest256.of(Array(text.utf8).span)
        }
    }

    /// Where a source ends that has an open last line.
    enum Ends {
        /// Behind that line, whose writer has ended.
        case behindOpenLines
        /// In front of it, while whoever writes the file may still be at it.
        case whereSettled
        /// Where they ended when the tasks of the run were planned, by number.
        case planned([Int?])
    }

    /// A line that was not ended for so long will not be: whoever wrote it has stopped.
    static let settleMilliseconds: Int64 = 3_600_000

    private let stream: String
    private let ledger: Ledger
    private let ends: Ends
    private let paths: [String]
    private let form: SourceForm
    private let workers: Int

    init(_ intake: SourceIntake, _ paths: [String], ends: Ends) {
        self.ends = ends
        stream = intake.plan.stream
        ledger = intake.ledger
        self.paths = paths
        form = intake.plan.sourceForm
        workers = intake.workers
    }

    func survey() throws(PipelineFailure) -> [Source] {
        let ahead = InflationAhead(paths, digesting: false, form: form, workers: workers)
        // One source has nothing behind it to be inflated ahead.
        let helpers = min(workers, paths.count) - 1
        return try runHelped(by: helpers, ahead.workToTheEnd, end: ahead.end) {
            () throws(PipelineFailure) in try survey(ahead)
        }
    }

    private func survey(_ ahead: InflationAhead) throws(PipelineFailure) -> [Source] {
        var known = KnownSegments()
        do {
            for segment in try ledger.countedSegments(stream: stream) {
                known.insert(segment, tag: 0)
            }
        } catch { throw failure(error) }
        var sources: [Source] = []
        var seen: Set<ContentIdentity> = []
        var wholes: [Int] = []
        for (index, path) in paths.enumerated() {
            let (scanned, open) = try scan(index, try ahead.source(index, at: path), known)
            let wasCounted = try isCounted(scanned.content)
            let isNew = seen.insert(scanned.content).inserted
            if wasCounted { wholes.append(sources.count) }
            sources.append(
                Source(
                    path: path, scanned: scanned,
                    isKnown: wasCounted || !isNew || scanned.isKnown, openBytes: open))
            for segment in scanned.segments where !wasCounted { known.insert(segment, tag: 0) }
        }
        try findCutCopies(&sources, counted: Set(wholes))
        return sources
    }

    /// Scans source `index`, as far as it has ended, and says how many bytes are left behind.
    private func scan(
        _ index: Int, _ source: ByteSource, _ known: KnownSegments
    ) throws(PipelineFailure) -> (ScannedContent, open: Int) {
        var leaves = false
        switch ends {
        case .behindOpenLines: break
        case .whereSettled: leaves = form.framing == nil && source.isUnsettled()
        case .planned(let ends):
            guard let end = ends[index] else { break }
            source.end(at: end)
            let scanned = try ContentScan.scan(source, known: known)
            return (scanned, max(1, (source.fileBytes ?? end) - end))
        }
        let scanned = try ContentScan.scan(source, known: known, leavesOpenLine: leaves)
        return (scanned, scanned.openBytes)
    }

    private func isCounted(_ content: ContentIdentity) throws(PipelineFailure) -> Bool {
        do { return try ledger.isCounted(stream: stream, content) } catch { throw failure(error) }
    }

    /// A file that is the beginning of another one, which was counted or is taken in before it.
    private func findCutCopies(
        _ sources: inout [Source], counted: Set<Int>
    ) throws(PipelineFailure) {
        var byFirstLine: [UInt64: [Int]] = [:]
        for (index, source) in sources.enumerated() {
            guard let first = source.scanned.firstLines.first else { continue }
            byFirstLine[first, default: []].append(index)
        }
        for index in sources.indices where !sources[index].isKnown {
            let lines = sources[index].scanned.firstLines
            guard let first = lines.first else { continue }
            for other in byFirstLine[first] ?? [] where other < index || counted.contains(other) {
                guard sources[other].scanned.firstLines.starts(with: lines),
                    try begins(sources[other], with: sources[index].scanned.content)
                else { continue }
                sources[index].isKnown = true
                break
            }
        }
    }

    /// True when the first bytes of `whole` are `content`.
    private func begins(
        _ whole: Source, with content: ContentIdentity
    ) throws(PipelineFailure) -> Bool {
        guard whole.scanned.content.byteCount > content.byteCount else { return false }
        let source = try ByteSource(path: whole.path, digesting: false, form: form)
        var hasher = ContentHasher()
        var buffer = ByteBuffer(capacity: 1 << 18)
        while hasher.byteCount < content.byteCount, !source.isAtEnd {
            buffer.removeAll()
            try source.fill(&buffer, upTo: min(1 << 18, content.byteCount - hasher.byteCount))
            hasher.update(buffer.bytes)
        }
        return hasher.digest() == content.digest
    }

    private func failure(_ fault: LedgerFault) -> PipelineFailure {
        .storage("cannot read the ledger: \(fault.description)")
    }
}

extension ByteSource {
    /// True while somebody writes the file; where that cannot be known, when somebody did a short
    /// while ago.
    fileprivate func isUnsettled() -> Bool {
        guard let status = try? descriptor.status(), status.kind == .regular else { return false }
        if let isWritten = descriptor.isKnownToBeWritten() { return isWritten }
        let now = currentTime()
        let since = now.milliseconds - SourceSurvey.settleMilliseconds
        return status.written(by: now).milliseconds >= since
    }
}
