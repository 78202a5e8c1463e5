/// Reads a size such as `512KiB`: a whole number with `B`, `KiB` or `MiB`; nil for anything else.
func sizeInBytes(_ text: String) -> Int? {
    let digits = text.utf8.prefix { (48...57).contains($0) }
    guard (1...9).contains(digits.count) else { return nil }
    let number = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    var unit = Array(text.utf8.dropFirst(digits.count))
    if unit.first == UInt8(ascii: " ") { unit.removeFirst() }
    switch String(decoding: unit, as: UTF8.self) {
    case "B": return number
    case "KiB": return number << 10
    case "MiB": return number << 20
    default: return nil
    }
}
