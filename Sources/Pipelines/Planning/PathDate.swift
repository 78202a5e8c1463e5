internal import Records

/// Reads the date of a source, with or without an hour, from its path.
///
/// A pattern such as `logs/{date}/` or `u_ex{yy}{month}{day}.log` is looked for in the whole path;
/// of several places where it fits and names a day that exists, the earliest day counts, because an
/// older record is due sooner. Digits are never a part of longer numbers.
package struct PathDate: Sendable {
    /// What a placeholder stands for, as a number of digits.
    private enum Part: Sendable {
        case literal([UInt8])
        case date, year, shortYear, month, day, hour
    }

    /// The placeholders, in the order of the reference page.
    static let placeholders = ["date", "year", "yy", "month", "day", "hour"]

    private let parts: [Part]
    /// True when it names the hour, too.
    let hasHour: Bool

    /// Nil when `text` is no pattern that names a day.
    package init?(_ text: String) {
        guard let template = PathTemplate(text) else { return nil }
        let names = template.placeholders
        let isWhole = names.contains("date")
        let years = names.filter { $0 == "year" || $0 == "yy" }.count
        guard names.allSatisfy(Self.placeholders.contains), Set(names).count == names.count,
            isWhole ? years == 0 && !names.contains("month") && !names.contains("day")
                : years == 1 && names.contains("month") && names.contains("day")
        else { return nil }
        hasHour = names.contains("hour")
        parts = template.parts.map { part in
            switch part {
            case .literal(let text): .literal(Array(text.utf8))
            case .placeholder("date"): .date
            case .placeholder("year"): .year
            case .placeholder("yy"): .shortYear
            case .placeholder("month"): .month
            case .placeholder("day"): .day
            case .placeholder: .hour
            }
        }
    }

    /// The form in which `text(in:)` gives what it found.
    var format: TimeFormat { hasHour ? .dateTime : .date }

    /// `yyyy-MM-dd`, or `yyyy-MM-dd HH:00:00` with an hour; nil when the path has none.
    package func text(in path: String) -> [UInt8]? {
        let bytes = Array(path.utf8)
        let found = bytes.indices.compactMap { start -> [UInt8]? in
            let isInNumber =
                start > 0 && Self.isDigit(bytes[start]) && Self.isDigit(bytes[start - 1])
            return isInNumber ? nil : text(bytes[start...])
        }
        return found.min { $0.lexicographicallyPrecedes($1) }
    }

    private static func isDigit(_ byte: UInt8?) -> Bool {
        byte.map { $0 &- UInt8(ascii: "0") < 10 } ?? false
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var rest = bytes
        var (year, month, day, hour) = ([UInt8](), [UInt8](), [UInt8](), [UInt8]())
        for part in parts {
            switch part {
            case .literal(let literal):
                guard rest.starts(with: literal) else { return nil }
                rest = rest.dropFirst(literal.count)
            case .date:
                year = Self.digits(4, &rest)
                let hasSigns = rest.first == UInt8(ascii: "-")
                if hasSigns { rest = rest.dropFirst() }
                month = Self.digits(2, &rest)
                if hasSigns {
                    guard rest.first == UInt8(ascii: "-") else { return nil }
                    rest = rest.dropFirst()
                }
                day = Self.digits(2, &rest)
            case .year: year = Self.digits(4, &rest)
            case .shortYear: year = Array("20".utf8) + Self.digits(2, &rest)
            case .month: month = Self.digits(2, &rest)
            case .day: day = Self.digits(2, &rest)
            case .hour: hour = Self.digits(2, &rest)
            }
        }
        if Self.isDigit(rest.first), Self.isDigit(bytes[rest.startIndex - 1]) { return nil }
        let date = year + [UInt8(ascii: "-")] + month + [UInt8(ascii: "-")] + day
        guard CivilDate(parsing: date.span) != nil else { return nil }
        if !hasHour { return date }
        let text = date + [UInt8(ascii: " ")] + hour + Array(":00:00".utf8)
        return TimeFormat.dateTime.parse(text.span, zone: .utc) == nil ? nil : text
    }

    /// The next `count` digits; fewer, and so no date, when something else stands there.
    private static func digits(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array(rest.prefix(count).prefix { $0 &- UInt8(ascii: "0") < 10 })
        rest = rest.dropFirst(digits.count)
        return digits
    }
}
