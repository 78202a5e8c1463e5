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
    /// Of an output: the format of its files.
    var format: Digest256?
    /// Whether an output keeps due fields that no rule names; nil in a store, whose fields say it
    /// themselves.
    var keepsUnnamed: Bool?
    /// In the order of their bits.
    var clocks: [Clock]
    /// The index of the clock of each rule, or `atAnyAge`, by the digest of the field's name and
    /// transform.
    var fields: [Digest256: Int]

    /// The rules of the store of `plan`, whose transforms are those of `specification`.
    init(ofStore specification: PipelineSpecification, _ plan: Plan, context: Digest256) {
        self.context = context
        clocks = plan.release.clocks.clocks.map { Clock(words: Self.words(of: $0, plan)) }
        fields = [:]
        guard let store = plan.store else { return }
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
        let output = plan.release.outputs[index]
        keepsUnnamed = output.keepsUnnamed
        let form = specification.outputs[index].format
        format = Digest256.of(
            (Array(plan.outputs[index].format.name.utf8) + (form?.options.canonicalBytes ?? []))
                .span)
        clocks = plan.release.clocks.clocks.map { Clock(words: Self.words(of: $0, plan)) }
        fields = [:]
        for (slot, digest) in Self.digests(specification, plan, output: index).enumerated()
        where slot < output.rules.count {
            let rule = output.rules[slot]
            let isOld = !output.showsWindow || rule.appliesAlways || rule.isBarred
            fields[digest] =
                isOld ? Self.atAnyAge : rule.clock.rawValue.trailingZeroBitCount
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
        ["4:keep -", "4:drop -", "dropped", "kept", "left out"].map { rule in
            Digest256.of(Array("\(name.utf8.count):\(name) \(rule)".utf8).span)
        }
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
        if let format { lines.append("format \(format.hex)") }
        if let keepsUnnamed { lines.append("unnamed \(keepsUnnamed ? "kept" : "dropped")") }
        lines += fields.sorted { $0.key < $1.key }.map { "field \($0.key.hex) \($0.value)" }
        return lines.joined(separator: "\n")
    }

    var digest: Digest256 { Digest256.of(Array(text.utf8).span) }

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
            case "clock": clocks.append(Clock(words: String(parts[1])))
            case "format": format = Digest256(hex: String(parts[1]))
            case "unnamed": keepsUnnamed = parts[1] == "kept"
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
    /// When each field, by the digests of its rules of now, was dealt with by a run under `self` at
    /// `settled`; or, where `exactly` is given, of the records in which these clocks had been dealt
    /// with. `now` are the clocks of now.
    func past(
        of digests: [Digest256], now: RuleBook, settled: RunClock, exactly: DueSet?
    ) -> [ReleasePlan.FieldPast] {
        digests.map { digest in
            guard let index = fields[digest] else { return .never }
            if index == Self.atAnyAge { return .always }
            guard context == now.context, clocks.indices.contains(index) else { return .never }
            if let exactly {
                return exactly.contains(DueSet(rawValue: 1 << UInt64(index))) ? .always : .never
            }
            if let same = now.clocks.firstIndex(of: clocks[index]) {
                return .under(DueSet(rawValue: 1 << UInt64(same)))
            }
            return Self.plainLength(clocks[index].words).map { .before(settled.cutOff($0)) }
                ?? .never
        }
    }
}
