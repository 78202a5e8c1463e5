internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records

/// What was read back of one output.
struct OutputProof {
    var name: String
    var parts = 0
    var records = 0
    /// Records that a hold keeps as they are.
    var held = 0
    /// Records in which something is still readable and may be.
    var readable = 0
    /// Records with something readable that had to be gone.
    var overdue = 0
    /// The fields with what was found of their due values, in the order of the plan.
    var fields: [(name: String, tally: ReleaseTally.Field)] = []

    /// Adds what was found in one file.
    mutating func add(
        _ reading: PartReading, _ names: [String], _ counts: [ReleaseTally.Field]
    ) {
        parts += 1
        records += reading.records
        held += reading.held
        readable += reading.readable
        overdue += reading.differing
        for (name, count) in zip(names, counts) where count != ReleaseTally.Field() {
            if let index = fields.firstIndex(where: { $0.name == name }) {
                fields[index].tally.released += count.released
                fields[index].tally.readable += count.readable
            } else {
                fields.append((name, count))
            }
        }
    }
}

/// Reads every current part back with the rules of its output and proves that nothing in it is
/// readable past its time.
///
/// A record that is due must be exactly what its rules leave behind: it is released again under a
/// plan whose transforms pass nothing but values in released form, and must come out byte for byte
/// as it lies in the file. Age is computed from the record, not taken from the ledger.
struct ContentProof {
    private let owner: Verification
    private let known: KnownFiles

    init(_ owner: Verification, _ known: KnownFiles) {
        self.owner = owner
        self.known = known
    }

    func run() throws(PipelineFailure) {
        var proofs = owner.plan.outputs.map { OutputProof(name: $0.name) }
        for part in known.currentParts {
            guard
                let index = owner.plan.outputs.firstIndex(where: { $0.name == part.part.output })
            else {
                tellStranded(part.part)
                continue
            }
            guard try isPresent(part.part.path) else { continue }
            try prove(part.part, output: index, &proofs[index])
        }
        for (index, proof) in proofs.enumerated() { tellUnprovable(index, proof) }
        if let store = owner.plan.store {
            proofs.append(try StoreProof(owner, store, known.places).run())
        }
        owner.count("records read back", proofs.reduce(0) { $0 + $1.records })
        owner.report.evidence.proofs = proofs
    }

    private func tellStranded(_ part: PartRecord) {
        owner.find(
            .unknownAge, part.path,
            "belongs to output `\(part.output)`, which the pipeline does not have any more: "
                + "expected that output, so that its rules age and prove it")
    }

    private func tellUnprovable(_ index: Int, _ proof: OutputProof) {
        let names = owner.plan.release.fields.names
        for (slot, rule) in owner.plan.release.outputs[index].rules.enumerated()
        where slot < names.count && rule.transform?.leavesRecognisableForm == false {
            owner.report.notes.append(
                "output `\(proof.name)`, field `\(names[slot])`: encrypted addresses look like "
                    + "readable ones, so no look at the file tells them apart")
        }
    }

    private func prove(
        _ part: PartRecord, output: Int, _ proof: inout OutputProof
    ) throws(PipelineFailure) {
        let reading: PartReading
        let plan: Plan
        let tally: ReleaseTally
        do throws(PipelineFailure) {
            (plan, tally) = try owner.plan.proving(output, part)
            reading = PartReading(plan)
            try reading.read(part.path)
        } catch {
            if case .interrupted = error { throw error }
            owner.find(.unreadable, part.path, "cannot be read back: \(Self.reason(error))")
            return
        }
        proof.add(reading, plan.release.fields.names, tally.counts)
        tell(reading, tally, part, plan)
        checkAges(reading, part, plan)
    }

    private static func reason(_ failure: PipelineFailure) -> String {
        switch failure {
        case .source(let fault): fault.code.rawValue
        case .storage(let sentence): sentence
        default: "it is damaged"
        }
    }

    // MARK: What was found

    private func tell(
        _ reading: PartReading, _ tally: ReleaseTally, _ part: PartRecord, _ plan: Plan
    ) {
        if reading.unreadable > 0 {
            owner.find(
                .unreadable, part.path,
                "\(reading.unreadableWords), so nothing about "
                    + "\(reading.unreadable == 1 ? "it" : "them") is proven")
        }
        if reading.erased > 0 {
            owner.find(
                .erasedPresent, part.path,
                "holds \(counted(reading.erased, "record")) of erased persons: run the pipeline "
                    + "or `subject erase` again")
        }
        if reading.deletable > 0 {
            owner.find(
                .readablePastWindow, part.path,
                "holds \(counted(reading.deletable, "record")) that a clock of `delete` wants "
                    + "gone: run the pipeline, which deletes them")
        }
        if reading.differing > 0 {
            owner.find(.readablePastWindow, part.path, overdue(reading, tally, part, plan))
        }
        if reading.unreadable == 0, reading.records != Int(part.records) {
            owner.find(
                .changed, part.path,
                "holds \(counted(reading.records, "record")), the ledger says \(part.records)")
        }
    }

    private func overdue(
        _ reading: PartReading, _ tally: ReleaseTally, _ part: PartRecord, _ plan: Plan
    ) -> String {
        let names = zip(plan.release.fields.names, tally.counts)
            .filter { $0.1.readable > 0 }
            .map { "`\($0.0)` \($0.1.readable)" }
        let fields =
            names.isEmpty ? "fields that no rule names" : names.joined(separator: ", ")
        var text =
            "\(counted(reading.differing, "record")), the first is number "
            + "\(reading.firstDiffering), not in the form that the rules leave behind: \(fields)"
        if let day = reading.oldestDiffering { text += lateness(day) }
        if !plan.isDealtWithByRulesOfNow(part, 0) {
            text += "; the part was written by other rules than the pipeline has now: run it, and "
                + "they are applied"
        }
        return text
    }

    /// How late the oldest record is, as far as the window alone tells.
    private func lateness(_ day: Int) -> String {
        let clock = owner.clock
        let window = owner.plan.release.clocks.clocks[0].length
        let text = "; the oldest is of \(CivilDate(daysSince1970: day).text)"
        if window.isZero { return text }
        let due = clock.dueTime(from: clock.zone.startOfDay(day), window)
        guard due <= clock.now else { return text }
        let dueDay = clock.zone.localDay(at: due)
        let late = clock.zone.localDay(at: clock.now) - dueDay
        return text + ", due on \(CivilDate(daysSince1970: dueDay).text), "
            + (late == 0 ? "today" : "\(counted(late, "day")) ago")
    }

    // MARK: What later runs will do

    /// What is readable now must be known to the ledger, or no run would ever age it; what expires
    /// must have its date.
    private func checkAges(_ reading: PartReading, _ part: PartRecord, _ plan: Plan) {
        let zone = owner.clock.zone
        if let day = reading.oldestReadable {
            let oldest = zone.startOfDay(day)
            if part.oldestReadable.map({ $0 > oldest }) ?? true {
                owner.find(
                    .unknownAge, part.path,
                    "holds readable records of \(CivilDate(daysSince1970: day).text) that the "
                        + "ledger does not know of: no run would age them")
            }
        }
        guard let gone = Self.expiry(reading, part, plan), gone <= owner.clock.now,
            reading.held == 0
        else { return }
        let date = CivilDate(daysSince1970: zone.localDay(at: gone)).text
        owner.find(
            .notDeleted, part.path,
            "had to be gone by \(date): run the pipeline, which deletes it")
    }

    /// When the file expires, by its newest record or by the ledger, whichever is earlier.
    private static func expiry(
        _ reading: PartReading, _ part: PartRecord, _ plan: Plan
    ) -> EventTime? {
        guard let expires = plan.outputs[0].expires, let newest = reading.newest else {
            return plan.deleteBy(part)
        }
        let last = CivilDate(daysSince1970: newest).adding(expires)
        let gone = plan.release.zone.startOfDay(last.daysSince1970 + 1)
        return plan.deleteBy(part).map { min($0, gone) } ?? gone
    }
}

/// `1 record`, `2 records`.
func counted(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
