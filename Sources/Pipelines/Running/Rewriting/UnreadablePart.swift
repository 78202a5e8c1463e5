internal import Anonymization
internal import Ledger
internal import Records

/// A file of an output that a run cannot read again, and that stays as it is.
struct UnreadablePart: Sendable {
    /// Why it cannot be read.
    enum Cause: Sendable {
        /// Its format does not let a run read so many records again.
        case records(Int, first: QuarantineEntry?)
        /// The pipeline does not have its output any more, nor its format and rules.
        case output(String, isThere: Bool)
        /// It is a list of quarantine in whose place something else lies.
        case changedList
    }

    let path: String
    let cause: Cause

    init(path: String, records: Int, first: QuarantineEntry?) {
        self.path = path
        cause = .records(records, first: first)
    }

    init(ofLostOutput part: PartRecord, isThere: Bool = true) {
        path = part.path
        cause = .output(part.output, isThere: isThere)
    }

    init(changedList path: String) {
        self.path = path
        cause = .changedList
    }

    /// What is the matter, for people.
    var words: String {
        switch cause {
        case .output(let name, let isThere):
            return "\(path) belongs to output `\(name)`, which the pipeline does not have any more"
                + (isThere ? "" : ", and is not there, nor is its folder")
        case .changedList:
            return "\(path), a list of quarantine, is not what the last run left there: what was "
                + "taken out of it may be back"
        case .records(let records, let first):
            var words = "\(path) holds records that cannot be read"
            if let first {
                words += ": the first is record \(first.recordNumber) (\(first.reason.code))"
                if records > 1 { words += ", and there are \(records - 1) more" }
            }
            return words
        }
    }

    /// What lets a run go on, for people.
    fileprivate var remedy: String {
        switch cause {
        case .output(let name, let isThere):
            "output `\(name)` as it was, until its files are gone, or "
                + (isThere ? "none of them there" : LostOutput.remedy(forMissing: name))
        case .changedList:
            "that list as it was left, or none in its place; when nobody has it any more, take "
                + "away what lies there and say so once with `sluice run --forget-missing "
                + "quarantine`: erasures wait until then"
        case .records: "files without such records, or none of them there"
        }
    }
}

extension PendingChanges {
    func noteUnreadable(_ part: UnreadablePart) {
        if !unreadable.contains(where: { $0.path == part.path }) { unreadable.append(part) }
    }

    /// Fails when parts could not be read: what is due in them stays, and what requests are `left`
    /// open by them; everything else was done.
    func checkReadable(left: [String]) throws(PipelineFailure) {
        guard let first = unreadable.first else { return }
        let others = unreadable.count - 1
        let remedies = unreadable.reduce(into: [String]()) { words, part in
            if !words.contains(part.remedy) { words.append(part.remedy) }
        }
        throw .storage(
            first.words + (others > 0 ? "; \(others) more files cannot be read either" : "")
                + "; what is due in such a file stays readable"
                + left.map { ", \($0)" }.joined()
                + "; all others were dealt with: expected "
                + remedies.joined(separator: "; and "))
    }
}
