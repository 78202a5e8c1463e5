import KeyedHashing
import Publication
import Statistics
import TestSupport
import Testing

/// What control makes of small tables, figure by figure; each was worked out by hand.
@Suite struct ControlTests {
    private static let a = GroupKey.text(input: 0, column: "a")
    private static let b = GroupKey.text(input: 1, column: "b")

    /// Records of some persons, `each` of every one of them; those of one group are numbered on
    /// from those before it.
    private struct Group {
        var texts: [String]
        var persons: Range<Int>
        var each = 1
        /// How many customers they belong to.
        var customers = 4
    }

    private static func log(_ groups: [Group]) -> InventedLog {
        var log = InventedLog()
        for group in groups {
            for person in group.persons {
                for _ in 0..<group.each {
                    log.records.append(
                        InventedLog.Record(
                            day: 0, texts: group.texts, amount: 1, person: person,
                            customer: person % group.customers))
                }
            }
        }
        return log
    }

    /// Groups x, y and z of 9, 20 and 30 persons; those of y and z have two records each, so that
    /// who knows how many persons they are does not know their records.
    private static let three = [
        Group(texts: ["x", "v"], persons: 0..<9),
        Group(texts: ["y", "v"], persons: 9..<29, each: 2),
        Group(texts: ["z", "v"], persons: 29..<59, each: 2),
    ]

    private static func made(
        _ groups: [Group], _ tables: [InventedLog.Table], _ rules: ControlRules,
        toldBefore: [Set<FigurePlace>] = [], unseen: Set<Int> = []
    ) throws -> ControlledPublication {
        let all = log(groups).publication(tables, .persons(10, customers: nil))
        return try controlled(
            MeasuredPublication(
                statistics: all.statistics, tables: all.tables, toldBefore: toldBefore,
                unseen: unseen), rules)
    }

    /// The figures of each table, row by row.
    private static func cells(_ made: ControlledPublication) -> [[ControlledCell]] {
        made.tables.map { $0.rows.flatMap(\.cells) }
    }

    private static func told(_ count: Int64) -> ControlledCell { .value(.integer(count)) }
    private static let few = ControlledCell.suppressed(.persons)
    private static let other = ControlledCell.suppressed(.complementary)
    private static let rules = ControlRules(persons: 10, customers: nil)

    private static func byGroup(_ column: InventedLog.Column) -> [InventedLog.Table] {
        [InventedLog.Table(keys: [a], columns: [column]),
            InventedLog.Table(keys: [], columns: [column])]
    }

    // MARK: Counts

    /// With the total one more has to go, and it is the one that tells of the fewest.
    @Test func aHiddenPartOfATotalTakesTheSmallestOtherWithIt() throws {
        let made = try Self.made(Self.three, Self.byGroup(.times(when: nil)), Self.rules)
        #expect(
            Self.cells(made) == [[Self.few, Self.other, Self.told(60)], [Self.told(109)]])
        #expect(made.audited == 1 && made.unproven == 0)
    }

    @Test func aGroupOfExactlyTheThresholdIsTold() throws {
        var groups = Self.three
        groups[0].persons = 0..<10
        groups[1].persons = 10..<20
        let made = try Self.made(groups, Self.byGroup(.times(when: nil)), Self.rules)
        #expect(
            Self.cells(made) == [[10, 20, 60].map { Self.told($0) }, [Self.told(90)]])
        #expect(made.audited == 0 && made.unproven == 0)
    }

    /// Leaving out what everybody knows protects nothing.
    @Test func whatWasToldBeforeIsNoHelp() throws {
        let tables = Self.byGroup(.times(when: nil))
        let told = FigurePlace(row: 1, column: 0)
        let made = try Self.made(Self.three, tables, Self.rules, toldBefore: [[told], []])
        #expect(
            Self.cells(made) == [[Self.few, Self.told(40), Self.other], [Self.told(109)]])
        #expect(made.audited == 1 && made.unproven == 0)
        // Tables of which nothing is said were not told before.
        let early = try Self.made(Self.three, tables, Self.rules, toldBefore: [[told]])
        #expect(early == made)
        let all: [Set<FigurePlace>] = [
            [told, FigurePlace(row: 2, column: 0)], [FigurePlace(row: 0, column: 0)],
        ]
        let bare = try Self.made(Self.three, tables, Self.rules, toldBefore: all)
        #expect(
            Self.cells(bare) == [[Self.few, Self.told(40), Self.told(60)], [Self.told(109)]])
        #expect(bare.audited == 0 && bare.unproven == 1)
    }

    /// What is left of a total beside a part of it is told by nobody, and computed by everybody.
    @Test(arguments: [(10, true), (9, false)])
    func fewBesideAPart(_ rest: Int, _ isTold: Bool) throws {
        let groups = [
            Group(texts: ["x", "v"], persons: 0..<25, each: 2),
            Group(texts: ["x", "w"], persons: 25..<25 + rest),
        ]
        let part = InventedLog.Column.times(when: (input: 1, text: "v"))
        let table = InventedLog.Table(keys: [Self.a], columns: [.times(when: nil), part])
        let made = try Self.made(groups, [table], Self.rules)
        let all = Self.told(Int64(50 + rest))
        #expect(
            Self.cells(made) == [[all, isTold ? Self.told(50) : Self.other]])
        #expect(made.audited == (isTold ? 0 : 1) && made.unproven == 0)
    }

    // MARK: Noise

    private static func rounding() throws -> ControlRules {
        let secret = [UInt8](repeating: 5, count: 32)
        let key = RoundingKey(
            HMACSHA256(key: try SecretKey.copying(secret.span)), period: Array("2026-01".utf8))
        let base = try #require(RandomRounding(base: 5))
        return ControlRules(persons: 10, customers: nil, method: .rounding(base, key))
    }

    /// Multiples of five stay what they are; each leaves four either way open.
    private static let fives = [
        Group(texts: ["x", "v"], persons: 0..<5),
        Group(texts: ["y", "v"], persons: 5..<15, each: 2),
        Group(texts: ["z", "v"], persons: 15..<30, each: 2),
    ]

    /// 4 + 4 + 4 are 10 and more: with less of that another figure has to go.
    @Test func whatIsRoundedLeavesRoom() throws {
        let tables = Self.byGroup(.times(when: nil))
        let rounded = try Self.made(Self.fives, tables, try Self.rounding())
        #expect(
            Self.cells(rounded) == [[Self.few, Self.told(20), Self.told(30)], [Self.told(55)]])
        #expect(rounded.audited == 1 && rounded.unproven == 0)
        let two = try Self.made(Array(Self.fives.prefix(2)), tables, try Self.rounding())
        #expect(Self.cells(two) == [[Self.few, Self.other], [Self.told(25)]])
        let plain = try Self.made(Self.fives, tables, Self.rules)
        #expect(
            Self.cells(plain) == [[Self.few, Self.other, Self.told(30)], [Self.told(55)]])
    }

    /// A mean with its sum tells how many there are, whatever the count says.
    @Test func aMeanTellsWhatARoundedCountDoesNot() throws {
        let columns: [InventedLog.Column] = [.times(when: nil), .sum, .mean]
        let tables = [[Self.a], []].map { InventedLog.Table(keys: $0, columns: columns) }
        let made = try Self.made(Self.fives, tables, try Self.rounding())
        #expect(made.tables[0].rows.map { $0.cells[0] } == [Self.few, Self.other, Self.told(30)])
    }

    /// Beside its sum, a mean would tell the count that is left out.
    @Test func aMeanGoesWithTheCountOfItsCell() throws {
        let tables = [
            InventedLog.Table(keys: [Self.a], columns: [.times(when: nil), .mean]),
            InventedLog.Table(keys: [], columns: [.times(when: nil)]),
        ]
        let made = try Self.made(Self.three, tables, Self.rules)
        #expect(
            made.tables[0].rows.map(\.cells) == [
                [Self.few, Self.few], [Self.other, .suppressed(.linked)],
                [Self.told(60), Self.told(1)],
            ])
    }

    /// A mean of more, whose count no table shows, would be one more count beside its sum.
    @Test func aMeanWithoutACountGoesWithCountsInIt() throws {
        let counts = InventedLog.Table(keys: [Self.a], columns: [.times(when: nil)])
        let without = try Self.made(
            Self.three, [counts, InventedLog.Table(keys: [], columns: [.sum, .mean])], Self.rules)
        #expect(Self.cells(without)[1] == [Self.told(109), .suppressed(.linked)])
        let columns: [InventedLog.Column] = [.times(when: nil), .sum, .mean]
        let with = try Self.made(
            Self.three, [counts, InventedLog.Table(keys: [], columns: columns)], Self.rules)
        #expect(Self.cells(with)[1] == [Self.told(109), Self.told(109), Self.told(1)])
    }

    /// Whoever has the tables of both purposes divides by the mean of the other; and two means with
    /// one count tell the others.
    @Test func aMeanTellsCountsOfOtherPurposesAndWithoutSums() throws {
        let counts = InventedLog.Table(keys: [Self.a], columns: [.times(when: nil)])
        let other = InventedLog.Table(keys: [], columns: [.sum, .mean], purpose: 1)
        let apart = try Self.made(Self.three, [counts, other], Self.rules)
        #expect(Self.cells(apart)[1] == [Self.told(109), .suppressed(.linked)])
        let mean = InventedLog.Table(keys: [], columns: [.mean])
        let alone = try Self.made(Self.three, [counts, mean], Self.rules)
        #expect(Self.cells(alone)[1] == [.suppressed(.linked)])
    }

    /// What to do about a withheld mean: count what it is of, beside it.
    @Test func aMeanThatACountWouldSaveIsNamed() throws {
        for columns: [InventedLog.Column] in [[.sum, .mean], [.times(when: nil), .sum, .mean]] {
            let tables = [
                InventedLog.Table(keys: [Self.a], columns: [.times(when: nil)]),
                InventedLog.Table(keys: [], columns: columns),
            ]
            let all = Self.log(Self.three).publication(tables, .persons(10, customers: nil))
            let made = try controlled(all, Self.rules).tables[1]
            #expect(made.uncountedMean(all.statistics[1]) == (columns.count == 2 ? "c1" : nil))
        }
    }

    /// A sum and the mean beside it are no two figures of the same thing that differ.
    @Test func sumsAndMeansAreComparedByTheirSums() throws {
        let columns: [InventedLog.Column] = [.times(when: nil), .sum, .mean]
        let tables = [0, 1].map { InventedLog.Table(keys: [], columns: columns, purpose: $0) }
        let made = try Self.made(Self.three, tables, Self.rules)
        let told = [Self.told(109), Self.told(109), Self.told(1)]
        #expect(Self.cells(made) == [told, told])
    }

    /// Sums are told as they are, and users are held to what they may be, not to their rounding.
    @Test func whatIsNoCountOfRecordsIsNotBlurred() throws {
        let sums = try Self.made(Self.fives, Self.byGroup(.sum), try Self.rounding())
        #expect(
            Self.cells(sums) == [[Self.few, Self.other, Self.told(30)], [Self.told(55)]])
        let users = [
            Group(texts: ["x", "v"], persons: 0..<5), Group(texts: ["y", "v"], persons: 5..<20),
        ]
        let made = try Self.made(users, Self.byGroup(.users), try Self.rounding())
        #expect(Self.cells(made) == [[Self.few, .suppressed(.linked)], [Self.told(20)]])
        #expect(made.audited == 2 && made.unproven == 0)
    }

    // MARK: Users

    /// Nobody is in two groups: the parts make up the total, so one hidden part would be known.
    @Test func usersWhoAreInOneGroupEachAddUp() throws {
        let made = try Self.made(Self.three, Self.byGroup(.users), Self.rules)
        #expect(
            Self.cells(made) == [[Self.few, Self.other, Self.told(30)], [Self.told(59)]])
        #expect(made.audited == 1 && made.unproven == 0)
        let toldBefore: [Set<FigurePlace>] = [
            [FigurePlace(row: 1, column: 0), FigurePlace(row: 2, column: 0)],
            [FigurePlace(row: 0, column: 0)],
        ]
        let bare = try Self.made(
            Self.three, Self.byGroup(.users), Self.rules, toldBefore: toldBefore)
        #expect(
            Self.cells(bare) == [[Self.few, Self.told(20), Self.told(30)], [Self.told(59)]])
        #expect(bare.audited == 0 && bare.unproven == 1)
    }

    /// Where groups overlap the hidden one may be any size that its mark leaves: 59 and no 50.
    @Test func usersOfOverlappingGroupsDoNot() throws {
        var groups = Self.three
        groups[2].persons = 20..<50
        let made = try Self.made(groups, Self.byGroup(.users), Self.rules)
        #expect(
            Self.cells(made) == [[Self.few, Self.told(20), Self.told(30)], [Self.told(50)]])
        #expect(made.audited == 1 && made.unproven == 0)
    }

    /// Of 14 users of two customers in 16 it is known that they are 10 to 16: five are needed.
    @Test func ofSafeUsersOnlyTheThresholdIsKnown() throws {
        let groups = [
            Group(texts: ["x", "v"], persons: 0..<14, customers: 2),
            Group(texts: ["y", "v"], persons: 0..<16),
        ]
        let rules = ControlRules(persons: 10, customers: 3)
        let made = try Self.made(groups, Self.byGroup(.users), rules)
        #expect(
            Self.cells(made) == [[.suppressed(.customers), Self.told(16)], [Self.told(16)]])
        #expect(made.audited == 1 && made.unproven == 0)
    }

    /// Where tables cross, that other values fit says less than that a world has them.
    @Test func crossingsThatAreProvenTakeMore() throws {
        let groups = [
            Group(texts: ["x", "v"], persons: 0..<9), Group(texts: ["x", "w"], persons: 0..<30),
            Group(texts: ["y", "v"], persons: 0..<40), Group(texts: ["y", "w"], persons: 30..<60),
        ]
        let tables = [[Self.a, Self.b], [Self.a], [Self.b]].map {
            InventedLog.Table(keys: $0, columns: [.users])
        }
        let bounded = try Self.made(groups, tables, Self.rules)
        #expect(
            Self.cells(bounded) == [
                [Self.few] + [30, 40, 30].map { Self.told($0) },
                [30, 60].map { Self.told($0) }, [40, 60].map { Self.told($0) },
            ])
        #expect(bounded.audited == 1 && bounded.unproven == 0)
        var rules = Self.rules
        rules.crossings = .proven
        let proven = try Self.made(groups, tables, rules)
        #expect(
            Self.cells(proven) == [
                [Self.few] + [30, 40, 30].map { Self.told($0) },
                [Self.other, Self.told(60)], [Self.other, Self.told(60)],
            ])
        let toldBefore: [Set<FigurePlace>] = [[], [FigurePlace(row: 0, column: 0)], []]
        let bare = try Self.made(groups, tables, rules, toldBefore: toldBefore)
        #expect(bare.unproven == 1)
    }

    // MARK: Purposes

    /// The figures of two purposes differ elsewhere, so that they are of two families: what the
    /// stricter hides the other would tell.
    @Test func whatOnePurposeHidesTheOtherDoesNotTell() throws {
        let tables = [0, 1].map {
            InventedLog.Table(keys: [Self.a], columns: [.times(when: nil)], purpose: $0)
        }
        func log(_ second: Int) -> InventedLog {
            Self.log([
                Group(texts: ["x", "v"], persons: 0..<30),
                Group(texts: ["y", "v"], persons: 30..<30 + second),
            ])
        }
        let one = log(40).publication(tables, .persons(10, customers: nil))
        let two = log(80).publication(tables, .persons(31, customers: nil))
        let made = try controlled(
            MeasuredPublication(
                statistics: [one.statistics[0], two.statistics[1]],
                tables: [one.tables[0], two.tables[1]]), Self.rules)
        #expect(
            Self.cells(made) == [[.suppressed(.linked), Self.told(40)], [Self.few, Self.told(80)]])
    }

    /// A sum and a mean of one purpose differ, and not by anybody's opt-out.
    @Test func figuresOfOnePurposeAreNotCompared() throws {
        let groups = [Group(texts: ["x", "v"], persons: 0..<30)]
        let table = InventedLog.Table(keys: [Self.a], columns: [.sum, .mean])
        #expect(
            Self.cells(try Self.made(groups, [table], Self.rules))
                == [[Self.told(30), Self.told(1)]])
    }

    // MARK: Shape

    @Test func tablesOfAnotherShapeAreRefused() throws {
        let groups = [Group(texts: ["x", "v"], persons: 0..<30)]
        func publication(_ columns: [InventedLog.Column]) -> MeasuredPublication {
            let tables = [[Self.a], []].map { InventedLog.Table(keys: $0, columns: columns) }
            return Self.log(groups).publication(tables, .persons(10, customers: nil))
        }
        let one = publication([.sum])
        let two = publication([.sum, .mean])
        for (statistics, tables) in [
            (one.statistics, two.tables), (two.statistics, one.tables),
            (one.statistics.reversed(), one.tables), (Array(one.statistics.prefix(1)), one.tables),
        ] {
            #expect(throws: ControlRefusal.shape) {
                try controlled(
                    MeasuredPublication(statistics: statistics, tables: tables), Self.rules)
            }
        }
    }

    @Test func aRowWithoutFiguresHoldsNoRecords() throws {
        let groups = [Group(texts: ["x", "v"], persons: 0..<30)]
        let table = InventedLog.Table(keys: [Self.a], columns: [])
        let made = try Self.made(groups, [table], Self.rules)
        #expect(
            made.tables[0].withheld
                == WithheldShare(cells: 0, cellsTotal: 0, records: 0, recordsTotal: 0))
    }

    @Test func nothingWasCheckedOfNothing() throws {
        let none = try controlled(MeasuredPublication(statistics: [], tables: []), Self.rules)
        #expect(none == ControlledPublication(tables: []))
        #expect(none.audited == 0 && none.unproven == 0)
    }
}
