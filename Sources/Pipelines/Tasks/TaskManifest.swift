internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// What one attempt at a task has done, in numbers and names: written last, so that work with a
/// manifest is whole. Holds no value of any record.
struct TaskManifest {
    /// What became of one piece.
    struct Piece {
        var counts: RecordCounts
        /// Where its records stand in the plain bytes of the source.
        var records: Range<Int>
        /// The plain bytes of a whole source.
        var plainBytes: Int
        /// The columns that the header named.
        var columns: [String]?
    }

    static let fileName = "manifest.json"
    static let version = 4

    var task: String
    /// Tells the attempt from others at the same task.
    var attempt: String
    /// The plan that the task belongs to.
    var plan: String
    /// The names of the keys behind the tokens; for a key that had been destroyed its epoch and
    /// `destroyed`.
    var keys: [String]
    var pieces: [Piece]
    /// The identity of the log.
    var log: ContentIdentity
    /// The lengths of the partials, by bucket; empty without statistics.
    var partials: [Int]
    /// The months that a disclosure must refuse.
    var refusedMonths: [CalendarMonth]
    /// The months of all records, where disclosures ask for them.
    var readMonths: [CalendarMonth]
    /// The entries of the opt-out list that matched.
    var optOuts: [Int]
    /// The holds and the opt-outs of the registry that matched, by their places in the register.
    var registryHolds: [Int]
    var registryOptOuts: [Int]

    /// What a key that is gone is called in place of its number.
    static let goneKey = "destroyed"

    /// The epoch of a key, by its name.
    static func epoch(ofKey name: String) -> Substring {
        name.utf8.lastIndex(of: UInt8(ascii: "/")).map { name[..<$0] } ?? name[...]
    }
}

extension TaskManifest {
    /// The written form.
    var written: CanonicalJSON {
        .object([
            ("version", .integer(Int64(Self.version))), ("task", .text(task)),
            ("attempt", .text(attempt)), ("plan", .text(plan)),
            ("keys", .array(keys.map { .text($0) })),
            ("pieces", .array(pieces.map(\.written))), ("log", log.written),
            ("partials", .partials(partials)),
            ("refused_months", .array(refusedMonths.map { .integer(Int64($0.index)) })),
            ("read_months", .array(readMonths.map { .integer(Int64($0.index)) })),
            ("opt_outs", .array(optOuts.map { .integer(Int64($0)) })),
            ("registry_holds", .array(registryHolds.map { .integer(Int64($0)) })),
            ("registry_opt_outs", .array(registryOptOuts.map { .integer(Int64($0)) })),
        ])
    }

    /// Reads the written form; nil for anything else.
    init?(_ json: CanonicalJSON) {
        guard json["version"]?.asInteger == Self.version, let task = json["task"]?.asText,
            let attempt = json["attempt"]?.asText, let plan = json["plan"]?.asText,
            let keys = json["keys"]?.asArray, let pieces = json["pieces"]?.asArray,
            let log = json["log"].flatMap(ContentIdentity.init),
            let months = json["refused_months"]?.asNumbers,
            let readMonths = json["read_months"]?.asNumbers,
            let optOuts = json["opt_outs"]?.asNumbers,
            let registryHolds = json["registry_holds"]?.asNumbers,
            let registryOptOuts = json["registry_opt_outs"]?.asNumbers,
            let partials = json.partialLengths
        else { return nil }
        self.task = task
        self.attempt = attempt
        self.plan = plan
        self.keys = keys.compactMap(\.asText)
        self.pieces = pieces.compactMap(Piece.init)
        self.log = log
        self.partials = partials
        refusedMonths = months.map { CalendarMonth(index: $0) }
        self.readMonths = readMonths.map { CalendarMonth(index: $0) }
        self.optOuts = optOuts
        self.registryHolds = registryHolds
        self.registryOptOuts = registryOptOuts
        guard self.keys.count == keys.count, self.pieces.count == pieces.count else { return nil }
    }
}

extension CanonicalJSON {
    /// The elements, if it is a list of numbers.
    fileprivate var asNumbers: [Int]? {
        guard let elements = asArray else { return nil }
        let numbers = elements.compactMap(\.asInteger)
        return numbers.count == elements.count ? numbers : nil
    }
}

extension TaskManifest.Piece {
    fileprivate var written: CanonicalJSON {
        .object([
            ("counts", counts.written), ("begin", .integer(Int64(records.lowerBound))),
            ("end", .integer(Int64(records.upperBound))), ("bytes", .integer(Int64(plainBytes))),
            ("columns", columns.map { .array($0.map { .text($0) }) } ?? .null),
        ])
    }

    fileprivate init?(_ json: CanonicalJSON) {
        guard let counts = json["counts"].flatMap(RecordCounts.init),
            let begin = json["begin"]?.asInteger, let end = json["end"]?.asInteger,
            begin <= end, let bytes = json["bytes"]?.asInteger
        else { return nil }
        self.init(
            counts: counts, records: begin..<end, plainBytes: bytes,
            columns: json["columns"]?.asArray?.compactMap(\.asText))
    }
}

extension ContentIdentity {
    fileprivate var written: CanonicalJSON {
        .object([("sha256", .text(digest.hex)), ("bytes", .integer(Int64(byteCount)))])
    }

    fileprivate init?(_ json: CanonicalJSON) {
        guard let digest = json["sha256"]?.asText.flatMap({ Digest256(hex: $0) }),
            let count = json["bytes"]?.asInteger
        else { return nil }
        self.init(digest: digest, byteCount: count)
    }
}
