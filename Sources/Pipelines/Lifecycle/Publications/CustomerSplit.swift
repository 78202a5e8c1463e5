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

    /// The most customers whose rows are put aside at once: each has a buffer to write through.
    private static let customersAtOnce = 1_024

    /// Calls `work` for each of `customers` with pieces that hold its rows and no others.
    func each(
        _ customers: [Token], _ pieces: [PeriodTables.Piece],
        _ work: (Token, [PeriodTables.Piece]) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) {
        var rest = customers[...]
        while !rest.isEmpty {
            let next = Array(rest.prefix(Self.customersAtOnce))
            rest = rest.dropFirst(next.count)
            var dealt: [[PeriodTables.Piece]] = []
            for piece in pieces { dealt.append(try tables.dealt(piece, to: next)) }
            for (place, customer) in next.enumerated() {
                try PipelineFailure.checkStop()
                try work(customer, dealt.map { $0[place] })
            }
        }
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
