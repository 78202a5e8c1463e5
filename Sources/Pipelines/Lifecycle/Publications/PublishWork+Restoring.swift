internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records

/// What was published is there: files that are gone or changed are written again, without anything
/// being counted.
extension PublishWork {
    /// How many of the newest published months are looked at when nobody asks for more: a nightly
    /// job takes no longer with each year.
    private static let monthsWatched = 12

    /// How the files of a publication lie, by their lengths alone.
    enum FileState {
        case whole
        case damaged
        /// None of them is there: somebody may have taken the publication down.
        case gone
    }

    /// Makes sure of what was published; tells of what was missing, and of the last month if
    /// nothing else is to be told.
    func restoreAll(
        _ books: PublicationBooks, tellsLast: Bool
    ) throws(PipelineFailure) {
        let finals = books.finals
        var gone: [PublicationRecord] = []
        var isAnyLeft = false
        for final in request.restores ? finals[...] : finals.suffix(Self.monthsWatched) {
            let told = report.entries.count
            let isTold = tellsLast && final == finals.last
            try goingOn(final.period) { () throws(PipelineFailure) in
                if request.restores {
                    try repeatAll(of: final.period, books)
                } else {
                    let looked = try mend(final.period, books, tellsWhole: isTold)
                    gone += looked.gone
                    isAnyLeft = isAnyLeft || looked.isAnyLeft
                }
            }
            if isTold { continue }
            let new = report.entries[told...].filter { $0.outcome != .unchanged }
            report.entries.replaceSubrange(told..., with: new)
        }
        tellGone(gone, isAnyLeft: isAnyLeft)
    }

    /// Tells of publications without any file: they stay so until somebody asks. Where no other is
    /// left, a disk that is away is likelier than somebody who took all of them down: that is said
    /// to a quiet command, too.
    func tellGone(_ gone: [PublicationRecord], isAnyLeft: Bool) {
        guard !gone.isEmpty else { return }
        let months = Set(gone.map(\.period)).sorted().map(\.text).joined(separator: ", ")
        let isOne = gone.count == 1
        let sentence =
            "no file is left of \(counted(gone.count, "publication")) of \(months), "
            + "\(isOne ? "which stays" : "which stay") so"
        guard !isAnyLeft else {
            report.notes.append("\(sentence): \(wayBack)")
            return
        }
        report.alarm(
            "\(sentence), and none of those looked at has any: is the disk there? If it is, "
                + wayBack)
    }

    private var wayBack: String {
        request.isProvisional
            ? "`--provisional --period` writes what was shown of one month again"
            : "`--period` writes what was published of one month again, `--restore` all"
    }

    /// Makes sure of everything that was published of a closed month.
    func repeatAll(
        of period: CalendarMonth, _ books: PublicationBooks
    ) throws(PipelineFailure) {
        for record in books.all(of: period) where record.kind != .provisional {
            try repeated(record)
            let own = books.publicationsForCustomers(like: record)
            if !own.isEmpty { try repeatCustomers(own, like: record) }
        }
    }

    /// Writes again what is missing of the publications of a month, and returns those that are gone
    /// whole, and whether others are there; what has its length is not read.
    private func mend(
        _ period: CalendarMonth, _ books: PublicationBooks, tellsWhole: Bool
    ) throws(PipelineFailure) -> (gone: [PublicationRecord], isAnyLeft: Bool) {
        var gone: [PublicationRecord] = []
        var seen = 0
        for record in books.all(of: period) where record.kind != .provisional {
            seen += 1
            switch try files(of: record) {
            case .gone: gone.append(record)
            case .damaged: try repeated(record)
            case .whole: if tellsWhole { try told(record) }
            }
            var damaged: [PublicationRecord] = []
            var whole: [PublicationRecord] = []
            for own in books.publicationsForCustomers(like: record) {
                seen += 1
                switch try files(of: own) {
                case .gone: gone.append(own)
                case .damaged: damaged.append(own)
                case .whole: whole.append(own)
                }
            }
            if !damaged.isEmpty {
                try repeatCustomers(damaged, like: record)
            } else if tellsWhole, !whole.isEmpty {
                report.entries.append(try customersEntry(whole, like: record))
            }
        }
        return (gone, gone.count < seen)
    }

    /// How the files of a publication lie; none of them is read.
    func files(of record: PublicationRecord) throws(PipelineFailure) -> FileState {
        let files: [NewPublication.PublicationFile]
        do { files = try ledger.files(ofPublication: record.id) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        var there = 0
        var whole = 0
        for file in files {
            do throws(FileFault) {
                guard let status = try FileStatus.of(file.path) else { continue }
                there += 1
                let isWhole =
                    status.kind == .regular && status.byteCount == file.content.byteCount
                whole += isWhole ? 1 : 0
            } catch { throw .storage("cannot read \(file.path)", error) }
        }
        if whole == files.count { return .whole }
        return there == 0 ? .gone : .damaged
    }

    /// Makes sure of what was published; nothing is counted.
    func repeated(_ record: PublicationRecord) throws(PipelineFailure) {
        let recorded = try RecordedPublication(record, ledger)
        var entry = entry(recorded)
        try restore(recorded, &entry)
        report.entries.append(entry)
    }

    /// Tells of what was published, which lies there.
    private func told(_ record: PublicationRecord) throws(PipelineFailure) {
        var entry = entry(try RecordedPublication(record, ledger))
        entry.outcome = .unchanged
        report.entries.append(entry)
    }

    private func entry(_ recorded: RecordedPublication) -> PublishReport.Entry {
        entry(
            recorded.publication, folder: recorded.record.folder,
            files: recorded.files.map { (splitPath($0.path).name, $0.content.digest.hex) })
    }

    /// Makes sure of what was published for customers with a publication of all.
    private func repeatCustomers(
        _ own: [PublicationRecord], like record: PublicationRecord
    ) throws(PipelineFailure) {
        var entry = try customersEntry(own, like: record)
        for record in own { try restore(try RecordedPublication(record, ledger), &entry) }
        report.entries.append(entry)
    }

    private func customersEntry(
        _ own: [PublicationRecord], like record: PublicationRecord
    ) throws(PipelineFailure) -> PublishReport.Entry {
        let main = try RecordedPublication(record, ledger).publication
        var entry = entry(
            main.forOneCustomer([]),
            folder: own.first.map { splitPath($0.folder).directory } ?? "", files: [])
        entry.outcome = .unchanged
        entry.customers = own.count
        return entry
    }

    /// Writes what is gone or changed of a publication again; a dry run counts it.
    private func restore(
        _ recorded: RecordedPublication, _ entry: inout PublishReport.Entry
    ) throws(PipelineFailure) {
        if request.isDryRun {
            entry.restored += try recorded.damaged().count
        } else {
            let done = try recorded.restore(ledger, now: clock.now)
            entry.restored += done.restored
            entry.reissued += done.reissued
        }
        let isWhole = entry.restored + entry.reissued == 0
        entry.outcome = isWhole ? .unchanged : entry.reissued > 0 ? .reissued : .restored
    }
}
