import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// What a pending erasure takes out of stored records, and what it leaves because a hold binds, or
/// may bind.
@Suite("Erasures of stored records")
struct PendingErasureTests {
    private typealias Doubt = PendingErasure.Doubt

    private static func time(_ text: String) throws -> EventTime {
        try #require(RunClock(text: text, zone: .utc)).now
    }

    private func run(
        _ lines: [String], until: String? = nil, doubts: [(from: String?, until: String?)] = []
    ) throws -> RecordCounts {
        let trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())), ("user", FieldRule(transform: Keep())),
        ])
        var plan = try #require(trial.makePlan())
        plan.isStored = true
        let anna = SoughtIdentity(
            kind: .user, who: .value(bytes("anna")), slots: [1], tokens: [bytes("t1")])
        plan.erasures = [
            PendingErasure(
                matcher: RecordMatcher(sought: anna), until: try until.map(Self.time),
                doubts: try doubts.map {
                    Doubt(from: try $0.map(Self.time), until: try $1.map(Self.time))
                })
        ]
        let releaser = Releaser(plan: plan, keyRing: MonthKeys())
        return trial.run([bytes(lines.map { $0 + "\n" }.joined())], releaser: releaser).counts
    }

    private func line(_ time: String, _ user: String = "anna") -> String {
        #"{"ts":"\#(time)","user":"\#(user)"}"#
    }

    @Test("events up to a time, and those that say no time")
    func until() throws {
        let lines = [
            line("2026-07-01T11:59:59.999Z"), line("2026-07-01T12:00:00Z"), line("at noon"),
            line("2026-07-01T11:00:00Z", "bob"),
        ]
        let counts = try run(lines, until: "2026-07-01T12:00:00Z")
        #expect(counts.outputs[0].dropped == [.erased: 2])
        #expect(counts.erasures.map(\.erased) == [2])
        #expect(counts.erasures.map(\.undecided) == [0])
        #expect(counts.erasures.map(\.structured) == [0])
        let structured = try run([#"{"ts":"\#(ReleaseTrial.fresh)","user":["anna"]}"#])
        #expect(structured.erasures.map(\.structured) == [1])
        #expect(try run(lines).outputs[0].dropped == [.erased: 3])
    }

    @Test("a hold that may bind keeps what only a token tells, and no readable name")
    func doubts() throws {
        let during = "2026-07-02T00:00:00Z"
        for (user, isHeld) in [("t1", true), ("anna", false)] {
            let counts = try run(
                [line(during, user)], doubts: [("2026-07-02", "2026-07-03")])
            #expect(counts.outputs[0].held == (isHeld ? 1 : 0), "\(user)")
            #expect(counts.outputs[0].dropped == (isHeld ? [:] : [.erased: 1]))
            #expect(counts.erasures.map(\.held) == [isHeld ? 1 : 0])
            #expect(counts.erasures.map(\.erased) == [isHeld ? 0 : 1])
        }
        for (time, isHeld) in [
            ("2026-07-01T23:59:59.999Z", false), (during, true),
            ("2026-07-02T23:59:59.999Z", true), ("2026-07-03T00:00:00Z", false), ("soon", true),
        ] {
            let counts = try run(
                [line(time, "t1")], doubts: [("2026-07-02", "2026-07-03")])
            #expect(counts.outputs[0].held == (isHeld ? 1 : 0), "\(time)")
        }
        for doubt in [(nil, "2026-07-03"), ("2026-07-02", nil), (nil, nil)] as [(String?, String?)]
        {
            #expect(try run([line(during, "t1")], doubts: [doubt]).outputs[0].held == 1)
        }
    }
}
