import Anonymization
import Records
import TestSupport
import Testing

@Suite("Opt-out lists")
struct OptOutListTests {
    private func read(
        _ file: String,
        declaring: [String] = [],
        zone: ZoneTable = .utc
    ) throws -> OptOutList {
        let content = bytes(file)
        let rows = try DelimitedRows(file: content.span)
        let purposes = try #require(PurposeTable(declaring: declaring))
        return try OptOutList(rows: rows, purposes: purposes, zone: zone)
    }

    private func time(_ day: Int) -> EventTime { EventTime(milliseconds: Int64(day) * 86_400_000) }

    @Test("The shortest form: customer, purpose, date")
    func short() throws {
        let list = try read(
            """
            customer,purpose,effective_date
            c0100,statistics & research,2026-03-01
            "c,9",marketing,2026-01-01

            """,
            declaring: ["statistics & research"]
        )
        #expect(list.entries.count == 2)
        let first = list.entries[0]
        #expect(first.customer == bytes("c0100") && first.person == nil && first.line == 2)
        #expect(first.effective == time(20_513) && first.withdrawn == nil)
        #expect(first.scope.bars(Purpose(index: 6), .technical))
        #expect(!first.scope.bars(.marketing, .technical))
        #expect(list.entries[1].customer == bytes("c,9"))
    }

    @Test("A name that is no text is a fault of its line, not an opt-out of somebody else")
    func namesAreText() throws {
        var content = bytes("customer,person,purpose,effective_date\nc1,caf")
        content += [0xE9] + bytes(",*,2026-01-01\nc2,café,*,2026-01-01\n")
        let rows = try DelimitedRows(file: content.span)
        #expect {
            _ = try OptOutList(rows: rows, purposes: .standard, zone: .utc)
        } throws: { error in
            (error as? OptOutFaults)?.all
                == [ReferenceFault(line: 2, "expected identifiers in UTF-8")]
        }
        // Where nobody else is named, it is not said that nobody is.
        let alone = bytes("person,purpose,effective_date\ncaf") + [0x80] + bytes(",*,2026-01-01\n")
        let only = try DelimitedRows(file: alone.span)
        let faults = #expect(throws: OptOutFaults.self) {
            try OptOutList(rows: only, purposes: .standard, zone: .utc)
        }
        #expect(faults?.all == [ReferenceFault(line: 2, "expected identifiers in UTF-8")])
    }

    @Test("All columns")
    func full() throws {
        let zone = try ZoneTable.named("Europe/Amsterdam")
        let list = try read(
            """
            person,customer,purposes,categories,effective_date,withdrawn_date
            u1,,*,,2026-03-30,
            ,c1,security; marketing,technical;limited-production,2026-01-01,2026-07-01
            u2,c2,development,*,2026-01-01,2026-01-01
            """,
            zone: zone
        )
        let all = OptOutEffect(
            purposes: PurposeTable.standard.optedOutByDefault,
            categories: .all
        )
        #expect(list.entries[0].scope == all)
        #expect(list.entries[0].customer == nil && list.entries[0].person == bytes("u1"))
        // Midnight of Amsterdam in summer.
        let effective = Int64(20_542) * 86_400_000 - 7_200_000
        #expect(list.entries[0].effective.milliseconds == effective)
        #expect(
            list.entries[1].scope
                == OptOutEffect(
                    purposes: PurposeSet(.security, .marketing),
                    categories: [CategorySet(.technical), CategorySet(.limitedProduction)]
                )
        )
        #expect(list.entries[1].withdrawn != nil)
        #expect(list.entries[2].customer == bytes("c2"))
        #expect(list.entries[2].scope.categories(barredFor: .development) == .all)
    }

    @Test("A list may name persons only")
    func persons() throws {
        let list = try read("person,purpose,effective_date\nu1,marketing,2026-01-01\n")
        #expect(list.entries.map(\.person) == [bytes("u1")])
        #expect(list.entries.map(\.customer) == [nil])
    }

    @Test("White space around identifiers is no part of them, as everywhere else")
    func canonical() throws {
        let list = try read(
            "customer,person,purpose,effective_date\n C1\t,\"U1 \",marketing,2026-01-01\n"
                + "C 2, ,marketing,2026-01-01\n")
        #expect(list.entries[0].customer == bytes("C1"))
        #expect(list.entries[0].person == bytes("U1"))
        #expect(list.entries[1].customer == bytes("C 2") && list.entries[1].person == nil)
    }

    @Test(
        "Faults, with the line and without the value",
        arguments: [
            ("customer,purpose,effective_date,efective_date\n", [1]),
            ("customer,effective_date\n", [1]), ("customer,purpose\n", [1]),
            ("purpose,effective_date\n", [1]), ("customer,purpose,purposes,effective_date\n", [1]),
            ("Customer,purpose,effective_date\n", [1, 1]),
            ("customer,purpose,effective_date\nZQ,marketing,2026-02-30\n", [2]),
            ("customer,purpose,effective_date\nZQ,marketing,\n", [2]),
            ("customer,purpose,effective_date\nZQ,marketing,01-02-2026\n", [2]),
            ("customer,purpose,effective_date\nZQ,ZQ,2026-01-01\n\n,marketing,ZQ\n", [2, 4, 4]),
            ("customer,purpose,effective_date\nZQ,,2026-01-01\n", [2]),
            ("customer,purpose,effective_date\nZQ,marketing;,2026-01-01\n", [2]),
            ("customer,purpose,effective_date\n \t,marketing,2026-01-01\n", [2]),
            ("customer,person,purpose,effective_date\n,,marketing,2026-01-01\n", [2]),
            ("customer,purpose,categories,effective_date\nZQ,*,ZQ,2026-01-01\n", [2]),
            ("customer,purpose,effective_date,withdrawn_date\nZQ,*,2026-01-02,2026-01-01\n", [2]),
            ("customer,purpose,effective_date,withdrawn_date\nZQ,*,2026-01-02,ZQ\n", [2]),
        ]
    )
    func faults(file: String, lines: [Int]) {
        let faults = #expect(throws: OptOutFaults.self) { try read(file) }
        #expect(faults?.all.map(\.line) == lines)
        #expect(faults?.all.contains { $0.expectation.contains("ZQ") } == false)
    }

    @Test("A list of nothing but faults does not tell of all of them")
    func manyFaults() {
        let rows = String(repeating: "ZQ,*,ZQ\n", count: OptOutList.faultsMax * 3)
        let faults = #expect(throws: OptOutFaults.self) {
            try read("customer,purpose,effective_date\n" + rows)
        }
        #expect(faults?.all.count == 1000)
        #expect(faults?.all.last?.line == 1001)
    }

    @Test("Purposes and categories of an effect are told apart, each for itself")
    func effect() {
        for category in Category.allCases {
            for index in UInt8(0)..<16 {
                let purpose = Purpose(index: index)
                let one = OptOutEffect(
                    purposes: PurposeSet(purpose),
                    categories: CategorySet(category)
                )
                for otherCategory in Category.allCases {
                    for other in (UInt8(0)..<16).map(Purpose.init(index:)) {
                        let isSame = other == purpose && otherCategory == category
                        #expect(one.bars(other, otherCategory) == isSame)
                        #expect(
                            one.categories(barredFor: other).contains(otherCategory) == isSame
                        )
                    }
                }
            }
        }
    }
}
