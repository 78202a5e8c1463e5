internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Takes a list of opt-outs over into the registry.
///
/// The registry is the authority: a line that is not there is entered; one with a withdrawal date
/// ends its entry; an entry that stands in no line stays in force.
enum OptOutImport {
    static func run(
        pipeline: String, file: String, now: String?, isConfined: Bool
    ) throws(PipelineFailure) -> OptOutImportReport {
        let session = try OptOutWork.session(
            pipeline, now, isConfined: isConfined, reading: file)
        let lines = try read(file, session)
        let making = try OptOutMaking(session)
        var entries: [(line: Int, entry: NewOptOut)] = []
        var subjects: [Int: OptOutSubject] = [:]
        for line in lines.entries {
            entries.append((line.line, try making.entry(line)))
            subjects[line.line] = OptOutSubject(
                customer: line.customer.flatMap { String(validating: $0, as: UTF8.self) },
                user: line.person.flatMap { String(validating: $0, as: UTF8.self) })
        }
        let known: [OptOutRecord]
        do { known = try session.ledger.optOuts() } catch { throw StateRegistry.failure(error) }
        var report = OptOutImportReport()
        let (added, changes) = try sort(entries, known, session, &report)
        let stated = Set(entries.map { Key($0.entry) })
        report.notInFile = known.filter {
            $0.entry.withdrawn == nil && !stated.contains(Key($0.entry))
        }.map(\.id)
        report.effect = try OptOutWork.apply(
            (added + (try awaited(entries, known, session))).compactMap { line, record in
                subjects[line].map { (subject: $0, record: record) }
            }, changes, session)
        return report
    }

    /// The lines of entries that are known and not carried out yet, or not wholly: the value is at
    /// hand again.
    private static func awaited(
        _ entries: [(line: Int, entry: NewOptOut)], _ known: [OptOutRecord],
        _ session: RegistrySession
    ) throws(PipelineFailure) -> [(line: Int, record: OptOutRecord)] {
        let awaited: Set<Int64>
        do {
            awaited = Set(
                try session.ledger.awaitedOptOuts(pipeline: session.plan.name).map(\.optOut))
        } catch { throw StateRegistry.failure(error) }
        let records = known.filter { awaited.contains($0.id) }
        let byKey = Dictionary(records.map { (Key($0.entry), $0) }) { _, other in other }
        return entries.compactMap { line, entry in
            guard entry.withdrawn == nil else { return nil }
            return byKey[Key(entry)].map { (line: line, record: $0) }
        }
    }

    /// An entry without its end: what makes two of them the same.
    private struct Key: Hashable {
        let who: [String?]
        let basis: NewOptOut.Basis
        let scopes: [NewOptOut.Scope]
        let effective: EventTime

        init(_ entry: NewOptOut) {
            who = [entry.subject.kind.rawValue, entry.subject.digest.hex, entry.within?.hex]
            basis = entry.basis
            scopes = entry.scopes
            effective = entry.effective
        }
    }

    /// When an opt-out ends; behind all times for one that does not.
    private static func end(of entry: NewOptOut) -> EventTime {
        entry.withdrawn ?? EventTime(milliseconds: .max)
    }

    /// Tells what is new, with its lines, and what was withdrawn, from what is known.
    private static func sort(
        _ entries: [(line: Int, entry: NewOptOut)], _ known: [OptOutRecord],
        _ session: RegistrySession, _ report: inout OptOutImportReport
    ) throws(PipelineFailure) -> (added: [(line: Int, record: OptOutRecord)], OptOutChanges) {
        let byKey = Dictionary(known.map { (Key($0.entry), $0) }) { one, other in
            end(of: other.entry) > end(of: one.entry) ? other : one
        }
        var fresh: [NewOptOut] = []
        let lasting = lasting(entries)
        var changes = OptOutChanges()
        for (line, entry) in entries {
            let key = Key(entry)
            let record = byKey[key]
            let isRepeated = lasting[key]?.line != line
            switch (record?.entry.withdrawn, entry.withdrawn) {
            case _ where record == nil && !isRepeated:
                fresh.append(entry)
                report.added.append(line)
            case (nil, let date?) where record != nil && !isRepeated:
                if let record { changes.ended[record.id] = date }
                report.withdrawn.append(line)
            case (_?, nil): report.staysWithdrawn.append(line)
            case (let known?, let date?) where known < date && !isRepeated:
                report.staysWithdrawn.append(line)
            default: report.known.append(line)
            }
        }
        let numbers: [(id: Int64, isNew: Bool)]
        do { numbers = try session.ledger.numbers(of: fresh) } catch {
            throw StateRegistry.failure(error)
        }
        let records = zip(numbers, fresh).map { OptOutRecord(id: $0.id, entry: $1) }
        changes.added = zip(numbers, records).filter { $0.0.isNew }.map { $0.1 }
        return (zip(report.added, records).map { (line: $0, record: $1) }, changes)
    }

    /// Of the lines that differ in their end only, the one that ends last, or never: in doubt the
    /// opt-out holds.
    private static func lasting(
        _ entries: [(line: Int, entry: NewOptOut)]
    ) -> [Key: (line: Int, end: EventTime)] {
        entries.reduce(into: [:]) { lasting, next in
            let key = Key(next.entry)
            let end = end(of: next.entry)
            if let known = lasting[key], known.end >= end { return }
            lasting[key] = (next.line, end)
        }
    }

    private static func read(
        _ file: String, _ session: RegistrySession
    ) throws(PipelineFailure) -> OptOutList {
        let bytes: [UInt8]
        do {
            bytes = try FileDescriptor.reading(file)
                .readAll(limitBytes: DelimitedRows.fileBytesMax)
        } catch {
            throw .tables(
                [SettingFault("cannot read the list: \(error)", at: .none)], file: file)
        }
        var faults: [ReferenceFault] = []
        do {
            let rows = try DelimitedRows(file: bytes.span)
            do {
                return try OptOutList(
                    rows: rows, purposes: session.plan.purposes, zone: session.plan.release.zone)
            } catch { faults = error.all }
        } catch { faults = [error] }
        throw .tables(
            faults.map {
                SettingFault($0.expectation, at: SettingPosition(line: $0.line, column: 1))
            }, file: file)
    }
}
