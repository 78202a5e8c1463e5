import Foundation
import LogFormats
import PlainTwins
import Records
import TestSupport

extension FuzzTarget {
    /// The readers of records.
    static let readers: [FuzzTarget] = [
        FuzzTarget("jsonl", words: jsonWords, run: readJSON),
        FuzzTarget("csv", words: ["\"", "\"\"", ",", "\r\n", "\n", "\"\n", "\u{0}"], run: readCSV),
        FuzzTarget("combined", words: accessWords, run: readCombined),
        FuzzTarget(
            "log-template", words: accessWords + templateWords, run: readByTemplate),
        FuzzTarget("logfmt", words: ["=", "\"", "\\\"", "\\u00e9", "\\x41", " ", "a=", "\n"]) {
            try readLines($0, "logfmt", fields: ["a", "user", "(unnamed)"]) { line in
                LineTwins.logfmt(line, named: ["a", "user"])
            }
        },
        FuzzTarget("syslog", words: ["<13>", "1 ", " - ", "[a@1 b=\"", "\\]", "\"]", ": ", "[7]"]) {
            let fields = ["priority", "time", "host", "app", "pid", "message"]
            let isNew = try readLines($0, "syslog_5424", fields: fields) { line in
                LineTwins.syslog(line, isNew: true)
            }
            return try readLines($0, "syslog_3164", fields: fields) { line in
                LineTwins.syslog(line, isNew: false)
            } || isNew
        },
        FuzzTarget("headed-table", words: ["#Fields: ", "#fields\t", "\n#", "\t", "-", "+", "\""]) {
            try readTable($0, "w3c", "c-ip") || readTable($0, "zeek", "id.orig_h")
        },
        FuzzTarget("json-array", words: jsonWords + ["\"Records\":", "}]}"], run: readArray),
        FuzzTarget("detection", words: accessWords + jsonWords, run: detect),
    ]

    private static let jsonWords = [
        "{", "}", "[", "]", ":", ",", "\"", "\\u0061", "\\ud800", "\\\"", "\"a\":", "\"ip\":",
        "\"items\":", "\"client\":{\"os\":", "1e5", "-0", "true", "null", "\n", "\r\n",
    ]
    private static let accessWords = [
        " - ", "[01/Feb/2026:10:00:00 +0000]", "\" ", "\"", "\\\"", "] \"", " [", "-", "200", "\n",
        "GET / HTTP/1.1", "192.0.2.7", ", ",
    ]
    private static let templateWords = [
        "$remote_addr", "${time_local}", "$request", "$http_x", "%h", "%{X-A}i", "%>s", "%%",
        "%{%Y-%m-%d}t", "\\\"",
    ]
}

/// All readers of JSON against the walker without any index, and that against a judge of its own.
private func readJSON(_ input: [UInt8]) throws -> Bool {
    let fields = ["a", "ip", "client.os", "items[*].ip", "tags[0]", "items[*].tags[*]", "b[*]"]
    var tight = RecordLimits()
    tight.depthMax = 3
    tight.fieldsMax = 9
    tight.recordBytesMax = 150
    var isGood = false
    for limits in [RecordLimits(), tight] {
        func trial(_ twin: JSONTwin) -> JSONTrial {
            JSONTrial(fields, outline: true, limits: limits, twin: twin)
        }
        let expected = trial(.plainWalker).rows(input)
        for twin in JSONTwin.allCases.dropLast() {
            let reader = trial(twin)
            for turn in ["first", "second"] {
                try demand(reader.rows(input) == expected, "\(twin) differs at its \(turn) look")
            }
        }
        let cut = trial(.indexed).rows(input, cuts: cuts(for: input))
        try demand(cut == expected, "the reader differs in pieces")
        let last = input.last == 0x0A ? 1 : 0
        for (row, line) in zip(expected, lines(of: input).dropLast(last)) where row.state != .blank
        {
            let judged = JSONReference.accepts(line, limits: limits)
            try demand((row.state == .good) == judged, "the judge says \(judged)")
            isGood = isGood || judged
        }
    }
    return isGood
}

private func readCSV(_ input: [UInt8]) throws -> Bool {
    let columns = ["x", "y"]
    var isGood = false
    for limit in [12, 1 << 20] {
        var limits = RecordLimits()
        limits.recordBytesMax = limit
        func rows(_ cuts: SeededGenerator? = nil) -> [ReadRow] {
            read(
                CSVFormat(), input, fields: columns, columns: columns, limits: limits, cuts: cuts)
        }
        let expected = CSVTwin(source: input, limit: limit, columnCount: 2).rows()
        try demand(rows() == expected, "the reader differs from its twin, limit \(limit)")
        try demand(rows(cuts(for: input)) == expected, "it differs in pieces, limit \(limit)")
        isGood = isGood || expected.contains { $0.state == .good }
    }
    return isGood
}

/// The same rows in one piece and in pieces; gives the rows.
private func rowsEitherWay(
    _ format: any LogFormat, _ input: [UInt8], fields: [String], columns: [String]? = nil
) throws -> [ReadRow] {
    let whole = read(format, input, fields: fields, columns: columns)
    let cut = read(format, input, fields: fields, columns: columns, cuts: cuts(for: input))
    try demand(whole == cut, "\(format.name) differs in pieces")
    return whole
}

/// The rows of `input` against what a twin says of each line; true when one is good.
private func compare(
    _ rows: [ReadRow], _ fields: [String], _ input: [UInt8],
    _ twin: ([UInt8]) -> [String: ReadValue]?
) throws -> Bool {
    for row in rows {
        switch row.state {
        case .blank, .bad(.tooLong), .bad(.containsNUL), .bad(.invalidUTF8): continue
        default: break
        }
        let expected = twin(line(at: row, input))
        try demand((row.state == .good) == (expected != nil), "the twin does not say \(row.state)")
        for (name, value) in zip(fields, row.values) {
            let wanted = expected?[name] ?? ReadValue(kind: .absent, text: [])
            try demand(value == wanted, "\(name) is \(value), the twin has \(wanted)")
        }
    }
    return rows.contains { $0.state == .good }
}

/// The line of a row, without what ends it.
private func line(at row: ReadRow, _ input: [UInt8]) -> [UInt8] {
    let line = Array(input[row.start...].prefix { $0 != 0x0A })
    return line.last == 0x0D ? Array(line.dropLast()) : line
}

private func readLines(
    _ input: [UInt8], _ name: String, fields: [String],
    _ twin: ([UInt8]) -> [String: ReadValue]?
) throws -> Bool {
    guard let format = makeFormat(name) else { throw FuzzFinding(description: "no \(name)") }
    return try compare(rowsEitherWay(format, input, fields: fields), fields, input, twin)
}

private func readCombined(_ input: [UInt8]) throws -> Bool {
    let fields = ["ip", "ident", "user", "time", "request", "status", "bytes", "referer", "agent"]
    guard let format = makeFormat("combined") else { return false }
    var isGood = false
    for row in try rowsEitherWay(format, input, fields: fields) {
        guard row.state == .good || row.state == .bad(.formatMismatch) else { continue }
        let expected = CombinedTwin.values(of: line(at: row, input))
        try demand((row.state == .good) == (expected != nil), "the twin does not say \(row.state)")
        for (value, raw) in zip(row.values, expected ?? []) where value.kind == .text {
            try demand(value.text == raw, "the twin has another value")
        }
        isGood = isGood || row.state == .good
    }
    return isGood
}

/// The first line is a template, the others are lines of it.
private func readByTemplate(_ input: [UInt8]) throws -> Bool {
    let all = lines(of: input)
    let template = String(decoding: all.first ?? [], as: UTF8.self)
    let faults = Faults()
    guard let format = makeFormat("access_log", ["template": template], faults: faults) else {
        try demand(!faults.isEmpty, "a template is refused without a reason")
        return false
    }
    let fields = format.fieldNames ?? []
    try demand(Set(fields).count == fields.count, "a template has a field twice")
    let rest = Array(input.dropFirst((all.first ?? []).count + 1))
    let rows = try rowsEitherWay(format, rest, fields: fields)
    guard let parts = (format as? AccessLogFormat)?.template else { return false }
    let twin = TemplateTwin(parts)
    _ = try compare(rows, fields, rest) { line in
        twin.values(of: line)?.mapValues { raw in
            if raw == bytes("-") { return ReadValue(kind: .null, text: raw) }
            let isEscaped = raw.contains(UInt8(ascii: "\\"))
            return ReadValue(
                kind: isEscaped ? .escapedText : .text,
                text: isEscaped ? TemplateTwin.unescaped(raw) : raw)
        }
    }
    return true
}

private func readTable(_ input: [UInt8], _ name: String, _ named: String) throws -> Bool {
    guard let format = makeFormat(name) else { return false }
    guard let header = try? format.header(of: input.span, isComplete: true, limits: RecordLimits()),
        case .header(let length, let columns) = header
    else { return false }
    try demand(length <= input.count, "a header is longer than its source")
    let isZeek = name == "zeek"
    let wanted = LineTwins.columns(of: Array(input[..<length]), isZeek: isZeek)
    try demand(columns.map { $0.map(bytes) } == wanted, "the twin has other columns")
    let rest = Array(input[length...])
    let fields = [named, "(unnamed)"]
    let rows = try rowsEitherWay(format, rest, fields: fields, columns: columns)
    _ = try compare(rows, fields, rest) { line in
        LineTwins.table(line, columns: columns ?? [], isZeek: isZeek, named: named)
    }
    return !rows.isEmpty
}

/// What the framing gives when `input` comes in one piece, or byte by byte; nil for a fault.
private func framed(_ input: [UInt8], byteByByte: Bool) -> [UInt8]? {
    guard var framing = makeFormat("cloudtrail")?.makeFraming() else { return nil }
    var output = ByteBuffer()
    do {
        if byteByByte {
            for byte in input { try framing.frame([byte].span, into: &output) }
        } else {
            try framing.frame(input.span, into: &output)
        }
        try framing.finish()
        return output.array()
    } catch {
        return nil
    }
}

private func readArray(_ input: [UInt8]) throws -> Bool {
    let whole = framed(input, byteByByte: false)
    try demand(whole == framed(input, byteByByte: true), "an array differs byte by byte")
    try compareArray(input, whole)
    return whole?.isEmpty == false
}

/// A document without two members of a name, read by another parser: its records are the elements
/// of the array, one a line, whatever white space they had.
private func compareArray(_ input: [UInt8], _ lines: [UInt8]?) throws {
    let flat = input.map { $0 == 0x0A ? 0x20 : $0 }
    guard JSONReference.accepts(flat),
        let document = try? JSONSerialization.jsonObject(with: Data(input)) as? [String: Any]
    else { return }
    // A name with an escape is another one, and its document is refused.
    let isEscaped = input.contains(UInt8(ascii: "\\"))
    guard let elements = document["Records"] as? [Any] else {
        return try demand(lines == nil, "there are records without an array of them")
    }
    guard let lines else {
        return try demand(isEscaped, "the records of a document are not found")
    }
    let found = lines.split(separator: 0x0A).map { line in
        try? JSONSerialization.jsonObject(with: Data(line), options: .fragmentsAllowed)
    }
    let isAlike = found.count == elements.count
        && NSArray(array: found.map { $0 ?? NSNull() }).isEqual(to: elements)
    try demand(isAlike, "another parser has other records")
}

private func detect(_ input: [UInt8]) throws -> Bool {
    let verdict = FormatDetection.detect(input, isComplete: true, documents: true)
    try compareVerdict(verdict, input)
    switch verdict {
    case .found(let name, let lines):
        try demand(makeFormat(name) != nil, "there is no format \(name)")
        try demand(lines > 0 && lines <= input.count, "\(name) has \(lines) records")
    case .unsure(let names):
        try demand(Set(names).count == names.count && names.count > 1, "a doubt among \(names)")
    case .none: return false
    }
    return true
}

/// A format whose twin fits is found, or one that says more; one whose twin does not fit is not.
private func compareVerdict(_ verdict: FormatDetection.Verdict, _ input: [UInt8]) throws {
    guard let lines = PlainDetection.lines(of: input) else { return }
    let names =
        switch verdict {
        case .found(let name, _): [name]
        case .unsure(let names): names
        case .none: [String]()
        }
    for twin in PlainDetection.allCases {
        let isNamed = names.contains(twin.rawValue)
        let fits = twin.fits(lines)
        try demand(
            fits ? isNamed || names.contains(where: twin.morePrecise.contains) : !isNamed,
            "\(twin.rawValue) \(fits ? "fits" : "does not fit"), found are \(names)")
        if case .found(twin.rawValue, let count) = verdict {
            try demand(count == lines.count, "\(count) of \(lines.count) lines")
        }
    }
}
