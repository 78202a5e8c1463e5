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

    /// The key of the row that a session belongs to: that of its first event.
    func rowKey(of session: SessionInterval, head: [UInt32]) -> [UInt32] {
        let hour = Int(session.localHour)
        let day = hour >= 0 ? hour / 24 : (hour - 23) / 24
        var at = 0
        return groupWords.map { word in
            switch word {
            case .month: return TimeWord.month(ofDay: Int32(day))
            case .day: return TimeWord.day(Int32(day))
            case .hour: return UInt32(hour - day * 24) + 1
            case .dimension, .text, .token:
                at += 1
                return head[at - 1]
            }
        }
    }
}
