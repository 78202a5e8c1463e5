internal import Records

extension FieldClock {
    /// When the clock runs out, in words.
    var words: String {
        var words: String
        if length.value.isZero {
            words = start == .event ? "at once" : "as soon as \(start.words) has passed"
        } else {
            words = "\(length.value.text) after \(start.words)"
        }
        if let lengthFrom { words += ", or the length in \(lengthFrom.words)" }
        if let unless { words += ", unless \(unless.words) has passed" }
        return words
    }
}

extension FieldClock.Start {
    fileprivate var words: String {
        switch self {
        case .event: "the event"
        case .field(let field): "`\(field.value)`"
        case .table(let lookUp):
            "`\(lookUp.column.value)` of table \(lookUp.table.value) by \(lookUp.by.value)"
        }
    }
}
