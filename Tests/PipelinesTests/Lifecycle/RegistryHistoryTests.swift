import Anonymization
import FileSystem
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Random histories over the commands of the registry, with a plain model beside them.
///
/// After each run: a held record in what is stored is as it was, one that is due and not held has
/// no identifier left, and nothing opted out is counted.
@Suite("Histories of the registry")
struct RegistryHistoryTests {
    /// One record that was written.
    private struct Written {
        let number: Int
        let user: String
        let customer: String
        let day: CivilDate
        /// The record has been aged out: a hold cannot bring it back.
        var isAged = false

        var line: String { logLine(day.text, user: user, customer: customer, n: number) }
        var aged: String {
            #"{"ts":"\#(day.text)T10:00:00Z","ip":"192.0.0.0","n":"\#(number)"}"#
        }
    }

    private struct Held {
        let name: String
        let user: String?
        let customer: String?
        let end: CivilDate?
        var isReleased = false

        func binds(_ record: Written, on day: CivilDate) -> Bool {
            !isReleased && end.map { day < $0 } ?? true
                && (user == record.user || customer == record.customer)
        }
    }

    private struct OptedOut {
        let customer: String
        let id: Int64
        var isWithdrawn = false
    }

    /// The state of the model.
    private struct Model {
        var today: CivilDate
        var records: [Written] = []
        /// Numbers of records that may be in the figures.
        var counted: Set<Int> = []
        var holds: [Held] = []
        var optOuts: [OptedOut] = []
        var names = 0
    }

    @Test("nothing held is aged, everything due and not held is, nothing opted out is counted",
        arguments: Want.isPlainProcess ? [3, 17, 92] : [3] as [UInt64])
    func histories(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let store = try RegistryStore()
        try store.pipeline(delete: "P5Y")
        var model = Model(today: CivilDate(year: 2026, month: 1, day: 20))
        for step in 0..<30 {
            model.today = CivilDate(
                daysSince1970: model.today.daysSince1970 + Int.random(in: 0...12, using: &random))
            try act(store, &model, &random)
            try write(store, &model, &random, atLeast: step == 0 ? 1 : 0)
            try store.run(model.today.text)
            try check(store, &model, "seed \(seed), step \(step), \(model.today.text)")
        }
    }

    private func act(
        _ store: borrowing RegistryStore, _ model: inout Model, _ random: inout SeededGenerator
    ) throws {
        let now = model.today.text
        let who = "c\(Int.random(in: 1...4, using: &random))"
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            model.names += 1
            let isUser = Bool.random(using: &random)
            let ends = Bool.random(using: &random)
            let hold = Held(
                name: "h\(model.names)", user: isUser ? "u\(who)" : nil,
                customer: isUser ? nil : who,
                end: ends ? CivilDate(daysSince1970: model.today.daysSince1970 + 40) : nil)
            try store.hold(hold.name, now: now) { request in
                request.users = hold.user.map { [$0] } ?? []
                request.customers = hold.customer.map { [$0] } ?? []
                request.end = hold.end?.text
            }
            model.holds.append(hold)
        case 1:
            guard
                let index = model.holds.indices.filter({ !model.holds[$0].isReleased })
                    .randomElement(using: &random)
            else { return }
            try store.release(model.holds[index].name, now: now)
            model.holds[index].isReleased = true
        case 2:
            var request = OptOutRequest(
                pipeline: store.file, subject: OptOutSubject(customer: who))
            request.now = now
            let outcome = try Sluice.addOptOut(request)
            if outcome.isNew {
                model.optOuts.append(OptedOut(customer: who, id: outcome.entry.id))
            }
            let gone = model.records.filter { $0.customer == who }.map(\.number)
            model.counted.subtract(gone)
        case 3:
            guard
                let index = model.optOuts.indices.filter({ !model.optOuts[$0].isWithdrawn })
                    .randomElement(using: &random)
            else { return }
            _ = try Sluice.withdrawOptOut(
                pipeline: store.file, id: model.optOuts[index].id, subject: OptOutSubject(),
                date: nil, now: now)
            model.optOuts[index].isWithdrawn = true
        default: break
        }
    }

    private func write(
        _ store: borrowing RegistryStore, _ model: inout Model, _ random: inout SeededGenerator,
        atLeast: Int
    ) throws {
        var fresh: [Written] = []
        for _ in 0..<Int.random(in: atLeast...3, using: &random) {
            let who = "c\(Int.random(in: 1...4, using: &random))"
            // Some are late: due before they are written.
            let age = Int.random(in: 0...45, using: &random)
            fresh.append(
                Written(
                    number: model.records.count + fresh.count + 1, user: "u\(who)", customer: who,
                    day: CivilDate(daysSince1970: model.today.daysSince1970 - age)))
        }
        if fresh.isEmpty { return }
        try store.source("s\(model.records.count)", fresh.map(\.line))
        for record in fresh {
            let isOut = model.optOuts.contains {
                !$0.isWithdrawn && $0.customer == record.customer
            }
            if !isOut { model.counted.insert(record.number) }
        }
        // A new output transforms what is due, held or not.
        let cutOff = model.today.subtracting(CalendarDuration(months: 1, days: 0))
        model.records += fresh.map { record in
            var record = record
            record.isAged = record.day < cutOff
            return record
        }
    }

    private func check(
        _ store: borrowing RegistryStore, _ model: inout Model, _ place: String
    ) throws {
        let cutOff = model.today.subtracting(CalendarDuration(months: 1, days: 0))
        for index in model.records.indices where !model.records[index].isAged {
            let record = model.records[index]
            let isHeld = model.holds.contains { $0.binds(record, on: model.today) }
            model.records[index].isAged = record.day < cutOff && !isHeld
        }
        let expected = model.records.map { $0.isAged ? $0.aged : $0.line }.sorted()
        let found = try store.lines("log")
        #expect(found == expected, "\(place)")
        let counts = try store.lines("counts").compactMap { line -> Int? in
            let cells = line.split(separator: ",")
            guard cells.count == 4, cells[2] != "0" else { return nil }
            return Int(cells[1])
        }
        #expect(Set(counts) == model.counted, "\(place)")
    }
}
