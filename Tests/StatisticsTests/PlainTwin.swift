import KeyedHashing
import Records
import TestSupport

@testable import Anonymization
@testable import Statistics

/// One invented record, as the tests see it.
struct Observation: Sendable {
    var time: Int64
    var partner: String
    var action: String
    var browser: String
    var amount: String
    var user: Int
    var customer: Int

    var day: Int { Int(time >= 0 ? time / 86_400_000 : (time - 86_399_999) / 86_400_000) }
    var month: String { CivilDate(daysSince1970: day).text.prefix(7).description }
}

/// Indexes of the inputs in `Observation` batches.
enum Input {
    static let partner = 0
    static let action = 1
    static let browser = 2
    static let amount = 3
    static let user = 0
    static let customer = 1
    static let texts = ["partner", "action", "browser", "amount"].map { TextInputPlan(name: $0) }
}

/// A token for a small number; 0 is nobody.
func token(_ number: Int) -> Token {
    if number == 0 { return .none }
    var generator = SeededGenerator(seed: UInt64(number))
    return Token(high: generator.next(), low: generator.next())
}

/// Fills a batch as the releasing module does: texts partly in the chunk, partly in the arena.
func withBatch(
    _ observations: [Observation], mask: UInt64 = .max, masks: [UInt64]? = nil,
    _ body: (borrowing ObservationBatch, Span<UInt8>) throws -> Void
) rethrows {
    var batch = ObservationBatch(textInputCount: 4, tokenInputCount: 2)
    var chunk: [UInt8] = [0]
    for (number, one) in observations.enumerated() {
        let texts = [one.partner, one.action, one.browser, one.amount]
        for (input, text) in texts.enumerated() {
            if text.isEmpty {
                batch.texts[input].append(.absent)
            } else if (number + input) % 2 == 0 {
                batch.texts[input].append(
                    FieldSlice(start: chunk.count, length: text.utf8.count, kind: .text))
                chunk += Array(text.utf8)
            } else {
                let start = batch.arena.bytes.count | Int(ObservationBatch.arenaBit)
                batch.texts[input].append(
                    FieldSlice(start: start, length: text.utf8.count, kind: .text))
                batch.arena.append(text: text)
            }
        }
        batch.tokens[Input.user].append(token(one.user))
        batch.tokens[Input.customer].append(token(one.customer))
        let hour = (one.time / 3_600_000) % 24
        batch.appendRow(
            time: one.time, day: Int32(one.day), hour: UInt8(hour),
            statistics: masks?[number] ?? mask)
    }
    try body(batch, chunk.span)
}

/// Random observations over a few months, in nearly the order of time.
func randomObservations(_ count: Int, _ generator: inout SeededGenerator) -> [Observation] {
    var time: Int64 = 1_768_435_200_000
    let actions = ["login", "logout", "invoice_sent", "password_reset", "search", ""]
    let browsers = ["Firefox 128", "Chrome, 124", "Other \"x\"", ""]
    return (0..<count).map { _ in
        time += Int64.random(in: 0...2_400_000, using: &generator)
        let late = Int.random(in: 0..<20, using: &generator) == 0
        let user = Int.random(in: 0...30, using: &generator)
        return Observation(
            time: late ? time - Int64.random(in: 0...9_000_000, using: &generator) : time,
            partner: "p\(Int.random(in: 1...3, using: &generator))",
            action: actions.randomElement(using: &generator) ?? "",
            browser: browsers.randomElement(using: &generator) ?? "",
            amount: ["", "x", "12.5", "-3", "0.000000001", "7"]
                .randomElement(using: &generator) ?? "",
            user: user, customer: user == 0 ? 0 : user % 7 + 1)
    }
}

/// The four tables of the main example, with the slow plain way to compute them: dictionaries and
/// sorted lists.
struct PlainTwin {
    static let gap: Int64 = 1_800_000
    let below: Int
    private var partner: [[String]: (counts: [Int], users: Set<Int>)] = [:]
    private var daily: [[String]: Int] = [:]
    private var dimensions: [[String]: Int] = [:]
    private var times: [Int: [Int64]] = [:]

    init(_ observations: [Observation], below: Int) {
        self.below = below
        for one in observations {
            var row = partner[[one.month, one.partner]] ?? ([0, 0, 0], [])
            row.counts[0] += one.action == "login" ? 1 : 0
            row.counts[1] += one.action == "invoice_sent" ? 1 : 0
            row.counts[2] += one.action == "password_reset" ? 1 : 0
            if one.user > 0 {
                row.users.insert(one.user)
                times[one.user, default: []].append(one.time)
            }
            partner[[one.month, one.partner]] = row
            daily[[CivilDate(daysSince1970: one.day).text, one.action], default: 0] += 1
            dimensions[["action", one.action], default: 0] += 1
            dimensions[["browser", one.browser], default: 0] += 1
        }
    }

    private func count(_ value: Int) -> String { value < below ? "<\(below)" : "\(value)" }

    private func quoted(_ text: String) -> String {
        let special = text.utf8.contains { $0 == 44 || $0 == 34 }
        return special
            ? "\"" + text.split(separator: "\"", omittingEmptySubsequences: false)
                .joined(separator: "\"\"") + "\"" : text
    }

    private func lines(_ head: String, _ rows: [([String], [String])]) -> String {
        let sorted = rows.sorted { left, right in
            for (one, other) in zip(left.0, right.0) where one != other {
                return one.utf8.lexicographicallyPrecedes(other.utf8)
            }
            return false
        }
        return ([head] + sorted.map { ($0.0.map(quoted) + $0.1).joined(separator: ",") })
            .map { $0 + "\n" }.joined()
    }

    /// The tables as CSV: partner, daily, dimensions, sessions.
    var tables: [String] {
        [
            lines(
                "month,partner,logins,distinct_users,invoices_sent,password_resets",
                partner.map { key, row in
                    (
                        key,
                        [
                            count(row.counts[0]), count(row.users.count), count(row.counts[1]),
                            count(row.counts[2]),
                        ]
                    )
                }),
            lines("day,action,count", daily.map { ($0.key, [count($0.value)]) }),
            lines("dimension,value,count", dimensions.map { ($0.key, [count($0.value)]) }),
            lines("month,sessions,mean_ms,p50_ms,p95_ms", sessionRows),
        ]
    }

    private var sessionRows: [([String], [String])] {
        var durations: [String: [Int64]] = [:]
        for list in times.values {
            let sorted = list.sorted()
            var first = sorted[0]
            var last = first
            for time in sorted.dropFirst() + [.max] {
                if time == .max || time - last > Self.gap {
                    let day = Int(first / 86_400_000)
                    let month = CivilDate(daysSince1970: day).text.prefix(7).description
                    durations[month, default: []].append(last - first)
                    first = time
                }
                last = time
            }
        }
        return durations.map { month, list in
            let sorted = list.sorted()
            let n = sorted.count
            if n < below { return ([month], [count(n), "", "", ""]) }
            let mean = sorted.reduce(0, +) / Int64(n)
            return (
                [month],
                [
                    "\(n)", "\(mean)", "\(sorted[(n * 50 + 99) / 100 - 1])",
                    "\(sorted[(n * 95 + 99) / 100 - 1])",
                ]
            )
        }
    }
}

/// The plan of the main example.
func examplePlan(
    _ rule: SuppressionRule, _ granularity: Granularity = .reduced
) -> StatisticsPlan {
    func when(_ action: String) -> [Condition] {
        [Condition(input: Input.action, texts: [Array(action.utf8)])]
    }
    let sessions = SessionsPlan(
        token: Input.user,
        columns: [
            SessionsColumn(.count, name: "sessions"), SessionsColumn(.mean, name: "mean_ms"),
            SessionsColumn(.p50, name: "p50_ms"), SessionsColumn(.p95, name: "p95_ms"),
        ], unit: .milliseconds)
    func statistic(_ name: String, _ keys: [GroupKey], _ measures: [MeasurePlan]) -> StatisticPlan {
        StatisticPlan(
            name: name, purposeIndex: 0, groupBy: keys, measures: measures, suppression: rule)
    }
    return StatisticsPlan(
        textInputs: Input.texts, tokenInputCount: 2, personInput: Input.user,
        customerInput: Input.customer,
        statistics: [
            statistic(
                "monthly_partner", [.month, .text(input: Input.partner, column: "partner")],
                [
                    MeasurePlan(name: "logins", conditions: when("login"), kind: .count),
                    MeasurePlan(name: "distinct_users", kind: .distinct(token: Input.user)),
                    MeasurePlan(
                        name: "invoices_sent", conditions: when("invoice_sent"), kind: .count),
                    MeasurePlan(
                        name: "password_resets", conditions: when("password_reset"),
                        kind: .count),
                ]),
            statistic(
                "daily_action", [.day, .text(input: Input.action, column: "action")],
                [MeasurePlan(name: "count", kind: .count)]),
            statistic(
                "dims",
                [
                    .dimensions([
                        Dimension(name: "browser", input: Input.browser),
                        Dimension(name: "action", input: Input.action),
                    ])
                ], [MeasurePlan(name: "count", kind: .count)]),
            statistic(
                "sessions", [.month],
                [MeasurePlan(name: "sessions", kind: .sessions(sessions))]),
        ], granularity: granularity)
}
