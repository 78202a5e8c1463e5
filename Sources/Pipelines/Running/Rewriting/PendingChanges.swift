internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What a command has made durable under temporary names and what its ledger commit will say of it.
///
/// Order: files are prepared and noted here; the commit enters `parts`, `removedParts` and
/// `publications` in one transaction; `RunRecovery.publish` does the renames and removals. A
/// command that fails before its commit calls `discard`, and nothing has changed. One thread at a
/// time.
final class PendingChanges {
    /// The folders written to.
    let folders: OpenFolders
    /// Parts that become current.
    var parts: [NewPart] = []
    /// What is dealt with in held records of parts that stay.
    var dealings: [(part: Int64, dealings: [PartDealing])] = []
    /// Parts that stay, and since when something in them is readable, if anything is.
    var readable: [(part: Int64, oldest: EventTime?)] = []
    /// Parts of which nobody had noted the day of their newest event, and that day.
    var newestDays: [(part: Int64, day: Int)] = []
    /// Parts that stay, and the rules under which nothing is to be done in them now.
    var lookedAt: [(part: Int64, rules: Digest256)] = []
    /// Parts that this run should have judged and could not, and the last run that did.
    var unjudged: [(part: Int64, judgedBy: Int64)] = []
    /// Parts that stay and that this run has judged, though others could not.
    var judgedAgain: [Int64] = []
    /// What the rules are that parts are dealt with by, by their digests.
    private(set) var ruleTexts: [Digest256: String] = [:]
    /// Current parts that end without a successor.
    var removedParts: [Int64] = []
    /// Files beside parts and partials: tables, terms, quarantine lists.
    var files: [NewFile] = []
    /// Parts rewritten because somebody asked for it: what was delivered of them is called back.
    var recalls: [(cause: RecallCause, part: Int64)] = []
    /// Deliveries that are called back.
    var recalledDeliveries: [(cause: RecallCause, delivery: Int64)] = []
    /// Parts that stay as they are because records in them cannot be read.
    var unreadable: [UnreadablePart] = []
    /// Paths of such files that go.
    private(set) var removedFiles: [String] = []
    /// The renames and removals that the commit owes.
    private(set) var publications: [PendingPublication] = []

    /// `mark` goes into the names of temporary files: that of the plan.
    init(mark: WriterMark) { folders = OpenFolders(mark: mark) }

    /// True when the part ends with this commit, replaced or removed.
    func ends(_ part: Int64) -> Bool {
        removedParts.contains(part) || parts.contains { $0.replaces.contains(part) }
    }

    /// Notes rules that something in a part is dealt with by, and returns their digest.
    func note(_ rules: RuleBook) -> Digest256 {
        let text = rules.text
        let digest = RuleBook.digest(of: text)
        ruleTexts[digest] = text
        return digest
    }

    /// Notes a file that is durable under its temporary name in `folder` and owes its final one.
    func owe(_ prepared: PreparedFile, in folder: String, _ content: ContentIdentity) {
        publications.append(
            PendingPublication(
                directory: folder, finalName: prepared.finalName,
                action: .publish(temporaryName: prepared.temporaryName, content)))
    }

    /// Notes a durable file beside parts and partials, and that it owes its final name.
    func owe(_ prepared: PreparedFile, in folder: String, as file: NewFile) {
        owe(prepared, in: folder, file.content)
        files.append(file)
    }

    /// Notes that such a file goes once the commit stands.
    func remove(_ file: NewFile) {
        removedFiles.append(file.path)
        oweRemoval(of: file.path)
    }

    /// Notes that such a file, in a folder that is missing, is nothing to wait for any more.
    func forget(_ file: NewFile) { removedFiles.append(file.path) }

    /// True for such a file that goes with the commit, or is forgotten by it.
    func forgets(_ file: NewFile) -> Bool { removedFiles.contains(file.path) }

    /// Notes a file that takes the place of the one that was read as `old`, if that is still there
    /// unchanged when its turn comes.
    func oweReplacement(
        _ prepared: PreparedFile, in folder: String, _ content: ContentIdentity,
        of old: FileStatus
    ) {
        publications.append(
            PendingPublication(
                directory: folder, finalName: prepared.finalName,
                action: .replace(
                    temporaryName: prepared.temporaryName, content, old.place)))
    }

    /// Notes that the file at `path` goes once the commit stands.
    func oweRemoval(of path: String) {
        let place = splitPath(path)
        publications.append(
            PendingPublication(
                directory: place.directory, finalName: place.name, action: .remove))
    }

    /// Removes the files that are durable under their temporary names and will not be published.
    func discard() {
        for publication in publications {
            guard let temporaryName = publication.temporaryName,
                let directory = try? folders.open(publication.directory)
            else { continue }
            _ = try? directory.remove(temporaryName)
        }
    }
}

extension PendingPublication {
    /// The name of the file that waits; nil for a removal.
    var temporaryName: String? {
        switch action {
        case .publish(let name, _), .replace(let name, _, _): name
        case .remove: nil
        }
    }
}

extension FileStatus {
    /// What tells this state of the file from any later one.
    var place: PendingPublication.Place {
        PendingPublication.Place(
            inode: Int64(bitPattern: identity.inode), byteCount: byteCount,
            modifiedNanoseconds: modifiedNanoseconds)
    }
}
