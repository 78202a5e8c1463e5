internal import KeyedHashing
internal import Publication
internal import Statistics

/// Adds sketches to the published tables that export some.
///
/// A column of sketches goes with the figures of its measure, all or nothing: where one of them is
/// withheld, the union of the sketches of the others, held against a total, would tell of it; and
/// where small values were counted together, of what makes up the rest. The
/// items are hashes under a key that is drawn here and forgotten, other ones for each table: nobody
/// can look for a known person in them, nor hold one table against another.
struct SketchTables {
    /// Tables with sketches, and sentences about those that have none.
    struct Outcome {
        var tables: [PublishedTable]
        var notes: [String] = []
    }

    private let plan: Plan

    init(_ plan: Plan) { self.plan = plan }

    /// `tables` with the sketches of what `partials` counted.
    func added(
        to tables: [PublishedTable], from partials: () throws(PipelineFailure) -> Partials
    ) throws(PipelineFailure) -> Outcome {
        var outcome = Outcome(tables: tables)
        var exports = plan.statistics.statistics.map { _ in [SketchColumn]() }
        for table in tables {
            guard let index = index(of: table) else { continue }
            let statistic = plan.statistics.statistics[index]
            for column in statistic.sketchColumns(of: plan.tables[index].sketches) {
                if isTold(column, statistic, in: table) {
                    exports[index].append(column)
                } else {
                    outcome.notes.append(
                        "\(table.table.name): \(column.name) is not exported, because figures that "
                            + "it would tell of are withheld")
                }
            }
        }
        guard exports.contains(where: { !$0.isEmpty }) else { return outcome }
        let sketches = try sketches(exports, try partials())
        for at in outcome.tables.indices {
            guard let index = index(of: outcome.tables[at]), !exports[index].isEmpty
            else { continue }
            let table = outcome.tables[at].table
            guard table.rows.allSatisfy({ sketches[index][$0.key] != nil }) else {
                outcome.notes.append(
                    "\(table.name): no sketches are exported, because small values were counted "
                        + "together")
                continue
            }
            outcome.tables[at].sketches = PublishedSketches(
                exports[index], of: plan.statistics.statistics[index],
                in: table, sketches[index])
        }
        return outcome
    }

    private func index(of table: PublishedTable) -> Int? {
        plan.tables.firstIndex {
            !$0.sketches.isEmpty && $0.name.utf8.elementsEqual(table.table.name.utf8)
        }
    }

    /// True when no figure of the measure is withheld.
    private func isTold(
        _ column: SketchColumn, _ statistic: StatisticPlan, in table: PublishedTable
    ) -> Bool {
        let figures = statistic.figures(ofMeasure: column.measure)
        return table.table.rows.allSatisfy { row in
            row.cells[figures].allSatisfy { cell in
                if case .suppressed = cell { false } else { true }
            }
        }
    }

    /// By statistic and key.
    private func sketches(
        _ columns: [[SketchColumn]], _ partials: Partials
    ) throws(PipelineFailure) -> [[[[UInt8]]: [[UInt8]]]] {
        let gathered = GatheredSketches(count: columns.count)
        do {
            let key = HMACSHA256(key: try SecretKey.random())
            try partials.sketches(columns, under: key) { statistic, row throws(PartialFault) in
                if !columns[statistic].isEmpty { gathered.add(row, statistic) }
            }
        } catch let fault as PartialFault {
            try PipelineFailure.checkStop()
            throw .storage("cannot merge the aggregates of the period", fault)
        } catch { throw .internalFault("the system gave no random bytes") }
        guard gathered.byteCount <= PublishedSketches.bytesMax else {
            throw .refused(
                "the sketches of the month have more than \(PublishedSketches.bytesMax >> 20) MiB: "
                    + "expected `export` in fewer or coarser tables")
        }
        return gathered.rows
    }
}

/// Sketches while they come in. A class, as what receives them is called from within a merge.
private final class GatheredSketches {
    private(set) var rows: [[[[UInt8]]: [[UInt8]]]]
    private(set) var byteCount = 0

    init(count: Int) { rows = Array(repeating: [:], count: count) }

    func add(_ row: SketchRow, _ statistic: Int) {
        byteCount += row.sketches.reduce(0) { $0 + $1.count }
        // What is too much is refused; until then it must not fill the memory.
        if byteCount <= PublishedSketches.bytesMax { rows[statistic][row.key] = row.sketches }
    }
}

extension PublishedSketches {
    fileprivate init(
        _ columns: [SketchColumn], of statistic: StatisticPlan, in table: ControlledTable,
        _ sketches: [[[UInt8]]: [[UInt8]]]
    ) {
        self.init(
            columns: columns.map { column in
                Column(
                    name: column.name, form: column.form, size: column.size, item: column.item,
                    figure: statistic.figures(ofMeasure: column.measure).lowerBound)
            },
            rows: table.rows.map { row in
                columns.indices.map { at in
                    let figure = statistic.figures(ofMeasure: columns[at].measure).lowerBound
                    guard case .value = row.cells[figure] else { return [] }
                    return sketches[row.key]?[at] ?? []
                }
            })
    }
}

extension StatisticPlan {
    /// The columns of figures that a measure gives.
    func figures(ofMeasure index: Int) -> Range<Int> {
        let widths = measures.map { measure in
            if case .sessions(let plan) = measure.kind { plan.columns.count } else { 1 }
        }
        let start = widths.prefix(index).reduce(0, +)
        return start..<start + widths[index]
    }

    /// The columns of sketches of some kinds, in their standard sizes.
    func sketchColumns(of forms: [SketchOptions.Form]) -> [SketchColumn] {
        var options = SketchOptions()
        options.forms = Set(forms)
        return sketchColumns(options)
    }
}
