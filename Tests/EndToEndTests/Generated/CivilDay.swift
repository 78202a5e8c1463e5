/// A day of 2026, counted by hand: the model asks no calendar.
struct CivilDay: Equatable {
    /// Days since 1 January 2026, which is 0; days of 2025 are below.
    let number: Int

    private static let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    /// Days from 1970 to 2026: 56 years, 14 of them leap years.
    private static let era = 56 * 365 + 14

    init(number: Int) { self.number = number }

    init(month: Int, day: Int) {
        number = Self.lengths.prefix(month - 1).reduce(0, +) + day - 1
    }

    /// Seconds since 1970 of `2026-MM-DDThh:mm:ssZ`.
    static func instant(of time: String) -> Int {
        let parts = time.split { "-T:Z".contains($0) }.compactMap { Int($0) }
        let day = CivilDay(month: parts[1], day: parts[2])
        return (day.number + era) * 86_400 + parts[3] * 3600 + parts[4] * 60 + parts[5]
    }

    /// The local day of an instant.
    init(of instant: Int, isAmsterdam: Bool) {
        let local = instant + Self.offset(instant, isAmsterdam)
        number = local / 86_400 - Self.era
    }

    /// Summer time begins on 29 March 2026 at 01:00 UTC.
    private static func offset(_ instant: Int, _ isAmsterdam: Bool) -> Int {
        guard isAmsterdam else { return 0 }
        let change = (CivilDay(month: 3, day: 29).number + era) * 86_400 + 3600
        return instant >= change ? 7200 : 3600
    }

    /// The instant at which the day begins.
    func beginning(isAmsterdam: Bool) -> Int {
        let midnight = (number + Self.era) * 86_400
        guard isAmsterdam else { return midnight }
        // Midnight lies before the change on its day, and two hours off behind it.
        return midnight - (number > CivilDay(month: 3, day: 29).number ? 7200 : 3600)
    }

    var month: Int { parts.month }

    private var parts: (month: Int, day: Int) {
        var rest = number
        var month = 0
        while rest >= Self.lengths[month] {
            rest -= Self.lengths[month]
            month += 1
        }
        return (month + 1, rest + 1)
    }

    /// So long before, the day of a month clamped to the month's length.
    func before(_ length: GeneratedCase.Length) -> CivilDay {
        switch length {
        case .days(let count): return CivilDay(number: number - count)
        case .months(let count):
            let month = parts.month - count
            return CivilDay(month: month, day: min(parts.day, Self.lengths[month - 1]))
        }
    }

    var text: String { "\(monthText)-\(Self.two(parts.day))" }
    var monthText: String { "2026-\(Self.two(parts.month))" }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
