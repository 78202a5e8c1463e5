import Records
import Statistics

/// How numbers, dates and names are written in the language of a report.
extension ReportTexts {
    /// A figure with its digits in groups of three; every digit that was published.
    func number(_ quantity: Quantity) -> String {
        var buffer = ByteBuffer(capacity: 40)
        quantity.append(to: &buffer)
        return grouped(String(decoding: buffer.array(), as: UTF8.self))
    }

    func number(_ value: Int) -> String { grouped(String(value)) }

    private func grouped(_ plain: String) -> String {
        let parts = plain.split(separator: ".", maxSplits: 1)
        let isNegative = plain.utf8.first == UInt8(ascii: "-")
        let digits = Array((parts.first ?? "").utf8.drop { $0 == UInt8(ascii: "-") })
        var text: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) {
                text.append(UInt8(ascii: language == .dutch ? "." : ","))
            }
            text.append(digit)
        }
        let whole = (isNegative ? "\u{2212}" : "") + String(decoding: text, as: UTF8.self)
        return parts.count == 2 ? whole + say(".", ",") + parts[1] : whole
    }

    /// A value of an axis, short: `250`, `1.5 k`, `20 k`, `3 M`.
    func tick(_ value: Double) -> String {
        let size = value.magnitude
        let (scaled, unit) =
            size >= 1e9 ? (value / 1e9, " G") : size >= 1e6 ? (value / 1e6, " M")
            : size >= 1e4 ? (value / 1e3, " k") : (value, "")
        let finest = size < 1 ? 1e9 : 1e3
        let whole = Int128((scaled * finest).rounded())
        var buffer = ByteBuffer(capacity: 40)
        ExactDecimal(billionths: size < 1 ? whole : whole * 1_000_000).append(to: &buffer)
        return grouped(String(decoding: buffer.array(), as: UTF8.self)) + unit
    }

    /// A share in whole percent.
    func percent(_ part: Int, of total: Int) -> String {
        if total <= 0 { return "0%" }
        let share = Int((Double(part) / Double(total) * 100).rounded())
        if share == 0, part > 0 { return "<1%" }
        return share == 100 && part < total ? ">99%" : "\(share)%"
    }

    /// A group value as a reader wants it: dates in words.
    func words(forKey key: [UInt8]) -> String {
        TimeStep(key).map { date($0) } ?? value(key)
    }

    /// A group value as it is written, the one of small values in the language of the page.
    func value(_ key: [UInt8]) -> String {
        if key.isEmpty { return empty }
        return key == RollUp.label ? other : ByteEscapes.text(key)
    }

    func date(_ step: TimeStep) -> String {
        let month = months[(step.month - 1) % 12]
        return step.day.map { "\($0) \(month) \(step.year)" } ?? "\(month) \(step.year)"
    }

    /// The same, as short as an axis wants it.
    func shortDate(_ step: TimeStep) -> String {
        let month = shortMonths[(step.month - 1) % 12]
        return step.day.map { "\($0) \(month)" } ?? "\(month) \(step.year)"
    }

    /// A time of the form `yyyy-MM-ddTHH:mm:ssZ` in words; another text as it is.
    func instant(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count >= 16, bytes[10] == UInt8(ascii: "T"), bytes.last == UInt8(ascii: "Z"),
            let day = TimeStep(Array(bytes.prefix(10)))
        else { return text }
        return "\(date(day)), \(String(decoding: bytes[11..<16], as: UTF8.self)) UTC"
    }

    /// A name of the pipeline's for people: no hyphens, a capital letter.
    func title(_ name: String) -> String {
        var letters = name.unicodeScalars.map { $0 == "-" || $0 == "_" ? " " : $0 }
        if let first = letters.first, ("a"..."z").contains(first) {
            letters[0] = Unicode.Scalar(UInt8(truncatingIfNeeded: first.value) - 32)
        }
        return String(String.UnicodeScalarView(letters))
    }

    /// The name of a column for people; a measured value in seconds says so.
    func title(_ column: MeasuredColumn) -> String {
        let name = Array(column.name.utf8)
        guard column.role == .magnitude, name.count > 2, name.suffix(2) == Array("_s".utf8)
        else { return title(column.name) }
        return title(String(decoding: name.dropLast(2), as: UTF8.self)) + " (s)"
    }

    private var months: [String] {
        switch language {
        case .english:
            [
                "January", "February", "March", "April", "May", "June", "July", "August",
                "September", "October", "November", "December",
            ]
        case .dutch:
            [
                "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus",
                "september", "oktober", "november", "december",
            ]
        }
    }

    private var shortMonths: [String] {
        switch language {
        case .english:
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        case .dutch:
            ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]
        }
    }
}

/// A month or a day that a group value names.
struct TimeStep: Equatable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31; nil for a month.
    let day: Int?

    init(year: Int, month: Int, day: Int?) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads `yyyy-MM` or `yyyy-MM-dd`; nil for anything else.
    init?(_ key: [UInt8]) {
        guard key.count == 7 || key.count == 10, key[4] == UInt8(ascii: "-"),
            let year = Self.number(key[0..<4]), let month = Self.number(key[5..<7]),
            (1...12).contains(month)
        else { return nil }
        self.init(year: year, month: month, day: nil)
        if key.count == 7 { return }
        guard key[7] == UInt8(ascii: "-"), let day = Self.number(key[8..<10]),
            (1...31).contains(day)
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Steps of one kind are next to each other when their numbers are.
    var number: Int {
        guard let day else { return year * 12 + month - 1 }
        return CivilDate(year: year, month: month, day: day).daysSince1970
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard digit &- 48 < 10 else { return nil }
            value = value * 10 + Int(digit) - 48
        }
        return value
    }
}
