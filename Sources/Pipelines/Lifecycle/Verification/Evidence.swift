internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// What the evidence report shows: the rules in force and what was done under them. Counts, names
/// that the pipeline gives, dates and digests; no value of any record and nobody's identity.
package struct Evidence: Sendable {
    /// The rule of one field in one output.
    package struct Rule: Sendable, Equatable {
        package let field: String
        /// The transform, in the word of the pipeline file; `dropped` for none.
        package let due: String
        /// What readers see before it is due; `-` when nothing is shown that early.
        package let inWindow: String
        /// How long it may stay, and from when.
        package let clock: String
        /// The category of usage data, or empty.
        package let category: String
        /// Due values found in released form when the output was read back.
        package var released = 0
        /// Due values found that are not.
        package var readable = 0

        /// What becomes of due values: `kept`, `hashed`, `encrypted`, `cut` or `dropped`.
        package var action: String {
            switch due {
            case "keep", "as it is": "kept"
            case "pseudonymize", "hmac_sha256": "hashed"
            case "encrypt_ip": "encrypted"
            case "drop", "dropped": "dropped"
            default: "cut"
            }
        }
    }

    /// One output with its terms and what was found in it.
    package struct Output: Sendable, Equatable {
        package let name: String
        package let purpose: String
        package let recipients: [String]
        package let readers: [String]
        /// Why records are readable in the window; empty when they are not.
        package let reason: String
        package let deleteAfter: String
        package let expires: String
        package var rules: [Rule]
        package var files = 0
        package var records = 0
        package var readable = 0
        package var held = 0
        package var overdue = 0
    }

    /// One run and what became of its records.
    package struct Run: Sendable, Equatable {
        package let id: Int64
        package let command: String
        package let clock: String
        package let finished: String
        package let read: Int64
        package let written: Int64
        package let dropped: Int64
        package let quarantined: Int64
        /// Counts by code: `output/actions/kept`, `quarantined-bad-time` and so on.
        package let details: [(code: String, count: Int64)]

        package static func == (left: Self, right: Self) -> Bool {
            left.id == right.id && left.details.map(\.count) == right.details.map(\.count)
        }
    }

    /// One key epoch.
    package struct Key: Sendable, Equatable {
        package let id: String
        /// 64 hexadecimal digits; what tells the key from any other without telling it.
        package let fingerprint: String
        package let month: String
        package let isAlive: Bool
        /// When and by whom it was destroyed and how; empty while it lives.
        package let destroyed: String
        package let destroyedBy: String
        package let method: String
        /// Why it lives; empty when it is destroyed.
        package let reasons: [String]
    }

    /// One hold.
    package struct Hold: Sendable, Equatable {
        package let name: String
        package let ground: String
        package let reason: String
        package let start: String
        package let end: String
        package let released: String
        package let binds: Bool
    }

    /// How many entries of a registry there are, by what they say.
    package struct Tally: Sendable, Equatable {
        package let what: String
        package var count: Int
    }

    /// One statistic and its threshold.
    package struct Statistic: Sendable, Equatable {
        package let name: String
        package let suppression: String
        package let files: Int
        /// Figures of its table, and those of them that are withheld, when it was last written.
        package var figures: Int64 = 0
        package var withheld: Int64 = 0
    }

    /// One table of one publication.
    package struct PublishedTable: Sendable, Equatable {
        /// The months and the kind of the publication, and its revision.
        package let publication: String
        package let table: String
        package let figures: Int
        package let withheld: Int
    }

    package var pipelineDigest = ""
    package var zone = ""
    package var window = ""
    package var chainEnd = ""
    package var outputs: [Output] = []
    package var runs: [Run] = []
    package var keys: [Key] = []
    package var holds: [Hold] = []
    package var optOuts: [Tally] = []
    package var rights: [Tally] = []
    package var statistics: [Statistic] = []
    package var published: [PublishedTable] = []
    var proofs: [OutputProof] = []

    init() {}
}

extension Evidence {
    /// Adds to what the proofs have noted what the plan and the ledger say.
    init(
        _ ledger: Ledger, _ known: KnownFiles, _ verification: Verification
    ) throws(LedgerFault) {
        var plan = verification.plan
        if let store = plan.store {
            plan.outputs.append(store.output)
            plan.release.outputs.append(store.release)
        }
        let specification = verification.specification
        self = verification.report.evidence
        pipelineDigest = plan.digest.hex
        zone = plan.release.zone.name
        window = plan.release.clocks.clocks[0].length.text
        outputs = plan.outputs.indices.map { Self.output($0, plan, specification, proofs) }
        runs = known.runs.map(Run.init)
        let binding = Set(
            try ledger.bindingHolds(at: verification.clock.now).map(\.id))
        holds = try ledger.holds().map { Hold($0, binds: binding.contains($0.id)) }
        optOuts = Self.tallies(
            try ledger.optOuts().flatMap { record in
                Self.words(of: record, now: verification.clock.now)
            })
        rights = Self.tallies(
            try ledger.erasures().map(Self.word) + ledger.restrictions().map(Self.word)
                + ledger.subjectRequests().compactMap(Self.word))
        statistics = plan.tables.enumerated().map { index, table in
            Statistic(
                name: table.name,
                suppression: Self.suppression(plan.statistics.statistics[index].suppression),
                files: known.files.filter { $0.file.name == table.name }.count,
                figures: Self.last("statistic/\(table.name)/figures", runs),
                withheld: Self.last("statistic/\(table.name)/withheld", runs))
        }
        for record in known.publications {
            published += Self.tables(of: record, ledger)
        }
    }

    private static func output(
        _ index: Int, _ plan: Plan, _ specification: PipelineSpecification,
        _ proofs: [OutputProof]
    ) -> Output {
        let output = plan.outputs[index]
        let safeguards = specification.outputs.first { $0.name.value == output.name }?.safeguards
        var evidence = Output(
            name: output.name, purpose: output.purpose,
            recipients: output.recipients.isEmpty ? ["own"] : output.recipients,
            readers: output.readers, reason: safeguards?.reason.value ?? "",
            deleteAfter: safeguards?.deleteAfter.value.text ?? "",
            expires: output.expires?.text ?? "", rules: rules(index, plan, specification))
        guard index < proofs.count else { return evidence }
        let proof = proofs[index]
        evidence.files = proof.parts
        evidence.records = proof.records
        evidence.readable = proof.readable
        evidence.held = proof.held
        evidence.overdue = proof.overdue
        for rule in evidence.rules.indices {
            let name = evidence.rules[rule].field
            guard let found = proof.fields.first(where: { $0.name == name }) else { continue }
            evidence.rules[rule].released = found.tally.released
            evidence.rules[rule].readable = found.tally.readable
        }
        return evidence
    }

    private static func rules(
        _ index: Int, _ plan: Plan, _ specification: PipelineSpecification
    ) -> [Rule] {
        let release = plan.release.outputs[index]
        let own = specification.outputs.first { $0.name.value == release.name }?.fields ?? []
        func word(_ name: String) -> String {
            let rule = own.first { $0.field.value == name }
                ?? specification.fields.first { $0.field.value == name }
            let derived = specification.derived.first { $0.name.value == name }?.transform
            return (rule?.transform ?? derived)?.name.value ?? "as it is"
        }
        let named = zip(plan.release.fields.names, release.rules).map { name, rule in
            let due = rule.isBarred || rule.transform == nil
                ? "dropped" : word(name)
            let early =
                rule.isBarred ? "dropped" : rule.appliesAlways ? due : "as it is"
            return Rule(
                field: name, due: due, inWindow: release.showsWindow ? early : "-",
                clock: clock(rule, release, plan), category: rule.category?.rawValue ?? "")
        }
        let derived = plan.release.derived.map { derived in
            Rule(
                field: derived.name, due: word(derived.name),
                inWindow: "the same", clock: "at any age", category: "")
        }
        let rest = Rule(
            field: "every other field", due: release.keepsUnnamed ? "as it is" : "dropped",
            inWindow: release.showsWindow && release.mode == .spliced ? "as it is" : "-",
            clock: release.showsWindow ? plan.release.clocks.clocks[0].length.text : "P0D",
            category: "")
        return named + derived + [rest]
    }

    private static func clock(
        _ rule: Anonymization.FieldRule, _ release: OutputReleasePlan, _ plan: Plan
    ) -> String {
        guard release.showsWindow else { return "P0D" }
        let clocks = plan.release.clocks.clocks
        let bit = rule.clock.rawValue.trailingZeroBitCount
        guard clocks.indices.contains(bit) else { return "" }
        let start = clocks[bit].start == .event ? "" : ", from another date"
        return clocks[bit].length.text + start
    }

    private static func suppression(_ rule: SuppressionRule) -> String {
        switch rule {
        case .persons(let persons, let customers):
            "fewer than \(persons) persons" + (customers.map { " or \($0) customers" } ?? "")
        case .count(let count): "counts below \(count)"
        }
    }

    /// A count of the last run that has `code`, or whose statistic that is at all.
    private static func last(_ code: String, _ runs: [Run]) -> Int64 {
        let statistic = code.split(separator: "/").prefix(2).joined(separator: "/") + "/figures"
        let run = runs.last { $0.details.contains { $0.code == statistic } }
        return run?.details.first { $0.code == code }?.count ?? 0
    }

    /// What a publication withholds; one that cannot be read is a finding already.
    private static func tables(
        of record: PublicationRecord, _ ledger: Ledger
    ) -> [PublishedTable] {
        guard let document = try? ledger.document(ofPublication: record.id),
            let publication = PublicationDocument.publication(from: document)
        else { return [] }
        let name = "\(record.period.text), \(record.kind.rawValue) \(record.revision)"
        return publication.tables.map { table in
            PublishedTable(
                publication: name, table: table.table.name,
                figures: table.table.withheld.cellsTotal, withheld: table.table.withheld.cells)
        }
    }

    // MARK: Registry

    private static func tallies(_ words: [String]) -> [Tally] {
        words.reduce(into: []) { tallies, word in
            if let index = tallies.firstIndex(where: { $0.what == word }) {
                tallies[index].count += 1
            } else {
                tallies.append(Tally(what: word, count: 1))
            }
        }
    }

    private static func words(of record: OptOutRecord, now: EventTime) -> [String] {
        let state = record.holds(at: now) ? "in force" : "not in force"
        return record.entry.scopes.map { scope in
            "\(record.entry.subject.kind.rawValue), \(scope.purpose), \(scope.category), \(state)"
        }
    }

    private static func word(_ record: ErasureRecord) -> String {
        let state =
            record.done != nil ? "done" : record.blockedBy != nil ? "blocked by a hold" : "open"
        return "erasure, \(record.request.subject.kind.rawValue), \(state)"
    }

    /// Erasures and restrictions are told with what became of them.
    private static func word(_ record: SubjectRequestRecord) -> String? {
        switch record.action {
        case .export, .rectify:
            "\(record.action.rawValue), \(record.request.subject.kind.rawValue), answered"
        case .erase, .restrict, .lift: nil
        }
    }

    private static func word(_ record: RestrictionRecord) -> String {
        "restriction, \(record.request.subject.kind.rawValue), "
            + (record.lifted == nil ? "in force" : "lifted")
    }
}

extension Evidence.Run {
    init(_ history: RunHistory) {
        let run = history.run
        self.init(
            id: run.id, command: run.command, clock: dateText(run.now),
            finished: dateText(run.finished), read: run.counts.read, written: run.counts.written,
            dropped: run.counts.dropped, quarantined: run.counts.quarantined,
            details: history.details)
    }
}

extension Evidence.Key {
    init(_ listing: EpochListing, reasons: [String]) {
        id = listing.keyID.text
        fingerprint = listing.fingerprint.text
        month = listing.keyID.epoch?.month.text ?? ""
        self.reasons = reasons
        guard case .destroyed(let tombstone) = listing.state else {
            (isAlive, destroyed, destroyedBy, method) = (true, "", "", "")
            return
        }
        isAlive = false
        destroyed = dateText(tombstone.time)
        destroyedBy = tombstone.run
        method = tombstone.method
    }
}

extension Evidence.Hold {
    init(_ record: HoldRecord, binds: Bool) {
        let ground: String
        switch record.hold.ground {
        case .ownDecision(let notice): ground = "own decision, noticed \(dateText(notice))"
        case .law(let citation): ground = "law: \(citation)"
        }
        self.init(
            name: record.name, ground: ground, reason: record.hold.reason,
            start: dateText(record.hold.start), end: record.hold.end.map(dateText) ?? "",
            released: record.released.map(dateText) ?? "", binds: binds)
    }
}
