import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// A field whose clock starts at another date is tokened under the key of the month in which it
/// becomes due, not of the event's (DESIGN: "Fields whose clock is not the event use the epoch in
/// which they become due").
@Suite struct OtherClockKeyTests {
    /// Says for which month a key was asked, and gives each month a key of its own.
    final class MonthRing: KeyRing, @unchecked Sendable {
        private(set) var months: [String] = []

        func hasher(for month: CalendarMonth) -> TokenHasher? {
            months.append(month.text)
            guard let key = try? SecretKey.copying(Array("key of \(month.text), padded".utf8).span)
            else { return nil }
            return TokenHasher(key: key, epoch: nil)
        }
    }

    private func token(_ month: String) throws -> String {
        let key = try SecretKey.copying(bytes("key of \(month), padded").span)
        var buffer = ByteBuffer()
        let name = bytes("emma")
        TokenHasher(key: key, epoch: nil).appendToken(
            in: TokenDomain(scope: "", field: "user"), of: name.span, to: &buffer)
        return text(buffer.array())
    }

    /// Whether the clock is one beside the window, or the window itself.
    @Test(arguments: [false, true])
    func tokenBelongsToTheMonthInWhichTheFieldBecomesDue(_ isWindow: Bool) throws {
        let clock = RetentionClock(
            start: .field(slot: 2), length: CalendarDuration(months: 12, days: 0))
        let runClock = try #require(RunClock(text: "2026-04-15", zone: .utc))
        let month = RetentionClock(
            start: .event, length: CalendarDuration(months: 1, days: 0))
        let clocks = try #require(
            ClockSet(
                window: isWindow ? clock : month, after: isWindow ? [] : [clock],
                runClock: runClock))
        let bit = try #require(clocks.bit(of: clock))
        let output = OutputReleasePlan(
            name: "out", purpose: .statistics, showsWindow: false, mode: .columns, syntax: .json,
            keepsUnnamed: false,
            rules: [
                FieldRule(transform: Keep()),
                FieldRule(
                    transform: Pseudonymize(field: "user"), clock: bit, otherClock: clock),
                FieldRule(transform: nil),
            ],
            columns: [.slot(1)])
        let plan = ReleasePlan(
            fields: DeclaredFields(names: ["ts", "user", "handled"]), timeSlot: 0,
            timeFormat: .rfc3339, timeZone: .utc, zone: .utc, clocks: clocks,
            optOuts: OptOutIndex(
                OptOutList(entries: []), now: runClock.now, purposes: .standard,
                missingCustomer: .allowed),
            outputs: [output])
        let ring = MonthRing()
        let releaser = Releaser(plan: plan, keyRing: ring)
        var chunk = Chunk(capacity: 256)
        chunk.buffer.append(
            text: #"{"ts":"2024-11-03T10:00:00Z","user":"emma","handled":"2025-02-20"}"# + "\n")
        chunk.seal()
        let reader = JSONLinesReader(fields: plan.fields, limits: RecordLimits())
        var table = RecordTable(slotCount: 3)
        reader.index(chunk, into: &table)
        releaser.release(chunk, table, reader: reader)
        let written = text(releaser.outputs[0].batch.arena.array())
        #expect(written == (try token("2026-02")))
        #expect(written != (try token("2024-11")))
        #expect(ring.months.contains("2026-02"))
    }
}
