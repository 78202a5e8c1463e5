internal import Anonymization
internal import Records

/// Looks at the start of a log and says in which of the formats it is.
///
/// A format fits when its header is there, nine of ten lines are records of it, and their times can
/// be read. Of formats that fit, one that says more about a line goes before one that says less.
/// Two that say equally much are a doubt, and so is a format that nothing but its look speaks for:
/// the answer is then no format at all. A format of one's own (`access_log`, `first-field`,
/// `json_array` with an envelope) is never found.
package enum FormatDetection {
    /// What was found.
    package enum Verdict: Equatable, Sendable {
        /// The name of the format, and how many lines it was recognised by.
        case found(String, lines: Int)
        /// The names of formats of which each may be meant.
        case unsure([String])
        case none
    }

    /// How much of a log is looked at, in bytes.
    package static let sampleBytes = 1 << 16

    /// Looks at `start`, the first bytes of a log as it is without compression; `isComplete` when
    /// they are all that there is.
    ///
    /// Documents of records, such as JSON arrays, are looked for when `documents` says so.
    package static func detect(
        _ start: [UInt8], isComplete: Bool, documents: Bool = false
    ) -> Verdict {
        var fits: [(name: String, lines: Int)] = []
        for candidate in candidates {
            guard let format = candidate.make(), documents || format.makeFraming() == nil else {
                continue
            }
            let sample = LogSample(format, fields: candidate.witnesses, start, isComplete)
            if let lines = sample?.lines { fits.append((candidate.name, lines)) }
        }
        for (special, general) in order where fits.contains(where: { $0.name == special }) {
            fits.removeAll { general.contains($0.name) }
        }
        guard let first = fits.first else { return .none }
        return fits.count == 1
            ? .found(first.name, lines: first.lines) : .unsure(fits.map(\.name))
    }

    private struct Candidate {
        let name: String
        /// Fields that every record must have with a value, besides its time.
        var witnesses: [String] = []

        func make() -> (any LogFormat)? {
            FormatCatalogue.named(name)?.make(
                SettingReader(.mapping([], .none), path: "", faults: Faults()))
        }
    }

    private static let candidates = [
        Candidate(name: "jsonl"), Candidate(name: "json_array"), Candidate(name: "cloudtrail"),
        Candidate(name: "caddy", witnesses: ["request.uri", "logger"]),
        Candidate(name: "traefik_json", witnesses: ["RequestMethod", "ClientHost"]),
        Candidate(name: "cloudflare", witnesses: ["RayID", "ClientIP"]),
        Candidate(name: "zeek_json", witnesses: ["uid", "id\\.orig_h"]),
        Candidate(name: "common", witnesses: ["ip"]),
        Candidate(name: "combined", witnesses: ["ip"]),
        Candidate(name: "vhost_combined", witnesses: ["ip"]),
        Candidate(name: "traefik", witnesses: ["ip"]), Candidate(name: "haproxy"),
        Candidate(name: "aws_alb"), Candidate(name: "aws_elb"), Candidate(name: "w3c"),
        Candidate(name: "cloudfront", witnesses: ["x-edge-location"]), Candidate(name: "zeek"),
        Candidate(name: "syslog_5424"), Candidate(name: "syslog_3164"),
        Candidate(name: "logfmt"), Candidate(name: "csv"), Candidate(name: "tsv"),
    ]

    /// What goes before what.
    private static let order: [(String, [String])] =
        ["caddy", "traefik_json", "cloudflare", "zeek_json", "cloudtrail"].map { ($0, ["jsonl"]) }
        + [
            ("cloudfront", ["w3c"]), ("haproxy", ["syslog_3164"]), ("aws_elb", ["syslog_3164"]),
        ]
        + candidates.map(\.name).filter { !["logfmt", "csv", "tsv"].contains($0) }.map {
            ($0, ["logfmt", "csv", "tsv"])
        }
}

/// The records at the start of a log as one format reads them.
private struct LogSample {
    /// The lines that are no blank ones.
    private(set) var lines = 0
    private var good = 0
    private let format: any LogFormat

    /// nil when too few of the lines are records of `format` with a time and `fields`.
    init?(_ format: any LogFormat, fields: [String], _ start: [UInt8], _ isComplete: Bool) {
        self.format = format
        let limits = RecordLimits()
        let made = try? LogStart(start, isComplete: isComplete, format: format, limits: limits)
        guard let log = made, Self.isPlausible(log.chunk.columns, format) else { return nil }
        let names = (format.ownTime?.fields ?? []) + fields
        read(log.chunk, names, limits)
        guard good > 0, good * 10 >= lines * 9 else { return nil }
    }

    /// The first row of a table without its own directives must look like names: of at least two
    /// columns, of which none begins with a digit or is empty.
    private static func isPlausible(_ columns: [String]?, _ format: any LogFormat) -> Bool {
        guard format.quoteRule == .ifPresent else { return true }
        guard let columns, columns.count > 1 else { return false }
        return columns.allSatisfy { name in
            let bytes = Array(name.utf8)
            guard let first = bytes.first else { return false }
            let isLetter = (first | 0x20) &- UInt8(ascii: "a") < 26
            return isLetter && bytes.count <= 64 && !bytes.contains(UInt8(ascii: "="))
                && !bytes.contains(UInt8(ascii: "{"))
        }
    }

    private mutating func read(
        _ chunk: borrowing Chunk, _ names: [String], _ limits: RecordLimits
    ) {
        let asked = names + (format.unnamedField.map { [$0] } ?? [])
        let reader = format.makeReader(fields: DeclaredFields(names: asked), limits: limits)
        var table = RecordTable(slotCount: asked.count)
        reader.index(chunk, into: &table)
        for row in 0..<table.count where table.state(row) != .blank {
            lines += 1
            if table.isGood(row), isWitness(row, table, chunk.buffer.bytes, reader, names) {
                good += 1
            }
        }
    }

    private func isWitness(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ names: [String]
    ) -> Bool {
        var texts: [[UInt8]] = []
        for slot in names.indices {
            let slice = table.slice(slot: slot, row: row)
            guard slice.hasValue, slice.kind != .several else { return false }
            var text = ByteBuffer()
            text.append(bytes.extracting(slice.offset..<slice.end))
            texts.append(text.array())
        }
        if let address = names.firstIndex(of: "ip") {
            guard isAddress(texts[address]) else { return false }
        }
        if format.syntax == .logfmt { return allPairs(table.range(row), bytes) }
        guard let own = format.ownTime else { return true }
        let time = Array(texts.prefix(own.fields.count).joined(separator: [UInt8(ascii: " ")]))
        return own.format.parse(time.span, zone: .utc, now: Self.latest) != nil
    }

    private func isAddress(_ text: [UInt8]) -> Bool { IPAddress(text.span) != nil }

    /// The end of year 9998: every time without a year lies before it.
    private static let latest = EventTime(milliseconds: 253_370_764_800_000)

    /// True when the line begins with a pair and each word that is no pair stands in quotes: free
    /// text with a pair in it is no logfmt.
    private func allPairs(_ line: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        var isQuoted = false
        var hasSign = false
        var isInWord = false
        for index in line {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: "=") { hasSign = true }
            if byte <= 0x20, !isQuoted {
                if isInWord, !hasSign { return false }
                (isInWord, hasSign) = (false, false)
            } else {
                isInWord = true
            }
        }
        return hasSign || !isInWord
    }
}
