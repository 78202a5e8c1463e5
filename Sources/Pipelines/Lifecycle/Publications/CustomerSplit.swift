internal import KeyedHashing
internal import Publication
internal import Statistics

/// Takes what is counted of a period apart by customer.
struct CustomerSplit {
    /// Under the rules for customers.
    let tables: PeriodTables

    /// The customers behind whom enough persons stand, in the order of their tokens, and how many
    /// there are besides.
    func customers(
        _ pieces: [PeriodTables.Piece]
    ) throws(PipelineFailure) -> (large: [Token], smaller: Int) {
        let least = tables.publish.rules.persons
        let statistics = tables.chosen
        let all = try tables.merged(pieces) {
            try $0.customers(of: statistics, personsMax: least)
        }
        let large = all.filter { $0.persons >= least }.map(\.customer)
        return (large, all.count - large.count)
    }

    /// Calls `work` for each of `customers` with pieces that hold its rows and no others.
    ///
    /// The customers are halved again and again, so each row is read a few times, however many
    /// customers there are.
    func each(
        _ customers: ArraySlice<Token>, _ pieces: [PeriodTables.Piece],
        _ work: (Token, [PeriodTables.Piece]) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) {
        guard let first = customers.first else { return }
        let own = try kept(pieces, of: Set(customers))
        if customers.count == 1 { return try work(first, own) }
        let middle = customers.startIndex + customers.count / 2
        try each(customers[..<middle], own, work)
        try each(customers[middle...], own, work)
    }

    private func kept(
        _ pieces: [PeriodTables.Piece], of customers: Set<Token>
    ) throws(PipelineFailure) -> [PeriodTables.Piece] {
        let plan = tables.plan.statistics
        var kept: [PeriodTables.Piece] = []
        for piece in pieces {
            let rest = try tables.storing(piece) { partials, file in
                _ = try partials.merge(
                    without: PartialRemoval(keepingDays: nil, customers: customers, in: plan),
                    into: file)
            }
            kept.append(PeriodTables.Piece(files: rest))
        }
        return kept
    }
}

extension MeasuredTable {
    /// The table held to a threshold of persons alone: one customer is behind all of it, and knows
    /// its own people.
    func ofOneCustomer(persons: Int) -> MeasuredTable {
        let rows = rows.map { row in
            MeasuredRow(
                key: row.key, cells: row.cells.map(\.ofOneCustomer), persons: row.persons,
                customers: row.customers, backing: row.backing)
        }
        return MeasuredTable(
            name: name, groupColumns: groupColumns, columns: columns, rows: rows,
            suppression: .persons(persons, customers: nil))
    }
}

extension MeasuredCell {
    fileprivate var ofOneCustomer: MeasuredCell {
        var cell = self
        cell.backing = backing.map { backing in
            CellBacking(
                persons: backing.persons, customers: backing.customers, total: backing.total,
                largestPersons: backing.largestPersons, cellKey: backing.cellKey)
        }
        return cell
    }
}
