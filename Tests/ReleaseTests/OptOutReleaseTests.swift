import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// Opt-outs bind before anything is written or counted.
@Suite struct OptOutReleaseTests {
    private static func entry(
        customer: String? = nil,
        person: String? = nil,
        _ categories: CategorySet,
        for purpose: Purpose = .security
    ) -> OptOutEntry {
        OptOutEntry(
            customer: customer.map(bytes),
            person: person.map(bytes),
            scope: OptOutEffect(purposes: PurposeSet(purpose), categories: categories),
            effective: EventTime(milliseconds: 0),
            line: 2
        )
    }

    private func trial(_ entries: [OptOutEntry], drops: Bool = false) -> ReleaseTrial {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep(), category: .aggregated)),
            ("customer", FieldRule(transform: Keep(), category: .aggregated)),
            ("user", FieldRule(transform: Keep(), category: .aggregated)),
            ("ip", FieldRule(transform: Keep(), category: .technical)),
            ("note", FieldRule(transform: Keep(), category: .nonAggregated)),
        ])
        trial.customerField = "customer"
        trial.personField = "user"
        trial.optOuts = entries
        trial.dropsOptedOut = drops
        trial.derived = [DerivedField(name: "net", slot: 3, transform: Replace(with: "n"))]
        trial.observations = ObservationPlan(
            texts: [.init(source: .slot(3), transform: nil)],
            statistics: [
                .init(purpose: .security, categories: CategorySet(.technical)),
                .init(purpose: .security, categories: CategorySet(.aggregated)),
                .init(purpose: .statistics, categories: .all),
            ]
        )
        return trial
    }

    private func line(_ customer: String, _ time: String = ReleaseTrial.fresh) -> String {
        #"{"ts":"\#(time)","customer":\#(customer),"user":"ann","#
            + #""ip":"192.0.2.7","note":"n","x":"free"}"#
    }

    /// What is left of ip, note, net and x.
    private func left(_ trial: ReleaseTrial, _ line: String) -> [Bool] {
        let result = trial.run([line])
        #expect(result.counts.isConserved)
        let out = result.lines.first ?? ""
        return [#""ip""#, #""note""#, #""net""#, #""x""#].map { out.contains($0) }
    }

    @Test func fieldsOfTheCategoriesGoAtAnyAge() {
        let out = trial([Self.entry(customer: "acme", CategorySet(.technical))])
        for time in [ReleaseTrial.fresh, ReleaseTrial.due, ReleaseTrial.future] {
            let expected = [false, true, false, time == ReleaseTrial.fresh]
            #expect(left(out, line(#""acme""#, time)) == expected, "\(time)")
            #expect(left(out, line(#""\u0061cme""#, time)) == expected)
        }
        #expect(left(out, line(#""other""#)) == [true, true, true, true])
        #expect(left(out, line(#""other""#, ReleaseTrial.due)) == [true, true, true, false])
    }

    @Test func anOptOutOfAnotherPurposeChangesNothing() {
        let out = trial([Self.entry(customer: "acme", .all, for: .statistics)])
        #expect(left(out, line(#""acme""#)) == [true, true, true, true])
        #expect(out.run([line(#""acme""#)]).counts.observed == [1, 1, 0])
    }

    @Test func anOptOutOfAllCategoriesTakesUnnamedFieldsUnlessTheLouderWordKeepsThem() {
        var out = trial([Self.entry(customer: "acme", .all)])
        #expect(left(out, line(#""acme""#)) == [false, false, false, false])
        out.keepsUnnamed = true
        #expect(left(out, line(#""acme""#)) == [false, false, false, true])
    }

    @Test func anyTextInsideAnArrayOrAnObjectMayBeTheName() {
        let out = trial([Self.entry(customer: "acme", CategorySet(.technical))])
        for customer in [#"["other","acme"]"#, #"{"id":" acme "}"#] {
            #expect(left(out, line(customer)) == [false, true, false, true], "\(customer)")
        }
        #expect(left(out, line(#"["other"]"#)) == [true, true, true, true])
        let limited = trial([
            Self.entry(customer: "acme", person: "ann", CategorySet(.nonAggregated))
        ])
        let user = line(#""acme""#).replacing(#""ann""#, with: #"["bob","ann"]"#)
        #expect(left(limited, user) == [true, false, true, true])
        let other = user.replacing("acme", with: "other")
        #expect(left(limited, other) == [true, true, true, true])
    }

    @Test func personsAreMatchedToo() {
        let out = trial([Self.entry(person: "ann", CategorySet(.nonAggregated))])
        #expect(left(out, line(#""other""#)) == [true, false, true, true])
        let limited = trial([
            Self.entry(customer: "acme", person: "ann", CategorySet(.nonAggregated))
        ])
        #expect(left(limited, line(#""other""#)) == [true, true, true, true])
        #expect(left(limited, line(#""acme""#)) == [true, false, true, true])
    }

    /// Without a customer the record is opted out of everything that `*` means.
    @Test(arguments: ["null", #""""#, "[]", "true", #"{"id":"acme"}"#])
    func aMissingCustomerHasOptedOut(_ customer: String) {
        var out = trial([])
        out.purpose = .serviceImprovement
        out.showsWindow = false
        #expect(left(out, line(customer)) == [false, false, false, false])
        #expect(out.run([line(customer)]).counts.observed == [1, 1, 0])
        out.dropsOptedOut = true
        #expect(out.run([line(customer)]).counts.outputs[0].dropped == [.optedOut: 1])
    }

    /// Where no record has a time, what is decided of one is not decided of the next.
    @Test func withoutATimeEachRecordIsAskedAbout() {
        var out = trial([Self.entry(customer: "acme", CategorySet(.technical))])
        out.timeField = nil
        for customers in [["other", "acme", "other"], ["acme", "other", "acme"]] {
            let result = out.run(customers.map { line("\"\($0)\"") })
            #expect(
                result.lines.map { $0.contains("192.0.2.7") } == customers.map { $0 == "other" })
        }
    }

    @Test func numbersAreCustomersToo() {
        let out = trial([Self.entry(customer: "4711", CategorySet(.technical))])
        #expect(left(out, line("4711")) == [false, true, false, true])
        #expect(left(out, line(#""4711""#)) == [false, true, false, true])
    }

    @Test func wholeRecordsGoUnderTheLouderForm() {
        let out = trial([Self.entry(customer: "acme", CategorySet(.technical))], drops: true)
        let result = out.run([line(#""acme""#), line(#""other""#), line(#""acme""#), "oops", ""])
        #expect(result.lines.count == 1)
        #expect(result.counts.outputs[0].dropped == [.optedOut: 2])
        #expect(result.counts.observed == [1, 1, 3])
        #expect(result.counts.isConserved)
    }

    @Test func statisticsThatReadABarredCategorySkipTheRecord() {
        let out = trial([Self.entry(customer: "acme", CategorySet(.technical))])
        let result = out.run([line(#""acme""#), line(#""other""#)])
        #expect(result.counts.observed == [1, 2, 2])
        #expect(result.observed.map(\.mask) == [0b110, 0b111])
    }

    @Test func matchesAreNoted() throws {
        let out = trial([
            Self.entry(customer: "acme", .all), Self.entry(customer: "nobody", .all),
        ])
        let releaser = Releaser(plan: try #require(out.makePlan()), keyRing: nil)
        _ = out.run([bytes(line(#""\u0061cme""#) + "\n")], releaser: releaser)
        #expect(releaser.matches.contains(0) && !releaser.matches.contains(1))
    }

    @Test func aBarredFieldGoesAtAnyAge() {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())),
            ("m", FieldRule(transform: Keep(), isBarred: true)),
            ("n", FieldRule(transform: Replace(with: "r"), appliesAlways: true)),
        ])
        trial.derived = [DerivedField(name: "d", slot: 1, transform: Replace(with: "x"))]
        let fresh = #"{"ts":"\#(ReleaseTrial.fresh)","m":"mail","n":1,"k":2}"#
        #expect(trial.run([fresh]).lines == [#"{"ts":"\#(ReleaseTrial.fresh)","n":"r","k":2}"#])
        #expect(trial.run([fresh]).counts.outputs[0].anonymised == 1)
    }
}
