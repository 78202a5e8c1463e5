internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Publication
internal import Records
internal import Statistics

/// Tables about one customer each, for that customer: published with the tables of all, in one
/// commit.
extension PublishWork {
    /// What the tables of one customer are made like.
    struct CustomerOrder {
        /// The publication of all customers together.
        let main: Publication
        let period: CalendarMonth
        let pieces: [PeriodTables.Piece]
        /// Earlier publications of the month, for all customers together.
        let history: [(record: PublicationRecord, figures: EarlierFigures)]
    }

    /// Adds the tables of all customers that are large enough; nil when the pipeline makes none.
    func addCustomers(
        _ order: CustomerOrder, to writing: PublicationWriting, _ books: PublicationBooks
    ) throws(PipelineFailure) -> PublishReport.Entry? {
        guard let own = publish.forOneCustomer else { return nil }
        let tables = try tables(of: order.period, own)
        let split = CustomerSplit(tables: tables)
        let (large, smaller) = try split.customers(order.pieces)
        let all = order.pieces + order.history.flatMap { $0.figures.counted + $0.figures.added }
        var counts = CustomerCounts(smaller: smaller)
        try split.each(large, all) { customer, parts throws(PipelineFailure) in
            let earlier = try self.earlier(customer, parts, order, books)
            let now = Array(parts.prefix(order.pieces.count))
            let figures = try tables.figures(now, after: earlier)
            let shown = try published(figures, tables, &counts)
            guard let shown, shown != earlier.last?.tables else { return }
            let publication = order.main.forOneCustomer(shown)
            let month = order.main.folderName
            _ = try writing.add(
                PublicationWriting.Item(
                    publication: publication, period: order.period, records: [],
                    folder: "\(own.folder)/\(month)/\(customer.hexText)",
                    formats: own.formats, reader: customer.hexText))
            counts.published += 1
        }
        report.notes += counts.notes(persons: own.rules.persons)
        var entry = entry(
            order.main.forOneCustomer([]), folder: "\(own.folder)/\(order.main.folderName)",
            files: [])
        entry.customers = counts.published
        return entry
    }

    /// What was told of a customer before, with its own rows.
    private func earlier(
        _ customer: Token, _ parts: [PeriodTables.Piece], _ order: CustomerOrder,
        _ books: PublicationBooks
    ) throws(PipelineFailure) -> [EarlierFigures] {
        var rest = parts.dropFirst(order.pieces.count)
        var earlier: [EarlierFigures] = []
        for (record, figures) in order.history {
            let counted = Array(rest.prefix(figures.counted.count))
            rest = rest.dropFirst(counted.count)
            let added = Array(rest.prefix(figures.added.count))
            rest = rest.dropFirst(added.count)
            guard let own = books.publication(for: customer.hexText, like: record) else { continue }
            earlier.append(
                EarlierFigures(
                    tables: try RecordedPublication(own, ledger).publication.tables,
                    counted: counted, added: added))
        }
        return earlier
    }

    /// The tables of a customer; nil when they must stay as they are, or cannot be proven safe.
    private func published(
        _ figures: PeriodFigures, _ tables: PeriodTables, _ counts: inout CustomerCounts
    ) throws(PipelineFailure) -> [PublishedTable]? {
        guard figures.found.allSatisfy(\.isolating.isEmpty) else {
            counts.unchanged += 1
            return nil
        }
        do throws(PipelineFailure) {
            return try tables.published(figures)
        } catch {
            guard case .refused = error else { throw error }
            counts.unproven += 1
            return nil
        }
    }

    /// The folders with tables about one customer, of one month or all. A month whose key is
    /// destroyed is not found: nobody can tell any more whose its folders are.
    func folders(
        ofCustomer customer: String, _ period: CalendarMonth?
    ) throws(PipelineFailure) -> [String] {
        let sought = try SoughtSubject(
            SubjectRequest(pipeline: request.pipeline, kind: .customer, value: customer))
        let tokens = SubjectTokens(sought, plan, try LivingKeys(plan)).texts(.customer)
        return try PublicationBooks(plan, publish, ledger).forCustomers.filter { record in
            (period ?? record.period) == record.period
                && tokens.contains(Array(record.audience.utf8))
        }.map { Sluice.seen($0.folder, from: folder) }
    }
}

/// What became of the customers of a period.
struct CustomerCounts {
    /// Too few of their persons were counted.
    var smaller: Int
    var published = 0
    /// A correction would tell of too few.
    var unchanged = 0
    var unproven = 0

    init(smaller: Int) { self.smaller = smaller }

    /// Sentences for people.
    func notes(persons: Int) -> [String] {
        var notes: [String] = []
        if smaller > 0 {
            notes.append(
                "\(counted(smaller, "customer")) with fewer than \(persons) persons: without "
                    + "tables of their own")
        }
        if unchanged > 0 {
            notes.append(
                "\(counted(unchanged, "customer")) without a revision: its difference to what was "
                    + "published would tell of too few")
        }
        if unproven > 0 {
            notes.append(
                "\(counted(unproven, "customer")) without tables: no proof was found that what is "
                    + "withheld cannot be computed")
        }
        return notes
    }
}

extension Publication {
    /// The same for one customer, with its tables alone: what came late, and what noise has cost,
    /// is of all customers.
    func forOneCustomer(_ tables: [PublishedTable]) -> Publication {
        var own = self
        own.audience = .customer
        own.tables = tables
        own.late = []
        own.budget = nil
        own.rowOutputs = []
        return own
    }

    /// The name of the folder of a closed period: `2026-03`, or `2026-03.r1` of a correction.
    var folderName: String { kind == .correction ? "\(period).r\(revision)" : period }
}
