internal import Anonymization
internal import LogFormats
internal import Records

/// A record for the tests of a proposed pipeline: the fields of the log, with invented values.
struct InventedRecord {
    /// The clock of the test: the record, of 1 March, is due by then.
    static let now = "2026-04-15"

    private let fields: [(name: String, value: String, isBare: Bool)]
    /// The field of the time, and how it is written.
    private let clock: (name: String, form: TimeFormat)

    /// A value for each field of `guesses`; in formats with fixed patterns, only for those that are
    /// used: what the others may hold is known to the pattern alone.
    init(_ guesses: [FieldGuess], format: any LogFormat) {
        let isPattern = format.syntax == .template && format.fieldNames != nil
        fields = guesses.filter { !isPattern || $0.role != .dropped }.map { guess in
            let value = Self.value(guess, format)
            return (guess.name, value, guess.isBareInJSON && Self.isBare(value))
        }
        let guess = guesses.first { $0.role == .time }
        let form = format.ownTime?.timeOfDay == nil ? format.ownTime?.format : .date
        clock = (guess?.name ?? "time", guess?.timeForm ?? form ?? .rfc3339)
    }

    // MARK: Values

    private static func value(_ guess: FieldGuess, _ format: any LogFormat) -> String {
        if let timeOfDay = format.ownTime?.timeOfDay, timeOfDay == guess.name { return "09:00:00" }
        let name = FieldName(guess.name, isPath: format.syntax == .json)
        switch guess.role {
        case .time, .otherTime:
            return time(guess.timeForm ?? format.ownTime?.format ?? .rfc3339)
        case .address: return "192.0.2.17"
        case .user, .customer, .client, .partner: return identity(guess)
        case .email: return email
        case .agent: return "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
        case .language: return "nl-BE"
        case .url:
            return name.words.contains { $0.utf8.starts(with: "refer".utf8) }
                ? "https://search.example/?q=invoice"
                : "/administrations/20731?to=a%40b.example"
        case .number: return "917"
        case .flag: return "true"
        case .category, .dropped: return word(guess, name)
        }
    }

    private static func identity(_ guess: FieldGuess) -> String {
        let isNumber = guess.isBareInJSON
        return switch guess.role {
        case .user where guess.look == .email: email
        case .user: isNumber ? "884112" : "emma.devries"
        case .customer: isNumber ? "1042" : "NL-1042"
        case .client: isNumber ? "20731" : "C-20731"
        default: isNumber ? "17" : "P-01"
        }
    }

    /// True for what JSON may have without quotes.
    private static func isBare(_ value: String) -> Bool {
        value == "true" || value.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    private static let email = "emma.devries@zwaan.example"

    /// 1 March 2026, 09:00 UTC.
    private static func time(_ form: TimeFormat) -> String {
        switch form {
        case .rfc3339: "2026-03-01T09:00:00Z"
        case .accessLog: "01/Mar/2026:09:00:00 +0000"
        case .haproxy: "01/Mar/2026:09:00:00.000"
        case .dateTime: "2026-03-01 09:00:00"
        case .date: "2026-03-01"
        case .epochSeconds: "1772355600"
        case .epochMilliseconds: "1772355600000"
        case .epochNanoseconds: "1772355600000000000"
        case .syslog: "Mar  1 09:00:00"
        }
    }

    /// A value that the grammar of the format may demand, or one that says nothing.
    private static func word(_ guess: FieldGuess, _ name: FieldName) -> String {
        for (word, value) in demanded where name.words.last == word { return value }
        switch guess.look {
        case .number, .time(.epochSeconds), .time(.epochMilliseconds), .time(.epochNanoseconds):
            return "200"
        case .flag: return "true"
        case .time(let form): return time(form)
        case .address: return "192.0.2.17"
        case .url: return "/administrations/20731"
        case .agent, .email, .language, .token, .word, .text: break
        }
        return guess.role == .category ? "example" : "hidden"
    }

    private static let demanded = [
        ("method", "GET"), ("protocol", "HTTP/1.1"), ("status", "200"), ("priority", "34"),
    ]

    // MARK: Spelling

    /// The record as one line of JSON, its objects and lists included.
    var json: String {
        let document = JSONRecordText()
        for field in fields { document.set(field.value, at: field.name, isBare: field.isBare) }
        return document.text
    }

    /// A pipeline that writes the record from CSV into `format`, as it is.
    func rewriting(into format: any LogFormat) -> String {
        let rules = fields.map { "  \(quotedInYAML($0.name)): keep" }
        let columns = fields.map { quotedInYAML($0.name) }.joined(separator: ", ")
        return """
            name: invented
            source:
              format: csv
              time: { field: \(quotedInYAML(clock.name)), format: \(clock.form.rawValue) }
            zone: UTC
            fields:
            \(rules.joined(separator: "\n"))
            outputs:
              - name: records
                purpose: statistics
                path: "out/{name}"
                format: \(format.name)
                columns: [\(columns)]
            """
    }

    /// The record as CSV, its header included.
    var csv: String {
        let header = fields.map { Self.cell($0.name) }.joined(separator: ",")
        return header + "\n" + fields.map { Self.cell($0.value) }.joined(separator: ",") + "\n"
    }

    private static func cell(_ text: String) -> String {
        text.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }
            ? "\"" + text.split(separator: "\"", omittingEmptySubsequences: false)
                .joined(separator: "\"\"") + "\"" : text
    }
}

extension FieldGuess {
    /// True when JSON has its values without quotes.
    fileprivate var isBareInJSON: Bool {
        switch look {
        case .number, .flag, .time(.epochSeconds), .time(.epochMilliseconds),
            .time(.epochNanoseconds):
            true
        default: false
        }
    }
}
