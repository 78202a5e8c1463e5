internal import Anonymization
internal import FileSystem
internal import Ledger
internal import LogFormats
internal import Records

/// Reads one stored file under a proving plan and counts the records that do not come out as they
/// lie there.
final class PartReading {
    private let plan: Plan
    private let releaser: Releaser
    /// Judges every record as if it were due in everything: what it does not let pass is readable.
    private let strict: Releaser
    private let writer: any RecordWriter
    /// Writes every record of an output with columns as it is, in the order of now: names stand in
    /// its records, in any order. Nil where that cannot be another one.
    private let leaving: Releaser?
    /// True when `leaving` has released the chunk at hand.
    private var isLeft = false

    /// Records in the file that can be read, blank lines apart.
    private(set) var records = 0
    /// Records that cannot be read at all.
    private(set) var unreadable = 0
    /// Of these, those that are only longer than `source.limits` let them be.
    private(set) var tooLong = 0
    private(set) var held = 0
    /// Records of erased persons.
    private(set) var erased = 0
    /// Records that a clock of `delete` wants gone.
    private(set) var deletable = 0
    /// Records with something readable that may be.
    private(set) var readable = 0
    /// Records that are not what their rules leave behind.
    private(set) var differing = 0
    /// The number of the first of them, 1-based.
    private(set) var firstDiffering = 0
    /// Days since 1970-01-01 in the pipeline's zone.
    private(set) var oldestDiffering: Int?
    private(set) var oldestReadable: Int?
    private(set) var newest: Int?

    init(_ plan: Plan) {
        self.plan = plan
        // Nothing is hashed again, so no key is needed.
        releaser = Releaser(plan: plan.release, keyRing: nil)
        strict = Releaser(plan: plan.release.judgingAllDue(), keyRing: nil)
        writer = plan.outputs[0].writer
        leaving =
            plan.outputs[0].columns == nil
            ? nil : Releaser(plan: plan.release.leavingAll(), keyRing: nil)
    }

    /// What is said of the records that cannot be read.
    var unreadableWords: String {
        let rest = unreadable - tooLong
        let long = tooLong == 0 ? nil
            : "\(counted(tooLong, "record")) longer than `source.limits.record` allows"
        let words = rest == 0 ? nil : "\(counted(rest, "record")) cannot be read"
        return [long, words].compactMap { $0 }.joined(separator: ", ")
    }

    func read(_ path: String) throws(PipelineFailure) {
        let source = ChunkSource(
            [ChunkSource.SourceInput(path: path)], plan: plan, digesting: false)
        let reader = plan.format.makeReader(fields: plan.release.fields, limits: plan.limits)
        var table = RecordTable(slotCount: plan.release.fields.count)
        var chunk = Chunk(capacity: ChunkSource.chunkBytes + (1 << 16))
        var before = 0
        while try source.next(&chunk) {
            reader.index(chunk, into: &table)
            releaser.release(chunk, table, reader: reader)
            let counts = releaser.counts
            unreadable += counts.quarantinedTotal
            tooLong += counts.quarantined[.tooLong] ?? 0
            records += counts.read - counts.blank - counts.quarantinedTotal
            held += counts.outputs[0].held
            let erasedHere = counts.outputs[0].dropped[.erased] ?? 0
            erased += erasedHere
            deletable += counts.outputs[0].droppedTotal - erasedHere
            isLeft = false
            compare(chunk, table, reader, before)
            before += counts.read
            // Nothing is readable in records that are due: most files need no second look.
            if hasYoung {
                strict.release(chunk, table, reader: reader)
                noteReadable(chunk, table, reader)
            }
        }
    }

    /// True when a record of the chunk at hand is of a time at which it may be readable.
    private var hasYoung: Bool {
        Self.hasReadable(releaser.outputs[0].batch)
    }

    private static func hasReadable(_ batch: borrowing ReleasedBatch) -> Bool {
        batch.records.indices.contains { batch.records[$0].isReadable }
    }

    /// Notes the records that hold something readable, whatever their age.
    private func noteReadable(
        _ chunk: borrowing Chunk, _ table: borrowing RecordTable, _ reader: any RecordReader
    ) {
        var written = ByteBuffer(capacity: 1 << 12)
        let recordCount = strict.outputs[0].batch.records.count
        var next = 0
        for row in 0..<table.count where table.isGood(row) && next < recordCount {
            written.removeAll()
            writer.write(
                next, of: strict.outputs[0].batch, chunk: chunk.buffer.bytes, into: &written)
            let place = (row: row, good: next)
            if !isStored(written.bytes, place, chunk, table, reader, mayLackColumns: false) {
                readable += 1
                let day = strict.outputs[0].batch.records[next].day
                if day != ReleasedBatch.noDay {
                    oldestReadable = min(oldestReadable ?? Int(day), Int(day))
                }
            }
            next += 1
        }
    }

    /// Holds what comes out against what went in, record by record.
    private func compare(
        _ chunk: borrowing Chunk, _ table: borrowing RecordTable, _ reader: any RecordReader,
        _ before: Int
    ) {
        var written = ByteBuffer(capacity: 1 << 12)
        var next = 0
        var good = 0
        let released = releaser.outputs[0].batch.records.count
        for row in 0..<table.count where table.isGood(row) && next < released {
            written.removeAll()
            writer.write(
                next, of: releaser.outputs[0].batch, chunk: chunk.buffer.bytes, into: &written)
            let record = releaser.outputs[0].batch.records[next]
            // What is no column any more goes when its record is due.
            let isSame = isStored(
                written.bytes, (row, good), chunk, table, reader,
                mayLackColumns: record.isReadable || record.isHeld)
            good += 1
            // Of a record that has to go nothing comes out: the next one is that of a later row.
            if !isSame, erased + deletable > 0 { continue }
            note(record, isSame, number: before + row + 1)
            next += 1
        }
    }

    /// True when `written` says what the record at `place` says in the file: its row, and how many
    /// good ones come before it. `mayLackColumns` lets what is no column stand there besides.
    private func isStored(
        _ written: Span<UInt8>, _ place: (row: Int, good: Int), _ chunk: borrowing Chunk,
        _ table: borrowing RecordTable, _ reader: any RecordReader, mayLackColumns: Bool
    ) -> Bool {
        let stored = chunk.buffer.bytes.extracting(table.range(place.row))
        if Self.isSame(written, stored) { return true }
        guard let leaving else { return false }
        if !isLeft { leaving.release(chunk, table, reader: reader) }
        isLeft = true
        guard place.good < leaving.outputs[0].batch.records.count else { return false }
        var whole = ByteBuffer(capacity: 1 << 12)
        writer.write(
            place.good, of: leaving.outputs[0].batch, chunk: chunk.buffer.bytes, into: &whole)
        guard Self.isSame(written, whole.bytes) else { return false }
        // In another order it is as long, unless there is more in it.
        return mayLackColumns || Self.end(of: whole.bytes) == Self.end(of: stored)
    }

    private func note(_ record: ReleasedBatch.Record, _ isSame: Bool, number: Int) {
        let day = record.day == ReleasedBatch.noDay ? nil : Int(record.day)
        if let day { newest = max(newest ?? day, day) }
        guard !isSame else { return }
        differing += 1
        if firstDiffering == 0 { firstDiffering = number }
        if let day { oldestDiffering = min(oldestDiffering ?? day, day) }
    }

    /// A writer ends each record with a line feed, which is no part of the record; nor is the
    /// carriage return in front of it.
    private static func isSame(_ written: Span<UInt8>, _ stored: Span<UInt8>) -> Bool {
        let length = end(of: written)
        guard length == end(of: stored) else { return false }
        for index in 0..<length where written[index] != stored[index] { return false }
        return true
    }

    private static func end(of line: Span<UInt8>) -> Int {
        var end = line.count
        if end > 0, line[end - 1] == 0x0a { end -= 1 }
        if end > 0, line[end - 1] == 0x0d { end -= 1 }
        return end
    }
}

extension Plan {
    /// The plan under which a part of output `index` comes out as it lies there if nothing in it is
    /// readable past its time, and the tally of what it finds. Its columns are those that the part
    /// names itself; without a header, all that it may have: a hold may bind by one that is none
    /// any more.
    func proving(
        _ index: Int, _ part: PartRecord
    ) throws(PipelineFailure) -> (plan: Plan, tally: ReleaseTally) {
        let header = try ChunkSource.columns(
            of: part.path, format: outputs[index].format, limits: .ofOwnFiles)
        let named = outputs[index].columns == nil ? nil : header.map(StoredColumns.init(asIn:))
        var proof = stored(index, named ?? StoredColumns(withoutHeader: index, self))
        let output = release.outputs[index]
        // A part of an earlier version of the file may be readable where the present one shows
        // nothing readable any more; it ages by its clocks.
        proof.release.outputs[0].showsWindow =
            output.showsWindow || !isDealtWithByRulesOfNow(part, index)
        proof.release.optOuts = .none(now: release.clocks.runClock.now)
        proof.release.storedDay = part.day
        checkDerived(index, &proof.release)
        let tally = ReleaseTally(fieldCount: proof.release.fields.count)
        proof.release = proof.release.proving(tally)
        return (proof, tally)
    }

    /// True when the rules of output `index` are those by which the part was dealt with.
    func isDealtWithByRulesOfNow(_ part: PartRecord, _ index: Int) -> Bool {
        guard let rules = part.rules else { return part.plan == digest }
        return outputs[index].hasRules(rules)
    }

    /// Derived values were made at any age, and have their form at any age.
    private func checkDerived(_ index: Int, _ proof: inout ReleasePlan) {
        let output = release.outputs[index]
        func check(_ derived: Int, at slot: Int?) {
            guard let slot else { return }
            proof.outputs[0].rules[slot] = Anonymization.FieldRule(
                transform: release.derived[derived].transform)
            proof.outputs[0].rules[slot].appliesAlways = true
        }
        if let columns = outputs[index].columns {
            for (column, source) in zip(columns, output.columns) {
                guard case .derived(let derived) = source else { continue }
                check(derived, at: proof.fields.names.firstIndex(of: column))
            }
        } else {
            for (offset, entry) in output.appended.enumerated() {
                check(entry.derived, at: release.fields.count + offset)
            }
        }
    }
}
