internal import Anonymization
internal import Ledger
internal import LogFormats
internal import Records

/// The copy as CSV (RFC 4180, LF): one table for each source, output and disclosure, `index.csv`
/// that lists them, and `about.json` with everything that is no record.
final class SubjectTables: SubjectDocument {
    private let files: ExportFiles
    private let index: ExportFiles.File
    private let about: ExportFiles.File
    private let head: DocumentHead
    private let plan: Plan
    private var places: [CanonicalJSON] = []
    private var table: ExportFiles.File?
    private var tableName = ""
    private var copy: RecordCopy?
    private var columns: [String] = []

    init(_ head: DocumentHead, _ plan: Plan, _ files: ExportFiles) throws(PipelineFailure) {
        self.head = head
        self.plan = plan
        self.files = files
        index = try files.make("index.csv")
        about = try files.make("about.json")
        try index.write(
            Self.row(
                ["kind", "name", "purposes", "recipients", "retention", "records", "table"]))
    }

    func begin(_ place: SubjectPlace) throws(PipelineFailure) {
        copy = RecordCopy(place)
        table = nil
        tableName = ""
    }

    func add(_ record: FoundRecord, of place: SubjectPlace) throws(PipelineFailure) {
        let names = copy?.fieldNames(record) ?? []
        // The sources of one place may have columns of their own: the first file's count for all.
        if table == nil { try open(place, place.columns ?? names) }
        let texts = copy?.texts(record, columns) ?? []
        var cells: [[UInt8]] = [
            Array(place.files[record.file].utf8), Array(String(record.number).utf8),
            Array(DocumentHead.word(record.match).utf8),
        ]
        cells += texts.map { $0 ?? [] }
        if copy?.isJSON == true { cells.append(record.raw) }
        try table?.write(Self.row(cells))
    }

    func add(_ line: QuarantineSearch.Line, of place: SubjectPlace) throws(PipelineFailure) {
        if table == nil { try open(place, ["line"]) }
        try table?.write(
            Self.row([
                Array(place.files[line.file].utf8), Array(String(line.number).utf8),
                Array((line.isAttributed ? "value" : "mention").utf8), line.raw,
            ]))
    }

    private func open(_ place: SubjectPlace, _ names: [String]) throws(PipelineFailure) {
        columns = names
        let number = places.count + 1
        tableName = "\(number < 10 ? "0" : "")\(number)-\(place.kind.rawValue)-"
            + "\(String(decoding: Self.fileName(place.name), as: UTF8.self)).csv"
        let made = try files.make(tableName)
        let isJSON = copy?.isJSON == true && place.kind != .quarantine
        try made.write(
            Self.row(["file", "record", "told_by"] + names + (isJSON ? ["whole_record"] : [])))
        table = made
    }

    func end(_ place: SubjectPlace, _ counts: PlaceCounts) throws(PipelineFailure) {
        try index.write(
            Self.row([
                place.kind.rawValue, place.name, place.purposes.joined(separator: "; "),
                place.recipients.joined(separator: "; "),
                place.retention.joined(separator: " "), String(counts.records), tableName,
            ]))
        places.append(
            .object(
                DocumentHead.members(of: place) + DocumentHead.members(counts)
                    + [("table", tableName.isEmpty ? .null : .text(tableName))]))
    }

    func finish(_ report: SubjectExportReport) throws(PipelineFailure) {
        let document = CanonicalJSON.object(
            head.members + [("places", .array(places))] + DocumentHead.closing(report))
        try about.write(document.bytes + [UInt8(ascii: "\n")])
    }

    // MARK: CSV

    /// Letters, digits, `-` and `_` of a name; anything else becomes `_`.
    private static func fileName(_ name: String) -> [UInt8] {
        name.utf8.prefix(60).map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte & 0xDF)
                || byte == UInt8(ascii: "-")
            return isPlain ? byte : UInt8(ascii: "_")
        }
    }

    private static func row(_ cells: [String]) -> [UInt8] { row(cells.map { Array($0.utf8) }) }

    /// A row as RFC 4180 writes it, with its line feed.
    static func row(_ cells: [[UInt8]]) -> [UInt8] {
        var line: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            let needsQuotes = cell.contains {
                $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0a || $0 == 0x0d
            }
            guard needsQuotes else {
                line += cell
                continue
            }
            line.append(UInt8(ascii: "\""))
            for byte in cell {
                if byte == UInt8(ascii: "\"") { line.append(byte) }
                line.append(byte)
            }
            line.append(UInt8(ascii: "\""))
        }
        return line + [UInt8(ascii: "\n")]
    }
}
