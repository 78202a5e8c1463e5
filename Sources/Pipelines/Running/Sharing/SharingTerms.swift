internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// The terms under which an output is shared: what `terms.json` beside it says.
///
/// It names files by the name they have beside it, never by whole paths, and nobody by name.
struct SharingTerms {
    /// One file that is shared.
    struct File: Equatable {
        var name: String
        var content: ContentIdentity
        var records: Int64
        /// When the recipient has to have deleted it.
        var deleteBy: EventTime?
    }

    static let fileName = "terms.json"

    let pipeline: String
    /// The output or disclosure.
    let name: String
    /// Empty for a disclosure that says none.
    let purpose: String
    /// Beyond the company itself.
    let recipients: [String]
    let readers: [String]
    /// How long after its records, or its month, a file may stay.
    let expires: CalendarDuration?
    /// The clock of the run: opt-outs up to then are honoured in the files.
    let asOf: EventTime
    let files: [File]
    /// Of a disclosure: files as they were delivered that the recipient has to delete, because
    /// somebody who stood in them stands there no more. Those of outputs are in the ledger.
    var recalled: [File]?

    init(pipeline: String, output: OutputPlan, asOf: EventTime, files: [File]) {
        self.pipeline = pipeline
        name = output.name
        purpose = output.purpose
        recipients = output.sharedWith
        readers = output.readers
        expires = output.expires
        self.asOf = asOf
        self.files = files
    }

    init(
        pipeline: String, disclosure: TablePlan, asOf: EventTime, files: [File], recalled: [File]
    ) {
        self.pipeline = pipeline
        name = disclosure.name
        purpose = disclosure.purpose
        recipients = [disclosure.recipient]
        readers = []
        expires = disclosure.retention
        self.asOf = asOf
        self.files = files
        self.recalled = recalled
    }

    /// The bytes of the file.
    var bytes: [UInt8] {
        var members: [(name: String, value: CanonicalJSON)] = [
            ("pipeline", .text(pipeline)), ("output", .text(name)),
            ("purpose", purpose.isEmpty ? .null : .text(purpose)),
            ("recipients", .array(recipients.map { .text($0) })),
            ("readers", .array(readers.map { .text($0) })),
            ("opt_outs_as_of", .text(dateText(asOf))),
            ("delete_by", date(files.compactMap(\.deleteBy).max())),
            ("expires", expires.map { .text($0.text) } ?? .null),
            ("files", .array(files.map(entry))),
        ]
        if let recalled { members.append(("recalled", .array(recalled.map(entry)))) }
        return CanonicalJSON.object(members).bytes + [0x0a]
    }

    private func entry(_ file: File) -> CanonicalJSON {
        [
            "file": .text(file.name), "sha256": .text(file.content.digest.hex),
            "bytes": .integer(Int64(file.content.byteCount)), "records": .integer(file.records),
            "delete_by": date(file.deleteBy),
        ]
    }

    private func date(_ time: EventTime?) -> CanonicalJSON {
        time.map { .text(dateText($0)) } ?? .null
    }
}

extension OutputPlan {
    /// The recipients beyond the company itself.
    var sharedWith: [String] { recipients.filter { !$0.utf8.elementsEqual("own".utf8) } }

    /// Where the terms of the output stand: in the folder of its files, or above the folders that
    /// differ by date. Nil when it is not shared or goes to standard output.
    var termsPath: String? {
        guard !sharedWith.isEmpty, !path.isStandardOutput else { return nil }
        let folder = fixedFolder
        return folder == "." ? SharingTerms.fileName : "\(folder)/\(SharingTerms.fileName)"
    }

    /// The last folder in the path that is the same for all files.
    private var fixedFolder: String {
        var text = ""
        scan: for part in path.parts {
            switch part {
            case .literal(let literal): text += literal
            case .placeholder("name"): text += name
            case .placeholder: break scan
            }
        }
        return splitPath(text.utf8.last == UInt8(ascii: "/") ? "\(text)-" : text).directory
    }

    /// The name of a file of the output as seen from its terms.
    func nameBesideTerms(_ path: String) -> String {
        let folder = Array("\(fixedFolder)/".utf8)
        guard path.utf8.starts(with: folder) else { return path }
        return String(decoding: path.utf8.dropFirst(folder.count), as: UTF8.self)
    }
}

extension StatefulRun {
    /// Writes the terms of every shared output that has files after this run, or had some before.
    func writeTerms(_ ledger: Ledger) throws(PipelineFailure) {
        try removeTerms(ledger)
        for output in plan.outputs {
            guard let path = output.termsPath else { continue }
            let files = try sharedFiles(output, ledger)
            if files.isEmpty, try !isPresent(path) { continue }
            let terms = SharingTerms(
                pipeline: plan.name, output: output, asOf: plan.release.clocks.runClock.now,
                files: files)
            let bytes = terms.bytes
            let file = try FileSink.begin(path, sources: [], in: changes.folders)
            do {
                try file.write(bytes.span)
                changes.owe(
                    try file.prepare(), in: file.folder,
                    as: NewFile(
                        kind: .terms, name: output.name, path: path,
                        content: ContentIdentity(
                            digest: Digest256.of(bytes.span), byteCount: bytes.count)))
            } catch {
                file.abandon()
                throw .storage("cannot write \(path): \(error)")
            }
        }
    }

    /// Terms of what is not shared any more, or not from there, would say for ever what they said.
    private func removeTerms(_ ledger: Ledger) throws(PipelineFailure) {
        let places = Set(plan.outputs.compactMap(\.termsPath).map(PlanningWorld.simplified))
        let known: [FileRecord]
        do { known = try ledger.files(.terms) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        for terms in known where !places.contains(PlanningWorld.simplified(terms.file.path)) {
            changes.remove(terms.file)
        }
    }

    /// The files that make up `output` once this run is committed.
    private func sharedFiles(
        _ output: OutputPlan, _ ledger: Ledger
    ) throws(PipelineFailure) -> [SharingTerms.File] {
        let current: [PartRecord]
        do { current = try ledger.currentParts(output: output.name) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        let ended = Set(changes.removedParts + changes.parts.flatMap(\.replaces))
        let kept = current.filter { !ended.contains($0.id) }.map { part in
            SharingTerms.File(
                name: output.nameBesideTerms(part.path), content: part.content,
                records: part.records, deleteBy: plan.deleteBy(part))
        }
        let new = changes.parts.filter { $0.output == output.name }.map { part in
            SharingTerms.File(
                name: output.nameBesideTerms(part.path), content: part.content,
                records: part.records, deleteBy: part.deleteBy)
        }
        return (kept + new).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
