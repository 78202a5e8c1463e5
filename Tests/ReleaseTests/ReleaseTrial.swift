@testable import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport

/// Keys made from the number of the month; those of `missing` are not to be had.
final class MonthKeys: KeyRing {
    let missing: Set<CalendarMonth>
    init(missing: Set<CalendarMonth> = []) { self.missing = missing }

    func hasher(for month: CalendarMonth) -> TokenHasher? {
        missing.contains(month) ? nil : Self.hasher(for: month)
    }

    static func hasher(for month: CalendarMonth) -> TokenHasher? {
        let key = bytes("thirty-two bytes of a key " + month.text)
        return (try? SecretKey.copying(key.span)).map { TokenHasher(key: $0, epoch: nil) }
    }

    /// The 32 digits that stand for `value` of `field` in `month`.
    static func token(_ value: String, field: String, month: String) -> String {
        guard let month = CalendarMonth(text: month), let hasher = hasher(for: month) else {
            return ""
        }
        var buffer = ByteBuffer()
        hasher.appendToken(
            in: TokenDomain(scope: "", field: field),
            of: bytes(value).span,
            to: &buffer
        )
        return text(buffer.array())
    }
}

/// A plan over JSON Lines or another format, run at noon of 2026-07-15 with a window of one month:
/// June 14 is due, June 15 is not.
struct ReleaseTrial {
    static let due = "2026-06-14T23:59:59Z"
    static let fresh = "2026-06-15T00:00:00Z"
    static let future = "2026-07-16T12:00:01Z"

    var format: any LogFormat = JSONLinesFormat()
    var fields: [(name: String, rule: FieldRule)]
    var timeField: String? = "ts"
    var timeFormat = TimeFormat.rfc3339
    var clocks: [RetentionClock] = []
    var purpose = Purpose.security
    var showsWindow = true
    var keepsUnnamed = false
    var readableClock: DueSet = []
    var expiryClock: DueSet?
    var syntax = SpliceSyntax.json
    var columns: [OutputReleasePlan.Source] = []
    var columnFormat: any LogFormat = JSONLinesFormat()
    var derived: [DerivedField] = []
    var customerField: String?
    var personField: String?
    var optOuts: [OptOutEntry] = []
    var dropsOptedOut = false
    var observations = ObservationPlan()
    var keyRing: (any KeyRing)? = MonthKeys()

    init(_ fields: [(name: String, rule: FieldRule)]) { self.fields = fields }

    init(_ rules: KeyValuePairs<String, (any Transform)?>) {
        fields = rules.map { ($0.key, FieldRule(transform: $0.value)) }
    }

    func slot(_ name: String?) -> Int? {
        name.flatMap { wanted in fields.firstIndex { bytes($0.name) == bytes(wanted) } }
    }

    static var runClock: RunClock? { RunClock(text: "2026-07-15T12:00:00Z", zone: .utc) }

    func makePlan() -> ReleasePlan? {
        guard let runClock = Self.runClock,
            let clockSet = ClockSet(
                window: CalendarDuration(months: 1, days: 0),
                after: clocks,
                runClock: runClock
            )
        else { return nil }
        let output = OutputReleasePlan(
            name: "out",
            purpose: purpose,
            showsWindow: showsWindow,
            mode: columns.isEmpty ? .spliced : .columns,
            syntax: syntax,
            keepsUnnamed: keepsUnnamed,
            rules: fields.map(\.rule),
            appended: columns.isEmpty
                ? derived.indices.map { ($0, bytes(",\"\(derived[$0].name)\":")) } : [],
            columns: columns, readableClock: readableClock,
            expiryClock: expiryClock
        )
        let index = OptOutIndex(
            OptOutList(entries: optOuts),
            now: runClock.now,
            purposes: .standard,
            missingCustomer: customerField == nil ? .allowed : .optedOut
        )
        return ReleasePlan(
            fields: DeclaredFields(names: fields.map(\.name), needsOutline: !keepsUnnamed),
            timeSlot: slot(timeField),
            timeFormat: timeFormat,
            timeZone: .utc,
            zone: .utc,
            clocks: clockSet,
            customerSlot: slot(customerField),
            personSlot: slot(personField),
            optOuts: index,
            dropsOptedOutRecords: dropsOptedOut,
            derived: derived,
            outputs: [output],
            observations: observations
        )
    }

    /// What came out of one source.
    struct Result {
        var output: [UInt8] = []
        var counts = RecordCounts(outputs: 1, statistics: 0)
        var quarantine: [QuarantineEntry] = []
        var days: [Int32] = []
        /// The texts and tokens of each observed row.
        var observed: [(texts: [String?], tokens: [Token], mask: UInt64)] = []

        var lines: [String] {
            text(output).utf8.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    func run(_ lines: [String]) -> Result { run(bytes(lines.map { $0 + "\n" }.joined())) }

    /// Runs `source` as one chunk.
    func run(_ source: [UInt8]) -> Result {
        guard let plan = makePlan() else { return Result() }
        return run([source], releaser: Releaser(plan: plan, keyRing: keyRing))
    }

    /// Runs each of `chunks` through one releaser.
    func run(_ chunks: [[UInt8]], releaser: Releaser) -> Result {
        var result = Result()
        let reader = format.makeReader(fields: releaser.plan.fields, limits: RecordLimits())
        var table = RecordTable(slotCount: fields.count)
        let names = columns.map { source in
            switch source {
            case .slot(let slot): fields[slot].name
            case .derived(let index): derived[index].name
            }
        }
        let writer =
            columns.isEmpty
            ? format.splicedWriter() : columnFormat.columnWriter(columns: names)
        var buffer = ByteBuffer()
        result.counts = RecordCounts(
            outputs: 1,
            statistics: observations.statistics.count
        )
        for bytes in chunks {
            var chunk = Chunk(capacity: 16)
            chunk.columns = fields.map(\.name)
            chunk.buffer.append(bytes)
            chunk.seal()
            reader.index(chunk, into: &table)
            releaser.release(chunk, table, reader: reader)
            releaser.outputs[0].write(with: writer, chunk: chunk.buffer.bytes, into: &buffer)
            result.days += releaser.outputs[0].days
            result.counts.add(releaser.counts)
            result.quarantine += releaser.quarantine
            result.observed += releaser.observations.rows(chunk.buffer.bytes)
        }
        result.output = buffer.array()
        return result
    }
}

extension OutputRelease {
    func write(with writer: any RecordWriter, chunk: Span<UInt8>, into buffer: inout ByteBuffer) {
        for index in batch.records.indices {
            writer.write(index, of: batch, chunk: chunk, into: &buffer)
        }
    }

    var days: [Int32] { batch.records.indices.map { batch.records[$0].day } }
}

extension ObservationRelease {
    func rows(
        _ chunk: Span<UInt8>
    ) -> [(texts: [String?], tokens: [Token], mask: UInt64)] {
        (0..<batch.count).map { row in
            let texts = batch.texts.indices.map { input in
                let slice = batch.texts[input][row]
                return slice.hasValue ? observed(slice, chunk) : nil
            }
            return (
                texts, batch.tokens.indices.map { batch.tokens[$0][row] },
                batch.statistics[row]
            )
        }
    }

    private func observed(_ slice: FieldSlice, _ chunk: Span<UInt8>) -> String {
        var place = slice
        var copy = ByteBuffer()
        if slice.start & ObservationBatch.arenaBit != 0 {
            place.start &= ~ObservationBatch.arenaBit
            copy.append(Array(batch.arena.array()[place.offset..<place.end]))
        } else {
            copy.append(chunk.extracting(place.offset..<place.end))
        }
        return text(copy.array())
    }
}

extension ReleaseTrial {
    /// Releases `lines` as `chunk` and adds what the first output writes to `buffer`.
    func release(
        _ lines: [String], _ chunk: inout Chunk, by releaser: Releaser,
        _ reader: any RecordReader, _ table: inout RecordTable, into buffer: inout ByteBuffer
    ) {
        chunk.buffer.append(bytes(lines.map { $0 + "\n" }.joined()))
        chunk.seal()
        reader.index(chunk, into: &table)
        releaser.release(chunk, table, reader: reader)
        let writer = format.splicedWriter()
        releaser.outputs[0].write(with: writer, chunk: chunk.buffer.bytes, into: &buffer)
    }
}
