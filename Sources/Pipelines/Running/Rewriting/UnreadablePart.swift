internal import Anonymization
internal import Records

/// A file of an output with records that its format does not let a run read again.
struct UnreadablePart: Sendable {
    let path: String
    let records: Int
    let first: QuarantineEntry?

    /// What is the matter, for people.
    var words: String {
        var words = "\(path) holds records that cannot be read"
        if let first {
            words += ": the first is record \(first.recordNumber) (\(first.reason.code))"
            if records > 1 { words += ", and there are \(records - 1) more" }
        }
        return words
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
        throw .storage(
            first.words + (others > 0 ? "; \(others) more files are like it" : "")
                + "; what is due in such a file stays readable"
                + left.map { ", \($0)" }.joined()
                + "; all others were dealt with: expected files without such records, or none of "
                + "them there")
    }
}
