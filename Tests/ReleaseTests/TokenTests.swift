@testable import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// Tokens: one per value and month, whatever the spelling, with or without a memory of others.
@Suite struct TokenTests {
    private func trial() -> ReleaseTrial {
        var trial = ReleaseTrial(["ts": Keep(), "user": Pseudonymize(field: "user")])
        trial.observations = ObservationPlan(
            texts: [
                .init(source: .slot(1), transform: Pseudonymize(field: "user")),
                .init(source: .slot(1), transform: Drop()),
            ],
            tokens: [
                .init(slot: 1, domain: TokenDomain(scope: "", field: "user"), staticHasher: nil)
            ],
            statistics: [.init(purpose: .statistics, categories: [])]
        )
        return trial
    }

    private func line(_ time: String, _ user: String) -> String {
        #"{"ts":"\#(time)","user":\#(user)}"#
    }

    @Test func spellingsOfOneValueShareATokenAndMonthsDoNot() {
        let table = [
            ("2026-03-31T23:59:59Z", #""ann""#), ("2026-03-01T00:00:00Z", #""\u0061nn""#),
            ("2026-04-01T00:00:00Z", #""ann""#), ("2026-03-15T00:00:00Z", #""ann""#),
            ("2026-04-15T00:00:00Z", #""an\u006e""#), ("2026-03-15T00:00:00Z", #""Ann""#),
            ("2026-03-15T00:00:00Z", "5"), ("2026-03-15T00:00:00Z", #""5""#),
        ]
        let result = trial().run(table.map { line($0, $1) })
        let plain = ["ann", "ann", "ann", "ann", "ann", "Ann", "5", "5"]
        let expected = zip(table, plain).map { row, value in
            MonthKeys.token(value, field: "user", month: String(row.0.prefix(7)))
        }
        #expect(Set(expected).count == 4)
        #expect(zip(result.lines, expected).allSatisfy { $0.contains("\"user\":\"\($1)\"") })
        let observed = result.observed.map { row in
            var buffer = ByteBuffer()
            buffer.append(tokenHex: row.tokens[0])
            return text(buffer.array())
        }
        #expect(observed == expected)
        #expect(result.observed.map { $0.texts[0] } == expected)
        #expect(result.observed.allSatisfy { $0.texts[1] == nil })
    }

    @Test(arguments: ["null", #""""#, "true", "[1]", #"{"a":1}"#])
    func whatNamesNobodyHasNoToken(_ user: String) {
        let result = trial().run([line(ReleaseTrial.due, user)])
        #expect(result.observed.map { $0.tokens } == [[Token.none]])
    }

    /// A static key makes the same token in each month, and where the month has no key.
    @Test func aStaticKeyKnowsNoMonths() throws {
        let hasher = try #require(MonthKeys.hasher(for: CalendarMonth(year: 2020, month: 1)))
        let domain = TokenDomain(scope: "", field: "user")
        var trial = trial()
        trial.keyRing = nil
        trial.observations.tokens = [.init(slot: 1, domain: domain, staticHasher: hasher)]
        let times = ["2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"]
        for user in ["ann", "bert", "5"] {
            let result = trial.run(times.map { line($0, user == "5" ? user : "\"\(user)\"") })
            let name = bytes(user)
            let token = hasher.token(in: domain, of: name.span)
            #expect(result.observed.map(\.tokens) == [[token], [token]])
        }
    }

    /// Thousands of records with few values, many spellings and three months: as each record alone.
    @Test func rememberedResultsAreTheComputedOnes() throws {
        var generator = SeededGenerator(seed: 0xCAC4E)
        let months = ["2026-03", "2026-04", "2026-05"]
        let trial = trial()
        let plan = try #require(trial.makePlan())
        let shared = Releaser(
            plan: plan,
            keyRing: MonthKeys(missing: [CalendarMonth(year: 2026, month: 5)])
        )
        for _ in 0..<40 {
            var lines: [String] = []
            for _ in 0..<60 {
                let length = Int.random(in: 0...9, using: &generator)
                let letters = (0..<length).map { _ in
                    ["a", "b", "\\u0061", "1", "é"][Int.random(in: 0..<5, using: &generator)]
                }.joined()
                let isNumber = !letters.isEmpty && letters.allSatisfy { $0 == "1" }
                let month = months[Int.random(in: 0..<3, using: &generator)]
                let quoted = isNumber && Bool.random(using: &generator) ? letters : "\"\(letters)\""
                lines.append(line("\(month)-02T00:00:00Z", quoted))
            }
            let together = trial.run([bytes(lines.joined(separator: "\n"))], releaser: shared)
            var alone = ReleaseTrial.Result()
            for one in lines {
                let fresh = Releaser(
                    plan: plan,
                    keyRing: MonthKeys(missing: [CalendarMonth(year: 2026, month: 5)])
                )
                let result = trial.run([bytes(one)], releaser: fresh)
                alone.output += result.output
                alone.observed += result.observed
            }
            #expect(together.output == alone.output)
            #expect(together.observed.map(\.tokens) == alone.observed.map(\.tokens))
            #expect(together.observed.map(\.texts) == alone.observed.map(\.texts))
            if together.output != alone.output { return }
        }
    }
}
