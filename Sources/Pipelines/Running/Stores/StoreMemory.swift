internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records
private import Synchronization

/// What the ledger knows of what was done to the content of a store: by files, by stretches of
/// lines and by single lines, whatever the rules were then.
final class StoreMemory {
    private let store: StorePlan
    private let ledger: Ledger?
    private var known: KnownSegments?
    private var texts: [Digest256: RuleBook]?
    private(set) var dealings: [StoreDealing] = []
    private var storedLines: StoredLines?
    private var newestErasure: Int64?
    private let asksTables: Bool
    /// The run whose tables are known.
    private let tablesRun: Int64?

    /// Without a ledger nothing is known.
    init(_ store: StorePlan, _ ledger: Ledger?, _ plan: Plan) {
        self.store = store
        self.ledger = ledger
        asksTables = plan.asksTables
        tablesRun = plan.tablesRun?.id
    }

    /// What is known of a content as a whole.
    func row(of content: ContentIdentity) throws(PipelineFailure) -> StoreContent? {
        try asking { ledger throws(LedgerFault) in
            try ledger.storeContent(store: store.name, content)
        } ?? nil
    }

    /// What the last run left, by path.
    func places() throws(PipelineFailure) -> [StorePlace] {
        try asking { ledger throws(LedgerFault) in
            try ledger.storePlaces(store: store.name)
        } ?? []
    }

    /// True when nothing has to be done to a content at `now`.
    func isSettled(_ row: StoreContent, at now: EventTime) throws(PipelineFailure) -> Bool {
        // What is held, or a table decides, was due at once when it was noted: it has to be looked
        // at in every run, also in one whose clock was set back.
        guard isOfNow(row.rules), row.nextDue.map({ $0 > max(now, row.settled) }) ?? true
        else { return false }
        // Who was to be erased since then may be in it. Numbers tell, times do not: a clock may
        // have been set back in between.
        return try lastErasure() <= row.lastErasure
    }

    private func isOfNow(_ rules: Digest256) -> Bool {
        rules == store.rules || rules == store.rulesBefore
    }

    /// The number of the last erasure that was asked for; 0: none was.
    func lastErasure() throws(PipelineFailure) -> Int64 {
        if let newestErasure { return newestErasure }
        let numbers = try asking { ledger throws(LedgerFault) in
            try ledger.erasures().map(\.id)
        }
        let newest = numbers?.max() ?? 0
        newestErasure = newest
        return newest
    }

    /// The segments that are known, with what was done to them as their tags.
    func segments() throws(PipelineFailure) -> KnownSegments {
        if let known { return known }
        // What is known of the same lines, however the files were cut and joined, holds for all.
        var segments = KnownSegments(overlap: true)
        let stored = try asking { ledger throws(LedgerFault) in
            try ledger.storeSegments(store: store.name)
        }
        for stored in stored ?? [] {
            segments.insert(
                stored.segment,
                tag: index(
                    of: try dealing(
                        stored.rules, stored.settled, stored.dealtClocks, by: stored.run)))
        }
        known = segments
        return segments
    }

    /// The lines that are known; what was done to them is among `dealings`.
    func lines() throws(PipelineFailure) -> StoredLines? {
        if let storedLines { return storedLines }
        guard let ledger else { return nil }
        let kinds = try asking { ledger throws(LedgerFault) in
            try ledger.storeLineKinds(store: store.name)
        } ?? []
        var entries: [(kind: StoreLineKind, dealing: Int)] = []
        for kind in kinds {
            let dealing = try dealing(kind.rules, kind.settled, kind.dealtClocks)
            entries.append((kind, index(of: dealing)))
        }
        storedLines = StoredLines(ledger, store.name, entries)
        return storedLines
    }

    func index(of dealing: StoreDealing) -> Int {
        if let index = dealings.firstIndex(of: dealing) { return index }
        dealings.append(dealing)
        return dealings.count - 1
    }

    /// What a run under `rules` did to a content as a whole whose clock stood at `settled`.
    ///
    /// What tables said then is known of the last run only. Where that has not seen a file, because
    /// it was away or somebody wrote to it, the lines tell what was dealt with.
    func dealing(
        _ rules: Digest256, _ settled: EventTime, _ dealtClocks: UInt64?, by run: Int64?
    ) throws(PipelineFailure) -> StoreDealing {
        if asksTables, dealtClocks == nil, run != tablesRun { return .byLine }
        return try dealing(rules, settled, dealtClocks)
    }

    /// What a run under `rules` did to lines whose clock stood at `settled`.
    private func dealing(
        _ rules: Digest256, _ settled: EventTime, _ dealtClocks: UInt64?
    ) throws(PipelineFailure) -> StoreDealing {
        let exactly = dealtClocks.map { DueSet(rawValue: $0) }
        if isOfNow(rules) {
            return exactly.map { .exactly($0) } ?? .settled(settled)
        }
        if texts == nil {
            let stored = try asking { ledger throws(LedgerFault) in try ledger.fieldRules() }
            texts = stored?.compactMapValues { RuleBook(text: $0) } ?? [:]
        }
        return .otherRules(texts?[rules], settled, exactly)
    }

    private func asking<Answer>(
        _ question: (Ledger) throws(LedgerFault) -> Answer
    ) throws(PipelineFailure) -> Answer? {
        guard let ledger else { return nil }
        do { return try question(ledger) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
    }
}

/// The lines of a store in which something was dealt with. They are read from the ledger when
/// somebody asks for the first time: in most runs nobody does. Eight bytes of memory for each.
final class StoredLines: LineMemory {
    private struct Table {
        var lines: [UInt64]
        var dealing: Int
    }

    private enum Content {
        case unread
        case read([Table])
        case unreadable(String)
    }

    private let ledger: Ledger
    private let store: String
    private let kinds: [(kind: StoreLineKind, dealing: Int)]
    private let content = Mutex(Content.unread)

    init(_ ledger: Ledger, _ store: String, _ kinds: [(kind: StoreLineKind, dealing: Int)]) {
        self.ledger = ledger
        self.store = store
        self.kinds = kinds
    }

    func earlierRun(ofLine line: LineDigest) -> Int? {
        content.withLock { content in
            if case .unread = content { content = read() }
            guard case .read(let tables) = content else { return nil }
            return tables.first { Self.has(line.bits, $0.lines) }?.dealing
        }
    }

    /// A worker can't fail for the ledger; the run asks afterwards.
    func check() throws(PipelineFailure) {
        let sentence: String? = content.withLock { content in
            if case .unreadable(let sentence) = content { sentence } else { nil }
        }
        if let sentence { throw .storage("cannot read the ledger: \(sentence)") }
    }

    private func read() -> Content {
        var tables: [Table] = []
        for (kind, dealing) in kinds {
            do {
                let lines = try ledger.storeLines(store: store, of: kind).sorted()
                tables.append(Table(lines: lines, dealing: dealing))
            } catch { return .unreadable(error.description) }
        }
        return .read(tables)
    }

    private static func has(_ line: UInt64, _ lines: [UInt64]) -> Bool {
        var range = 0..<lines.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if lines[middle] == line { return true }
            range = lines[middle] < line
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }
}
