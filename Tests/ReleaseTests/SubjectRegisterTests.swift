@testable import Anonymization
import KeyedHashing
import Records
import TestSupport
import Testing

/// The register in the releaser: one answer for outputs, statistics and stored records.
@Suite("Subjects of the registry")
struct SubjectRegisterTests {
    private static func hasher() throws -> SubjectHasher {
        SubjectHasher(key: try SecretKey.copying(bytes("thirty-two bytes of a fixed key!").span))
    }

    private static func hash(_ kind: SubjectKind, _ value: String) throws -> SubjectHash {
        try #require(try hasher().hash(kind, writtenAs: bytes(value).span))
    }

    private func register(
        _ rules: [SubjectRegister.Rule], holds: [SubjectRegister.Hold] = [],
        missing: OptOutEffect = []
    ) throws -> SubjectRegister {
        SubjectRegister(
            rules: rules, holds: holds, optOutEntries: [7, 8], hasher: try Self.hasher(),
            missingCustomer: missing)
    }

    private func run(
        _ register: SubjectRegister, _ lines: [String],
        _ change: (inout ReleasePlan) -> Void = { _ in }
    ) throws -> (result: ReleaseTrial.Result, matches: SubjectMatches) {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())),
            ("user", FieldRule(transform: nil, category: .technical)),
            ("customer", FieldRule(transform: nil)), ("ip", FieldRule(transform: nil)),
        ])
        trial.customerField = "customer"
        trial.personField = "user"
        trial.observations = ObservationPlan(
            texts: [], tokens: [],
            statistics: [ObservationPlan.Reader(purpose: .statistics, categories: .all)])
        var plan = try #require(trial.makePlan())
        plan.optOuts = OptOutIndex(
            OptOutList(entries: []), now: plan.clocks.runClock.now, purposes: .standard,
            missingCustomer: .allowed)
        plan.subjects = register
        plan.addressSlots = [3]
        change(&plan)
        let releaser = Releaser(plan: plan, keyRing: MonthKeys())
        let result = trial.run([bytes(lines.map { $0 + "\n" }.joined())], releaser: releaser)
        return (result, releaser.subjectMatches)
    }

    private func line(
        _ time: String = ReleaseTrial.fresh, user: String = "anna", customer: String = "c1",
        ip: String = "192.0.2.7"
    ) -> String {
        #"{"ts":"\#(time)","user":"\#(user)","customer":"\#(customer)","ip":"\#(ip)"}"#
    }

    @Test("an empty register changes nothing")
    func nobody() throws {
        let (result, _) = try run(.empty, [line()])
        #expect(result.lines == [line()])
        #expect(result.counts.outputs[0].kept == 1)
        #expect(result.counts.observed == [1])
    }

    @Test("an erased user is in no output and no statistic", arguments: [
        ("anna", 0), (" anna\\t", 0), ("a\\u006ena", 0), ("Anna", 1), ("annak", 1), ("", 1),
    ])
    func erasedUser(_ user: String, _ written: Int) throws {
        let register = try register([
            SubjectRegister.Rule(.subject(try Self.hash(.user, " anna ")), effect: .erased)
        ])
        let (result, _) = try run(register, [line(user: user)])
        #expect(result.counts.outputs[0].written == written)
        #expect(result.counts.outputs[0].dropped[.erased] ?? 0 == 1 - written)
        #expect(result.counts.observed == [written])
        #expect(result.counts.isConserved)
    }

    @Test("a name that is no text is registered as it is, or as what is written for it")
    func namesThatAreNoText() throws {
        for (kind, field) in [(SubjectKind.user, "user"), (.customer, "customer")] {
            for name in ["a\u{0}b", #"a\x00b"#] {
                let register = try register([
                    SubjectRegister.Rule(.subject(try Self.hash(kind, name)), effect: .erased)
                ])
                for (said, written) in [(#"a\u0000b"#, 0), ("ab", 1), (#"a\u0000c"#, 1)] {
                    let line = #"{"ts":"\#(ReleaseTrial.fresh)","\#(field)":"\#(said)"}"#
                    let (result, _) = try run(register, [line])
                    #expect(result.counts.outputs[0].written == written, "\(field) \(said)")
                }
            }
        }
    }

    @Test("an erased address, in any spelling and in a list", arguments: [
        ("192.0.2.7", 0), ("192.0.2.7:443", 0), ("::ffff:192.0.2.7", 0),
        ("64:ff9b::192.0.2.7", 0), ("2002:c000:207::1", 0), ("2001:db8::5efe:192.0.2.7", 0),
        ("198.51.100.1, 192.0.2.7", 0), ("192.0.2.8", 1), ("64:ff9b::192.0.2.8", 1),
        ("2001:db8::c000:207", 1), ("no address", 1),
    ])
    func erasedAddress(_ ip: String, _ written: Int) throws {
        let register = try register([
            SubjectRegister.Rule(.subject(try Self.hash(.address, "192.0.2.7")), effect: .erased)
        ])
        let (result, _) = try run(register, [line(ip: ip)])
        #expect(result.counts.outputs[0].written == written)
    }

    @Test("any text inside an array or an object may be the name", arguments: [
        (#""anna""#, #"["bob",["anna"]]"#, 0), (#""anna""#, #"{"id":" anna "}"#, 0),
        (#""anna""#, #"["bob"]"#, 1), (#""c1""#, #"["c2","c1"]"#, 0),
        (#""c1""#, #"{"id":"c2"}"#, 1), (#""192.0.2.7""#, #"["198.51.100.1"," 192.0.2.7"]"#, 0),
        (#""192.0.2.7""#, #"["198.51.100.1"]"#, 1),
    ])
    func textsInside(_ field: String, _ value: String, _ written: Int) throws {
        let kinds: [(SubjectKind, String)] = [
            (.user, "anna"), (.customer, "c1"), (.address, "192.0.2.7"),
        ]
        for (kind, name) in kinds where field.contains(name) {
            let register = try register([
                SubjectRegister.Rule(.subject(try Self.hash(kind, name)), effect: .erased)
            ])
            let (result, _) = try run(register, [line().replacing(field, with: value)])
            #expect(result.counts.outputs[0].written == written)
            #expect(result.counts.observed == [written])
        }
    }

    @Test("each element of a path that leads through an array may be the name", arguments: [
        (#"["bob","anna"]"#, "anna", 0), (#"["bob"," \u0061nna"]"#, "anna", 0),
        (#"["bob"]"#, "anna", 1), (#"[7,8]"#, "8", 0), (#"[null,true]"#, "null", 1),
        (#"[null,true]"#, "true", 1), (#"[{"id":"anna"}]"#, "anna", 0),
    ])
    func elements(_ users: String, _ name: String, _ written: Int) throws {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())), ("users[*]", FieldRule(transform: nil)),
        ])
        trial.personField = "users[*]"
        var plan = try #require(trial.makePlan())
        plan.subjects = try register([
            SubjectRegister.Rule(.subject(try Self.hash(.user, name)), effect: .erased)
        ])
        let line = #"{"ts":"\#(ReleaseTrial.fresh)","users":\#(users)}"# + "\n"
        let result = trial.run([bytes(line)], releaser: Releaser(plan: plan, keyRing: nil))
        #expect(result.counts.outputs[0].written == written)
    }

    @Test("an erasure may be limited to a customer and to events before a time")
    func limits() throws {
        let limit = try Self.hash(.customer, "c1").digest
        let until = EventTime(milliseconds: 1_781_481_600_000) // 2026-06-15T00:00:00Z
        let register = try register([
            SubjectRegister.Rule(
                .subject(try Self.hash(.user, "anna")), within: limit, until: until,
                effect: .erased)
        ])
        let (result, _) = try run(
            register,
            [
                line(ReleaseTrial.due), line(ReleaseTrial.due, customer: "c2"),
                line(ReleaseTrial.fresh), line(ReleaseTrial.due, customer: ""),
            ])
        #expect(result.counts.outputs[0].dropped[.erased] == 2)
        #expect(result.counts.outputs[0].written == 2)
    }

    @Test("a restricted customer is used for nothing, and what is stored of it goes on ageing")
    func restricted() throws {
        let register = try register([
            SubjectRegister.Rule(.subject(try Self.hash(.customer, "c1")), effect: .restricted)
        ])
        let lines = [line(ReleaseTrial.due), line(customer: "c2")]
        let (result, _) = try run(register, lines)
        #expect(result.counts.outputs[0].dropped == [.restricted: 1])
        #expect(result.counts.observed == [1])
        let (stored, _) = try run(register, lines) { $0.isStored = true }
        #expect(stored.counts.outputs[0].anonymised == 1)
        #expect(stored.counts.outputs[0].kept == 1)
    }

    @Test("an opt-out of the registry bars what it names, and tells that it matched")
    func optedOut() throws {
        let effect = OptOutEffect(purposes: PurposeSet(.security), categories: .all)
        let counted = OptOutEffect(purposes: PurposeSet(.statistics), categories: .all)
        let register = try register([
            SubjectRegister.Rule(
                .subject(try Self.hash(.customer, "c1")),
                effect: .optedOut(effect.union(counted), entry: 0)),
            SubjectRegister.Rule(
                .subject(try Self.hash(.customer, "c9")), effect: .optedOut(effect, entry: 1)),
        ])
        let (result, matches) = try run(register, [line(), line(customer: "c2")]) {
            $0.dropsOptedOutRecords = true
        }
        #expect(result.counts.outputs[0].dropped == [.optedOut: 1])
        #expect(result.counts.observed == [1])
        #expect(matches.unmatchedOptOuts(of: register) == [8])
    }

    @Test("a record without a customer is taken as opted out once somebody has opted out")
    func missingCustomer() throws {
        let all = OptOutEffect(purposes: PurposeTable.standard.all, categories: .all)
        let register = try register([], missing: all)
        let (result, _) = try run(register, [line(customer: " "), line()]) {
            $0.dropsOptedOutRecords = true
        }
        #expect(result.counts.outputs[0].dropped == [.optedOut: 1])
    }

    @Test("a held stored record stays byte for byte; a new one is transformed as usual")
    func held() throws {
        let register = try register(
            [
                SubjectRegister.Rule(
                    .network(try AddressNetwork(text: "192.0.2.0/24")), effect: .held(0))
            ], holds: [SubjectRegister.Hold(id: 3)])
        let lines = [line(ReleaseTrial.due), line(ReleaseTrial.due, ip: "198.51.100.9")]
        let (new, matches) = try run(register, lines)
        #expect(new.counts.outputs[0].anonymised == 2)
        #expect(matches.holds(of: register) == [3])
        let (stored, _) = try run(register, lines) { $0.isStored = true }
        #expect(stored.lines[0] == lines[0])
        #expect(stored.counts.outputs[0].held == 1)
        #expect(stored.counts.outputs[0].anonymised == 1)
        #expect(stored.counts.isConserved)
        let (left, _) = try run(register, lines) {
            $0.isStored = true
            $0.keepsOnlyHeld = true
        }
        #expect(left.lines == [lines[0]])
        #expect(left.counts.outputs[0].dropped == [.overdue: 1])
    }

    @Test(
        "a network holds addresses inside of others, and those that are written in it",
        arguments: [
            ("192.0.2.0/24", 2), ("2002::/16", 1), ("64:ff9b::/96", 1), ("2001:db8::/32", 0),
        ])
    func heldSpellings(_ network: String, _ held: Int) throws {
        let register = try register(
            [
                SubjectRegister.Rule(
                    .network(try AddressNetwork(text: network)), effect: .held(0))
            ], holds: [SubjectRegister.Hold(id: 3)])
        let lines = ["2002:c000:207::1", "64:ff9b::192.0.2.7"].map {
            line(ReleaseTrial.due, ip: $0)
        }
        let (stored, _) = try run(register, lines) { $0.isStored = true }
        #expect(stored.counts.outputs[0].held == held)
    }

    @Test("a hold wins over an erasure in what is stored, and loses in a new output")
    func heldAndErased() throws {
        let anna = try Self.hash(.user, "anna")
        let register = try register(
            [
                SubjectRegister.Rule(.subject(anna), effect: .held(0)),
                SubjectRegister.Rule(.subject(anna), effect: .erased),
            ], holds: [SubjectRegister.Hold(id: 3)])
        let (new, _) = try run(register, [line()])
        #expect(new.counts.outputs[0].dropped == [.erased: 1])
        let (stored, _) = try run(register, [line()]) { $0.isStored = true }
        #expect(stored.counts.outputs[0].held == 1)
    }

    @Test("an output that the hold names keeps the record readable, due or not")
    func named() throws {
        let register = try register(
            [SubjectRegister.Rule(.everybody, effect: .held(0))],
            holds: [SubjectRegister.Hold(id: 3, shownIn: 1)])
        let (result, _) = try run(register, [line(ReleaseTrial.due)])
        #expect(result.lines == [line(ReleaseTrial.due)])
        #expect(result.counts.outputs[0].held == 1)
        let (other, _) = try run(
            try self.register(
                [SubjectRegister.Rule(.everybody, effect: .held(0))],
                holds: [SubjectRegister.Hold(id: 3, shownIn: 2)]), [line(ReleaseTrial.due)])
        #expect(other.counts.outputs[0].held == 0)
    }

    @Test("a stored record whose time cannot be read is reached whenever the rule is about")
    func untimed() throws {
        let anna = try Self.hash(.user, "anna")
        let until = EventTime(milliseconds: 0)
        let hold = SubjectRegister.Hold(id: 3)
        let register = try register(
            [SubjectRegister.Rule(.subject(anna), until: until, effect: .held(0))], holds: [hold])
        let untimed = line("no time at all")
        let (result, _) = try run(register, [line(ReleaseTrial.fresh), untimed]) {
            $0.isStored = true
            $0.writtenUnder = $0.clocks
        }
        // The record in front of it says nothing of it: neither its time nor its day.
        #expect(result.lines == [line(ReleaseTrial.fresh), untimed])
        #expect(result.counts.outputs[0].held == 1)
        #expect(result.days.last == ReleasedBatch.noDay)
    }

    @Test("a rule for one customer's records reaches those that say no customer, and no others")
    func within() throws {
        let anna = try Self.hash(.user, "anna")
        let register = try register([
            SubjectRegister.Rule(
                .subject(anna), within: try Self.hash(.customer, "c1").digest, effect: .erased),
            SubjectRegister.Rule(
                .subject(try Self.hash(.customer, "c2")), effect: .restricted),
        ])
        // Whatever the record in front was about.
        for before in ["c1", "c2", "c9", ""] {
            for (customer, isErased) in [("c1", true), ("c2", false), ("c9", false), ("", true)] {
                let lines = [line(user: "bob", customer: before), line(customer: customer)]
                let (result, _) = try run(register, lines)
                #expect(
                    result.counts.outputs[0].dropped[.erased] ?? 0 == (isErased ? 1 : 0),
                    "\(before), \(customer)")
            }
        }
    }

    @Test("a rule between two times has the first of them and not the last")
    func between() throws {
        let time = try #require(RunClock(text: ReleaseTrial.fresh, zone: .utc)).now
        let anna = try Self.hash(.user, "anna")
        for (from, until, isErased) in [
            (0, 1, true), (1, 2, false), (-1, 0, false), (-1, 1, true),
        ] as [(Int64, Int64, Bool)] {
            func at(_ milliseconds: Int64) -> EventTime {
                EventTime(milliseconds: time.milliseconds + milliseconds)
            }
            let register = try register([
                SubjectRegister.Rule(
                    .subject(anna), from: at(from), until: at(until), effect: .erased)
            ])
            let (result, _) = try run(register, [line()])
            #expect(result.lines.isEmpty == isErased, "\(from), \(until)")
        }
    }

    @Test("the same text is another identity as a customer, as a user and as an address")
    func kinds() throws {
        let text = "192.0.2.7"
        for kind in [SubjectKind.customer, .user, .address] {
            let others = ["c8", "u8", "192.0.2.8"]
            // Somebody else of each kind is asked for as well.
            let register = try register(
                [SubjectRegister.Rule(.subject(try Self.hash(kind, text)), effect: .erased)]
                    + zip([SubjectKind.customer, .user, .address], others).map {
                        SubjectRegister.Rule(
                            .subject(try Self.hash($0, $1)), effect: .restricted)
                    })
            for named in [SubjectKind.customer, .user, .address] {
                let all = line(user: text, customer: text, ip: text)
                let one = line(
                    user: named == .user ? text : "u9",
                    customer: named == .customer ? text : "c9",
                    ip: named == .address ? text : "192.0.2.9")
                let (result, _) = try run(register, [all, one, all])
                #expect(
                    result.counts.outputs[0].dropped[.erased] == (named == kind ? 3 : 2),
                    "\(kind), \(named)")
            }
        }
    }

    @Test("after the hold, a record is dealt with as of the run that did not hold it")
    func generations() throws {
        let now = try #require(ReleaseTrial.runClock)
        let holds = try register(
            [SubjectRegister.Rule(.subject(try Self.hash(.user, "anna")), effect: .held(0))],
            holds: [SubjectRegister.Hold(id: 3)])
        func clocks(_ text: String) throws -> ClockSet {
            let clock = try #require(RunClock(text: text, zone: .utc))
            return try #require(
                ClockSet(
                    window: CalendarDuration(months: 1, days: 0), runClock: clock, skew: nil))
        }
        let generations = [
            WrittenGeneration(clocks: try clocks("2026-06-20"), holds: .empty),
            WrittenGeneration(clocks: try clocks("2026-07-15"), holds: holds),
        ]
        #expect(now.date.text == "2026-07-15")
        let lines = [line(ReleaseTrial.due), line(ReleaseTrial.due, user: "bob")]
        let (result, _) = try run(.empty, lines) {
            $0.isStored = true
            $0.generations = generations
        }
        // Anna's record was held in July and is aged now; Bob's was aged in July and stays.
        #expect(result.lines[1] == lines[1])
        #expect(!result.lines[0].contains("anna"))
        #expect(result.counts.outputs[0].anonymised == 1)
    }

    @Test("what several workers matched adds up")
    func matches() throws {
        let register = try register(
            [], holds: [SubjectRegister.Hold(id: 3), SubjectRegister.Hold(id: 4)])
        var all = SubjectMatches(register)
        #expect(all.holds(of: register) == [] && all.optOuts(of: register) == [])
        var one = SubjectMatches(register)
        one.insert(hold: 1)
        one.insert(optOut: 0)
        all.merge(one)
        #expect(all.holds(of: register) == [4])
        #expect(all.optOuts(of: register) == [7])
        #expect(all.unmatchedOptOuts(of: register) == [8])
        var told = SubjectMatches(register)
        told.insert(holds: [0, 2], optOuts: [1, 2])
        #expect(told.places.holds == [0] && told.places.optOuts == [1])
        all.merge(told)
        #expect(all.holds(of: register) == [3, 4])
        #expect(all.optOuts(of: register) == [7, 8])
    }

    @Test("more answers than are remembered are worked out anew", arguments: [1, 2, 3, 7, 100])
    func manyAnswers(_ most: Int) throws {
        var random = SeededGenerator(seed: 32)
        let names = (0..<12).map { "user-\($0)" }
        let effect = OptOutEffect(purposes: PurposeSet(.security), categories: .all)
        let register = SubjectRegister(
            rules: try names.enumerated().map { index, name in
                SubjectRegister.Rule(
                    .subject(try Self.hash(.user, name)), effect: .optedOut(effect, entry: index))
            }, optOutEntries: names.indices.map(Int64.init), hasher: try Self.hasher())
        var lookup = SubjectLookup(register, answersMax: most)
        var matched: Set<Int64> = []
        for _ in 0..<200 {
            let index = Int.random(in: 0..<14, using: &random)
            let name = bytes("user-\(index)")
            lookup.begin(time: nil)
            lookup.add(user: name.span)
            #expect(lookup.verdict.optedOut.isEmpty == (index >= names.count), "seed 32")
            #expect(lookup.answerCount <= max(2, most), "seed 32")
            if index < names.count { matched.insert(Int64(index)) }
            #expect(Set(lookup.matches.optOuts(of: register)) == matched, "seed 32")
        }
    }

    @Test("random values: the remembered answer is that of a slow, plain look")
    func memo() throws {
        var random = SeededGenerator(seed: 31)
        let names = (0..<60).map { "user-\($0)" }
        let erased = Set(names.filter { _ in Bool.random(using: &random) })
        let register = try register(
            try erased.map {
                SubjectRegister.Rule(.subject(try Self.hash(.user, $0)), effect: .erased)
            })
        let users = (0..<2000).map { _ in names.randomElement(using: &random) ?? "" }
        let (result, _) = try run(register, users.map { line(user: $0) })
        let expected = users.filter { !erased.contains($0) }.map { line(user: $0) }
        #expect(result.lines == expected, "seed 31")
    }
}
