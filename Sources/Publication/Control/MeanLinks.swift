package import Statistics

/// Finds the means that tell withheld counts: with the sum beside it, with other means, or just by
/// its decimals, a mean tells how many it is of. Whoever reads the tables of one purpose may read
/// those of another.
struct MeanLinks {
    private let publication: MeasuredPublication
    private let means: [Breakdown]
    private let counts: [Breakdown]
    /// How many persons two figures must differ by.
    private let apart: Int

    /// What is known of a cell from the counts in tables.
    private struct Counted {
        var isTold = true
        /// The persons behind it, by group of tables.
        var persons: [Int: Int] = [:]

        /// How far those are from `count` persons: opt-outs make groups differ.
        func differences(from count: Int) -> Set<Int> {
            Set(persons.values.map { abs($0 - count) })
        }
    }

    init(_ publication: MeasuredPublication, _ rules: ControlRules) {
        self.publication = publication
        let shown = Breakdown.all(publication.statistics)
            .filter { !publication.unseen.contains($0.table) }
        means = shown.filter(\.isMean)
        let divisors = Set(means.map(\.divisor.measurand))
        counts = shown.filter { divisors.contains($0.measurand) }
        apart = publication.tables.map { Thresholds(rules, $0).persons }.max() ?? 0
    }

    /// The means that are told in `cells` and must not be.
    ///
    /// Where the count of the same cell stands in a table, its mean goes with it. Where none does,
    /// the mean is one more count, which nothing was held against: it goes with any count that
    /// overlaps it, with other means of the cell, and with the count of nearly the same persons for
    /// another purpose.
    func places(in cells: [[[ControlledCell]]]) -> [CellPlace] {
        if means.isEmpty { return [] }
        let counted = countedCells(cells)
        var uncounted: [[UInt8]: [CellPlace]] = [:]
        var found: [CellPlace] = []
        for mean in means {
            let naming = CellNaming(mean.divisor)
            let overlaps = overlaps(with: mean, cells)
            for place in publication.places(of: mean) {
                let key = key(of: place)
                let name = naming.name(key)
                let known = counted[name]
                let isCounted = known?.persons[publication.groups[mean.table]] != nil
                let differences = known?.differences(from: persons(at: place)) ?? []
                if known?.isTold == false {
                    found.append(place)
                } else if !isCounted, differences != [0] {
                    uncounted[name, default: []].append(place)
                    let isClose = differences.contains { $0 > 0 && $0 < apart }
                    if isClose || overlaps.contains(where: { $0.has(key) }) { found.append(place) }
                }
            }
        }
        for same in uncounted.values where same.contains(where: { isWithheld($0, cells) }) {
            found += same
        }
        return found.filter { !isWithheld($0, cells) }
    }

    private func countedCells(_ cells: [[[ControlledCell]]]) -> [[UInt8]: Counted] {
        var counted: [[UInt8]: Counted] = [:]
        for count in counts {
            let naming = CellNaming(count)
            let group = publication.groups[count.table]
            for place in publication.places(of: count) {
                let name = naming.name(key(of: place))
                if isWithheld(place, cells) { counted[name, default: Counted()].isTold = false }
                counted[name, default: Counted()].persons[group] = persons(at: place)
            }
        }
        return counted
    }

    private func persons(at place: CellPlace) -> Int {
        let row = publication.tables[Int(place.table)].rows[Int(place.row)]
        return row.cells[Int(place.column)].backing?.persons ?? 0
    }

    /// Withheld counts of one table, as far as the table of a mean can tell them apart.
    private struct Overlap {
        let columns: [Int]
        let keys: Set<[[UInt8]]>

        func has(_ key: [[UInt8]]) -> Bool { keys.contains(columns.map { key[$0] }) }
    }

    private func overlaps(with mean: Breakdown, _ cells: [[[ControlledCell]]]) -> [Overlap] {
        let measurand = mean.divisor.measurand
        return counts.filter { $0.measurand == measurand }.map { count in
                let shared = mean.columns.compactMap { attribute, own in
                    count.columns[attribute].map { (own: own, other: $0) }
                }
                let withheld = publication.places(of: count).filter { isWithheld($0, cells) }
                return Overlap(
                    columns: shared.map(\.own),
                    keys: Set(
                        withheld.map { place in
                            let key = key(of: place)
                            return shared.map { key[$0.other] }
                        }))
            }
    }

    private func key(of place: CellPlace) -> [[UInt8]] {
        publication.tables[Int(place.table)].rows[Int(place.row)].key
    }

    private func isWithheld(_ place: CellPlace, _ cells: [[[ControlledCell]]]) -> Bool {
        let cell = cells[Int(place.table)][Int(place.row)][Int(place.column)]
        return if case .suppressed = cell { true } else { false }
    }
}

extension ControlledTable {
    /// The column of means, if any, of which some are withheld for the sake of counts while the
    /// table does not count what they are of: a count would be held against the others.
    package func uncountedMean(_ statistic: StatisticPlan) -> String? {
        let meanings = columnMeanings(statistic, texts: [])
        let found = zip(columns.indices, meanings).first { column, meaning in
            let isCounted = meanings.contains {
                !$0.isMean && $0.measurand == meaning.measurand?.divisor && $0.part == meaning.part
            }
            return meaning.isMean && !isCounted
                && rows.contains { $0.cells[column] == .suppressed(.linked) }
        }
        return found.map { columns[$0.0].name }
    }
}
