internal import Anonymization
internal import Records

extension Planner {
    /// The clocks of fields, of `delete`, of safeguards and of expiring outputs.
    func allClocks() -> [RetentionClock] {
        let lengths = specification.outputs.flatMap {
            [$0.safeguards?.deleteAfter, $0.expires].compactMap { $0 }
        }
        return specification.clocks.dropFirst().map(clock)
            + lengths.map { RetentionClock(start: .event, length: $0.value) }
    }

    /// `clock` with slots and tables in place of names.
    func clock(_ clock: FieldClock) -> RetentionClock {
        RetentionClock(
            start: place(clock.start, .date), length: clock.length.value,
            unless: clock.unless.map { place($0, .date) },
            lengthFrom: clock.lengthFrom.map { place($0, .length) })
    }

    private func place(
        _ start: FieldClock.Start, _ kind: ReferenceTable.ColumnKind
    ) -> RetentionClock.Start {
        switch start {
        case .event: return .event
        case .field(let field):
            noteOwnStart(field)
            return .field(slot: slot(field, path: "after.start.field"))
        case .table(let lookUp):
            let table = specification.tables.firstIndex {
                $0.name.value.utf8.elementsEqual(lookUp.table.value.utf8)
            }
            // An unknown table is a fault already; no plan comes of it.
            guard let table else { return .field(slot: -1) }
            return .table(
                TableCell(
                    table: table, column: tables.column(lookUp.column, kind, table: table),
                    keySlot: slot(keyField(lookUp.by), path: "after.start.by")))
        }
    }

    /// The field that `by` means: that of a role of `identity`, or the field of that name.
    private func keyField(_ by: Marked<String>) -> Marked<String> {
        let role = specification.identity.roles.first { $0.role.utf8.elementsEqual(by.value.utf8) }
        return role.map { Marked($0.field.value, at: by.position) } ?? by
    }

    /// The bits of the clocks of `delete`.
    var deleteClocks: DueSet {
        specification.delete.reduce(into: []) { set, clock in
            if let bit = clocks?.bit(of: self.clock(clock)) { set.formUnion(bit) }
        }
    }

    /// The clock of a field, and its bit.
    func clock(
        own: FieldClock?, base: FieldClock?
    ) -> (bit: DueSet, other: RetentionClock?) {
        let clock = self.clock(own ?? base ?? specification.window)
        return (
            clocks?.bit(of: clock) ?? DueSet(rawValue: 1), clock.start == .event ? nil : clock
        )
    }

    // MARK: What ageing can read

    /// Completes an output with what its clocks read: which fields must stay so that a later run
    /// can tell when a clock runs out, and which clocks of `delete` it can still judge.
    func withDependences(
        _ release: OutputReleasePlan, _ output: OutputSpecification, _ columns: [String]?,
        _ path: String
    ) -> OutputReleasePlan {
        guard specification.state != nil, let clocks else { return release }
        var release = release
        var asked = DueSet(rawValue: 1)
        for rule in release.rules { asked.formUnion(rule.clock) }
        let deletes = deleteClocks
        for (index, clock) in clocks.clocks.enumerated() {
            let bit = DueSet(rawValue: 1 << UInt64(index))
            let reach = reach(clock, release, columns)
            if deletes.contains(bit) {
                addDelete(bit, reach, deletes, output, &release)
            } else if release.showsWindow, asked.contains(bit) {
                if let lost = reach.lost { faultLost(lost, output, path) }
                add(bit, reach, &release)
            }
        }
        return release
    }

    /// What a clock reads of an output's records.
    struct Reach {
        /// The clocks of the fields that it reads and that do not stay for ever.
        var readFields: DueSet = []
        /// A field that is never there as it was.
        var lost: String?
    }

    func reach(
        _ clock: RetentionClock, _ release: OutputReleasePlan, _ columns: [String]?
    ) -> Reach {
        var reach = Reach()
        for slot in clock.sources.compactMap(\.slot) where slot >= 0 {
            let rule = release.rules[slot]
            let name = register.names[slot]
            let isKept = rule.transform is Keep
            let isThere = columns?.contains { $0.utf8.elementsEqual(name.utf8) } ?? true
            if !isThere || rule.isBarred || (rule.appliesAlways && !isKept) {
                reach.lost = name
            } else if !isKept {
                reach.readFields.formUnion(rule.clock)
            }
        }
        return reach
    }

    func add(_ bit: DueSet, _ reach: Reach, _ release: inout OutputReleasePlan) {
        let others = reach.readFields.subtracting(bit)
        guard !others.isEmpty else { return }
        release.dependences.append(ClockDependence(clock: bit, readFields: others))
    }

    private func addDelete(
        _ bit: DueSet, _ reach: Reach, _ deletes: DueSet, _ output: OutputSpecification,
        _ release: inout OutputReleasePlan
    ) {
        let isWatched = reach.lost == nil && (release.showsWindow || reach.readFields.isEmpty)
        if isWatched {
            release.watchedDeletes.formUnion(bit)
            add(bit, reach, &release)
        }
        // What goes with the record itself is there as long as the record.
        let lasts = isWatched && reach.readFields.subtracting(deletes).isEmpty
        if !lasts, output.expires == nil {
            note(
                "output \(output.name.value): `delete` cannot find a record once the fields it"
                    + " reads are no longer readable there; give the output `expires`")
        }
    }

    /// What is stored is aged by the value that it was stored with.
    private func noteOwnStart(_ field: Marked<String>) {
        guard specification.state != nil, !specification.outputs.isEmpty else { return }
        note(
            "a clock starts at the record's own `\(field.value)`: with `state` a record is taken "
                + "once, and a later value never reaches what is stored; where the value is filled "
                + "in or changes, take it from a reference table")
    }

    private func note(_ sentence: String) {
        if !notes.contains(sentence) { notes.append(sentence) }
    }

    private func faultLost(_ field: String, _ output: OutputSpecification, _ path: String) {
        faults.add(
            "a clock reads `\(field)`, which this output leaves out or changes at any age: expected"
                + " it as it is, because a later run ages the records by it",
            at: output.name.position, path: path)
    }
}
