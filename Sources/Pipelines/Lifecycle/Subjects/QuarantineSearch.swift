internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records

/// The raw lines that quarantine keeps on demand, searched for a subject.
///
/// A line that can be read after all (its time was bad) is told by its fields. Of any other it can
/// only be said that the value stands in it as a word.
struct QuarantineSearch {
    /// A kept line that belongs to the subject, or mentions it.
    struct Line: Sendable {
        var file: Int
        /// The number of the line in the list, 1-based.
        var number: Int
        /// False when the value only stands somewhere in the line.
        var isAttributed: Bool
        var raw: [UInt8]
    }

    private let plan: Plan
    private let source: SubjectPlace
    private let subject: SoughtSubject
    /// The lists that lie there now, in order.
    let files: [String]

    private static let listBytesMax = 1 << 30

    /// `source` tells whose a record of the pipeline's sources is.
    init(
        _ plan: Plan, source: SubjectPlace, _ subject: SoughtSubject
    ) throws(PipelineFailure) {
        self.plan = plan
        self.source = source
        self.subject = subject
        files = try Self.lists(of: plan)
    }

    /// The lists of the pipeline that lie there now, in order.
    static func lists(of plan: Plan) throws(PipelineFailure) -> [String] {
        try allLists(plan).own
    }

    /// What is said of lists in the same folder that other pipelines wrote: whose lines they keep,
    /// only the formats of those tell. Nil when there are none.
    static func limit(_ plan: Plan) throws(PipelineFailure) -> String? {
        let others = try allLists(plan).others
        guard let first = others.first else { return nil }
        return "\(counted(others.count, "quarantine list")) in \(splitPath(first).directory) were "
            + "written by other pipelines, or do not say by which, and are left alone: ask the "
            + "pipelines that wrote them, too."
    }

    /// Early lists, which do not say who wrote them, count as own where nobody else's lie.
    private static func allLists(
        _ plan: Plan
    ) throws(PipelineFailure) -> (own: [String], others: [String]) {
        guard let folder = plan.quarantine.path ?? plan.state.map({ "\($0)/quarantine" })
        else { return ([], []) }
        let names = try presentFiles(in: folder).map(\.name)
            .filter { $0.hasSuffix(".jsonl") && !$0.hasPrefix(".") }
        let isShared = names.contains { QuarantineFile.writer(of: $0, plan) == .other }
        var (own, others) = ([String](), [String]())
        for name in names {
            switch QuarantineFile.writer(of: name, plan) {
            case .own: own.append("\(folder)/\(name)")
            case .unknown where !isShared: own.append("\(folder)/\(name)")
            case .unknown, .other: others.append("\(folder)/\(name)")
            }
        }
        return (own, others)
    }

    /// Gives the lines of all lists.
    func run(
        _ visit: (Line) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) {
        for index in files.indices {
            for line in try lines(index) { try visit(line) }
        }
    }

    private func lines(_ file: Int) throws(PipelineFailure) -> [Line] {
        let content: [UInt8]
        do {
            content = try FileDescriptor.reading(files[file]).readAll(
                limitBytes: Self.listBytesMax)
        } catch {
            throw .storage("cannot read the quarantine list \(files[file]): \(error)")
        }
        var found: [Line] = []
        for (index, entry) in content.split(separator: 0x0a).enumerated() {
            guard let raw = Self.keptLine(Array(entry)), let isAttributed = match(raw) else {
                continue
            }
            found.append(
                Line(file: file, number: index + 1, isAttributed: isAttributed, raw: raw))
        }
        return found
    }

    /// The bytes that an entry of a list keeps; nil when it keeps none.
    static func keptLine(_ entry: [UInt8]) -> [UInt8]? {
        var chunk = Chunk(capacity: entry.count + Chunk.paddingBytes)
        chunk.buffer.append(entry)
        chunk.buffer.append(UInt8(ascii: "\n"))
        chunk.seal()
        let fields = DeclaredFields(names: ["line_hex"])
        var limits = RecordLimits()
        limits.recordBytesMax = entry.count + 1
        let reader = JSONLinesFormat().makeReader(fields: fields, limits: limits)
        var table = RecordTable(slotCount: 1)
        reader.index(chunk, into: &table)
        guard table.count > 0, table.isGood(0) else { return nil }
        let slice = table.slice(slot: 0, row: 0)
        guard slice.isText else { return nil }
        var digits = ByteBuffer(capacity: slice.length)
        digits.append(chunk.buffer.bytes.extracting(slice.offset..<slice.end))
        return bytes(ofHex: digits.array())
    }

    private static func bytes(ofHex digits: [UInt8]) -> [UInt8]? {
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index...(index + 1)], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// True when the line is the subject's, false when it only mentions it, nil otherwise.
    private func match(_ raw: [UInt8]) -> Bool? {
        let matches = Self.matches(
            raw, source.format, source.names, plan.limits, [source.matcher])
        switch matches?[0] {
        case .value?, .token?: return true
        // It can be read and is another's, whatever it mentions.
        case RecordMatcher.Match.none?, .undecided?: return nil
        case nil: return subject.isMentioned(in: raw) ? false : nil
        }
    }

    /// What each matcher says of a line as a record of the sources; nil when it cannot be read.
    static func matches(
        _ raw: [UInt8], _ format: any LogFormat, _ names: [String], _ limits: RecordLimits,
        _ matchers: [RecordMatcher]
    ) -> [RecordMatcher.Match]? {
        // Without its header a row of a table does not say what its cells are.
        let namesItself =
            format.quoteRule == .always || format.fieldNames != nil || format.unnamedField != nil
        guard namesItself, !format.repeatsHeaders else { return nil }
        var chunk = Chunk(capacity: raw.count + Chunk.paddingBytes)
        chunk.buffer.append(raw)
        chunk.buffer.append(UInt8(ascii: "\n"))
        chunk.seal()
        let fields = DeclaredFields(names: names)
        let reader = format.makeReader(fields: fields, limits: limits)
        var table = RecordTable(slotCount: fields.count)
        reader.index(chunk, into: &table)
        guard table.count == 1, table.isGood(0) else { return nil }
        var found: [RecordMatcher.Match] = []
        for matcher in matchers {
            found.append(matcher.match(0, table, chunk.buffer.bytes, reader))
        }
        return found
    }
}
