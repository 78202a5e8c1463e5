internal import Anonymization
internal import KeyedHashing
internal import LogFormats
internal import Records

/// The rules of a store or an output, field by field, in a form that a later version of the
/// pipeline file can be held against: what was done to a field stays done as long as its own rule
/// stays what it was.
struct RuleBook: Equatable {
    /// One clock of the rules.
    struct Clock: Equatable {
        /// What it is, by the names of fields, tables and columns.
        var words: String
    }

    /// In the place of a clock: the rule is applied at any age.
    static let atAnyAge = -1

    /// What decides how old a record is, whatever its clocks: how times are read, and the zone.
    var context: Digest256
    /// What was known of the zone (`ZoneTable.written`): with other data the days begin elsewhere,
    /// and what was due at a run would be worked out wrongly. Nil: nobody wrote it down.
    var zone: String?
    /// Of an output: the format of its files.
    var format: Digest256?
    /// Of an output with columns: which these are, in any order.
    var columns: Digest256?
    /// Whether an output keeps due fields that no rule names; nil in a store, whose fields say it
    /// themselves.
    var keepsUnnamed: Bool?
    /// In the order of their bits.
    var clocks: [Clock]
    /// The index of the clock behind which nothing readable is left in an output, besides those of
    /// its fields; nil for none.
    var readable: Int?
    /// By the index of a clock the clocks of the fields that it reads: where one of those has run
    /// out, it counts as run out.
    var reads: [Int: DueSet] = [:]
    /// The index of the clock of each rule, or `atAnyAge`, by the digest of the field's name and
    /// transform.
    var fields: [Digest256: Int]

    /// The rules of the store of `plan`, whose transforms are those of `specification`.
    init(ofStore specification: PipelineSpecification, _ plan: Plan, context: Digest256) {
        self.context = context
        zone = plan.release.zone.written
        clocks = plan.release.clocks.clocks.map { Clock(words: Self.words(of: $0, plan)) }
        fields = [:]
        guard let store = plan.store else { return }
        note(store.release.dependences)
        let digests = Self.digests(specification, plan)
        for (slot, digest) in digests.enumerated() where slot < store.release.rules.count {
            fields[digest] = store.release.rules[slot].clock.rawValue.trailingZeroBitCount
        }
    }

    /// The rules of output `index` of `plan`.
    init(
        ofOutput index: Int, _ specification: PipelineSpecification, _ plan: Plan,
        context: Digest256
    ) {
        self.context = context
        zone = plan.release.zone.written
        let output = plan.release.outputs[index]
        keepsUnnamed = output.keepsUnnamed
        let form = specification.outputs[index].format
        format = Digest256.of(
            (Array(plan.outputs[index].format.name.utf8) + (form?.options.canonicalBytes ?? []))
                .span)
        columns = plan.outputs[index].columns.map(Self.digest(ofColumns:))
        clocks = plan.release.clocks.clocks.map { Clock(words: Self.words(of: $0, plan)) }
        fields = [:]
        if output.showsWindow, !output.readableClock.isEmpty {
            readable = output.readableClock.rawValue.trailingZeroBitCount
        }
        note(output.dependences)
        for (slot, digest) in Self.digests(specification, plan, output: index).enumerated()
        where slot < output.rules.count {
            let rule = output.rules[slot]
            let isOld = !output.showsWindow || rule.appliesAlways || rule.isBarred
            fields[digest] =
                isOld ? Self.atAnyAge : rule.clock.rawValue.trailingZeroBitCount
        }
    }

    private static func digest(ofColumns names: [String]) -> Digest256 {
        let words = names.map { "\($0.utf8.count):\($0)" }.sorted()
        return Digest256.of(Array(words.joined(separator: " ").utf8).span)
    }

    private mutating func note(_ dependences: [ClockDependence]) {
        for dependence in dependences {
            let index = dependence.clock.rawValue.trailingZeroBitCount
            reads[index, default: []].formUnion(dependence.readFields)
        }
    }

    /// The same rules for some slots only, of which `digests` has the digests.
    func limited(to slots: [Int], _ digests: [Digest256]) -> RuleBook {
        var rules = self
        let names = Set(slots.filter { $0 < digests.count }.map { digests[$0] })
        rules.fields = fields.filter { names.contains($0.key) }
        return rules
    }

    // MARK: Digests

    /// The digests of the rules of `plan`, for its store or for an output, in slot order.
    static func digests(
        _ specification: PipelineSpecification, _ plan: Plan, output index: Int? = nil
    ) -> [Digest256] {
        let release = index.map { plan.release.outputs[$0] } ?? plan.store?.release
        let special = index.map { specification.outputs[$0].fields } ?? []
        let own = plan.release.fields.names.enumerated().map { slot, name in
            let rule =
                special.first { $0.field.value == name }
                ?? specification.fields.first { $0.field.value == name }
            let isBarred = release.map { slot < $0.rules.count && $0.rules[slot].isBarred }
            return digest(
                of: name, rule, isBarred: isBarred ?? false,
                keepsUnnamed: release?.keepsUnnamed ?? false)
        }
        return own.enumerated().map { slot, digest in
            guard let release, slot < release.rules.count else { return digest }
            let index = release.rules[slot].clock.rawValue.trailingZeroBitCount
            let clocks = plan.release.clocks.clocks
            guard clocks.indices.contains(index), !clocks[index].isPlain else { return digest }
            // When a field goes that the clock reads, the clock counts as run out.
            let read = clocks[index].sources.compactMap(\.slot).filter { own.indices.contains($0) }
            let text = ([digest] + read.map { own[$0] }).map(\.hex).joined(separator: " ")
            return Digest256.of(Array(text.utf8).span)
        }
    }

    private static func digest(
        of name: String, _ rule: FieldRule?, isBarred: Bool, keepsUnnamed: Bool
    ) -> Digest256 {
        var text = Array("\(name.utf8.count):\(name) ".utf8)
        if let rule {
            if let transform = rule.transform, !isBarred {
                let word = transform.name.value
                text += Array("\(word.utf8.count):\(word) ".utf8)
                    + transform.options.canonicalBytes
            } else {
                text += Array("dropped".utf8)
            }
        } else {
            text += Array((keepsUnnamed ? "kept" : "left out").utf8)
        }
        return Digest256.of(text.span)
    }

    /// The digests of the rules that leave the field `name` as it is, or nothing of it.
    static func plainDigests(of name: String) -> [Digest256] {
        keptDigests(of: name)
            + ["4:drop -", "dropped", "left out"].map { digest(of: name, $0) }
    }

    /// The digests of the rules that leave the field `name` as it is.
    static func keptDigests(of name: String) -> [Digest256] {
        ["4:keep -", "kept"].map { digest(of: name, $0) }
    }

    private static func digest(of name: String, _ rule: String) -> Digest256 {
        Digest256.of(Array("\(name.utf8.count):\(name) \(rule)".utf8).span)
    }

    // MARK: Clocks

    private static func words(of clock: RetentionClock, _ plan: Plan) -> String {
        var words = "\(clock.length.text) from \(words(of: clock.start, plan))"
        if let unless = clock.unless { words += " unless \(self.words(of: unless, plan))" }
        if let length = clock.lengthFrom { words += " length \(self.words(of: length, plan))" }
        return words
    }

    private static func words(of start: RetentionClock.Start, _ plan: Plan) -> String {
        func field(_ slot: Int) -> String {
            let names = plan.release.fields.names
            guard names.indices.contains(slot) else { return "nothing" }
            return "\(names[slot].utf8.count):\(names[slot])"
        }
        switch start {
        case .event: return "event"
        case .field(let slot): return "field \(field(slot))"
        case .table(let cell):
            let table = plan.tableInputs[cell.table]
            let column = table.columns[cell.column]
            return "table \(table.name) \(column.utf8.count):\(column) \(field(cell.keySlot))"
        }
    }

    /// The length of a clock that counts from the event and is the same for all records.
    static func plainLength(_ words: String) -> CalendarDuration? {
        let end = " from event"
        guard words.hasSuffix(end) else { return nil }
        return CalendarDuration(text: String(words.dropLast(end.utf8.count)))
    }

    // MARK: Text

    /// What the ledger keeps; equal rules give the same text.
    var text: String {
        var lines = ["context \(context.hex)"] + clocks.map { "clock \($0.words)" }
        if let zone { lines.append("zone \(zone)") }
        if let format { lines.append("format \(format.hex)") }
        if let columns { lines.append("columns \(columns.hex)") }
        if let keepsUnnamed { lines.append("unnamed \(keepsUnnamed ? "kept" : "dropped")") }
        if let readable { lines.append("readable \(readable)") }
        lines += reads.sorted { $0.key < $1.key }.map { "reads \($0.key) \($0.value.rawValue)" }
        lines += fields.sorted { $0.key < $1.key }.map { "field \($0.key.hex) \($0.value)" }
        return lines.joined(separator: "\n")
    }

    var digest: Digest256 { Self.digest(of: text) }

    /// The digest by which sluices named the same rules that wrote down neither what was known of
    /// the zone, nor behind which clock nothing is readable, nor what clocks read: what they dealt
    /// with was not dealt with by other rules. Of an output with columns they named none such: its
    /// parts count as dealt with by others once.
    var digestBefore: Digest256 {
        var before = self
        before.zone = nil
        before.readable = nil
        before.reads = [:]
        return Self.digest(of: before.text)
    }

    /// True when one of those sluices wrote it.
    private var isBrief: Bool { zone == nil }

    static func digest(of text: String) -> Digest256 {
        Digest256.of(Array(text.utf8).span)
    }

    /// Reads `text`; nil for anything else.
    init?(text: String) {
        var found: Digest256?
        clocks = []
        fields = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "context": found = Digest256(hex: String(parts[1]))
            case "zone": zone = String(parts[1])
            case "clock": clocks.append(Clock(words: String(parts[1])))
            case "format": format = Digest256(hex: String(parts[1]))
            case "columns": columns = Digest256(hex: String(parts[1]))
            case "unnamed": keepsUnnamed = parts[1] == "kept"
            case "readable": readable = Int(parts[1])
            case "reads":
                let numbers = parts[1].split(separator: " ")
                guard numbers.count == 2, let clock = Int(numbers[0]),
                    let read = UInt64(numbers[1])
                else { return nil }
                reads[clock] = DueSet(rawValue: read)
            case "field":
                let rule = parts[1].split(separator: " ")
                guard rule.count == 2, let digest = Digest256(hex: String(rule[0])),
                    let clock = Int(rule[1])
                else { return nil }
                fields[digest] = clock
            default: return nil
            }
        }
        guard let found else { return nil }
        context = found
    }
}

extension RuleBook {
    /// The clock of a run under these rules that stood at `now`, in the zone as it was known then;
    /// `zone` is what is known of it today.
    func clock(at now: EventTime, zone today: ZoneTable) -> RunClock {
        RunClock(now: now, zone: zone.flatMap { ZoneTable(name: today.name, written: $0) } ?? today)
    }

    /// When each field, by the digests of its rules of now, was dealt with by a run under `self` at
    /// `settled`; or, where `exactly` is given, of the records in which these clocks had been dealt
    /// with. `now` are the clocks of now. Nothing that is older than `oldest` was readable, which
    /// tells all where `tellsAll`.
    func past(
        of digests: [Digest256], now: RuleBook, settled: RunClock, exactly: DueSet?,
        oldest: EventTime? = nil, tellsAll: Bool = false
    ) -> [ReleasePlan.FieldPast] {
        let reads = isBrief ? readsBefore(now) : self.reads
        let readable = isBrief && !tellsAll ? readableBefore(now) : self.readable
        return digests.map { digest in
            guard let index = fields[digest] else { return .never }
            if index == Self.atAnyAge { return .always }
            guard context == now.context, clocks.indices.contains(index) else { return .never }
            let deciding = self.deciding(index, readable, reads)
            if let exactly {
                if isDone(exactly, deciding) { return .always }
                return isBrief ? ReleasePlan.FieldPast.never.or(before: oldest) : .never
            }
            let past = past(deciding, now: now, settled)
            return isBrief ? past.or(before: oldest) : past
        }
    }

    private func isDone(_ exactly: DueSet, _ deciding: DueSet) -> Bool {
        if !exactly.isDisjoint(with: deciding) { return true }
        // Behind the clock that was not written down everything was dealt with, by whatever clock.
        return isBrief && clocks.indices.allSatisfy { exactly.contains(Self.bit($0)) }
    }

    private static func bit(_ index: Int) -> DueSet { DueSet(rawValue: 1 << UInt64(index)) }

    /// The clock behind which nothing was readable: that of now, or the one whose place it took.
    private func readableBefore(_ now: RuleBook) -> Int? {
        guard let readable = now.readable else { return nil }
        if let place = place(of: readable, now) { return place }
        let gone = clocks.indices.filter { index in
            !now.clocks.contains(clocks[index]) && !fields.values.contains(index)
                && Self.plainLength(clocks[index].words) != nil
        }
        return gone.count == 1 ? gone[0] : nil
    }

    /// What the clocks read, by what they read under the rules `now`: of those clocks that are the
    /// same, and whose fields have the same.
    private func readsBefore(_ now: RuleBook) -> [Int: DueSet] {
        var reads: [Int: DueSet] = [:]
        for (clock, read) in now.reads {
            guard let place = place(of: clock, now) else { continue }
            for index in now.clocks.indices where read.contains(Self.bit(index)) {
                guard let before = self.place(of: index, now),
                    now.fields.allSatisfy({ digest, own in
                        own != index || fields[digest].map { $0 == before } ?? true
                    })
                else { continue }
                reads[place, default: []].formUnion(Self.bit(before))
            }
        }
        return reads
    }

    private func place(of index: Int, _ now: RuleBook) -> Int? {
        now.clocks.indices.contains(index) ? clocks.firstIndex(of: now.clocks[index]) : nil
    }

    /// The clocks any of which, run out, lets the fields of clock `index` be dealt with.
    private func deciding(
        _ index: Int, _ readable: Int?, _ reads: [Int: DueSet]
    ) -> DueSet {
        var all = Self.bit(index)
        if let readable { all.formUnion(Self.bit(readable)) }
        var before: DueSet
        repeat {
            before = all
            for (clock, read) in reads where all.contains(Self.bit(clock)) {
                all.formUnion(read)
            }
        } while all != before
        return all
    }

    /// When fields were dealt with by the first of the clocks `deciding`, in the clocks of `now`. A
    /// clock that is none of those any more tells its cut-off, if it is the same for all records.
    private func past(
        _ deciding: DueSet, now: RuleBook, _ settled: RunClock
    ) -> ReleasePlan.FieldPast {
        var same: DueSet = []
        var cutOff: EventTime?
        for (index, clock) in clocks.enumerated()
        where deciding.contains(Self.bit(index)) {
            if let place = now.clocks.firstIndex(of: clock) {
                same.formUnion(Self.bit(place))
            } else if let length = Self.plainLength(clock.words) {
                cutOff = [cutOff, settled.cutOff(length)].compactMap { $0 }.max()
            }
        }
        guard let cutOff else { return same.isEmpty ? .never : .under(same) }
        return same.isEmpty ? .before(cutOff) : .either(same, before: cutOff)
    }
}

extension ReleasePlan.FieldPast {
    /// The same, and in all records of events before `instant`; nil: in no others.
    func or(before instant: EventTime?) -> Self {
        guard let instant else { return self }
        return switch self {
        case .always: .always
        case .never: instant.milliseconds == .max ? .always : .before(instant)
        case .under(let clocks): .either(clocks, before: instant)
        case .before(let other): .before(max(instant, other))
        case .either(let clocks, let other): .either(clocks, before: max(instant, other))
        }
    }
}

extension OutputPlan {
    /// True when `digest` names the rules of now, whoever wrote it.
    func hasRules(_ digest: Digest256) -> Bool { ruleNames.contains(digest) }
}
