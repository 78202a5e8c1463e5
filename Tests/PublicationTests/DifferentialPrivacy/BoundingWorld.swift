import KeyedHashing
import Publication
import Records
import TestSupport

@testable import Anonymization
@testable import Statistics

/// One invented record.
struct Deed: Sendable {
    var time: Int64
    var action: String
    var amount: String
    /// 0: nobody.
    var user: Int
    var customer: Int

    var day: Int32 { Int32(time / 86_400_000) }
}

/// A statistic over deeds with every kind of column that noise can be added to.
enum BoundingWorld {
    static let start: Int64 = 1_772_323_200_000

    static let plan = StatisticsPlan(
        textInputs: [TextInputPlan(name: "action"), TextInputPlan(name: "amount")],
        tokenInputCount: 2, personInput: 0, customerInput: 1,
        statistics: [
            StatisticPlan(
                name: "other", purposeIndex: 0, groupBy: [.month],
                measures: [
                    MeasurePlan(name: "n", kind: .count),
                    MeasurePlan(
                        name: "s",
                        kind: .sessions(
                            SessionsPlan(token: 0, columns: [SessionsColumn(.count, name: "s")]))),
                ], suppression: .standard),
            StatisticPlan(
                name: "use", purposeIndex: 0,
                groupBy: [.day, .text(input: 0, column: "action")],
                measures: [
                    MeasurePlan(name: "times", kind: .count),
                    MeasurePlan(name: "users", kind: .distinct(token: 0)),
                    MeasurePlan(name: "customers", kind: .distinct(token: 1)),
                    MeasurePlan(name: "amount", kind: .sum(input: 1)),
                    MeasurePlan(
                        name: "sessions",
                        kind: .sessions(
                            SessionsPlan(
                                token: 0, gapMilliseconds: 600_000,
                                columns: [
                                    SessionsColumn(.count, name: "sessions"),
                                    SessionsColumn(.single, name: "single"),
                                ]))),
                ], suppression: .standard),
        ], granularity: .separable)

    /// Columns: times, users, customers, amount (in halves, -4 to 6), sessions, single.
    static let bounds: [ColumnBound] = [
        ColumnBound(most: 5), .one, ColumnBound(most: 2),
        ColumnBound(least: -4, most: 6, step: ExactDecimal(billionths: 500_000_000)),
        ColumnBound(most: 3), ColumnBound(most: 2),
    ].compactMap { $0 }

    static func settings(
        rows: UInt64 = 3, cost: NoiseSettings.Cost = .rho(Ratio(whole: 1)),
        keys: NoiseSettings.Keys = .observed(delta: ratio(1, 1000), leastPersons: 1)
    ) -> NoiseSettings {
        NoiseSettings(cost: cost, rowsPerPerson: rows, bounds: bounds, keys: keys)
    }

    static func token(_ number: Int) -> Token {
        if number == 0 { return .none }
        var generator = SeededGenerator(seed: UInt64(number))
        return Token(high: generator.next(), low: generator.next())
    }

    static func key() throws -> HMACSHA256 {
        HMACSHA256(key: try SecretKey.copying([UInt8](repeating: 7, count: 32).span))
    }

    /// Deeds of `users` over six days.
    static func deeds(
        _ count: Int, users: ClosedRange<Int>, _ generator: inout SeededGenerator
    ) -> [Deed] {
        (0..<count).map { _ in
            let user = Int.random(in: users, using: &generator)
            return Deed(
                time: start + Int64.random(in: 0..<6 * 86_400_000, using: &generator),
                action: ["login", "search", "print", ""].randomElement(using: &generator) ?? "",
                amount: ["", "x", "1.75", "-3.2", "0.5", "40"].randomElement(using: &generator)
                    ?? "",
                user: user,
                customer: user == 0
                    ? 0 : 100 + (user + Int.random(in: 0...3, using: &generator)) % 5)
        }
    }

    /// The deeds spread over `parts` partials, each deed to the part that `place` says.
    static func partials(
        _ deeds: [Deed], parts: Int, _ place: (Int) -> Int
    ) throws -> Partials {
        var files: [any SpillFile] = []
        for part in 0..<parts {
            var aggregator = Aggregator(plan: plan, storage: MemorySpillStorage())
            let own = deeds.indices.filter { place($0) == part }.map { deeds[$0] }
            try withBatch(own) { try aggregator.observe($0, chunk: $1) }
            let file = MemorySpillFile()
            try aggregator.finish(PartialHeader(planDigest: [1], keys: []), into: file)
            files.append(file)
        }
        return Partials(files, plan: plan, storage: MemorySpillStorage())
    }

    private static func withBatch(
        _ deeds: [Deed], _ body: (borrowing ObservationBatch, Span<UInt8>) throws -> Void
    ) rethrows {
        var batch = ObservationBatch(textInputCount: 2, tokenInputCount: 2)
        var chunk: [UInt8] = [0]
        for deed in deeds {
            for (input, text) in [deed.action, deed.amount].enumerated() {
                let slice = FieldSlice(start: chunk.count, length: text.utf8.count, kind: .text)
                batch.texts[input].append(text.isEmpty ? .absent : slice)
                chunk += Array(text.utf8)
            }
            batch.tokens[0].append(token(deed.user))
            batch.tokens[1].append(token(deed.customer))
            batch.appendRow(
                time: deed.time, day: deed.day, hour: UInt8(deed.time / 3_600_000 % 24),
                statistics: .max)
        }
        try body(batch, chunk.span)
    }
}

/// Days as tables print them.
enum CivilText {
    static func day(_ days: Int32) -> String { CivilDate(daysSince1970: Int(days)).text }
}
