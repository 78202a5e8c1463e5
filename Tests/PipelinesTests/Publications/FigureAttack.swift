import TestSupport
import Testing

@testable import Pipelines

/// Random tables of counts, sums, means and distinct counts with random conditions, published by a
/// whole pipeline.
struct FigureAttack {
    /// What is measured.
    enum Figure {
        case count, sum, mean, users
    }

    struct Column {
        let name: String
        let figure: Figure
        let parts: [String: [String]]
    }

    struct Table {
        let name: String
        let purpose: String
        let keys: [String]
        var columns: [Column]
    }

    struct Record {
        /// The place of its kind.
        let kind: Int
        let person: Int
        let amount: Int
    }

    /// What is varied.
    struct Form: Sendable {
        var figures: [Figure]
        /// How many fields there are, and days at most; tables are by days unless there are none.
        var fields = 2
        var days = 2
        var conditionsMax = 2
        var columnsMax = 4
        /// Persons with several records.
        var sharesPersons = false
        /// Small values are counted together.
        var hasOther = false
        /// How many purposes tables are for, at most two; one reader has all of them.
        var purposes = 1
        /// Some opted out of what is read from the field `a`, others of one of two purposes.
        var hasOptOuts = false
    }

    let form: Form
    /// The values of each field, and of the day.
    private let values: [String: [String]]
    /// The kinds of records: their values of each field, and the day.
    let kinds: [[String: String]]
    private(set) var tables: [Table] = []
    private(set) var records: [Record] = []

    static let persons = 5

    init(seed: UInt64, _ form: Form) {
        self.form = form
        var generator = SeededGenerator(seed: seed)
        let names = Array(["a", "b", "c"].prefix(form.fields))
        var values: [String: [String]] = [:]
        for name in names {
            let count = Int.random(in: 2...3, using: &generator)
            values[name] = ["x", "y", "z"].prefix(count).map { name + $0 }
        }
        let days = form.days > 1 ? Int.random(in: 1...form.days, using: &generator) : 1
        values["day"] = (1...days).map { "2026-03-0\($0)" }
        var kinds: [[String: String]] = [[:]]
        if form.hasOptOuts { values["out"] = ["", "category", "purpose"] }
        self.values = values
        for name in names + ["day"] + (form.hasOptOuts ? ["out"] : []) {
            kinds = kinds.flatMap { kind in
                (values[name] ?? []).map { kind.merging([name: $0]) { $1 } }
            }
        }
        self.kinds = kinds
        addTables(names, &generator)
        let sizes = form.sharesPersons
            ? [0, 0, 1, 2, 3, 4, 6, 9, 14] : [0, 0, 1, 2, 3, 4, 8, 12, 20]
        let crowd = Int.random(in: 6...24, using: &generator)
        for kind in kinds.indices {
            let sizes = kinds[kind]["out", default: ""].isEmpty ? sizes : [0, 0, 0, 1, 2, 6]
            for _ in 0..<(sizes.randomElement(using: &generator) ?? 0) {
                addRecord(kind, form.sharesPersons ? crowd : nil, &generator)
            }
        }
    }

    private mutating func addTables(_ names: [String], _ generator: inout SeededGenerator) {
        let keys = names + (form.days > 0 ? ["day"] : [])
        for number in 0..<Int.random(in: (form.purposes + 1)...4, using: &generator) {
            let share = form.purposes > 1 ? 12 : 8
            let own = keys.filter { _ in Int.random(in: 0..<20, using: &generator) < share }
            let purpose = purpose(&generator)
            if tables.contains(where: { $0.keys == own && $0.purpose == purpose }) { continue }
            var table = Table(name: "t\(number)", purpose: purpose, keys: own, columns: [])
            let figures = figures(&generator)
            for column in 0...Int.random(in: 0...form.columnsMax, using: &generator) {
                let figure = figures.randomElement(using: &generator) ?? .count
                let isWhole = column == 0 || Int.random(in: 0..<8, using: &generator) == 0
                let parts = isWhole ? [:] : parts(names, &generator)
                let isKnown = table.columns.contains { $0.figure == figure && $0.parts == parts }
                if isKnown { continue }
                table.columns.append(Column(name: "m\(column)", figure: figure, parts: parts))
            }
            tables.append(table)
        }
    }

    private func purpose(_ generator: inout SeededGenerator) -> String {
        if form.purposes == 1 { return "statistics" }
        return Bool.random(using: &generator) ? "statistics" : "service-improvement"
    }

    /// What a table measures: with several purposes, some have no counts, which others have.
    private func figures(_ generator: inout SeededGenerator) -> [Figure] {
        if form.purposes == 1 { return form.figures }
        let others = form.figures.filter { $0 != .count }
        return [[.count], others, form.figures].randomElement(using: &generator) ?? []
    }

    private func parts(
        _ names: [String], _ generator: inout SeededGenerator
    ) -> [String: [String]] {
        var parts: [String: [String]] = [:]
        for _ in 0..<Int.random(in: 1...form.conditionsMax, using: &generator) {
            let name = names.randomElement(using: &generator) ?? "a"
            let texts = (values[name] ?? []).shuffled(using: &generator)
            parts[name] = texts.prefix(Int.random(in: 1...2, using: &generator)).sorted()
        }
        return parts
    }

    private mutating func addRecord(
        _ kind: Int, _ crowd: Int?, _ generator: inout SeededGenerator
    ) {
        let person = crowd.map { Int.random(in: 0..<$0, using: &generator) } ?? records.count
        let amount = Int.random(in: 1...9, using: &generator)
        records.append(Record(kind: kind, person: person, amount: amount))
    }

    // MARK: The pipeline

    private var pipeline: String {
        let statistics = tables.map { table in
            let columns = table.columns.map { "\($0.name): \(text(of: $0))" }
            return "  - { name: \(table.name), purpose: \(table.purpose), "
                + "by: [\((["month"] + table.keys).joined(separator: ", "))], "
                + "measures: { \(columns.joined(separator: ", ")) } }"
        }
        let fields = values.keys.filter { $0 != "day" && $0 != "out" }.sorted()
        let grouped = fields.filter { field in tables.contains { $0.keys.contains(field) } }
        // What tables are by needs a rule; of anything else conditions read what is in the source.
        let rules = fields.map { field in
            let rule = grouped.contains(field) ? "keep" : "drop"
            return form.hasOptOuts && field == "a"
                ? "a: { category: technical, then: \(rule) }" : "\(field): \(rule)"
        }.joined(separator: ", ")
        let optOuts = form.hasOptOuts ? "opt_outs: out.csv" : ""
        let other = form.hasOther && !grouped.isEmpty
            ? "[\(grouped.joined(separator: ", "))]" : "none"
        let crossings = form.figures.contains(.users) ? ", crossings: proven" : ""
        return """
            name: usage
            source: { format: jsonl, files: "in/*.jsonl", time: ts }
            identity: { customer: customer, user: user }
            fields:
              { ts: keep, customer: pseudonymize, user: pseudonymize, amount: drop, \(rules) }
            statistics:
            \(statistics.joined(separator: "\n"))
            publish:
              { persons: \(Self.persons), customers: 1, path: out, formats: [csv],
                other: \(other)\(crossings) }
            keys: { path: keys, grace: P7D }
            \(optOuts)
            state: state
            """
    }

    private func text(of column: Column) -> String {
        let conditions = column.parts.sorted { $0.key < $1.key }
            .map { "\($0): [\($1.joined(separator: ", "))]" }.joined(separator: ", ")
        let when = conditions.isEmpty ? "" : ", when: { \(conditions) }"
        return switch column.figure {
        case .count: conditions.isEmpty ? "count" : "{ count: { \(conditions) } }"
        case .sum: "{ sum: { of: amount\(when) } }"
        case .mean: "{ mean: { of: amount\(when) } }"
        case .users: "{ distinct: { of: user\(when) } }"
        }
    }

    private func log(_ records: some Sequence<Record>) -> String {
        records.map { record in
            // Of one customer alone no sum or mean would ever be told.
            let values = kinds[record.kind]
            let fields = values.filter { $0.key != "day" && $0.key != "out" }
                .sorted { $0.key < $1.key }
                .map { #","\#($0)":"\#($1)""# }.joined()
            let customer = "C\(record.person % 7)"
            return #"{"ts":"\#(values["day"] ?? "")T12:00:00Z","customer":"\#(customer)","#
                + #""user":"p\#(record.person)@a.example","amount":\#(record.amount)\#(fields)}"#
                + "\n"
        }.joined()
    }

    private var optOuts: String {
        let rows = records.compactMap { record -> String? in
            let subject = "C\(record.person % 7),p\(record.person)@a.example"
            return switch kinds[record.kind]["out"] {
            case "category": "\(subject),statistics;service-improvement,technical,2026-02-01\n"
            case "purpose": "\(subject),statistics,*,2026-02-01\n"
            default: nil
            }
        }
        return "customer,person,purposes,categories,effective_date\n" + rows.joined()
    }

    /// True when opt-outs leave the records of a kind out of a table.
    private func leavesOut(_ table: Table, _ kind: [String: String]) -> Bool {
        switch kind["out"] {
        case "category":
            table.keys.contains("a") || table.columns.contains { $0.parts["a"] != nil }
        case "purpose": table.purpose == "statistics"
        default: false
        }
    }

    /// The publication of all records; nil where it is refused.
    func published() throws -> PublishTrial? {
        if records.isEmpty { return nil }
        let scene = PublishTrial(trial: try TemporaryPipeline(pipeline))
        try scene.trial.write("in/a.jsonl", log(records))
        if form.hasOptOuts { try scene.trial.write("out.csv", optOuts) }
        try scene.trial.run(now: "2026-04-01")
        let isTold = try isTold(scene) { try scene.publish("2026-04-08") }
        return isTold ? scene : nil
    }

    /// Publishes the month again, after one person was erased or with what came late; nil where it
    /// is refused. What is counted then.
    func revised(_ scene: PublishTrial, erasing: Bool, seed: UInt64) throws -> [Record]? {
        var generator = SeededGenerator(seed: seed)
        var after = records
        var late = FigureAttack(seed: seed, form)
        late.records = []
        for kind in kinds.indices where Bool.random(using: &generator) {
            for _ in 0..<Int.random(in: 5...9, using: &generator) {
                late.records.append(
                    Record(kind: kind, person: 10_000 + late.records.count, amount: 1))
            }
        }
        if erasing, let gone = records.randomElement(using: &generator)?.person {
            var request = SubjectRequest(
                pipeline: "\(scene.trial.folder)/pipeline.yaml", kind: .user,
                value: "p\(gone)@a.example")
            request.now = "2026-04-09"
            request.role = .controller
            request.identityCheck = "ticket 7"
            request.requestedBy = "desk"
            _ = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
            after.removeAll { $0.person == gone }
        }
        try scene.trial.write("in/late.jsonl", log(late.records))
        try scene.trial.run(now: "2026-04-09")
        let isTold = try isTold(scene) {
            try scene.publish("2026-04-10") { $0.correction = "late" }
        }
        return isTold ? after + late.records : nil
    }

    private func isTold(
        _ scene: PublishTrial, _ publish: () throws -> PublishReport
    ) throws -> Bool {
        var isTold = false
        let refusal = scene.refusal {
            _ = try publish()
            isTold = true
        }
        let isKnown = ["no proof was found", "would tell of too few", "nothing came"]
            .contains { refusal.contains($0) }
        #expect(isTold || isKnown, "\(refusal)")
        return isTold
    }

    // MARK: What is told

    /// A figure of a table as it was told.
    struct Cell {
        let name: String
        let figure: Figure
        /// The kinds of records that it is about.
        let kinds: [Int]
        let text: String
        /// True for what is about a whole row: there is something in it.
        let isWhole: Bool

        /// What is told; that there is nothing to add up is told as well.
        var number: Double? { figure == .sum && text == "n/a" ? 0 : Double(text) }
        var isTold: Bool { number != nil }

        func with(_ text: String) -> Cell {
            Cell(name: name, figure: figure, kinds: kinds, text: text, isWhole: isWhole)
        }
    }

    /// A publication: its figures, and for each table the kinds that have no row in it.
    struct Told {
        var cells: [Cell] = []
        var missing: [Set<Int>] = []
    }

    /// The tables in `folder`.
    func told(_ scene: PublishTrial, _ folder: String) throws -> Told {
        var told = Told()
        for table in tables {
            let lines = try scene.trial.text("\(folder)/\(table.name).csv").split(separator: "\n")
                .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            let rows = lines.dropFirst().map {
                Dictionary(uniqueKeysWithValues: zip(lines[0], $0))
            }
            // What has no row of its own is in `Other`, where there is one.
            var rest: [String: Set<String>] = [:]
            for key in table.keys where rows.contains(where: { $0[key] == "Other" }) {
                rest[key] = Set(values[key] ?? []).subtracting(rows.compactMap { $0[key] })
            }
            let counted = kinds.indices.filter { !leavesOut(table, kinds[$0]) }
            var missing = Set(counted)
            for row in rows {
                let own = counted.filter { kind in
                    table.keys.allSatisfy { key in
                        let value = kinds[kind][key] ?? ""
                        return row[key] == value
                            || row[key] == "Other" && rest[key]?.contains(value) == true
                    }
                }
                missing.subtract(own)
                told.cells += table.columns.map { column in
                    let within = own.filter { kind in
                        column.parts.allSatisfy { $1.contains(kinds[kind][$0] ?? "") }
                    }
                    let key = table.keys.map { row[$0] ?? "" }.joined(separator: ",")
                    return Cell(
                        name: "\(table.name) \(key) \(text(of: column))", figure: column.figure,
                        kinds: within, text: row[column.name] ?? "",
                        isWhole: column.parts.isEmpty)
                }
            }
            told.missing.append(missing)
        }
        return told
    }

    /// What a figure really is.
    func truth(of cell: Cell) -> Int { truth(of: cell, records) }

    func truth(of cell: Cell, _ records: [Record]) -> Int {
        let own = records.filter { cell.kinds.contains($0.kind) }
        return switch cell.figure {
        case .count: own.count
        case .sum, .mean: own.map(\.amount).reduce(0, +)
        case .users: Set(own.map(\.person)).count
        }
    }
}

extension FigureAttack {
    /// What somebody with all these publications knows of what is withheld, and should not.
    func findings(_ publications: [(told: Told, records: [Record])]) throws -> [String] {
        if form.figures.contains(.users) { return try crowdFindings(publications[0]) }
        let hasMeans = form.figures.contains(.mean)
        let programmes: [[Figure]] = hasMeans ? [form.figures] : form.figures.map { [$0] }
        return try programmes.flatMap { figures in
            var programme = FigureProgramme(self, figures)
            for (number, one) in publications.enumerated() {
                programme.add(one.told, one.records, isLater: number > 0)
            }
            return try programme.findings()
        }
    }

    /// The same of distinct counts, over who is in which kinds; nothing where those are too many.
    private func crowdFindings(_ one: (told: Told, records: [Record])) throws -> [String] {
        let nothing = one.told.missing.reduce(Set()) { $0.union($1) }
        let kinds = self.kinds.indices.filter { !nothing.contains($0) }
        if kinds.count > 6 { return [] }
        var programme = AttackerProgramme()
        let sets = (1..<(1 << kinds.count)).map { bits in
            Set(kinds.indices.filter { bits >> $0 & 1 == 1 }.map { kinds[$0] })
        }
        let unknowns = sets.map { _ in programme.unknown(atLeast: 0) }
        var targets: [(name: String, unknown: Int)] = []
        for cell in one.told.cells {
            let inside = sets.indices.filter { !sets[$0].isDisjoint(with: cell.kinds) }
            if inside.isEmpty { continue }
            var terms = Dictionary(uniqueKeysWithValues: inside.map { (unknowns[$0], 1.0) })
            let number = Double(cell.text)
            if cell.figure == .users, let number {
                programme.require(terms, equals: number)
                continue
            }
            let sum = programme.unknown(atLeast: cell.isWhole ? 1 : 0)
            terms[sum] = -1
            programme.require(terms, equals: 0)
            if let number {
                // As many records, of enough persons.
                programme.require([sum: 1], atMost: number)
                if number > 0 { programme.require([sum: -1], atMost: -Double(Self.persons)) }
                continue
            }
            if cell.text.hasPrefix("<") {
                programme.require([sum: 1], atMost: Double(Self.persons - 1))
            }
            // Nobody can be where no row is.
            let isEmpty = one.told.missing.contains { $0.isSuperset(of: cell.kinds) }
            if cell.figure == .users, !isEmpty { targets.append((cell.name, sum)) }
        }
        let ranges = try #require(programme.ranges(of: targets.map(\.unknown)))
        return zip(targets, ranges).filter { $1.isOneWholeNumber }.map(\.0.name)
    }
}

/// The linear programme of an attacker over the records of each kind: how many there are, and what
/// their amounts add up to.
private struct FigureProgramme {
    private var programme = AttackerProgramme()
    private let figures: [FigureAttack.Figure]
    private var counts: [Int] = []
    private var sums: [Int] = []
    private var targets: [Target] = []
    private let attack: FigureAttack

    private var means: [Mean] = []

    /// A mean that is told.
    private struct Mean {
        /// The unknown.
        let count: Int
        let digits: Int
        /// Where that is told.
        let sum: Int?

        func isOf(_ count: Int) -> Bool {
            let sum = sum ?? (digits * count + 999) / 1000
            return sum * 1000 / count == digits
        }
    }

    private struct Target {
        let name: String
        let unknown: Int
        let isCount: Bool
        /// The least that its range must reach.
        let reach: Double
    }

    init(_ attack: FigureAttack, _ figures: [FigureAttack.Figure]) {
        self.attack = attack
        self.figures = figures
    }

    /// Takes in what is told of `records`, which is another publication when it is later: of that
    /// nothing is known but that some came and some went.
    mutating func add(
        _ told: FigureAttack.Told, _ records: [FigureAttack.Record], isLater: Bool
    ) {
        if isLater { return addLater(told, records) }
        let kinds = attack.kinds
        let hasMeans = figures.contains(.mean)
        if figures.contains(.count) { counts = kinds.map { _ in programme.unknown(atLeast: 0) } }
        if hasMeans || figures.contains(.sum) {
            sums = kinds.map { _ in programme.unknown(atLeast: 0) }
        }
        take(told, records)
        addLeftOut(told, records)
    }

    /// What went is at most what was there; what came is known to nobody.
    private mutating func addLater(
        _ told: FigureAttack.Told, _ records: [FigureAttack.Record]
    ) {
        counts = counts.map { before in
            let now = programme.unknown(atLeast: 0)
            let gone = programme.unknown(atLeast: 0)
            let came = programme.unknown(atLeast: 0)
            programme.require([now: 1, before: -1, gone: 1, came: -1], equals: 0)
            programme.require([gone: 1, before: -1], atMost: 0)
            return now
        }
        take(told, records)
    }

    private mutating func take(_ told: FigureAttack.Told, _ records: [FigureAttack.Record]) {
        for kind in told.missing.reduce(Set(), { $0.union($1) }).sorted() {
            for all in [counts, sums] where !all.isEmpty {
                programme.require([all[kind]: 1], equals: 0)
            }
        }
        for cell in told.cells where !cell.kinds.isEmpty && figures.contains(cell.figure) {
            if cell.figure == .mean {
                if let mean = Double(cell.text) { addMean(mean, cell, told) }
                continue
            }
            let all = cell.figure == .count ? counts : sums
            let terms = Dictionary(uniqueKeysWithValues: cell.kinds.map { (all[$0], 1.0) })
            if let number = cell.number {
                programme.require(terms, equals: number)
            } else {
                addTarget(cell, terms, told, records)
            }
        }
    }

    /// A mean is rounded down to three digits: so far its sum can be from its count times it.
    private mutating func addMean(
        _ mean: Double, _ cell: FigureAttack.Cell, _ told: FigureAttack.Told
    ) {
        if counts.isEmpty || sums.isEmpty { return }
        let count = programme.unknown(atLeast: 1)
        let sum = programme.unknown(atLeast: 0)
        for (all, unknown) in [(counts, count), (sums, sum)] {
            var terms = Dictionary(uniqueKeysWithValues: cell.kinds.map { (all[$0], 1.0) })
            terms[unknown] = -1
            programme.require(terms, equals: 0)
        }
        programme.require([count: mean, sum: -1], atMost: 0)
        programme.require([count: -(mean + 0.001), sum: 1], atMost: 0)
        let same = told.cells.first { $0.figure == .sum && $0.kinds == cell.kinds && $0.isTold }
        means.append(
            Mean(
                count: count, digits: Int((mean * 1000).rounded()),
                sum: same.flatMap { Int($0.text) }))
    }

    /// Amounts are whole numbers: few counts have a whole sum that gives the digits of a mean.
    private mutating func readDigits() throws {
        if means.isEmpty { return }
        let ranges = try #require(programme.ranges(of: means.map(\.count)))
        for (mean, range) in zip(means, ranges) {
            let first = max(1, Int((range.lowerBound - 1e-6).rounded(.up)))
            let last = Int(min(500, range.upperBound + 1e-6))
            let fitting = (first...max(first, last)).filter(mean.isOf)
            guard let least = fitting.first, let most = fitting.last else { continue }
            programme.require([mean.count: -1], atMost: -Double(least))
            programme.require([mean.count: 1], atMost: Double(most))
        }
    }

    private mutating func addTarget(
        _ cell: FigureAttack.Cell, _ terms: [Int: Double], _ told: FigureAttack.Told,
        _ records: [FigureAttack.Record]
    ) {
        let isCount = cell.figure == .count
        // There is a record in each row; what its amount is, nobody knows.
        let sum = programme.unknown(atLeast: isCount && cell.isWhole ? 1 : 0)
        programme.require(terms.merging([sum: -1]) { $1 }, equals: 0)
        // Nobody can be where no row is.
        if told.missing.contains(where: { $0.isSuperset(of: cell.kinds) }) { return }
        if isCount, cell.text.hasPrefix("<") {
            programme.require([sum: 1], atMost: Double(FigureAttack.persons - 1))
        }
        let truth = attack.truth(of: cell, records)
        let persons = Set(records.filter { cell.kinds.contains($0.kind) }.map(\.person)).count
        // Nobody comes nearer to a sum of few than a fifth.
        let isNear = !isCount && persons < FigureAttack.persons
        targets.append(
            Target(
                name: "\(cell.name) is \(truth)", unknown: sum, isCount: isCount,
                reach: Double(truth) * (isNear ? 1.2 : 0)))
    }

    /// What opt-outs of one sort, or of all, leave out of anything that is told, of few.
    mutating func addLeftOut(_ told: FigureAttack.Told, _ records: [FigureAttack.Record]) {
        guard attack.form.hasOptOuts else { return }
        for cell in told.cells where figures.contains(cell.figure) && cell.figure != .mean {
            let all = cell.figure == .count ? counts : sums
            for sorts in [["category"], ["purpose"], ["category", "purpose"]] {
                let own = Set(cell.kinds.map { attack.kinds[$0].filter { $0.key != "out" } })
                let left = attack.kinds.indices.filter { kind in
                    sorts.contains(attack.kinds[kind]["out"] ?? "")
                        && own.contains(attack.kinds[kind].filter { $0.key != "out" })
                }
                let few = records.filter { left.contains($0.kind) }
                if few.isEmpty || few.count >= FigureAttack.persons { continue }
                let sum = programme.unknown(atLeast: 0)
                let terms = Dictionary(uniqueKeysWithValues: left.map { (all[$0], 1.0) })
                programme.require(terms.merging([sum: -1]) { $1 }, equals: 0)
                let isCount = cell.figure == .count
                let truth = isCount ? few.count : few.map(\.amount).reduce(0, +)
                targets.append(
                    Target(
                        name: "\(cell.name) leaves out \(truth) of \(sorts)", unknown: sum,
                        isCount: isCount, reach: isCount ? 0 : Double(truth) * 1.2))
            }
        }
    }

    /// What is known that should not be.
    mutating func findings() throws -> [String] {
        try readDigits()
        let ranges = try #require(programme.ranges(of: targets.map(\.unknown)))
        return zip(targets, ranges).compactMap { target, range in
            let isKnown = target.isCount
                ? range.isOneWholeNumber : range.upperBound - range.lowerBound < 1e-6
            let isNear = range.upperBound < target.reach - 1e-6
            return isKnown || isNear ? "\(target.name), in \(range)" : nil
        }
    }
}

extension ClosedRange<Double> {
    fileprivate var isOneWholeNumber: Bool {
        (upperBound + 1e-6).rounded(.down) <= (lowerBound - 1e-6).rounded(.up)
    }
}
