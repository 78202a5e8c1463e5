internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics
internal import Synchronization

/// The files of a publication: one or more for each format, and the one that says what it is.
struct PublicationFiles {
    /// The file beside the tables that tells what they are: period, rules, what is left out.
    static let aboutName = "publication.json"
    /// What the ledger calls its format.
    static let aboutFormat = FormatEdition(name: "about", version: 1)

    /// One file with what the ledger says of it.
    struct Made {
        let name: String
        let format: FormatEdition
        let bytes: [UInt8]
        let content: ContentIdentity

        init(_ name: String, _ format: FormatEdition, _ bytes: [UInt8]) {
            self.name = name
            self.format = format
            self.bytes = bytes
            content = ContentIdentity(
                digest: Digest256.of(bytes.span), byteCount: bytes.count)
        }
    }

    let publication: Publication
    let formats: [PublicationFormat]

    /// All files, the one about them last.
    func made() throws(PipelineFailure) -> [Made] {
        var files: [Made] = []
        for (format, result) in zip(formats, madeByFormat()) {
            do throws(PublicationFault) {
                files += try result.get()
            } catch {
                try PipelineFailure.checkStop()
                throw .storage("cannot write \(format.name): \(error.sentence)")
            }
        }
        let names = Set(files.map(\.name) + [Self.aboutName])
        guard names.count == files.count + 1 else {
            throw .internalFault("two formats give a file the same name")
        }
        return files + [about(files.map { ($0.name, $0.format, $0.content) })]
    }

    /// The files of each format, made at the same time.
    private func madeByFormat() -> [Result<[Made], PublicationFault>] {
        let work = FormatWork(count: formats.count)
        runThreads(min(formats.count, processorCount())) { _ in
            while let at = work.next() { work.end(at, files(of: formats[at])) }
        }
        return work.made
    }

    private func files(of format: PublicationFormat) -> Result<[Made], PublicationFault> {
        do throws(PublicationFault) {
            let edition = FormatEdition(name: format.name, version: format.version)
            return .success(
                try format.files(publication).map { Made($0.name, edition, $0.bytes) })
        } catch { return .failure(error) }
    }

    /// The file about the others.
    func about(
        _ files: [(name: String, format: FormatEdition, content: ContentIdentity)]
    ) -> Made {
        let document: CanonicalJSON = [
            "pipeline": .text(publication.pipeline), "period": .text(publication.period),
            "through": .text(publication.through), "kind": .text(publication.kind.rawValue),
            "revision": .integer(Int64(publication.revision)),
            "reason": publication.reason.isEmpty ? .null : .text(publication.reason),
            "audience": .text(publication.audience.rawValue), "zone": .text(publication.zone),
            "published": .text(publication.closed),
            "opt_outs_as_of": .text(publication.optOutsAsOf),
            "tables": .array(publication.tables.map(Self.entry)),
            "budget": PublicationFacts.budget(of: publication),
            "late": .array(
                publication.late.map {
                    [
                        "period": .text($0.period),
                        "records": $0.records.map { .integer($0) } ?? .null,
                    ]
                }),
            "files": .array(
                files.map { file in
                    [
                        "file": .text(file.name), "format": .text(file.format.name),
                        "sha256": .text(file.content.digest.hex),
                        "bytes": .integer(Int64(file.content.byteCount)),
                    ]
                }),
        ]
        let whole = PublicationFacts.adding(
            PublicationFacts.rowOutputs(of: publication), to: document)
        return Made(Self.aboutName, Self.aboutFormat, whole.bytes + [0x0a])
    }

    private static func entry(_ published: PublishedTable) -> CanonicalJSON {
        let table = published.table
        let withheld = table.withheld
        let entry: CanonicalJSON = [
            "name": .text(table.name), "purpose": .text(published.purpose),
            "by": .array(table.groupColumns.map { .text($0) }),
            "columns": .array(
                table.columns.map { column in
                    [
                        "name": .text(column.name),
                        "addable": .boolean(published.isAddable(column)),
                    ]
                }),
            "rows": .integer(Int64(table.rows.count)),
            "persons": .integer(Int64(table.persons)),
            "customers": .integer(Int64(published.customers)),
            "other": published.other.isEmpty ? .null : .text(published.other),
            "figures": .integer(Int64(withheld.cellsTotal)),
            "withheld": .integer(Int64(withheld.cells)),
            "proposal": published.proposal.isEmpty ? .null : .text(published.proposal),
            "noise": PublicationFacts.noise(of: published),
            "sketches": PublicationFacts.sketches(of: published),
        ]
        return PublicationFacts.adding(
            PublicationFacts.counts(of: published) + PublicationFacts.leftOut(of: published),
            to: entry)
    }

    /// Puts the files into `folder`, durable under temporary names until the commit.
    static func prepare(
        _ files: [Made], in folder: String, _ changes: PendingChanges
    ) throws(PipelineFailure) {
        for made in files {
            try PipelineFailure.checkStop()
            let path = "\(folder)/\(made.name)"
            let file = try FileSink.begin(path, sources: [], in: changes.folders)
            do throws(FileFault) {
                try file.write(made.bytes.span)
                changes.owe(try file.prepare(), in: file.folder, made.content)
            } catch {
                file.abandon()
                throw .storage("cannot write \(path): \(error.reason)")
            }
        }
    }
}

/// Formats that threads take one by one.
private final class FormatWork: Sendable {
    typealias Outcome = Result<[PublicationFiles.Made], PublicationFault>

    private let state: Mutex<(next: Int, made: [Outcome])>
    private let count: Int

    init(count: Int) {
        self.count = count
        state = Mutex((0, [Outcome](repeating: .success([]), count: count)))
    }

    /// The number of a format that nobody has taken; nil when there is none.
    func next() -> Int? {
        state.withLock { state in
            guard state.next < count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    func end(_ format: Int, _ outcome: Outcome) {
        state.withLock { $0.made[format] = outcome }
    }

    /// In the order of the formats.
    var made: [Outcome] { state.withLock { $0.made } }
}

/// A format of publications in one of its versions.
struct FormatEdition: Equatable {
    let name: String
    let version: Int

    init(name: String, version: Int) {
        self.name = name
        self.version = version
    }

    /// Reads what the ledger has: `html@2`, or `html` of the first version.
    init(text: String) {
        let parts = text.split(separator: "@", maxSplits: 1)
        name = parts.first.map(String.init) ?? text
        version = parts.count == 2 ? Int(parts[1]) ?? 1 : 1
    }

    /// What the ledger keeps.
    var text: String { version == 1 ? name : "\(name)@\(version)" }
}
