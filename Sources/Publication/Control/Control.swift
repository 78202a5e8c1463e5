import Statistics

/// Makes the tables of a publication fit to be shown under `rules`.
///
/// First each figure is judged by itself; then figures that are the same get one status wherever
/// they are shown; then others are left out until none of the unsafe ones can be computed. A pure
/// function: the same tables and rules give the same result.
package func controlled(
    _ publication: MeasuredPublication, _ rules: ControlRules
) throws(ControlRefusal) -> ControlledPublication {
    try check(publication)
    var control = PublicationControl(publication, rules)
    control.judge()
    control.compareGroups()
    control.withholdZeros()
    control.addNoise()
    try control.protect()
    return control.result()
}

private func check(_ publication: MeasuredPublication) throws(ControlRefusal) {
    guard publication.statistics.count == publication.tables.count else { throw .shape }
    for (statistic, table) in zip(publication.statistics, publication.tables) {
        guard statistic.name == table.name,
            columnMeanings(statistic, texts: []).count == table.columns.count
        else { throw .shape }
        if case .count = table.suppression { throw .countsRecords(table: table.name) }
        for row in table.rows {
            guard row.backing != nil, row.cells.allSatisfy({ $0.backing != nil }) else {
                throw .notSeparable(table: table.name)
            }
        }
    }
}

/// The tables of a publication on their way through control.
private struct PublicationControl {
    private let publication: MeasuredPublication
    private let rules: ControlRules
    private let thresholds: [Thresholds]
    /// By table, row and column.
    private var cells: [[[ControlledCell]]] = []
    private var unproven = 0
    private var audited = 0
    /// The counts that means are of: with the sum beside it, or just by its decimals, a mean tells
    /// how many there were, whatever noise the count itself has.
    private let tellsCounts: Set<Measurand>

    init(_ publication: MeasuredPublication, _ rules: ControlRules) {
        self.publication = publication
        self.rules = rules
        thresholds = publication.tables.map { Thresholds(rules, $0) }
        tellsCounts = Set(
            Breakdown.all(publication.statistics).flatMap { breakdown in
                publication.statistics[breakdown.table].countsOfMeans(like: breakdown)
            })
    }

    /// Judges each figure by itself.
    mutating func judge() {
        cells = zip(publication.tables, thresholds).map { table, thresholds in
            table.rows.map { row in
                zip(row.cells, table.columns).map { cell, column in
                    primary(cell, of: row, column, thresholds, rules)
                }
            }
        }
    }

    /// Compares figures of the same thing for different purposes, or of tables that read other
    /// categories, which opt-outs can make differ: distinct counts that do by few persons are not
    /// told. Of what adds up, what is left out has to be safe: see `protectLeftOut`.
    mutating func compareGroups() {
        var groups: [Measurand: Set<Int>] = [:]
        let breakdowns = Breakdown.all(publication.statistics)
            .filter { !publication.unseen.contains($0.table) }
        for breakdown in breakdowns {
            groups[breakdown.measurand, default: []].insert(publication.groups[breakdown.table])
        }
        var places: [[UInt8]: [(place: CellPlace, isDistinct: Bool)]] = [:]
        for breakdown in breakdowns where groups[breakdown.measurand]?.count ?? 0 > 1 {
            let naming = CellNaming(breakdown)
            let isDistinct = if case .distinct = breakdown.measurand { true } else { false }
            for (number, row) in publication.tables[breakdown.table].rows.enumerated()
            where breakdown.has(row.key) {
                let place = CellPlace(
                    cell: 0, table: Int32(breakdown.table), row: Int32(number),
                    column: Int32(breakdown.column))
                places[naming.name(row.key), default: []].append((place, isDistinct))
            }
        }
        for same in places.values where same.count > 1 {
            compare(same.map(\.place), same[0].isDistinct)
        }
    }

    private func measured(_ place: CellPlace) -> MeasuredCell {
        publication.tables[Int(place.table)].rows[Int(place.row)].cells[Int(place.column)]
    }

    private mutating func compare(_ places: [CellPlace], _ isDistinct: Bool) {
        let measured = places.map { self.measured($0) }
        let persons = measured.map { $0.backing?.persons ?? 0 }
        let apart = (persons.max() ?? 0) - (persons.min() ?? 0)
        let isSame = measured.allSatisfy { $0.value == measured[0].value }
            || apart == 0 && haveOneTotal(measured)
        let least = places.map { thresholds[Int($0.table)].persons }.max() ?? 0
        let isClose = isDistinct && !isSame && apart < least
        let isHidden = places.contains { place in
            if case .suppressed = cells[place] { true } else { false }
        }
        for place in places {
            guard case .value = cells[place] else { continue }
            if isClose {
                cells[place] = .suppressed(.difference)
            } else if isSame, isHidden {
                cells[place] = .suppressed(.linked)
            }
        }
    }

    /// True of a sum and the mean beside it, which have one number in common.
    private func haveOneTotal(_ cells: [MeasuredCell]) -> Bool {
        let totals = cells.map { $0.backing?.total }
        return totals[0] != nil && totals.allSatisfy { $0 == totals[0] }
    }

    /// Leaves out the zeros that tell withheld ones; those that are left out may be told by others.
    mutating func withholdZeros() {
        let zeros = ToldZeros(publication)
        while true {
            let told = zeros.places(in: cells).filter { !wasTold($0) && cells[$0] == .zero }
            if told.isEmpty { return }
            for place in told { cells[place] = .suppressed(.linked) }
        }
    }

    /// Changes the counts that are safe by themselves, where the method says so.
    mutating func addNoise() {
        guard let counts = ToldCounts(rules.method, publication.statistics) else { return }
        for (table, measured) in publication.tables.enumerated()
        where !publication.unseen.contains(table) {
            for (number, row) in measured.rows.enumerated() {
                for column in row.cells.indices {
                    guard case .value = cells[table][number][column],
                        let told = counts.told(table, row, column)
                    else { continue }
                    cells[table][number][column] = .value(.integer(told))
                }
            }
        }
    }

    /// Leaves out what others could be computed with.
    mutating func protect() throws(ControlRefusal) {
        for family in try FamilyBuilder(publication).families() {
            var family = family
            mark(&family)
            if case .distinct = family.measurand {
                try protectDistinct(&family)
            } else {
                var search = ChangeSearch(family)
                try search.protectAll()
                // What is told with all of its parts after that gives a small rest away.
                if markRests(&search.family) {
                    search = ChangeSearch(search.family)
                    try search.protectAll()
                }
                family = search.family
                let outcome = try FeasibilityAudit(family, search.proofs).run()
                audited += outcome.audited
                unproven += outcome.failed.count
            }
            take(family)
        }
        try protectLeftOut()
        withholdMeans()
    }

    /// Leaves out what would tell, beside tables that count more, of few whose opt-out keeps them
    /// out of it. The other figures are safe by now, and leaving out more keeps them so.
    private mutating func protectLeftOut() throws(ControlRefusal) {
        for leftOut in try FamilyBuilder(publication).leftOut(thresholds) {
            var family = leftOut.family
            let told = Set(
                family.places.filter { if case .suppressed = cells[$0] { false } else { true } }
                    .map(\.cell))
            for place in family.places {
                let cell = Int(place.cell)
                if !told.contains(place.cell) { family.hide(cell) }
                if wasTold(place) { family.markToldBefore(cell) }
            }
            for cell in leftOut.cells { ProtectionNeeds(rules).markLeftOut(cell, in: &family) }
            var search = ChangeSearch(family)
            try search.protectAll()
            let outcome = try FeasibilityAudit(search.family, search.proofs).run()
            audited += outcome.audited
            unproven += outcome.failed.count
            let before = cells
            take(search.family, .difference)
            hideCrowds(of: search.family, toldIn: before)
        }
    }

    /// Leaves out how many persons there are beside a count that is left out for the sake of few:
    /// it has as many records at least, and that may tell nearly how many it has.
    private mutating func hideCrowds(of family: Family, toldIn told: [[[ControlledCell]]]) {
        guard case .records = family.measurand else { return }
        for place in family.places where family.states[Int(place.cell)].isHidden {
            if case .suppressed = told[place] { continue }
            let (table, own) = (Int(place.table), measured(place))
            guard case .integer(let records)? = own.value, let backing = own.backing,
                Int(records) - backing.persons < thresholds[table].persons
            else { continue }
            let meanings = columnMeanings(publication.statistics[table], texts: [])
            for (column, meaning) in meanings.enumerated()
            where meaning.part == meanings[Int(place.column)].part {
                guard case .distinct? = meaning.measurand,
                    case .value = cells[table][Int(place.row)][column]
                else { continue }
                cells[table][Int(place.row)][column] = .suppressed(.linked)
            }
        }
    }

    /// Leaves out the means that tell counts which are withheld.
    private mutating func withholdMeans() {
        for place in MeanLinks(publication, rules).places(in: cells) where !wasTold(place) {
            cells[place] = .suppressed(.linked)
        }
    }

    /// Marks counts that leave little beside parts of them; false without any.
    private func markRests(_ family: inout Family) -> Bool {
        let cells = family.cellsWithSmallRest(least: Int128(rules.persons) * Family.one)
        for cell in cells { ProtectionNeeds(rules).markWithRest(cell, in: &family) }
        return !cells.isEmpty
    }

    private mutating func protectDistinct(_ family: inout Family) throws(ControlRefusal) {
        for cell in family.cellsNearTheirWhole(rules, ofCustomers: countsCustomers(family)) {
            ProtectionNeeds(rules).markNearWhole(cell, in: &family)
        }
        var search = DistinctSearch(family)
        var open = try search.protectAll()
        family = search.family
        if rules.crossings == .proven {
            var worlds = DistinctWorlds(family)
            open += try worlds.protectAll()
            family = worlds.family
        }
        let outcome = try DistinctAudit(family, search.proofs).run()
        audited += outcome.audited
        unproven += Set(open + outcome.failed).count
    }

    /// True where as many customers as the figures say are behind them all, and of persons others.
    private func countsCustomers(_ family: Family) -> Bool {
        func equals(_ count: KeyPath<CellBacking, Int>) -> Bool {
            family.places.allSatisfy { place in
                let cell = measured(place)
                return cell.backing.map { cell.value == .integer(Int64($0[keyPath: count])) }
                    ?? false
            }
        }
        return equals(\.customers) && !equals(\.persons)
    }

    /// Tells the family which of its cells are unsafe, and how far they must be protected.
    private mutating func mark(_ family: inout Family) {
        if rules.wholes == .hidden { hide(Set(family.wholes()), in: family) }
        let needs = ProtectionNeeds(rules)
        for place in family.places {
            let thresholds = thresholds[Int(place.table)]
            let cell = Int(place.cell)
            needs.setFloor(of: cell, in: &family, thresholds)
            let measured = publication.tables[Int(place.table)].rows[Int(place.row)]
                .cells[Int(place.column)]
            guard case .suppressed(let reason) = cells[place] else {
                if family.states[cell] == .virtual { continue }
                blur(cell, measured, cells[place], in: &family)
                if wasTold(place) { family.markToldBefore(cell) }
                continue
            }
            // Nothing can be put in the place of a row that a finer table does not have.
            if family.isToldByRows(cell) { continue }
            if family.states[cell] == .virtual, publication.ofParts.contains(Int(place.table)) {
                needs.markPart(cell, in: &family)
            } else {
                needs.mark(cell, reason, measured.backing, in: &family, thresholds)
            }
        }
        // Of unseen cells that were measured it is known who is behind them.
        let measured = Set(
            family.places.filter { publication.unseen.contains(Int($0.table)) }.map(\.cell))
        for cell in family.states.indices where family.states[cell] == .virtual {
            if measured.contains(Int32(truncatingIfNeeded: cell)) { continue }
            needs.markDifference(cell, in: &family)
        }
    }

    private mutating func hide(_ wholes: Set<Int>, in family: Family) {
        for place in family.places where wholes.contains(Int(place.cell)) {
            if case .value = cells[place] { cells[place] = .suppressed(.whole) }
        }
    }

    private func wasTold(_ place: CellPlace) -> Bool {
        guard publication.toldBefore.indices.contains(Int(place.table)) else { return false }
        return publication.toldBefore[Int(place.table)]
            .contains(FigurePlace(row: Int(place.row), column: Int(place.column)))
    }

    private func blur(
        _ cell: Int, _ measured: MeasuredCell, _ shown: ControlledCell, in family: inout Family
    ) {
        if case .distinct = family.measurand { return }
        // Sums and means told exactly give the count away.
        if tellsCounts.contains(family.measurand) { return }
        guard let noise = CellNoise(rules.method), family.measurand.isCount,
            case .value(.integer(let published)) = shown,
            case .integer(let count)? = measured.value
        else { return }
        family.blur(cell, change: Int(published - count), radius: noise.radius)
    }

    /// Takes over what the family leaves out.
    private mutating func take(_ family: Family, _ reason: SuppressionReason = .linked) {
        for place in family.places where family.states[Int(place.cell)].isHidden {
            if case .suppressed = cells[place] { continue }
            let isUnsafe = family.states[Int(place.cell)] == .unsafe
            cells[place] = .suppressed(isUnsafe ? reason : .complementary)
        }
    }

    func result() -> ControlledPublication {
        let seen = publication.tables.indices.filter { !publication.unseen.contains($0) }
        let tables = seen.map { at in
            assembled(publication.tables[at], cells[at], thresholds[at])
        }
        return ControlledPublication(tables: tables, unproven: unproven, audited: audited)
    }

    private func assembled(
        _ table: MeasuredTable, _ cells: [[ControlledCell]], _ thresholds: Thresholds
    ) -> ControlledTable {
        var withheld = 0
        var total = 0
        var records: Int64 = 0
        var recordsTotal: Int64 = 0
        for (row, shown) in zip(table.rows, cells) {
            let told = shown.filter { if case .suppressed = $0 { false } else { true } }
            withheld += shown.count - told.count
            total += shown.filter { $0 != .notMeasured }.count
            let basis = row.cells.map(\.basis).max() ?? 0
            recordsTotal += basis
            if told.isEmpty { records += basis }
        }
        return ControlledTable(
            name: table.name, groupColumns: table.groupColumns, columns: table.columns,
            rows: zip(table.rows, cells).map { ControlledTable.Row(key: $0.key, cells: $1) },
            persons: thresholds.persons,
            withheld: WithheldShare(
                cells: withheld, cellsTotal: total, records: records,
                recordsTotal: recordsTotal))
    }
}

extension [[[ControlledCell]]] {
    subscript(place: CellPlace) -> ControlledCell {
        get { self[Int(place.table)][Int(place.row)][Int(place.column)] }
        set { self[Int(place.table)][Int(place.row)][Int(place.column)] = newValue }
    }
}
