@testable import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// Times of which a record has a part only, or two fields have one each.
@Suite struct TimePartsTests {
    private func run(
        _ lines: [String], dates: [String?] = [nil],
        _ change: (inout ReleasePlan) -> Void
    ) throws -> ReleaseTrial.Result {
        let trial = ReleaseTrial([
            ("day", FieldRule(transform: Keep())), ("time", FieldRule(transform: Keep())),
            ("user", FieldRule(transform: nil)),
        ])
        var plan = try #require(trial.makePlan())
        plan.timeFormat = .dateTime
        change(&plan)
        let releaser = Releaser(plan: plan, keyRing: nil)
        let reader = trial.format.makeReader(fields: plan.fields, limits: RecordLimits())
        var table = RecordTable(slotCount: 3)
        var result = ReleaseTrial.Result()
        var buffer = ByteBuffer()
        for date in dates {
            var chunk = Chunk(capacity: 16)
            chunk.date = date.map(bytes)
            trial.release(lines, &chunk, by: releaser, reader, &table, into: &buffer)
            result.counts.add(releaser.counts)
            result.quarantine += releaser.quarantine
            result.days += releaser.outputs[0].days
        }
        result.output = buffer.array()
        return result
    }

    private func day(_ text: String) -> Int32 {
        Int32(CivilDate(parsing: bytes(text).span)?.daysSince1970 ?? 0)
    }

    private static func inTwoFields(_ plan: inout ReleasePlan) {
        plan.timeSlot = 0
        plan.timeOfDaySlot = 1
    }

    @Test func aDateAndATimeOfDayAreOneTime() throws {
        let lines = [
            #"{"day":"2026-06-14","time":"23:59:59","user":"ann"}"#,
            #"{"day":"2026-06-15","time":"00:00:00","user":"ann"}"#,
        ]
        let result = try run(lines, Self.inTwoFields)
        #expect(result.lines == [#"{"day":"2026-06-14","time":"23:59:59"}"#, lines[1]])
        #expect(result.days == [day("2026-06-14"), day("2026-06-15")])
    }

    @Test(arguments: [
        (#"{"day":"2026-06-14","user":"ann"}"#, QuarantineReason.noTime),
        (#"{"time":"23:59:59","user":"ann"}"#, .noTime),
        (#"{"day":"2026-06-14","time":null}"#, .noTime),
        (#"{"day":"2026-06-14","time":""}"#, .noTime),
        (#"{"day":"2026-06-14","time":"late"}"#, .badTime),
        (#"{"day":20260614,"time":"23:59:59"}"#, .badTime),
        (#"{"day":"2026-06-14","time":235959}"#, .badTime),
        (#"{"day":"2026-06-14","time":"23:59:5\u0039"}"#, .badTime),
        (#"{"day":"2026-06-1\u0034","time":"23:59:59"}"#, .badTime),
        (#"{"day":"2026-06-14","time":["23:59:59"]}"#, .badTime),
    ])
    func halfATimeIsNone(_ line: String, _ reason: QuarantineReason) throws {
        let result = try run([line], Self.inTwoFields)
        #expect(result.counts.quarantined == [reason: 1])
        #expect(result.lines == [])
    }

    @Test func theDateOfTheSourceIsThatOfAllItsRecords() throws {
        let line = #"{"day":"2026-06-20","time":"23:59:59","user":"ann"}"#
        let result = try run([line, line], dates: ["2026-06-14", "2026-06-15", nil]) {
            $0.datesBySource = true
            $0.timeSlot = nil
            $0.timeFormat = .date
        }
        // Each source has its own: that of the one before says nothing of the next.
        let aged = #"{"day":"2026-06-20","time":"23:59:59"}"#
        #expect(result.lines == [aged, aged, line, line])
        #expect(
            result.days == ["2026-06-14", "2026-06-14", "2026-06-15", "2026-06-15"].map(day))
        #expect(result.counts.quarantined == [.noTime: 2])
        #expect(result.quarantine.map(\.recordNumber) == [1, 2])
    }

    @Test func theRecordSaysAtWhatTimeOfTheSourcesDay() throws {
        let lines = [
            #"{"time":"12:00:00","user":"ann"}"#, #"{"time":"12:00:01","user":"ann"}"#,
            #"{"user":"ann"}"#, #"{"time":"","user":"ann"}"#, #"{"time":120000,"user":"ann"}"#,
            #"{"time":"12:00:0\u0030","user":"ann"}"#,
        ]
        let result = try run(lines, dates: ["2026-07-16", "2026-06-14"]) {
            $0.datesBySource = true
            $0.timeSlot = 1
        }
        // A day ahead of the run is the most that is trusted.
        #expect(
            result.lines == [
                lines[0], #"{"time":"12:00:01"}"#, #"{"time":"12:00:00"}"#,
                #"{"time":"12:00:01"}"#,
            ])
        #expect(result.counts.quarantined == [.noTime: 4, .badTime: 4])
        #expect(result.counts.untimely == 1)
    }
}
