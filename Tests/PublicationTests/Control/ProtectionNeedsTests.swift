import Statistics
import TestSupport
import Testing

@testable import Publication

/// How far the attacker must stay from a figure, and what he knows of it.
@Suite struct ProtectionNeedsTests {
    private static let unit: Int128 = 1_000_000_000

    /// A family of one figure, `value` in billionths of `persons` persons, with the thresholds of
    /// its table.
    private static func family(
        _ column: InventedLog.Column, _ value: Int128, persons: Int, least: Int = 10
    ) throws -> (Family, Thresholds) {
        var log = InventedLog()
        for person in 0..<persons {
            log.records.append(
                InventedLog.Record(
                    day: 0, texts: ["x"], amount: 1, person: person, customer: person))
        }
        let table = InventedLog.Table(keys: [.text(input: 0, column: "a")], columns: [column])
        let publication = log.publication([table], .persons(least, customers: nil))
        var family = try FamilyBuilder(publication).families()[0]
        #expect(family.keys.count == 1)
        family.values[0] = value
        return (family, Thresholds(rules(least), publication.tables[0]))
    }

    private static func rules(_ least: Int) -> ControlRules {
        ControlRules(persons: least, customers: nil, priorPercent: 10)
    }

    @Test(
        "a fifth of the figure, and of counts as many as there must be persons, in whole ones",
        arguments: [
            (5, 10), (50, 10), (53, 11), (100, 20), (101, 21), (0, 1), (1, 10),
        ] as [(Int128, Int128)])
    func counts(_ value: Int128, _ need: Int128) throws {
        for (reason, floor) in [(SuppressionReason.persons, value > 0 ? 1 : 0), (.customers, 5)] {
            var (family, thresholds) = try Self.family(
                .times(when: nil), value * Self.unit, persons: 5)
            ProtectionNeeds(Self.rules(10)).mark(0, reason, nil, in: &family, thresholds)
            #expect(family.needs == [need * Self.unit])
            #expect(family.floors == [Int32(floor)])
            #expect(family.states == [.unsafe])
        }
    }

    @Test(
        "of sums a fifth, and never nothing",
        arguments: [
            (100 * unit, 20 * unit), (53 * unit, unit * 106 / 10), (0, unit), (1, 1), (9, 1),
            (-100 * unit, 20 * unit),
        ] as [(Int128, Int128)])
    func sums(_ value: Int128, _ need: Int128) throws {
        var (family, thresholds) = try Self.family(.sum, value, persons: 5)
        ProtectionNeeds(Self.rules(10)).mark(0, .persons, nil, in: &family, thresholds)
        #expect(family.needs == [need])
    }

    @Test("of a sum that one dominates, what the rule of dominance asks for")
    func dominance() throws {
        let rules = Self.rules(10)
        let backing = CellBacking(
            persons: 20, customers: 9, total: 1000 * Self.unit,
            largestPersons: [990 * Self.unit, 5 * Self.unit], largestCustomers: [])
        let protection = protectionOfDominance(backing, rules)
        #expect(protection > 0)
        for (value, reason, need) in [
            (100, SuppressionReason.dominance, max(protection, 20 * Self.unit)),
            (10_000, .dominance, 2000 * Self.unit), (100, .persons, 20 * Self.unit),
        ] as [(Int128, SuppressionReason, Int128)] {
            var (family, thresholds) = try Self.family(.sum, value * Self.unit, persons: 20)
            ProtectionNeeds(rules).mark(0, reason, backing, in: &family, thresholds)
            #expect(family.needs == [need])
        }
        #expect(protection > 20 * Self.unit)
    }

    @Test(
        "of users half of how many there must be, as far as the mark leaves it open",
        arguments: [(10, 5, 9, 5), (10, 9, 9, 5), (3, 2, 2, 1), (4, 2, 3, 2), (30, 5, 29, 15)])
    func users(_ least: Int, _ value: Int, _ ceiling: Int32, _ need: Int128) throws {
        var (family, thresholds) = try Self.family(
            .users, Int128(value) * Self.unit, persons: value, least: least)
        ProtectionNeeds(Self.rules(least)).mark(0, .persons, nil, in: &family, thresholds)
        #expect(family.floors == [1] && family.ceilings == [ceiling])
        #expect(family.needs == [need * Self.unit])
        #expect(family.states == [.unsafe])
    }

    /// Another reason than few persons tells nothing of how many there are, and a count of others
    /// than persons is not told by its mark.
    @Test func theMarkTellsOfPersonsOnly() throws {
        for (reason, persons) in [(SuppressionReason.customers, 5), (.persons, 6)] {
            var (family, thresholds) = try Self.family(.users, 5 * Self.unit, persons: persons)
            let ceilings = family.ceilings
            ProtectionNeeds(Self.rules(10)).mark(0, reason, nil, in: &family, thresholds)
            #expect(family.ceilings == ceilings)
            #expect(family.needs == [5 * Self.unit])
        }
    }

    @Test("of a safe count of users it is known that there are enough", arguments: [
        (12, 10, 10), (10, 10, 10), (9, 10, 9), (12, 30, 12),
    ])
    func floors(_ value: Int, _ least: Int, _ floor: Int32) throws {
        var (family, thresholds) = try Self.family(
            .users, Int128(value) * Self.unit, persons: value, least: least)
        family.floors[0] = 100
        ProtectionNeeds(Self.rules(least)).setFloor(of: 0, in: &family, thresholds)
        #expect(family.floors == [floor])
        var (counts, _) = try Self.family(.times(when: nil), 12 * Self.unit, persons: 12)
        counts.floors[0] = 100
        ProtectionNeeds(Self.rules(least)).setFloor(of: 0, in: &counts, thresholds)
        #expect(counts.floors == [100])
    }

    @Test("a difference that nobody shows is unsafe when few records are in it", arguments: [
        (0, false), (1, true), (9, true), (10, false), (11, false),
    ])
    func differences(_ value: Int128, _ isUnsafe: Bool) throws {
        for column in [InventedLog.Column.times(when: nil), .sum] {
            var (family, _) = try Self.family(column, value * Self.unit, persons: 5)
            family.states[0] = .virtual
            family.floors[0] = 5
            ProtectionNeeds(Self.rules(10)).markDifference(0, in: &family)
            let isMarked = isUnsafe && family.measurand.isCount
            #expect(family.needs == [isMarked ? 10 * Self.unit : 0])
            #expect(family.floors == [isMarked ? 1 : 5])
            #expect(family.states == [.virtual])
        }
    }

    @Test(
        "of what is counted for the sake of conditions a fifth, and never nothing",
        arguments: [(5, 1), (53, 11), (0, 1)] as [(Int128, Int128)])
    func parts(_ value: Int128, _ need: Int128) throws {
        var (family, _) = try Self.family(.times(when: nil), value * Self.unit, persons: 5)
        family.states = [.virtual]
        let floors = family.floors
        ProtectionNeeds(Self.rules(10)).markPart(0, in: &family)
        #expect(family.needs == [need * Self.unit])
        #expect(family.states == [.virtual])
        // Nobody is told that there are too few.
        #expect(family.floors == floors && floors != [value > 0 ? 1 : 0])
        var (sums, _) = try Self.family(.sum, value * Self.unit, persons: 5)
        ProtectionNeeds(Self.rules(10)).markPart(0, in: &sums)
        #expect(sums.needs == [value == 0 ? Self.unit : value * Self.unit / 5])
        var (users, _) = try Self.family(.users, value * Self.unit, persons: 5)
        ProtectionNeeds(Self.rules(10)).markPart(0, in: &users)
        #expect(users.needs == [Self.unit])
    }

    @Test("of the smallest sum that is counted for the sake of conditions all")
    func smallestPart() throws {
        for value in [1, 9, -1] as [Int128] {
            var (family, _) = try Self.family(.sum, value, persons: 5)
            ProtectionNeeds(Self.rules(10)).markPart(0, in: &family)
            #expect(family.needs == [1])
        }
    }
}
