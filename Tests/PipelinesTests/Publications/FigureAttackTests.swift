import TestSupport
import Testing

@testable import Pipelines

/// Random tables of counts, sums, means and distinct counts with conditions, attacked by whoever
/// has all of them, also with a revision.
///
/// `SLUICE_LONG_CONDITIONS=1000 swift test --filter FigureAttackTests` attacks so many others.
@Suite struct FigureAttackTests {
    private static let asked = Asked("SLUICE_LONG_CONDITIONS", form: "how many")

    static let forms: [(name: String, form: FigureAttack.Form)] = [
        ("counts", FigureAttack.Form(figures: [.count])),
        ("three fields", FigureAttack.Form(figures: [.count], fields: 3, days: 1)),
        (
            "many columns",
            FigureAttack.Form(figures: [.count], days: 0, conditionsMax: 1, columnsMax: 6)
        ),
        ("sums", FigureAttack.Form(figures: [.sum])),
        ("means", FigureAttack.Form(figures: [.count, .sum, .mean], days: 0, purposes: 2)),
        ("other", FigureAttack.Form(figures: [.count, .sum], hasOther: true)),
        ("distinct", FigureAttack.Form(figures: [.users, .count], days: 0, sharesPersons: true)),
        ("means alone", FigureAttack.Form(figures: [.count, .mean], days: 0, purposes: 2)),
        (
            "opt-outs",
            FigureAttack.Form(figures: [.count], days: 0, purposes: 2, hasOptOuts: true)
        ),
        (
            "opt-outs and sums",
            FigureAttack.Form(figures: [.count, .sum], days: 0, purposes: 2, hasOptOuts: true)
        ),
    ]

    @Test("nobody computes what is withheld", arguments: forms.indices)
    func figures(_ number: Int) throws {
        let (name, form) = Self.forms[number]
        let count = Self.asked.isMade ? try Self.asked.one(Asked.count) : 3
        for seed in 0..<count {
            let attack = FigureAttack(seed: UInt64(1000 * number + seed), form)
            guard let scene = try attack.published() else { continue }
            let told = try attack.told(scene, "out/2026-03")
            let findings = try attack.findings([(told, attack.records)])
            #expect(findings == [], "\(name), seed \(seed): \(attack.tables)")
        }
    }

    /// What control once told: that a condition left nothing out (5), and that there was nobody,
    /// beside a count of nothing (31).
    @Test("what was told once is told no more", arguments: [5, 31])
    func seeds(_ seed: UInt64) throws {
        let attack = FigureAttack(seed: 6000 + seed, Self.forms[6].form)
        let scene = try #require(try attack.published())
        let told = try attack.told(scene, "out/2026-03")
        #expect(try attack.findings([(told, attack.records)]) == [])
    }

    /// More came after the month was closed, or one person went: whoever has both publications has
    /// their differences, too.
    @Test("nobody computes it with a revision", arguments: [false, true])
    func revisions(_ erases: Bool) throws {
        let count = Self.asked.isMade ? try Self.asked.one(Asked.count) : 3
        for seed in 0..<count {
            let form = FigureAttack.Form(figures: [.count])
            let attack = FigureAttack(seed: UInt64(7000 + seed), form)
            guard let scene = try attack.published() else { continue }
            let first = try attack.told(scene, "out/2026-03")
            guard let after = try attack.revised(scene, erasing: erases, seed: UInt64(seed)) else {
                continue
            }
            let second = try attack.told(scene, "out/2026-03.r1")
            let findings = try attack.findings([(first, attack.records), (second, after)])
            #expect(findings == [], "seed \(seed): \(attack.tables)")
        }
    }

    /// The attack finds what it looks for: one withheld figure that is told after all.
    @Test("the attack finds what is told", arguments: [0, 3, 6])
    func aFigureThatIsTold(_ number: Int) throws {
        var found = 0
        for seed in 0..<3 {
            let attack = FigureAttack(seed: UInt64(1000 * number + seed), Self.forms[number].form)
            guard let scene = try attack.published() else { continue }
            var told = try attack.told(scene, "out/2026-03")
            let figure = Self.forms[number].form.figures[0]
            let place = told.cells.firstIndex {
                $0.figure == figure && !$0.isTold && !$0.kinds.isEmpty
            }
            guard let at = place else { continue }
            told.cells.append(told.cells[at].with("\(attack.truth(of: told.cells[at]))"))
            found += try attack.findings([(told, attack.records)]).count
        }
        #expect(found > 0)
    }
}
