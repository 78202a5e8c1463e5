internal import Anonymization
internal import LogFormats
internal import Records

/// One source, output, disclosure or list in which the subject's records are looked for.
struct SubjectPlace: Sendable {
    /// What a place is.
    enum Kind: String, Sendable {
        case source, output, store, disclosure, quarantine, table
        case optOuts = "opt-outs"
    }

    let kind: Kind
    let name: String
    var purposes: [String] = []
    var recipients: [String] = []
    var readers: [String] = []
    /// How long it is kept, in sentences.
    var retention: [String] = []
    var files: [String] = []
    let format: any LogFormat
    /// The fields that are read to tell whose a record is.
    let names: [String]
    /// All columns that the files name, each in its own header; nil where they have none.
    var columns: [String]?
    let matcher: RecordMatcher
    /// Set for a list beside the sources, whose rows are read by themselves.
    var list: SubjectList?

    /// The files, and what is opened besides to read them.
    var filesRead: [String] { files + (list?.filesRead ?? []) }
}

/// A record of the subject.
struct FoundRecord: Sendable {
    /// The index in the place's files.
    var file: Int
    /// The number of the record in its file, 1-based, header lines not counted.
    var number: Int
    var match: RecordMatcher.Match
    /// The record as it is written, without its line end.
    var raw: [UInt8]
    /// The columns that the header of the file names, if the format has one.
    var columns: [String]?
}

/// What reading a place found besides records.
struct PlaceCounts: Sendable {
    var records = 0
    var unreadable = 0
    var undecided = 0
}

/// Reads files of records and gives those of the subject.
struct SubjectScan {
    let plan: Plan
    let place: SubjectPlace

    /// Reads all files of the place, in order.
    func run(
        _ visit: (FoundRecord) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) -> PlaceCounts {
        if let list = place.list { return try list.read(visit) }
        var counts = PlaceCounts()
        for (index, path) in place.files.enumerated() {
            try read(path, index, &counts, visit)
        }
        return counts
    }

    private func read(
        _ path: String, _ file: Int, _ counts: inout PlaceCounts,
        _ visit: (FoundRecord) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) {
        let source = ChunkSource([.init(path: path)], plan: readingPlan, digesting: false)
        let fields = DeclaredFields(names: place.names)
        let reader = place.format.makeReader(fields: fields, limits: readingPlan.limits)
        var table = RecordTable(slotCount: fields.count)
        var chunk = Chunk(capacity: ChunkSource.chunkBytes + (1 << 16))
        var before = 0
        while try source.next(&chunk) {
            try checkTelling(chunk.columns, path)
            reader.index(chunk, into: &table)
            for row in 0..<table.count {
                switch table.state(row) {
                case .blank: continue
                case .bad: counts.unreadable += 1
                case .good:
                    let match = place.matcher.match(row, table, chunk.buffer.bytes, reader)
                    if match == .none { continue }
                    guard match.isSure else {
                        counts.undecided += 1
                        continue
                    }
                    counts.records += 1
                    try visit(
                        FoundRecord(
                            file: file, number: before + row + 1, match: match,
                            raw: Self.bytes(of: row, table, chunk), columns: chunk.columns))
                }
            }
            before += table.count
        }
    }

    private static func bytes(
        of row: Int, _ table: borrowing RecordTable, _ chunk: borrowing Chunk
    ) -> [UInt8] {
        var raw = ByteBuffer(capacity: 256)
        raw.append(chunk.buffer.bytes.extracting(table.range(row)))
        return raw.array()
    }

    /// The plan for reading alone: the place's format and fields, no output.
    var readingPlan: Plan {
        var reading = plan
        reading.format = place.format
        if place.kind != .source { reading.encoding = .utf8 }
        if place.kind == .output || place.kind == .disclosure { reading.limits = .ofOwnFiles }
        reading.mayLackColumns = place.kind == .output
        reading.release.fields = DeclaredFields(names: place.names)
        reading.release.outputs = []
        return reading
    }

    /// A file must have the columns that tell whose a record is: without them nobody would be
    /// found. Of files of outputs, whose columns may have been others, `SubjectPlaces` says so.
    func checkTelling(_ columns: [String]?, _ path: String) throws(PipelineFailure) {
        if place.kind == .output { return }
        let slots = place.matcher.sought.slots + (place.matcher.within?.slots ?? [])
        let telling = DeclaredFields(names: slots.map { place.names[$0] })
        do { try place.format.check(telling, against: columns) } catch {
            var fault = error
            fault.source = path
            throw .source(fault)
        }
    }
}
