internal import Anonymization
internal import Compression
internal import FileSystem
internal import LogFormats
internal import Records

/// Takes a subject's records out of the files that a pipeline without state wrote.
///
/// Each file is copied without them, byte for byte otherwise, made durable, and all are renamed
/// together. Nothing is remembered: the next run over the same sources brings them back.
struct LooseErasure {
    let plan: Plan
    let isDryRun: Bool

    /// What takes the place of files, all together.
    private struct Changes {
        var prepared: [(Directory, PreparedFile)] = []
        /// Files of disclosures in which nobody is left, and what messages call them.
        var emptied: [(path: String, shownPath: String)] = []
    }

    func run(
        _ places: [SubjectPlace], _ report: inout SubjectChangeReport
    ) throws(PipelineFailure) {
        var changes = Changes()
        if !isDryRun { try RunLeftovers(plan: plan).remove() }
        do throws(PipelineFailure) {
            for place in places where place.kind == .output || place.kind == .disclosure {
                for file in place.files { try takeOut(of: file, place, &changes, &report) }
            }
            let source = places.first { $0.kind == .source }
            try rewriteQuarantine(source, &changes.prepared, &report)
            try replace(changes.prepared)
            for (path, shown) in changes.emptied {
                try DisclosureRetention.remove(path, shownAs: shown)
            }
        } catch {
            for (folder, file) in changes.prepared {
                try? DurableFile.discard([file], in: folder)
            }
            throw error
        }
        if !isDryRun {
            do { try renewTerms() } catch {
                throw error.behind("the records are taken out of the files that held them")
            }
        }
        report.limits.append(
            "The pipeline has no state: the erasure is not remembered, and a run over sources that "
                + "still hold the subject brings its records back.")
    }

    /// Counts the subject's records in a file, and prepares one without them.
    private func takeOut(
        of file: String, _ place: SubjectPlace, _ changes: inout Changes,
        _ report: inout SubjectChangeReport
    ) throws(PipelineFailure) {
        let scan = SubjectScan(plan: plan, place: place)
        let found = try scan.count(file)
        if found.records == 0 { return }
        if place.format.envelope != nil {
            throw .usage(
                "\(file): records are taken out of files of lines only: run the pipeline again "
                    + "without the subject's sources")
        }
        report.records += found.records
        report.undecided += found.undecided
        report.parts += 1
        if isDryRun { return }
        let (rest, isEmpty) = try rewrite(file, place, scan)
        if isEmpty, place.kind == .disclosure {
            try? DurableFile.discard([rest.1], in: rest.0)
            changes.emptied.append((file, shownPath(of: place)))
        } else {
            changes.prepared.append(rest)
        }
    }

    /// Gives all files their names. What fails between two of them undoes none: the same erasure
    /// again finds the rest.
    private func replace(_ prepared: [(Directory, PreparedFile)]) throws(PipelineFailure) {
        for (folder, file) in prepared {
            do { try DurableFile.publish([file], in: folder) } catch {
                let failure = PipelineFailure.storage(
                    "cannot replace \(folder.path(of: file.finalName))", error)
                let done = prepared.count { $1.isPublished(in: $0) }
                guard done > 0 else { throw failure }
                throw failure.behind(
                    "the records are taken out of \(done) of "
                        + "\(counted(prepared.count, "file")) that held them")
            }
        }
    }

    /// Raw lines that quarantine keeps are told as records of the sources.
    private func rewriteQuarantine(
        _ source: SubjectPlace?, _ prepared: inout [(Directory, PreparedFile)],
        _ report: inout SubjectChangeReport
    ) throws(PipelineFailure) {
        guard let source else { return }
        if let limit = try QuarantineSearch.limit(plan) { report.limits.append(limit) }
        let erasure = QuarantineErasure(plan: plan, of: source.matcher)
        for list in try QuarantineSearch.lists(of: plan) {
            let rest = try erasure.rest(of: list)
            if rest.removed == 0 { continue }
            report.quarantineLines += rest.removed
            if isDryRun { continue }
            prepared.append(try prepare(rest.content, at: list))
        }
    }

    /// Begins what takes the place of the file at `path`, under its permissions.
    private func begin(_ path: String) throws(FileFault) -> (Directory, DurableFile) {
        let split = splitPath(path)
        let folder = try Directory.open(split.directory, creating: false, mode: 0o700)
        let permissions = try FileStatus.of(path)?.permissions ?? 0o600
        let file = try DurableFile.begin(
            in: folder, named: split.name, mode: permissions, mark: plan.mark)
        return (folder, file)
    }

    private func prepare(
        _ content: [UInt8], at path: String
    ) throws(PipelineFailure) -> (Directory, PreparedFile) {
        do {
            let (folder, file) = try begin(path)
            try file.write(content.span)
            return (folder, try file.prepare())
        } catch {
            throw .storage("cannot rewrite the quarantine list \(path)", error)
        }
    }

    /// The terms of disclosures say what their files are now, and call back what they were.
    private func renewTerms() throws(PipelineFailure) {
        let outcome = try DisclosureTerms(plan: plan).make([], measured: [])
        for terms in outcome.terms {
            do { try DurableFile.durablyReplace(terms.path, with: terms.bytes.span) } catch {
                throw .storage("cannot write \(terms.shownPath): \(error.reason)")
            }
        }
        for (path, shown) in outcome.gone {
            try DisclosureRetention.remove(path, shownAs: shown)
        }
    }

    private func shownPath(of place: SubjectPlace) -> String {
        let table = plan.tables.first {
            $0.isDisclosure && $0.name.utf8.elementsEqual(place.name.utf8)
        }
        return table?.paths.first?.path.text ?? ""
    }

    /// The file without the subject's records, and whether no line is left in it.
    private func rewrite(
        _ path: String, _ place: SubjectPlace, _ scan: SubjectScan
    ) throws(PipelineFailure) -> (rest: (Directory, PreparedFile), isEmpty: Bool) {
        do {
            let (folder, file) = try begin(path)
            let deflater = try Self.isGzip(path) ? try GzipDeflater.make(level: 6) : nil
            func write(_ bytes: [UInt8]) throws {
                guard let deflater else { return try file.write(bytes.span) }
                var packed = ByteBuffer(capacity: bytes.count)
                deflater.deflate(bytes.span, into: &packed)
                try file.write(packed.bytes)
            }
            let header = try scan.header(path)
            try write(header)
            var length = 0
            try scan.copyOthers(path) { bytes in
                length += bytes.count
                try write(bytes)
            }
            if let deflater {
                var packed = ByteBuffer(capacity: 1 << 10)
                deflater.finish(into: &packed)
                try file.write(packed.bytes)
            }
            return ((folder, try file.prepare()), length == 0)
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .storage("cannot rewrite \(path): \(error)")
        }
    }

    private static func isGzip(_ path: String) throws -> Bool {
        let start = try FileDescriptor.reading(path)
        var bytes = [UInt8](repeating: 0, count: 3)
        let got = try unsafe bytes.withUnsafeMutableBytes { room in
            try unsafe start.readFully(into: room, at: 0)
        }
        return got == 3 && GzipInflater.isGzip(bytes.span)
    }
}
