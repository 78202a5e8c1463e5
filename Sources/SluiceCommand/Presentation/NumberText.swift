/// Numbers as people read them; the same on every machine, whatever its locale.
package enum NumberText {
    /// A whole number with a comma between groups of three digits: `12,345`.
    package static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude).utf8)
        var text: [UInt8] = number < 0 ? [UInt8(ascii: "-")] : []
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(UInt8(ascii: ",")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A count with its noun, which gets an `s` unless the count is one: `1 file`, `2 files`.
    package static func counted(_ number: Int, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// A size in decimal units, three digits or so: `999 B`, `1.2 kB`, `45.6 MB`, `123 GB`.
    package static func size(bytes: Int) -> String {
        // The limit leaves room for ten times the size.
        let bytes = min(max(bytes, 0), 1 << 59)
        guard bytes >= 1000 else { return "\(bytes) B" }
        var unit = 1000
        for name in ["kB", "MB", "GB", "TB"] {
            let tenths = (bytes * 10 + unit / 2) / unit
            if tenths < 1000 { return "\(tenths / 10).\(tenths % 10) \(name)" }
            let whole = (bytes + unit / 2) / unit
            if whole < 1000 { return "\(whole) \(name)" }
            unit *= 1000
        }
        return "\(grouped((bytes + unit / 2) / unit)) PB"
    }

    /// How long something took: `0.04 s`, `12.3 s`, then `2:05` and `1:02:03`.
    package static func elapsed(seconds: Double) -> String {
        let hundredths = wholeNumber(seconds * 100)
        if hundredths < 1000 { return "\(decimal(hundredths, places: 2)) s" }
        if hundredths < 6000 { return "\(decimal(hundredths / 10, places: 1)) s" }
        return clock(seconds: hundredths / 100)
    }

    /// A span of time as a clock shows it: `0:07`, `2:05`, `1:02:03`; from 100 hours on in days.
    package static func clock(seconds: Int) -> String {
        let seconds = max(seconds, 0)
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        if hours >= 100 { return counted(hours / 24, "day") }
        let end = twoDigits(seconds % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(end)" : "\(minutes):\(end)"
    }

    /// `number` divided by a power of ten, with all its `places`: 1234 with 3 is `1.234`.
    package static func decimal(_ number: Int, places: Int) -> String {
        let digits = String(number.magnitude)
        let padding = String(repeating: "0", count: max(places + 1 - digits.utf8.count, 0))
        let all = Array((padding + digits).utf8)
        let whole = String(decoding: all.dropLast(places), as: UTF8.self)
        let rest = String(decoding: all.suffix(places), as: UTF8.self)
        return "\(number < 0 ? "-" : "")\(whole).\(rest)"
    }

    /// The nearest whole number that is not negative; zero for what is no number.
    package static func wholeNumber(_ value: Double) -> Int {
        guard value > 0 else { return 0 }
        return Int(min(value, 1e15).rounded())
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
