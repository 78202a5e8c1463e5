internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// Puts partials into the state folder, durable under temporary names until the commit.
///
/// A file holds the rows of one source and one month: when the month is published and its key dies,
/// the file goes as a whole.
final class PartialStore {
    /// The folder's name in the state.
    static let folderName = "partials"

    private let ledger: Ledger
    private let changes: PendingChanges
    private var folder: Directory?

    init(_ ledger: Ledger, _ changes: PendingChanges) {
        self.ledger = ledger
        self.changes = changes
    }

    /// What was put there.
    struct Kept {
        /// The path that the file gets with the commit.
        let path: String
        let content: ContentIdentity
        /// Reads it before that.
        let file: StoredFile
    }

    /// Copies `file` there under `name` and owes the name to the commit.
    func keep(_ file: any SpillFile, named name: String) throws(PipelineFailure) -> Kept {
        do {
            let folder =
                try folder
                ?? ledger.directory.privateSubdirectory(Self.folderName, creating: true)
            self.folder = folder
            let durable = try DurableFile.begin(in: folder, named: name, mark: changes.folders.mark)
            var hasher = ContentHasher()
            var block: [UInt8] = []
            var offset = 0
            while offset < file.count {
                try file.read(at: offset, atMost: 1 << 20, into: &block)
                hasher.update(block.span)
                try durable.write(block.span)
                offset += block.count
            }
            let content = ContentIdentity(digest: hasher.digest(), byteCount: file.count)
            let prepared = try durable.prepare()
            changes.owe(prepared, in: folder.path, content)
            return Kept(
                path: folder.path(of: name), content: content,
                file: try StoredFile(folder.path(of: prepared.temporaryName)))
        } catch {
            throw .aggregates("cannot write aggregates", error)
        }
    }
}

/// Takes a partial apart into months.
struct PartialMonths {
    /// The rows of one month, and the key that made its tokens.
    struct Piece {
        let month: CalendarMonth
        let key: KeyID
        let file: any SpillFile
    }

    let plan: Plan
    let storage: any SpillStorage

    /// The pieces of `file`, whose tokens `used` keys made, in the order of their months.
    func pieces(of file: any SpillFile, used: [KeyID]) throws(PartialFault) -> [Piece] {
        let partials = Partials([file], plan: plan.statistics, storage: storage)
        let content = try partials.content()
        let months = content.months
        var pieces: [Piece] = []
        var parts: [PartialPart] = []
        for month in months {
            let key = used.first { $0.epoch?.month == month }
            var part = file
            if months.count > 1 || used.count > 1 {
                do { part = try storage.makeFile() } catch {
                    throw PartialFault(.storage)
                }
                parts.append(PartialPart(days: month.days, header: header(key), file: part))
            }
            pieces.append(Piece(month: month, key: key ?? Self.noKey, file: part))
        }
        try partials.split(into: parts, tokens: content.tokens)
        return pieces
    }

    /// What a partial says of itself.
    func header(_ key: KeyID?) -> PartialHeader {
        let references = [key].compactMap { $0 }.compactMap { key in
            key.epoch.map { PartialHeader.KeyReference(epoch: $0.text, keyID: key.text) }
        }
        return PartialHeader(planDigest: plan.statisticsDigest.bytes, keys: references)
    }

    /// Of rows without any token.
    static let noKey = KeyID(epoch: nil, number: 0)
}
