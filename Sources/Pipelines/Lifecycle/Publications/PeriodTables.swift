internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// Turns the partials of a period into tables that may be shown.
struct PeriodTables {
    /// Partials, and the event days that count of them.
    struct Piece {
        /// Where the rows are.
        enum Source {
            /// In the state, with rows of days and subjects that do not count.
            case records([PartialRecord], days: ClosedRange<Int>)
            /// Put aside, with nothing but what counts.
            case files([any SpillFile])
        }

        let source: Source

        init(records: [PartialRecord], days: ClosedRange<Int>) {
            source = .records(records, days: days)
        }

        init(files: [any SpillFile]) { source = .files(files) }
    }

    let plan: Plan
    let publish: PublishPlan
    let ledger: Ledger
    /// Where merges that outgrow memory are put aside.
    let storage: any SpillStorage
    /// The places of the statistics that are published without noise, in the plan.
    let chosen: [Int]
    /// How counts are changed before they are told; nil where they are told as they are.
    private let secret: CountSecret?

    init(
        _ plan: Plan, _ publish: PublishPlan, _ ledger: Ledger, isDryRun: Bool,
        secret: CountSecret? = nil
    ) {
        self.plan = plan
        self.publish = publish
        self.secret = secret
        self.ledger = ledger
        storage =
            isDryRun
            ? MemorySpillStorage() : DirectorySpillStorage(directory: ledger.directory)
        chosen = plan.tables.indices.filter {
            plan.tables[$0].isPublished && plan.noise?.plan(ofStatistic: $0) == nil
        }
    }

    /// The published statistics without noise over `pieces`, measured and not fit to be shown.
    func measured(_ pieces: [Piece], _ rollUp: RollUp) throws(PipelineFailure) -> [MeasuredTable] {
        let keys = secret?.recordKeys
        let tables = try merged(pieces) { try $0.tables(recordKeys: keys, rollUp: rollUp) }
        let all = chosen.map { (tables[$0], plan.statistics.statistics[$0]) }
        // Without customers to count, none must be taken for the largest of them.
        return publish.rules.customers == nil
            ? all.map { $0.ofOneCustomer(persons: persons($1)) } : all.map(\.0)
    }

    /// Does `work` with what is counted of `pieces`.
    func merged<Result>(
        _ pieces: [Piece], _ work: (Partials) throws -> Result
    ) throws(PipelineFailure) -> Result {
        let partials = try partials(pieces)
        do { return try work(partials) } catch { throw Self.failure(error) }
    }

    /// What `pieces` counted, of all statistics.
    func partials(_ pieces: [Piece]) throws(PipelineFailure) -> Partials {
        do {
            var parts: [(file: any SpillFile, removal: PartialRemoval?)] = []
            for piece in pieces { parts += try self.parts(of: piece) }
            return Partials(parts, plan: plan.statistics, storage: storage)
        } catch { throw Self.failure(error) }
    }

    /// For each customer a piece with what `piece` counted of it.
    func dealt(
        _ piece: Piece, to customers: [Token]
    ) throws(PipelineFailure) -> [Piece] {
        do {
            let parts = try parts(of: piece)
            if parts.isEmpty { return customers.map { _ in Piece(files: []) } }
            let shared = SharedSpill(try storage.makeFile())
            let files = customers.map { _ in shared.makeFile() }
            try Partials(parts, plan: plan.statistics, storage: storage)
                .deal(to: customers) { files[$0] }
            return files.map { Piece(files: [$0]) }
        } catch { throw Self.failure(error) }
    }

    private static func failure(_ error: any Error) -> PipelineFailure {
        switch error {
        case let failure as PipelineFailure: failure
        case let fault as PartialFault:
            .storage("cannot merge the aggregates of the period", fault)
        case let fault as FileFault: .storage("cannot put aggregates aside", fault)
        case let fault as LedgerFault: .storage("cannot read the ledger: \(fault.description)")
        default: .internalFault("a period was refused without a reason")
        }
    }

    /// The partials, and what is left out of them: the rows of subjects whose data is used for
    /// nothing, and of other days.
    private func parts(
        of piece: Piece
    ) throws -> [(file: any SpillFile, removal: PartialRemoval?)] {
        switch piece.source {
        case .files(let files): return files.map { ($0, nil) }
        case .records(let records, let days):
            let files = try Self.files(of: records)
            if files.isEmpty { return [] }
            var removal = PartialRemoval(
                try RestrictedRows(ledger).entries(), in: plan.statistics)
            removal.days = days
            return files.map { ($0, removal) }
        }
    }

    private static func files(
        of records: [PartialRecord]
    ) throws(PipelineFailure) -> [any SpillFile] {
        var files: [any SpillFile] = []
        var seen: Set<String> = []
        for record in records where seen.insert(record.path).inserted {
            files.append(try StoredFile(record.path, isStoppable: true))
        }
        return files
    }

    /// How many records `records` counted; nil, and why, when aggregates are damaged or gone.
    func survey(
        _ records: [PartialRecord]
    ) throws(PipelineFailure) -> (records: Int64?, damage: PipelineFailure?) {
        for record in records where try !isPresent(record.path) {
            return (nil, .storage("cannot read \(record.path): it is gone"))
        }
        let files = try Self.files(of: records)
        if files.isEmpty { return (0, nil) }
        do {
            let partials = Partials(files, plan: plan.statistics, storage: storage)
            return (try partials.content().records, nil)
        } catch {
            try PipelineFailure.checkStop()
            let failure = PipelineFailure.storage("cannot read aggregates", error)
            if error.code == .storage { throw failure }
            return (nil, failure)
        }
    }

    // MARK: Control

    /// The only place where measured tables become published ones.
    ///
    /// `isFirst` where nothing of the period is shown yet but for provisional figures: only then is
    /// it said which columns have values left out. In a later one the word would tell what those
    /// are of who came in between.
    func published(
        _ figures: PeriodFigures, isFirst: Bool = false
    ) throws(PipelineFailure) -> [PublishedTable] {
        let statistics = chosen.map { plan.statistics.statistics[$0] }
        let found = figures.found
        let safe = try safe(
            zip(figures.measured, found).map { $0.hiding($1.places) },
            toldBefore: found.map(\.toldBefore))
        guard safe.unproven == 0 else {
            throw .refused(
                "no proof was found that \(counted(safe.unproven, "withheld figure")) cannot be "
                    + "computed from the others: leave out a table, or make one coarser")
        }
        let seen = chosen.indices.filter { !unseen.contains($0) }
        return zip(seen, safe.tables).map { at, shown in
            let statistic = statistics[at]
            let table = shown.naming(found[at].places)
            var published = PublishedTable(
                purpose: plan.tables[chosen[at]].purpose, customers: customers(statistic),
                table: table, other: rolledColumns(statistic, figures.rollUp),
                proposal: CoarserTable(statistic, table).proposal)
            published.counts = rules.method.telling
            if isFirst { published.leftOut = columnsLeftOut(figures.measured[at], statistic) }
            return published
        }
    }

    /// The columns with values that are no numbers, of enough persons and customers in some row:
    /// of fewer nobody is told that there are any, and of none how many.
    private func columnsLeftOut(
        _ measured: MeasuredTable, _ statistic: StatisticPlan
    ) -> [String] {
        let (persons, customers) = (persons(statistic), customers(statistic))
        return measured.columns.enumerated().compactMap { place, column in
            let isTold = measured.rows.contains { row in
                guard let backing = row.cells[place].unreadableBacking else { return false }
                return backing.persons >= persons && backing.customers >= customers
            }
            return isTold ? column.name : nil
        }
    }

    /// The rules of the period: with how its counts are changed.
    var rules: ControlRules {
        var rules = publish.rules
        if let secret { rules.method = secret.method }
        return rules
    }

    /// How counts are told that earlier publications of the period told; nil for exact ones.
    var toldCounts: ToldCounts? {
        ToldCounts(rules.method, chosen.map { plan.statistics.statistics[$0] })
    }

    /// The places in `chosen` of tables that nobody is shown.
    private var unseen: Set<Int> {
        Set(chosen.indices.filter { plan.tables[chosen[$0]].isUnseen })
    }

    /// For each table in `chosen` a number for whose records an opt-out leaves out of it.
    private var groups: [Int] {
        var known: [[Int]] = []
        return chosen.map { at in
            let reader = plan.release.observations.statistics[at]
            let group = [Int(reader.purpose.index), Int(reader.categories.rawValue)]
            if let number = known.firstIndex(of: group) { return number }
            known.append(group)
            return known.count - 1
        }
    }

    /// Makes measured tables fit to be shown; `toldBefore` as in `MeasuredPublication`.
    func safe(
        _ measured: [MeasuredTable], toldBefore: [Set<FigurePlace>] = []
    ) throws(PipelineFailure) -> ControlledPublication {
        let statistics = chosen.map { plan.statistics.statistics[$0] }
        do throws(ControlRefusal) {
            return try controlled(
                MeasuredPublication(
                    statistics: statistics, tables: measured, toldBefore: toldBefore,
                    unseen: unseen, spanning: unseen.filter { plan.tables[chosen[$0]].isSpanning },
                    ofParts: unseen.filter { plan.tables[chosen[$0]].isOfParts }, groups: groups),
                rules)
        } catch { throw Self.failure(error) }
    }

    /// The fewest persons and customers behind a figure of a statistic.
    func persons(_ statistic: StatisticPlan) -> Int {
        // One that says nothing has the threshold of `publish`; other audiences have others.
        guard case .persons(let own, _) = statistic.suppression,
            own != plan.publish?.rules.persons
        else { return publish.rules.persons }
        return max(publish.rules.persons, own)
    }

    func customers(_ statistic: StatisticPlan) -> Int {
        guard let asked = publish.rules.customers else { return 0 }
        guard case .persons(_, let own) = statistic.suppression else { return asked }
        return max(asked, own ?? 0)
    }

    private static func failure(_ refusal: ControlRefusal) -> PipelineFailure {
        switch refusal {
        case .countsRecords(let table):
            .refused("\(table) hides by numbers of records, which protects nobody")
        case .tooManyKeys:
            .refused(
                "the tables have too many values to be held against each other: expected fewer "
                    + "columns in `by`, or coarser rules of their fields")
        case .stopped: .interrupted(signal: Interruption.signal ?? 15)
        case .shape, .notSeparable:
            .internalFault("tables do not tell who stands behind their figures")
        }
    }
}

/// A table that leaves out too much, and how it could be made coarser.
struct CoarserTable {
    private let statistic: StatisticPlan
    private let table: ControlledTable

    init(_ statistic: StatisticPlan, _ table: ControlledTable) {
        self.statistic = statistic
        self.table = table
    }

    /// What would leave out less; empty when the table leaves out little enough.
    var proposal: String {
        guard table.withheld.isAbove(percent: Publication.withheldMax) else { return "" }
        if let mean = table.uncountedMean(statistic) {
            return "a `count` of what `\(mean)` is of, beside it: it goes with any withheld count "
                + "in it otherwise"
        }
        if statistic.groupBy.contains(.hour) { return "leave out `hour`" }
        if statistic.groupBy.contains(.day) { return "`month` in place of `day`" }
        let columns = table.groupColumns.filter { $0 != "month" }
        guard let last = columns.last else {
            return "nothing is coarser than a month: too few people are behind these figures, or "
                + "behind what they differ by"
        }
        return "leave out `\(last)`"
    }
}

/// The rows of subjects whose data is stored and used for nothing.
struct RestrictedRows {
    private let ledger: Ledger

    init(_ ledger: Ledger) { self.ledger = ledger }

    /// What leaves aggregates before they are used.
    func entries() throws -> [PartialRemoval.Entry] {
        var entries: [PartialRemoval.Entry] = []
        for restriction in try ledger.restrictions() where restriction.isInForce {
            let tokens = SubjectTokens(try ledger.tokens(ofRestriction: restriction.id))
            let entry = tokens.removal(
                restriction.request.subject.kind, isLimited: restriction.request.within != nil)
            if let entry { entries.append(entry) }
        }
        return entries
    }
}
