internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records

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
        let made = try again(PublicationCatalogue.all)
        return files.allSatisfy { file in
            let name = splitPath(file.path).name
            return made.contains { $0.name == name && $0.content == file.content }
        }
    }

    /// The files as `catalogue` makes them.
    private func again(
        _ catalogue: [PublicationFormat]
    ) throws(PipelineFailure) -> [PublicationFiles.Made] {
        let names = Set(files.map { FormatEdition(text: $0.format).name })
        let formats = catalogue.filter { names.contains($0.name) }
        return try PublicationFiles(publication: publication, formats: formats).made()
    }

    /// What became of files that were gone or changed.
    struct Restoration: Equatable {
        /// Written again with the bytes that were published.
        var restored = 0
        /// Written in a newer version of their format: the same figures in other bytes.
        var reissued = 0
    }

    /// Makes the files that are gone or changed anew from what is recorded.
    ///
    /// In the version in which they were published they get the very bytes that they had. A format
    /// that has a newer version since writes them in that: the ledger notes the new bytes first, so
    /// that a kill in between leaves files that the next call restores.
    func restore(
        _ ledger: Ledger, now: EventTime,
        _ catalogue: [PublicationFormat] = PublicationCatalogue.all
    ) throws(PipelineFailure) -> Restoration {
        let damaged = try damaged()
        if damaged.isEmpty { return Restoration() }
        let formats = try again(catalogue).filter { $0.name != PublicationFiles.aboutName }
        let made = formats + [about([], formats.map(\.name))]
        var restoration = Restoration()
        var same: [(path: String, bytes: [UInt8])] = []
        var newer: [PublicationFiles.Made] = []
        for file in damaged {
            let name = splitPath(file.path).name
            guard let again = made.first(where: { $0.name == name }) else { throw lost(file) }
            if again.content == file.content {
                same.append((file.path, again.bytes))
            } else if again.format != FormatEdition(text: file.format) {
                newer.append(again)
            } else {
                throw lost(file)
            }
        }
        for (path, bytes) in same { try write(bytes, to: path) }
        restoration.restored = same.count
        if !newer.isEmpty {
            let changed = newer.filter { $0.name != PublicationFiles.aboutName }
            let all = changed + [about(changed, formats.map(\.name))]
            try reissue(all, ledger, now)
            restoration.reissued = all.count
        }
        return restoration
    }

    /// The file about the others: their bytes as they lie there once `changed` are written, in the
    /// order of `names`.
    private func about(
        _ changed: [PublicationFiles.Made], _ names: [String]
    ) -> PublicationFiles.Made {
        let entries = names.compactMap {
            name -> (name: String, format: FormatEdition, content: ContentIdentity)? in
            if let new = changed.first(where: { $0.name == name }) {
                return (name, new.format, new.content)
            }
            return files.first { splitPath($0.path).name == name }.map { file in
                (name, FormatEdition(text: file.format), file.content)
            }
        }
        return PublicationFiles(publication: publication, formats: []).about(entries)
    }

    /// Writes files in newer versions of their formats; the ledger knows them first.
    private func reissue(
        _ files: [PublicationFiles.Made], _ ledger: Ledger, _ now: EventTime
    ) throws(PipelineFailure) {
        let entries = files.map { file in
            NewPublication.PublicationFile(
                path: "\(record.folder)/\(file.name)", format: file.format.text,
                content: file.content)
        }
        do { try ledger.reissue(record, entries, time: now) } catch {
            throw .writing(error)
        }
        for file in files { try write(file.bytes, to: "\(record.folder)/\(file.name)") }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(PipelineFailure) {
        do throws(FileFault) {
            _ = try Directory.open(record.folder, creating: true, mode: 0o700)
            try DurableFile.durablyReplace(path, with: bytes.span)
        } catch { throw .storage("cannot write \(path)", error) }
    }

    private func lost(_ file: NewPublication.PublicationFile) -> PipelineFailure {
        .storage(
            "\(file.path) is gone or changed, and its format does not give the bytes that were "
                + "published: fetch it from a backup")
    }
}
