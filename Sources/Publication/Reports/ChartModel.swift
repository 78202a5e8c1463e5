import Records
import Statistics

/// What a chart says at one place.
enum ChartMark {
    /// A figure: where it lies and what it reads.
    case value(Double, String)
    /// Not told; nil where a sum lacks figures that are not told.
    case suppressed(SuppressionReason?)
    case notMeasured
    /// There is no such row.
    case absent

    /// Where it lies; nil when it is no figure.
    var height: Double? {
        if case .value(let value, _) = self { return value }
        return nil
    }
}

/// One chart: a column of a table against what varies in it.
struct Chart {
    enum Form {
        /// Steps in time, oldest first, and lines over them.
        case lines(steps: [Step], series: [Series])
        /// Bars, longest first, and how many further rows only the table has.
        case bars([Bar], left: Int)
    }

    /// A place on the axis of time.
    struct Step {
        let key: [UInt8]
        let label: String
        let short: String
    }

    struct Series {
        let name: String
        let marks: [ChartMark]
    }

    struct Bar {
        let name: String
        let mark: ChartMark
        /// Its share of all bars in words; nil where they are not known to be all there is.
        var share: String?
    }

    let title: String
    let form: Form
    /// The data behind it.
    let data: Source

    enum Source {
        /// The rows with the one column that it shows.
        case own(StatisticTable)
        /// The download of the table with this number on the page: twice is too much of a long one.
        case ofTable(Int)
    }
}

/// Picks and makes the charts of a table by its shape: lines when rows differ in time, bars when
/// they differ otherwise, none when there is one row.
struct ChartBuilder {
    /// The most lines and bars of a chart; the rest is put together where it may be added.
    static let linesMax = 5
    static let barsMax = 12
    /// The most charts of a table; its other columns are in the table only.
    static let chartsMax = 6
    private static let stepsMax = 400

    let published: PublishedTable
    let texts: ReportTexts
    /// The table's number on the page.
    let number: Int

    var table: ControlledTable { published.table }

    func charts() -> [Chart] {
        guard table.rows.count > 1 else { return [] }
        if let at = table.groupColumns.firstIndex(of: "dimension") {
            return chartsByDimension(at)
        }
        let varying = varyingColumns(table.rows)
        guard !varying.isEmpty else { return [] }
        return table.columns.indices.prefix(Self.chartsMax).compactMap {
            chart(column: $0, table.rows, varying, of: "")
        }
    }

    /// A table over several dimensions gives a chart for each of them.
    private func chartsByDimension(_ at: Int) -> [Chart] {
        var names: [[UInt8]] = []
        for row in table.rows where !names.contains(row.key[at]) { names.append(row.key[at]) }
        return names.prefix(Self.chartsMax).flatMap { name -> [Chart] in
            let rows = table.rows.filter { $0.key[at] == name }
            let varying = varyingColumns(rows)
            if rows.count < 2 || varying.isEmpty { return [] }
            let word = texts.title(ByteEscapes.text(name))
            return table.columns.indices.prefix(2).compactMap {
                chart(column: $0, rows, varying, of: word)
            }
        }
    }

    private func varyingColumns(_ rows: [ControlledTable.Row]) -> [Int] {
        table.groupColumns.indices.filter { column in
            rows.contains { $0.key[column] != rows[0].key[column] }
        }
    }

    private func chart(
        column: Int, _ rows: [ControlledTable.Row], _ varying: [Int], of dimension: String
    ) -> Chart? {
        let told = rows.contains { row in
            switch row.cells[column] {
            case .value, .zero: true
            case .suppressed, .notMeasured: false
            }
        }
        guard told else { return nil }
        let time = varying.first { at in rows.allSatisfy { isTime($0.key[at], at) } }
        let rest = varying.filter { $0 != time }
        let form =
            time.map { lines(rows, column, time: $0, rest) } ?? bars(rows, column, rest)
        let names = (time.map { [$0] } ?? []) + rest
        let group =
            dimension.isEmpty
            ? names.map { texts.title(table.groupColumns[$0]).lowercased() }.joined(separator: ", ")
            : dimension.lowercased()
        return Chart(
            title: texts.chart(texts.title(table.columns[column]), by: group), form: form,
            data: published.isLong ? .ofTable(number) : .own(data(rows, column)))
    }

    /// The rows of a chart with the one column that it shows.
    private func data(_ rows: [ControlledTable.Row], _ column: Int) -> StatisticTable {
        ControlledTable(
            name: table.name, groupColumns: table.groupColumns, columns: [table.columns[column]],
            rows: rows.map { .init(key: $0.key, cells: [$0.cells[column]]) },
            persons: table.persons, withheld: table.withheld
        ).statisticTable
    }

    private func isTime(_ key: [UInt8], _ column: Int) -> Bool {
        if table.groupColumns[column] == "hour" { return key.count == 2 }
        return TimeStep(key) != nil
    }

    private func mark(_ cell: ControlledCell) -> ChartMark {
        switch cell {
        case .zero: .value(0, "0")
        case .value(let quantity): .value(quantity.approximate, texts.number(quantity))
        case .suppressed(let reason): .suppressed(reason)
        case .notMeasured: .notMeasured
        }
    }

    private func name(_ row: ControlledTable.Row, _ columns: [Int]) -> String {
        columns.map { texts.words(forKey: row.key[$0]) }.joined(separator: " · ")
    }
}

// MARK: Bars

extension ChartBuilder {
    private func bars(
        _ rows: [ControlledTable.Row], _ column: Int, _ columns: [Int]
    ) -> Chart.Form {
        // A long table has many rows and few bars: only those are put into words.
        let heights = rows.map { $0.cells[column].height }
        let order = heights.indices.sorted { left, right in
            switch (heights[left], heights[right]) {
            case (let one?, let two?) where one != two: return one > two
            case (.some, nil): return true
            case (nil, .some): return false
            default: return left < right
            }
        }
        let isAddable = published.isAddable(table.columns[column])
        let all = isAddable ? total(heights) : nil
        let isWhole = rows.count <= Self.barsMax
        let shown = order.prefix(isWhole ? rows.count : Self.barsMax - 1).map { at in
            var bar = Chart.Bar(name: name(rows[at], columns), mark: mark(rows[at].cells[column]))
            if let all, let height = heights[at] { bar.share = texts.percent(Int(height), of: all) }
            return bar
        }
        if isWhole { return .bars(shown, left: 0) }
        let rest = order.dropFirst(shown.count)
        let other = sum(rest.map { mark(rows[$0].cells[column]) })
        guard isAddable, other.height != nil else { return .bars(shown, left: rest.count) }
        let more = Chart.Bar(name: texts.others(rest.count), mark: other)
        return .bars(shown + [more], left: 0)
    }

    /// What all bars are together; nil when one of them is not told.
    private func total(_ heights: [Double?]) -> Int? {
        var sum = 0.0
        for height in heights {
            guard let height else { return nil }
            sum += height
        }
        return sum > 0 ? Int(exactly: sum) : nil
    }

    /// The sum of counts; not told when one of them is not.
    private func sum(_ marks: [ChartMark]) -> ChartMark {
        var total = 0.0
        for mark in marks {
            switch mark {
            case .value(let value, _): total += value
            case .absent: continue
            case .suppressed, .notMeasured: return .suppressed(nil)
            }
        }
        return .value(total, texts.number(Int(exactly: total) ?? Int.max))
    }
}

// MARK: Lines

extension ChartBuilder {
    private func lines(
        _ rows: [ControlledTable.Row], _ column: Int, time: Int, _ columns: [Int]
    ) -> Chart.Form {
        let steps = steps(rows, time)
        var places: [[UInt8]: Int] = [:]
        for (index, step) in steps.enumerated() { places[step.key] = index }
        var order: [[[UInt8]]] = []
        var marks: [[[UInt8]]: [ChartMark]] = [:]
        var names: [[[UInt8]]: String] = [:]
        for row in rows {
            let key = columns.map { row.key[$0] }
            if marks[key] == nil {
                order.append(key)
                names[key] = columns.isEmpty ? texts.all : name(row, columns)
            }
            guard let place = places[row.key[time]] else { continue }
            marks[key, default: steps.map { _ in .absent }][place] = mark(row.cells[column])
        }
        let series = order.map { Chart.Series(name: names[$0] ?? "", marks: marks[$0] ?? []) }
        return .lines(
            steps: steps, series: largest(series, table.columns[column], steps.count))
    }

    private func largest(
        _ series: [Chart.Series], _ column: MeasuredColumn, _ steps: Int
    ) -> [Chart.Series] {
        let sums: [Double] = series.map { one in
            one.marks.reduce(0.0) { sum, mark in sum + (mark.height ?? 0) }
        }
        let order = series.indices.sorted { left, right in
            sums[left] == sums[right] ? left < right : sums[left] > sums[right]
        }
        let sorted = order.map { series[$0] }
        guard sorted.count > Self.linesMax else { return sorted }
        let shown = Array(sorted[..<Self.linesMax])
        guard published.isAddable(column) else { return shown }
        let rest = sorted[Self.linesMax...]
        let marks = (0..<steps).map { step in sum(rest.map { $0.marks[step] }) }
        // A sum that mostly cannot be told is no line.
        guard marks.count(where: { $0.height != nil }) * 2 >= steps else { return shown }
        return shown + [Chart.Series(name: texts.others(rest.count), marks: marks)]
    }

    /// All steps from the first to the last, those without a row too.
    private func steps(_ rows: [ControlledTable.Row], _ column: Int) -> [Chart.Step] {
        let keys = Set(rows.map { $0.key[column] }).sorted { $0.lexicographicallyPrecedes($1) }
        let known = keys.compactMap { key in TimeStep(key).map { (key, $0) } }
        guard known.count == keys.count, let first = known.first, let last = known.last,
            first.0.count == last.0.count
        else { return keys.map { step($0) } }
        let (from, through) = (first.1.number, last.1.number)
        guard from <= through, through - from < Self.stepsMax else { return keys.map { step($0) } }
        let isDay = first.1.day != nil
        return (from...through).map { number in
            if isDay { return step(Array(CivilDate(daysSince1970: number).text.utf8)) }
            let month = TimeStep(year: number / 12, month: number % 12 + 1, day: nil)
            return known.first { $0.1 == month }.map { step($0.0) }
                ?? Chart.Step(
                    key: [], label: texts.date(month), short: texts.shortDate(month))
        }
    }

    private func step(_ key: [UInt8]) -> Chart.Step {
        let words = texts.words(forKey: key)
        let short = TimeStep(key).map { texts.shortDate($0) } ?? words
        return Chart.Step(key: key, label: words, short: short)
    }
}

extension ControlledCell {
    /// Where the figure lies; nil when there is none.
    var height: Double? {
        switch self {
        case .value(let quantity): quantity.approximate
        case .zero: 0
        case .suppressed, .notMeasured: nil
        }
    }
}

extension Quantity {
    /// The figure as far as a chart can show it.
    var approximate: Double {
        switch self {
        case .integer(let value): Double(value)
        case .decimal(let value): Double(value.billionths) / 1e9
        }
    }
}

/// The axis of figures: from zero or below to round numbers.
struct ChartScale {
    let ticks: [Double]
    private let lower: Double
    private let upper: Double

    /// A scale that holds all `values` and zero.
    init(_ values: [Double], ticksAbout wanted: Int = 4) {
        let low = min(0, values.min() ?? 0)
        let most = values.max() ?? 1
        let high = most > 0 ? most : low < 0 ? 0 : 1
        let rough = (high - low) / Double(wanted)
        var power = 1.0
        while power * 10 <= rough { power *= 10 }
        while power > rough { power /= 10 }
        let step = [1.0, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        lower = (low / step).rounded(.down) * step
        upper = (high / step).rounded(.up) * step
        let count = Int(((upper - lower) / step).rounded())
        let start = lower
        ticks = (0...max(1, count)).map { start + Double($0) * step }
    }

    /// Where a value lies, from 0 at the lower end to 1 at the upper end.
    func place(of value: Double) -> Double {
        upper > lower ? (value - lower) / (upper - lower) : 0
    }
}
