import Records

extension StatisticLayout {
    /// The texts of the group columns of a row.
    func keyTexts(_ key: [UInt32], _ texts: [[UInt8]]) -> [[UInt8]] {
        var dimensions: [Dimension] = []
        for case .dimensions(let all) in groupBy { dimensions = all }
        return groupWords.indices.map { index in
            switch groupWords[index] {
            case .text: return texts[Int(key[index])]
            case .dimension:
                let number = Int(key[index])
                return number < dimensions.count ? Array(dimensions[number].name.utf8) : []
            case .month, .day, .hour, .token: return TimeWord.text(key[index], groupWords[index])
            }
        }
    }

    /// Sets `key`, a word for each word of the group, to the row that a session belongs to: that
    /// of its first event.
    func setRowKey(
        of session: SessionInterval, head: [UInt32], _ months: inout MonthWords,
        in key: inout [UInt32]
    ) {
        let hour = Int(session.localHour)
        let day = hour >= 0 ? hour / 24 : (hour - 23) / 24
        var at = 0
        for index in key.indices {
            switch groupWords[index] {
            case .month: key[index] = months.word(ofDay: Int32(day))
            case .day: key[index] = TimeWord.day(Int32(day))
            case .hour: key[index] = UInt32(hour - day * 24) + 1
            case .dimension, .text, .token:
                key[index] = head[at]
                at += 1
            }
        }
    }
}

/// The months of the days asked for last: to work one out costs more than all else that is done
/// with a session.
struct MonthWords {
    private var days = [Int32](repeating: .min, count: places)
    private var words = [UInt32](repeating: 0, count: places)

    private static let places = 128

    /// The word of the month of `day`.
    mutating func word(ofDay day: Int32) -> UInt32 {
        let place = Int(day) & (Self.places - 1)
        if days[place] == day, day != .min { return words[place] }
        days[place] = day
        words[place] = TimeWord.month(ofDay: day)
        return words[place]
    }
}
