import Anonymization
import LogFormats
import Records
import TestSupport
import Testing

/// An opt-out takes out of a stored record what is left there, once.
@Suite("Opt-outs in stored records")
struct StoredOptOutTests {
    private func counts(
        _ lines: [String], _ change: (inout ReleaseTrial) -> Void = { _ in }
    ) throws -> OutputCounts {
        var trial = ReleaseTrial([
            ("ts", FieldRule(transform: Keep())), ("customer", FieldRule(transform: Keep())),
            ("ip", FieldRule(transform: Keep(), category: .technical)),
            ("ips[*]", FieldRule(transform: Keep(), category: .technical)),
        ])
        trial.purpose = .statistics
        trial.customerField = "customer"
        trial.optOuts = [
            OptOutEntry(
                customer: bytes("acme"),
                scope: OptOutEffect(
                    purposes: PurposeSet(.statistics), categories: CategorySet(.technical)),
                effective: EventTime(milliseconds: 0), line: 2)
        ]
        change(&trial)
        var plan = try #require(trial.makePlan())
        plan.isStored = true
        let releaser = Releaser(plan: plan, keyRing: nil)
        let content = lines.map { $0 + "\n" }.joined()
        return trial.run([bytes(content)], releaser: releaser).counts.outputs[0]
    }

    @Test(
        "a record without a value of the category stays as it is",
        arguments: [
            (#""ip":"192.0.2.7""#, true), (#""ip":"""#, false), (#""ip":null"#, false),
            (#""x":1"#, false), (#""ips":["192.0.2.7"]"#, true), (#""ips":["",null]"#, false),
            (#""ips":[]"#, false), (#""ips":["","192.0.2.7"]"#, true),
        ])
    func oneCategory(_ member: String, _ isTaken: Bool) throws {
        let line = #"{"ts":"\#(ReleaseTrial.fresh)","customer":"acme",\#(member)}"#
        let counts = try counts([line])
        #expect(counts.barred == (isTaken ? 1 : 0))
        #expect(counts.kept == (isTaken ? 0 : 1))
    }

    @Test(
        "of everything: an object without members has nothing left",
        arguments: [("{}", 0), (" { } ", 0), (#"{"x":1}"#, 1), (#" {"x":{}}"#, 1)])
    func everything(_ line: String, _ barred: Int) throws {
        #expect(try counts([line]).barred == barred)
        // What nobody named stays under the louder word.
        #expect(try counts([line]) { $0.keepsUnnamed = true }.barred == 0)
    }

    @Test("of everything: in columns only what is named counts, JSON or not")
    func columns() throws {
        for (line, barred) in [(#"{"ip":null}"#, 0), (#"{"ip":"192.0.2.7"}"#, 1)] {
            let taken = try counts([line]) { $0.columns = [.slot(2)] }
            #expect(taken.barred == barred)
        }
    }

    @Test("of everything: in a table only what is named counts")
    func table() throws {
        let format = CSVFormat()
        let taken = try counts([",,,", "x,,,", ",,192.0.2.7,"]) {
            $0.format = format
            $0.syntax = .delimited
        }
        #expect(taken.barred == 2)
        #expect(taken.written == 3)
    }
}
