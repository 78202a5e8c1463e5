internal import Anonymization
internal import Ledger
internal import Records

/// Writes what was found: one JSON document, or CSV tables with a description.
protocol SubjectDocument: AnyObject {
    func begin(_ place: SubjectPlace) throws(PipelineFailure)
    func add(_ record: FoundRecord, of place: SubjectPlace) throws(PipelineFailure)
    /// A kept line of quarantine.
    func add(_ line: QuarantineSearch.Line, of place: SubjectPlace) throws(PipelineFailure)
    func end(_ place: SubjectPlace, _ counts: PlaceCounts) throws(PipelineFailure)
    func finish(_ report: SubjectExportReport) throws(PipelineFailure)
}

/// What a copy says about itself, as members of JSON objects.
struct DocumentHead {
    let pipeline: String
    let made: String
    let subject: SoughtSubject
    let details: SubjectDetails

    /// The form of the document; a changed form gets another number.
    static let version: Int64 = 1

    var members: [(name: String, value: CanonicalJSON)] {
        var who: [(name: String, value: CanonicalJSON)] = [
            ("kind", .text(subject.kind.rawValue)), ("value", Self.text(subject.canonical)),
        ]
        if let within = subject.within { who.append(("within_customer", Self.text(within))) }
        var answer: [(name: String, value: CanonicalJSON)] = [
            ("role", .text(details.role.rawValue)), ("by", .text(details.requestedBy)),
            ("identity_check", .text(details.identityCheck)),
        ]
        if let consent = details.consent {
            answer.append(("consent_of_the_customer", .text(consent)))
        }
        return [
            ("document", "sluice-subject-export"), ("version", .integer(Self.version)),
            ("made", .text(made)), ("pipeline", .text(pipeline)), ("subject", .object(who)),
            ("answered", .object(answer)),
        ]
    }

    static func text(_ bytes: [UInt8]) -> CanonicalJSON {
        .text(String(decoding: bytes, as: UTF8.self))
    }

    /// What is known of a place besides its records.
    static func members(of place: SubjectPlace) -> [(name: String, value: CanonicalJSON)] {
        func list(_ texts: [String]) -> CanonicalJSON { .array(texts.map { .text($0) }) }
        return [
            ("kind", .text(place.kind.rawValue)), ("name", .text(place.name)),
            ("purposes", list(place.purposes)), ("recipients", list(place.recipients)),
            ("readers", list(place.readers)), ("retention", list(place.retention)),
            ("files", list(place.files)),
        ]
    }

    static func members(_ counts: PlaceCounts) -> [(name: String, value: CanonicalJSON)] {
        [
            ("record_count", .integer(Int64(counts.records))),
            ("unreadable_records", .integer(Int64(counts.unreadable))),
            ("undecided_records", .integer(Int64(counts.undecided))),
        ]
    }

    /// What stands behind the places.
    static func closing(
        _ report: SubjectExportReport
    ) -> [(name: String, value: CanonicalJSON)] {
        let rows = report.partialRows.map { month, rows -> CanonicalJSON in
            ["month": .text(month), "rows": .integer(Int64(rows))]
        }
        return [
            ("unpublished_statistics", .array(rows)),
            ("not_searched_or_attributed", .array(report.limits.map { .text($0) })),
        ]
    }

    /// How a record was told to be the subject's.
    static func word(_ match: RecordMatcher.Match) -> String {
        match == .token ? "token" : "value"
    }
}

/// The copy as one JSON document (RFC 8259), members in a fixed order.
final class JSONDocument: SubjectDocument {
    private let file: ExportFiles.File
    private let plan: Plan
    private var copy: RecordCopy?
    private var places = 0
    private var records = 0

    init(_ head: DocumentHead, _ plan: Plan, _ files: ExportFiles) throws(PipelineFailure) {
        file = try files.make("subject.json")
        self.plan = plan
        try file.write(Array("{".utf8) + Self.members(head.members))
        try file.write(Array(",\n\"places\":[".utf8))
    }

    func begin(_ place: SubjectPlace) throws(PipelineFailure) {
        copy = RecordCopy(place)
        let comma = places == 0 ? "\n{" : ",\n{"
        try file.write(Array(comma.utf8) + Self.members(DocumentHead.members(of: place)))
        try file.write(Array(",\"records\":[".utf8))
        places += 1
        records = 0
    }

    func add(_ record: FoundRecord, of place: SubjectPlace) throws(PipelineFailure) {
        try add(
            [
                ("file", .text(place.files[record.file])),
                ("record", .integer(Int64(record.number))),
                ("told_by", .text(DocumentHead.word(record.match))),
            ], copy?.json(record) ?? Array("null".utf8))
    }

    func add(_ line: QuarantineSearch.Line, of place: SubjectPlace) throws(PipelineFailure) {
        try add(
            [
                ("file", .text(place.files[line.file])), ("record", .integer(Int64(line.number))),
                ("told_by", .text(line.isAttributed ? "value" : "mention")),
            ], CanonicalJSON.text(ByteEscapes.text(line.raw)).bytes)
    }

    private func add(
        _ members: [(name: String, value: CanonicalJSON)], _ data: [UInt8]
    ) throws(PipelineFailure) {
        let comma = records == 0 ? "\n{" : ",\n{"
        try file.write(
            Array(comma.utf8) + Self.members(members) + Array(",\"data\":".utf8) + data
                + Array("}".utf8))
        records += 1
    }

    func end(_ place: SubjectPlace, _ counts: PlaceCounts) throws(PipelineFailure) {
        try file.write(
            Array("],".utf8) + Self.members(DocumentHead.members(counts)) + Array("}".utf8))
    }

    func finish(_ report: SubjectExportReport) throws(PipelineFailure) {
        try file.write(
            Array("],\n".utf8) + Self.members(DocumentHead.closing(report)) + Array("}\n".utf8))
    }

    private static func members(_ members: [(name: String, value: CanonicalJSON)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += CanonicalJSON.text(member.name).bytes + [UInt8(ascii: ":")]
            bytes += member.value.bytes
        }
        return bytes
    }
}
