internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// The files of a publication: one or more for each format, and the one that says what it is.
struct PublicationFiles {
    /// The file beside the tables that tells what they are: period, rules, what is left out.
    static let aboutName = "publication.json"
    /// What the ledger calls its format.
    static let aboutFormat = "about"

    /// One file with what the ledger says of it.
    struct Made {
        let name: String
        let format: String
        let bytes: [UInt8]
        let content: ContentIdentity

        init(_ name: String, _ format: String, _ bytes: [UInt8]) {
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
        for format in formats {
            do throws(PublicationFault) {
                files += try format.files(publication).map { Made($0.name, format.name, $0.bytes) }
            } catch { throw .storage("cannot write \(format.name): \(error.sentence)") }
        }
        let names = Set(files.map(\.name) + [Self.aboutName])
        guard names.count == files.count + 1 else {
            throw .internalFault("two formats give a file the same name")
        }
        return files + [Made(Self.aboutName, Self.aboutFormat, about(files))]
    }

    private func about(_ files: [Made]) -> [UInt8] {
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
                    ["period": .text($0.period), "records": .integer($0.records)]
                }),
            "files": .array(
                files.map { file in
                    [
                        "file": .text(file.name), "format": .text(file.format),
                        "sha256": .text(file.content.digest.hex),
                        "bytes": .integer(Int64(file.content.byteCount)),
                    ]
                }),
        ]
        return document.bytes + [0x0a]
    }

    private static func entry(_ published: PublishedTable) -> CanonicalJSON {
        let table = published.table
        let withheld = table.withheld
        return [
            "name": .text(table.name), "purpose": .text(published.purpose),
            "by": .array(table.groupColumns.map { .text($0) }),
            "columns": .array(
                table.columns.map { column in
                    [
                        "name": .text(column.name),
                        "addable": .boolean(column.role == .count),
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
        ]
    }

    /// Puts the files into `folder`, durable under temporary names until the commit.
    static func prepare(
        _ files: [Made], in folder: String, _ changes: PendingChanges
    ) throws(PipelineFailure) {
        for made in files {
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

/// A publication of the past: what it was is read from the ledger, never counted again.
struct RecordedPublication {
    let record: PublicationRecord
    let publication: Publication
    let files: [NewPublication.PublicationFile]

    init(_ record: PublicationRecord, _ ledger: Ledger) throws(PipelineFailure) {
        self.record = record
        let document: [UInt8]
        do {
            document = try ledger.document(ofPublication: record.id)
            files = try ledger.files(ofPublication: record.id)
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
        guard let publication = PublicationDocument.publication(from: document) else {
            throw .storage(
                "what the ledger keeps of the publication of \(record.period.text) cannot be read")
        }
        self.publication = publication
    }

    /// The files that are gone or not what was published.
    func damaged() throws(PipelineFailure) -> [NewPublication.PublicationFile] {
        var damaged: [NewPublication.PublicationFile] = []
        for file in files {
            do throws(FileFault) {
                guard let status = try FileStatus.of(file.path), status.kind == .regular,
                    status.byteCount == file.content.byteCount,
                    try ContentIdentity.ofFile(file.path) == file.content
                else {
                    damaged.append(file)
                    continue
                }
            } catch { throw .storage("cannot read \(file.path)", error) }
        }
        return damaged
    }

    /// True when the formats of today give the bytes that were published.
    func givesItsFiles() throws(PipelineFailure) -> Bool {
        let made = try again()
        return files.allSatisfy { file in
            let name = splitPath(file.path).name
            return made.contains { $0.name == name && $0.content == file.content }
        }
    }

    /// The files as the formats of today make them.
    private func again() throws(PipelineFailure) -> [PublicationFiles.Made] {
        let names = Set(files.map(\.format))
        let formats = PublicationCatalogue.all.filter { names.contains($0.name) }
        return try PublicationFiles(publication: publication, formats: formats).made()
    }

    /// Makes the files anew from what is recorded and writes the ones that are gone or changed,
    /// with the very bytes that were published; returns how many.
    func restore() throws(PipelineFailure) -> Int {
        let damaged = try damaged()
        if damaged.isEmpty { return 0 }
        let made = try again()
        for file in damaged {
            let name = splitPath(file.path).name
            guard let again = made.first(where: { $0.name == name }),
                again.content == file.content
            else {
                throw .storage(
                    "\(file.path) is gone or changed, and this version of sluice does not give "
                        + "the bytes that were published: fetch it from a backup")
            }
            do throws(FileFault) {
                _ = try Directory.open(record.folder, creating: true, mode: 0o700)
                try DurableFile.durablyReplace(file.path, with: again.bytes.span)
            } catch { throw .storage("cannot write \(file.path)", error) }
        }
        return damaged.count
    }
}
