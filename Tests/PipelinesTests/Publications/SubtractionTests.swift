import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// An attacker who keeps every publication of a month and subtracts them from each other, against
/// what was really counted.
struct SubtractionTests {
    private struct Event {
        let day: Int
        let person: Int
        let action: String
    }

    /// A publication as the attacker has it: through which day, and its tables.
    private struct Shown {
        let name: String
        let counted: [Event]
        /// By action, `all` for the month, the number of events; nil when it is withheld.
        var times: [String: Int?] = [:]
        var users: [String: Int?] = [:]
    }

    private static let all = "all"
    private static let persons = 3
    private static let customers = 2

    private func events(_ random: inout SeededGenerator) -> [Event] {
        let actions = ["login", "login", "login", "search", "search", "export", "import", "merge"]
        return (0..<Int.random(in: 60...160, using: &random)).map { _ in
            Event(
                day: Int.random(in: 1...31, using: &random),
                person: Int.random(in: 0..<24, using: &random),
                action: actions.randomElement(using: &random) ?? "")
        }
    }

    private func read(_ scene: PublishTrial, _ folder: String, _ counted: [Event]) throws -> Shown {
        var shown = Shown(name: folder, counted: counted)
        for table in ["months", "actions"] {
            for line in try scene.trial.text("\(folder)/\(table).csv").split(separator: "\n")
                .dropFirst()
            {
                let cells = line.split(separator: ",", omittingEmptySubsequences: false)
                let key = cells.count == 4 ? String(cells[1]) : Self.all
                shown.times[key] = .some(Int(cells[cells.count - 2]))
                shown.users[key] = .some(Int(cells[cells.count - 1]))
            }
        }
        return shown
    }

    private func log(_ scene: PublishTrial, _ name: String, _ events: [Event]) throws {
        let lines = events.map { event in
            #"{"ts":"2026-03-\#(event.day < 10 ? "0" : "")\#(event.day)T12:00:00Z","#
                + #""customer":"C\#(event.person % 3)","user":"p\#(event.person)@a.example","#
                + #""action":"\#(event.action)"}"# + "\n"
        }
        try scene.trial.write("in/\(name).jsonl", lines.joined())
    }

    /// All publications of one month: weekly ones, the final one, and a correction if it may be.
    private func publications(
        _ other: String, _ random: inout SeededGenerator
    ) throws -> [Shown] {
        let scene = try PublishTrial(publish: ", provisional: running, other: \(other)")
        let events = events(&random)
        var shown: [Shown] = []
        for week in 1...4 {
            let days = (week * 7 - 6)...(week * 7)
            try log(scene, "w\(week)", events.filter { days.contains($0.day) })
            let last = week * 7 < 10 ? "0\(week * 7)" : "\(week * 7)"
            let next = week * 7 + 1 < 10 ? "0\(week * 7 + 1)" : "\(week * 7 + 1)"
            try scene.trial.run(now: "2026-03-\(next)")
            let refused = scene.refusal {
                try scene.publish("2026-03-\(next)") { $0.isProvisional = true }
            }
            guard refused.isEmpty else { continue }
            shown.append(
                try read(scene, "running/2026-03-\(last)", events.filter { $0.day <= week * 7 }))
        }
        try log(scene, "w5", events.filter { $0.day > 28 })
        try scene.trial.run(now: "2026-04-01")
        guard scene.refusal({ try scene.publish("2026-04-08") }).isEmpty else { return shown }
        shown.append(try read(scene, "out/2026-03", events))
        let late = self.events(&random).prefix(Int.random(in: 4...60, using: &random))
        try log(scene, "late", Array(late))
        try scene.trial.run(now: "2026-04-09")
        let refused = scene.refusal { try scene.publish("2026-04-10") { $0.correction = "late" } }
        if refused.isEmpty { shown.append(try read(scene, "out/2026-03.r1", events + late)) }
        return shown
    }

    /// Who is behind what `newer` counted and `older` did not, of some actions.
    private func isEnough(_ older: Shown, _ newer: Shown, _ actions: Set<String>?) -> Bool {
        var before: [String: Int] = [:]
        func name(_ event: Event) -> String { "\(event.day) \(event.person) \(event.action)" }
        for event in older.counted { before[name(event), default: 0] += 1 }
        var people: Set<Int> = []
        for event in newer.counted where actions?.contains(event.action) ?? true {
            if let left = before[name(event)], left > 0 {
                before[name(event)] = left - 1
            } else {
                people.insert(event.person)
            }
        }
        return people.isEmpty
            || people.count >= Self.persons && Set(people.map { $0 % 3 }).count >= Self.customers
    }

    @Test("no difference tells of too few", arguments: 1...4, ["none", "action"])
    func differences(_ seed: Int, _ other: String) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let shown = try publications(other, &random)
        for (at, newer) in shown.enumerated() {
            for older in shown.prefix(at) {
                let place = "seed \(seed), other \(other), \(older.name) and \(newer.name)"
                check(older, newer, place)
            }
        }
    }

    /// What `shown` tells of a row; nil when it tells nothing. A row that is not there is zero,
    /// unless it may be in `Other`.
    private func told(_ figures: [String: Int?], _ key: String) -> Int? {
        figures[key] ?? (figures["Other"] == nil ? 0 : nil)
    }

    private func check(_ older: Shown, _ newer: Shown, _ place: String) {
        let named = Set(newer.times.keys).subtracting([Self.all, "Other"])
        func actions(of key: String) -> Set<String>? {
            if key == Self.all { return nil }
            guard key == "Other" else { return [key] }
            return Set(newer.counted.map(\.action)).subtracting(named)
        }
        for (key, now) in newer.times {
            guard let now, let then = told(older.times, key), now != then else { continue }
            #expect(isEnough(older, newer, actions(of: key)), "\(place): times of \(key)")
        }
        for (key, now) in newer.users {
            guard let now, let then = told(older.users, key), now != then else { continue }
            #expect(now - then >= Self.persons, "\(place): users of \(key)")
        }
        // What is left of the difference of the totals when all known differences are taken off.
        guard let total = newer.times[Self.all] ?? nil, let before = older.times[Self.all] ?? nil,
            total != before
        else { return }
        let hidden = newer.times.keys.filter { key in
            key != Self.all
                && (told(newer.times, key) == nil || told(older.times, key) == nil)
        }
        var left: Set<String> = []
        for key in hidden { left.formUnion(actions(of: key) ?? []) }
        #expect(left.isEmpty || isEnough(older, newer, left), "\(place): what is left of the total")
    }

    @Test func thereIsSomethingToWithhold() throws {
        var withheld = 0
        for seed in 1...4 {
            var random = SeededGenerator(seed: UInt64(seed))
            let shown = try publications("none", &random)
            #expect(shown.count >= 3)
            for (at, newer) in shown.enumerated() {
                for older in shown.prefix(at) {
                    // Told before, small difference: told no more.
                    withheld += newer.times.filter { key, now in
                        let actions: Set<String>? = key == Self.all ? nil : [key]
                        return now == nil && older.times[key] ?? nil != nil
                            && !isEnough(older, newer, actions)
                    }.count
                }
            }
        }
        #expect(withheld > 0)
    }
}
