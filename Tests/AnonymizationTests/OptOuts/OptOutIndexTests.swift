import Anonymization
import Records
import TestSupport
import Testing

@Suite("Opt-outs of a run")
struct OptOutIndexTests {
    private static let marketing = OptOutEffect(
        purposes: PurposeSet(.marketing),
        categories: .all
    )

    private func day(_ number: Int) -> EventTime {
        EventTime(milliseconds: Int64(number) * 86_400_000)
    }

    private func index(
        _ entries: [OptOutEntry],
        now: Int = 100,
        missing: MissingCustomer = .allowed
    ) -> OptOutIndex {
        OptOutIndex(
            OptOutList(entries: entries),
            now: day(now),
            purposes: .standard,
            missingCustomer: missing
        )
    }

    private func ask(
        _ index: OptOutIndex,
        _ customer: String,
        _ person: String = "",
        event: EventTime?
    ) -> OptOutAnswer {
        var matches = OptOutMatches(count: index.entryCount)
        return answer(index, bytes(customer), bytes(person), event, &matches)
    }

    @Test("By use: in force today, whatever the age of the event")
    func use() {
        let index = index([
            OptOutEntry(
                customer: bytes("c1"),
                scope: Self.marketing,
                effective: day(100),
                line: 2
            ),
            OptOutEntry(
                customer: bytes("c2"),
                scope: Self.marketing,
                effective: day(101),
                line: 3
            ),
            OptOutEntry(
                customer: bytes("c3"),
                scope: Self.marketing,
                effective: day(1),
                withdrawn: day(100),
                line: 4
            ),
        ])
        for event in [day(1), day(99), day(200)] {
            #expect(ask(index, "c1", event: event).use == Self.marketing)
            #expect(ask(index, "c2", event: event).use.isEmpty)
            #expect(ask(index, "c3", event: event).use.isEmpty)
            #expect(ask(index, "c4", event: event) == .nothing)
        }
    }

    @Test("By event: from the effective day until the withdrawal, whatever is in force today")
    func event() {
        let index = index([
            OptOutEntry(
                customer: bytes("c1"),
                scope: Self.marketing,
                effective: day(50),
                withdrawn: day(60),
                line: 2
            )
        ])
        func barred(_ time: EventTime?) -> Bool {
            !ask(index, "c1", event: time).effect(.event).isEmpty
        }
        #expect(!barred(EventTime(milliseconds: day(50).milliseconds - 1)))
        #expect(barred(day(50)))
        #expect(barred(EventTime(milliseconds: day(60).milliseconds - 1)))
        #expect(!barred(day(60)))
        // In doubt the opt-out holds.
        #expect(barred(nil))
        #expect(ask(index, "c1", event: nil).use.isEmpty)
    }

    @Test("Entries of one customer and of its person add up")
    func addUp() {
        let security = OptOutEffect(
            purposes: PurposeSet(.security),
            categories: CategorySet(.technical)
        )
        let index = index([
            OptOutEntry(customer: bytes("c1"), scope: Self.marketing, effective: day(1), line: 2),
            OptOutEntry(customer: bytes("c1"), scope: security, effective: day(2), line: 3),
            OptOutEntry(
                person: bytes("u1"),
                scope: OptOutEffect(rawValue: 1),
                effective: day(3),
                line: 4
            ),
        ])
        #expect(ask(index, "c1", event: day(9)).use == Self.marketing.union(security))
        #expect(
            ask(index, "c1", "u1", event: day(9)).use
                == [Self.marketing, security, OptOutEffect(rawValue: 1)]
        )
        // The same bytes as customer and as person are two identifiers.
        #expect(ask(index, "u1", "c1", event: day(9)) == .nothing)
    }

    @Test("A person of one customer")
    func personOfCustomer() {
        let index = index([
            OptOutEntry(
                customer: bytes("c1"),
                person: bytes("u1"),
                scope: Self.marketing,
                effective: day(1),
                line: 2
            )
        ])
        #expect(ask(index, "c1", "u1", event: day(9)).use == Self.marketing)
        #expect(ask(index, "", "u1", event: day(9)).use == Self.marketing)
        #expect(ask(index, "c2", "u1", event: day(9)) == .nothing)
        #expect(ask(index, "c1", "u2", event: day(9)) == .nothing)
        #expect(ask(index, "c1", event: day(9)) == .nothing)
    }

    @Test("A name that is no text is listed as it is, or as what is written for it")
    func namesThatAreNoText() {
        let (plain, written) = ("a\u{0}b", #"a\x00b"#)
        for name in [plain, written] {
            let entries = [
                OptOutEntry(
                    customer: bytes(name), scope: Self.marketing, effective: day(1), line: 2),
                OptOutEntry(
                    person: bytes("p" + name), scope: Self.marketing, effective: day(1), line: 3),
                OptOutEntry(
                    customer: bytes(name), person: bytes("u1"), scope: Self.marketing,
                    effective: day(1), line: 4),
            ]
            let index = index(entries)
            for said in [plain, name] {
                #expect(ask(index, said, event: day(9)).use == Self.marketing)
                #expect(ask(index, "c", "p" + said, event: day(9)).use == Self.marketing)
                let limited = self.index([entries[2]])
                #expect(ask(limited, said, "u1", event: day(9)).use == Self.marketing)
            }
            for said in ["ab", "a\u{0}c", #"a\x00c"#] {
                #expect(ask(index, said, "p" + said, event: day(9)) == .nothing)
                #expect(ask(index, said, "u1", event: day(9)) == .nothing)
            }
        }
    }

    @Test("A customer whose name begins like that of another is another one")
    func customersThatBeginAlike() {
        let index = index([
            OptOutEntry(
                customer: bytes("c1"),
                person: bytes("u1"),
                scope: Self.marketing,
                effective: day(1),
                line: 2
            )
        ])
        for other in ["c12", "c", "c10000000000000"] {
            #expect(ask(index, other, "u1", event: day(9)) == .nothing, "\(other)")
        }
    }

    @Test("A record without a customer counts as opted out of all but security and compliance")
    func missing() {
        let strict = index([], missing: .optedOut)
        let answer = ask(strict, "", event: day(1))
        for category in Category.allCases {
            for name in PurposeTable.builtIn {
                guard let purpose = PurposeTable.standard[name] else { continue }
                let isKept = purpose == .security || purpose == .compliance
                #expect(answer.use.bars(purpose, category) == !isKept)
                #expect(answer.event.bars(purpose, category) == !isKept)
            }
        }
        #expect(ask(strict, "c1", event: day(1)) == .nothing)
        #expect(!strict.isEmpty)
        let open = index([])
        #expect(ask(open, "", event: day(1)) == .nothing)
        #expect(open.isEmpty)
    }

    @Test("Matches of several workers merge; what never matched is told by its line")
    func matches() {
        let entries = (0..<130).map {
            OptOutEntry(
                customer: bytes("c\($0)"),
                scope: Self.marketing,
                // Matching is about the identifier, not about dates.
                effective: day($0 * 3),
                line: $0 + 2
            )
        }
        let index = index(entries)
        var one = OptOutMatches(count: index.entryCount)
        var two = OptOutMatches(count: index.entryCount)
        for number in stride(from: 0, to: 130, by: 2) {
            _ = answer(index, bytes("c\(number)"), [], day(1), &one)
        }
        for number in stride(from: 0, to: 130, by: 3) {
            _ = answer(index, bytes("c\(number)"), [], day(1), &two)
        }
        _ = answer(index, bytes("c"), bytes("c1"), day(1), &two)
        one.merge(two)
        let expected = (0..<130).filter { $0 % 2 != 0 && $0 % 3 != 0 }.map { $0 + 2 }
        #expect(one.unmatchedLines(of: OptOutList(entries: entries)) == expected)
        let none = OptOutMatches(count: index.entryCount)
        #expect(none.unmatchedLines(of: OptOutList(entries: entries)) == entries.map(\.line))
    }

    @Test("The index agrees with a plain search over the list")
    func agreesWithPlain() {
        let seed: UInt64 = 2026
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<120 {
            let list = randomList(&generator)
            #expect(disagreements(list, list, &generator) == 0, "seed \(seed)")
        }
    }

    @Test("The comparison sees a lost entry, a later date, an early withdrawal and a smaller scope")
    func seesTheOpposite() {
        var generator = SeededGenerator(seed: 31)
        var seen = [0, 0, 0, 0]
        for _ in 0..<60 {
            let list = randomList(&generator)
            let at = Int.random(in: list.indices, using: &generator)
            let entry = list[at]
            func altered(
                scope: OptOutEffect? = nil,
                effective: Int? = nil,
                withdrawn: Int? = nil
            ) -> [OptOutEntry] {
                var other = list
                other[at] = OptOutEntry(
                    customer: entry.customer,
                    person: entry.person,
                    scope: scope ?? entry.scope,
                    effective: effective.map(day) ?? entry.effective,
                    withdrawn: withdrawn.map(day) ?? entry.withdrawn,
                    line: entry.line
                )
                return other
            }
            var without = list
            without.remove(at: at)
            let broken = [
                without, altered(effective: 250), altered(withdrawn: 0), altered(scope: []),
            ]
            for (kind, other) in broken.enumerated() {
                seen[kind] += disagreements(other, list, &generator) > 0 ? 1 : 0
            }
        }
        #expect(seen.allSatisfy { $0 > 20 }, "\(seen)")
    }

    // MARK: Random lists and the slow twin

    private func randomList(_ generator: inout SeededGenerator) -> [OptOutEntry] {
        (0..<Int.random(in: 1...40, using: &generator)).map { line in
            let kind = Int.random(in: 0...2, using: &generator)
            let effective = Int.random(in: 0...150, using: &generator)
            let days = Int.random(in: 0...100, using: &generator)
            return OptOutEntry(
                customer: kind == 0 ? nil : randomName("c", &generator),
                person: kind == 1 ? nil : randomName("u", &generator),
                scope: OptOutEffect(rawValue: generator.next()),
                effective: day(effective),
                withdrawn: days < 50 ? day(effective + days) : nil,
                line: line
            )
        }
    }

    /// Names of many lengths, some empty of meaning beyond the first eight bytes.
    private func randomName(_ kind: String, _ generator: inout SeededGenerator) -> [UInt8] {
        let number = Int.random(in: 0...12, using: &generator)
        return bytes(kind + String(repeating: "x", count: number % 4 * 5) + String(number))
    }

    /// How many of 400 random records the index of `list` judges otherwise than a search in
    /// `truth`.
    private func disagreements(
        _ list: [OptOutEntry],
        _ truth: [OptOutEntry],
        _ generator: inout SeededGenerator
    ) -> Int {
        let index = index(list)
        var matches = OptOutMatches(count: list.count)
        return (0..<400).count { _ in
            let customer =
                Int.random(in: 0...5, using: &generator) == 0 ? [] : randomName("c", &generator)
            let person =
                Int.random(in: 0...5, using: &generator) == 0 ? [] : randomName("u", &generator)
            let event = day(Int.random(in: 0...250, using: &generator))
            var plain = OptOutAnswer.nothing
            for entry in truth {
                if let wanted = entry.person {
                    if wanted != person { continue }
                    if let limit = entry.customer, !customer.isEmpty, limit != customer { continue }
                } else if entry.customer != customer {
                    continue
                }
                if entry.holds(at: day(100)) { plain.use.formUnion(entry.scope) }
                if entry.holds(at: event) { plain.event.formUnion(entry.scope) }
            }
            return answer(index, customer, person, event, &matches) != plain
        }
    }
}

private func answer(
    _ index: OptOutIndex,
    _ customer: [UInt8],
    _ person: [UInt8],
    _ event: EventTime?,
    _ matches: inout OptOutMatches
) -> OptOutAnswer {
    index.answer(
        customer: customer.span,
        person: person.span,
        eventTime: event,
        matches: &matches
    )
}
