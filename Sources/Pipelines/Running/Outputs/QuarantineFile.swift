internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Takes the records that are set aside, in the order in which they come.
protocol QuarantineSink: AnyObject {
    /// Adds records of one source, called `source`. Their bytes lie in `bytes`, which begin at
    /// `offset` in the source.
    func add(
        _ entries: [QuarantineEntry], in bytes: Span<UInt8>, at offset: Int, named source: String
    ) throws(PipelineFailure)
}

/// The list of records that a run set aside: where each lies and why, and its bytes only when the
/// pipeline asks for them.
///
/// One file per run, mode 0600, named by the date of the run so that a later run can tell when it
/// has to go: one window after arrival. It appears with the outputs of the run or not at all.
final class QuarantineFile: QuarantineSink {
    private let folder: String
    private let date: CivilDate
    /// What tells the lists of the pipeline from those of others in the same folder.
    private let owner: String
    private let keepsLines: Bool
    private let mark: WriterMark
    /// The digits that tell the list from those of other runs.
    private let digits: String
    private var file: DurableFile?

    /// The longest part of a record that is kept, in bytes.
    static let lineBytesMax = 1 << 16

    /// Nil when the plan names no place for it. A run with a name may be done again after a crash:
    /// its list then takes the place of its first one.
    init?(plan: Plan, run name: String? = nil) {
        let standard = plan.state.map { "\($0)/quarantine" }
        guard let folder = plan.quarantine.path ?? standard else { return nil }
        self.folder = folder
        date = plan.release.clocks.runClock.date
        owner = Self.owner(plan)
        keepsLines = plan.quarantine.keepsLines
        mark = plan.mark
        digits = name.map { String(Digest256.of(Array($0.utf8).span).hex.prefix(16)) }
            ?? Self.anyDigits()
    }

    /// Digits that no other run has, not even one of the same day in the same process.
    private static func anyDigits() -> String {
        var digits = ByteBuffer(capacity: 16)
        digits.append(hex: UInt64.random(in: .min ... .max))
        return String(decoding: digits.array(), as: UTF8.self)
    }

    func add(
        _ entries: [QuarantineEntry], in bytes: Span<UInt8>, at offset: Int, named source: String
    ) throws(PipelineFailure) {
        var lines = ByteBuffer(capacity: 1 << 12)
        for entry in entries { append(entry, source, bytes, offset, to: &lines) }
        do {
            if file == nil {
                let directory = try Directory.privateDirectory(
                    folder, creating: true, closedToReaders: true)
                file = try DurableFile.begin(
                    in: directory, named: "\(date.text).\(owner).\(digits).jsonl", mark: mark)
            }
            try file?.write(lines.bytes)
        } catch {
            throw .storage("cannot write the quarantine list in \(folder): \(error)")
        }
    }

    /// What the names of lists look like.
    static let pattern = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].*.jsonl"

    private static func owner(_ plan: Plan) -> String {
        String(Digest256.of(Array(plan.name.utf8).span).hex.prefix(12))
    }

    /// Which pipeline wrote a list, by its name.
    enum Writer {
        case own, other
        /// Early lists do not say it.
        case unknown
    }

    static func writer(of name: String, _ plan: Plan) -> Writer {
        let words = name.utf8.split(separator: UInt8(ascii: "."))
        if words.count == 3 { return .unknown }
        return words.count == 4 && words[1].elementsEqual(owner(plan).utf8) ? .own : .other
    }

    private func append(
        _ entry: QuarantineEntry, _ source: String, _ bytes: Span<UInt8>, _ offset: Int,
        to lines: inout ByteBuffer
    ) {
        var members: [(name: String, value: CanonicalJSON)] = [
            ("source", .text(source)), ("record", .integer(Int64(entry.recordNumber))),
            ("byte_offset", .integer(Int64(entry.byteOffset))),
            ("length", .integer(Int64(entry.length))), ("reason", .text(entry.reason.code)),
        ]
        if keepsLines {
            let start = entry.byteOffset - offset
            let line = bytes.extracting(start..<start + min(entry.length, Self.lineBytesMax))
            members.append(("line_hex", .text(Self.hex(line))))
        }
        lines.append(CanonicalJSON.object(members).bytes)
        lines.append(0x0a)
    }

    /// Hexadecimal, because a record that cannot be read need not be text.
    private static func hex(_ bytes: Span<UInt8>) -> String {
        var buffer = ByteBuffer(capacity: bytes.count * 2)
        buffer.append(hex: bytes)
        return String(decoding: buffer.array(), as: UTF8.self)
    }

    /// Makes the list durable under its temporary name; nil when nothing was set aside.
    func prepare() throws(PipelineFailure) -> (directory: Directory, prepared: PreparedFile)? {
        guard let file else { return nil }
        do { return (try file.directory, try file.prepare()) } catch {
            throw .storage("cannot write the quarantine list in \(folder): \(error)")
        }
    }

    func abandon() { file?.abandon() }

    /// Removes the lists of earlier runs whose window has passed.
    func removeExpired(window: RetentionClock, clocks: ClockSet) throws(PipelineFailure) {
        guard let present = try presentStatus(of: folder), present.kind == .directory else {
            return
        }
        do {
            let directory = try Directory.open(folder, creating: false, mode: 0o700)
            var removed = false
            for name in try directory.names() where name.hasSuffix(".jsonl") {
                let text = Array(name.utf8.prefix(10))
                guard let day = CivilDate(parsing: text.span) else { continue }
                let arrival = clocks.runClock.zone.startOfDay(day.daysSince1970)
                guard arrival < clocks.runClock.cutOff(window.length) else { continue }
                removed = try directory.remove(name) || removed
            }
            if removed { try directory.synchronize() }
        } catch {
            throw .storage("cannot clear old quarantine lists in \(folder): \(error)")
        }
    }
}
