import Statistics

/// One column of a table, grouped by single attributes: a table with several dimensions is one
/// breakdown for each.
struct Breakdown {
    let table: Int
    let column: Int
    private(set) var measurand: Measurand
    private(set) var part: Part?
    let purpose: Int
    /// The columns of the key by attribute.
    let columns: [Attribute: Int]
    /// Of a table of several dimensions: the column with their names, and the name.
    let dimension: (column: Int, name: [UInt8])?
    /// True for a column of means.
    let isMean: Bool

    /// True when the row with this key is one of the breakdown.
    func has(_ key: [[UInt8]]) -> Bool {
        dimension.map { key[$0.column] == $0.name } ?? true
    }

    /// The same about everything, which is all in the part.
    var ofEverything: Breakdown {
        var whole = self
        whole.part = nil
        return whole
    }

    /// The same about another part.
    func about(_ part: Part?) -> Breakdown {
        var other = self
        other.part = part
        return other
    }

    /// What the means of the column are divided by, as a column of its own.
    var divisor: Breakdown {
        var counts = self
        counts.measurand = measurand.divisor
        return counts
    }

    /// The breakdowns of the tables of `statistics`; columns that neither add up nor bound anything
    /// are left out.
    static func all(_ statistics: [StatisticPlan]) -> [Breakdown] {
        statistics.enumerated().flatMap { of($0, $1) }
    }

    private static func of(_ table: Int, _ statistic: StatisticPlan) -> [Breakdown] {
        var plain: [Attribute: Int] = [:]
        var dimensions: [(column: Int, Dimension)] = []
        var column = 0
        for key in statistic.groupBy {
            switch key {
            case .month: plain[.month] = column
            case .day: plain[.day] = column
            case .hour: plain[.hour] = column
            case .text(let input, _): plain[.text(input)] = column
            case .dimensions(let all):
                dimensions += all.map { (column, $0) }
                column += 1
            }
            column += 1
        }
        if dimensions.isEmpty { return of(table, statistic, plain, nil) }
        return dimensions.flatMap { column, dimension -> [Breakdown] in
            var columns = plain
            columns[.text(dimension.input)] = column + 1
            return of(table, statistic, columns, (column, Array(dimension.name.utf8)))
        }
    }

    private static func of(
        _ table: Int, _ statistic: StatisticPlan, _ columns: [Attribute: Int],
        _ dimension: (column: Int, name: [UInt8])?
    ) -> [Breakdown] {
        let texts = columns.keys.compactMap { attribute -> Int? in
            if case .text(let input) = attribute { input } else { nil }
        }
        return columnMeanings(statistic, texts: texts).enumerated().compactMap { column, meaning in
            meaning.measurand.map { measurand in
                Breakdown(
                    table: table, column: column, measurand: measurand, part: meaning.part,
                    purpose: statistic.purposeIndex, columns: columns, dimension: dimension,
                    isMean: meaning.isMean)
            }
        }
    }
}

/// Names cells by what is counted in them: the same whatever table shows them.
struct CellNaming {
    /// The attributes in the name, in a fixed order, and where their values are.
    private let parts: [(tag: [UInt8], place: Place)]
    private let prefix: [UInt8]

    private enum Place {
        case column(Int)
        case constant([UInt8])
    }

    /// The names of the cells of a breakdown.
    init(_ breakdown: Breakdown) {
        var values = breakdown.columns.mapValues { Place.column($0) }
        // A day tells its month.
        if values[.day] != nil { values[.month] = nil }
        var rest = breakdown.part
        // A part of one text is the same as a group of that text.
        if case .texts(let conditions) = breakdown.part,
            conditions.allSatisfy({ $0.texts.count == 1 && values[.text($0.input)] == nil })
        {
            for condition in conditions {
                values[.text(condition.input)] = .constant(condition.texts[0])
            }
            rest = nil
        }
        prefix = Array("\(breakdown.measurand)|\(rest.map { "\($0)" } ?? "")".utf8)
        parts = values.map { (Array("\($0)".utf8), $1) }
            .sorted { $0.tag.lexicographicallyPrecedes($1.tag) }
    }

    /// The name of the cell in the row with this key.
    func name(_ key: [[UInt8]]) -> [UInt8] {
        var name = prefix
        for (tag, place) in parts {
            let value: [UInt8]
            switch place {
            case .column(let column): value = key[column]
            case .constant(let text): value = text
            }
            for part in [tag, value] {
                // Lengths in front, so that no two lists of parts give the same bytes.
                let count = UInt32(truncatingIfNeeded: part.count)
                for shift: UInt32 in [24, 16, 8, 0] {
                    name.append(UInt8(truncatingIfNeeded: count &>> shift))
                }
                name += part
            }
        }
        return name
    }
}

extension MeasuredPublication {
    /// The figures of a column, where they stand.
    func places(of breakdown: Breakdown) -> [CellPlace] {
        tables[breakdown.table].rows.enumerated().compactMap { number, row in
            guard breakdown.has(row.key) else { return nil }
            return CellPlace(
                cell: 0, table: Int32(breakdown.table), row: Int32(number),
                column: Int32(breakdown.column))
        }
    }
}
