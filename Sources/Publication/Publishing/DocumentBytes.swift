import Statistics

/// Words that documents give numbers.
enum DocumentWords {
    static let roles: [ColumnRole] = [.count, .distinctCount, .magnitude]
}

/// Writes the parts of a document, one behind the other.
struct DocumentWriter {
    var bytes: [UInt8] = []

    /// A number that is not negative.
    mutating func number(_ value: Int) {
        var rest = UInt64(max(0, value))
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func wide(_ value: Int128) {
        var rest = UInt128(bitPattern: (value << 1) ^ (value >> 127))
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A figure: 2 and a whole number, or 3 and billionths.
    mutating func quantity(_ quantity: Quantity) {
        switch quantity {
        case .integer(let value):
            number(2)
            wide(Int128(value))
        case .decimal(let value):
            number(3)
            wide(value.billionths)
        }
    }

    mutating func field(_ field: [UInt8]) {
        number(field.count)
        bytes += field
    }

    mutating func text(_ text: String) { field(Array(text.utf8)) }

    mutating func list<Item>(_ items: [Item], _ write: (Item, inout DocumentWriter) -> Void) {
        number(items.count)
        for item in items { write(item, &self) }
    }
}

/// Reads what the writer wrote. A fault is remembered, and everything behind it reads as nothing.
struct DocumentReader {
    private let bytes: [UInt8]
    private var at: Int
    private var hasFailed = false
    /// The version that the document says it has.
    var version: UInt8 = 0

    init(_ bytes: [UInt8], at start: Int) {
        self.bytes = bytes
        at = start
    }

    var isAtEnd: Bool { !hasFailed && at == bytes.count }

    mutating func fail() {
        hasFailed = true
        at = bytes.count
    }

    private mutating func folded(bits: Int) -> UInt128 {
        var value: UInt128 = 0
        var shift = 0
        while at < bytes.count, shift < bits {
            let byte = bytes[at]
            at += 1
            value |= UInt128(byte & 0x7f) << UInt128(shift)
            if byte < 0x80 { return value }
            shift += 7
        }
        fail()
        return 0
    }

    mutating func number() -> Int {
        guard let value = Int(exactly: folded(bits: 63)) else {
            fail()
            return 0
        }
        return value
    }

    mutating func wide() -> Int128 {
        let raw = folded(bits: 128)
        return Int128(bitPattern: raw >> 1) ^ -Int128(bitPattern: raw & 1)
    }

    /// A figure of the kind that was read in front of it.
    mutating func quantity(_ kind: Int) -> Quantity {
        switch kind {
        case 2: return .integer(Int64(clamping: wide()))
        case 3: return .decimal(ExactDecimal(billionths: wide()))
        default:
            fail()
            return .integer(0)
        }
    }

    mutating func field() -> [UInt8] {
        let count = number()
        guard !hasFailed, count <= bytes.count - at else {
            fail()
            return []
        }
        defer { at += count }
        return Array(bytes[at..<at + count])
    }

    mutating func text() -> String { String(decoding: field(), as: UTF8.self) }

    mutating func choice<Choice>(_ choices: [Choice]) -> Choice {
        let index = number()
        if !choices.indices.contains(index) { fail() }
        return choices[choices.indices.contains(index) ? index : 0]
    }

    mutating func list<Item>(_ read: (inout DocumentReader) -> Item) -> [Item] {
        let count = number()
        // An item takes a byte at least: a count that lies must not take memory.
        guard count <= bytes.count - at else {
            fail()
            return []
        }
        var items: [Item] = []
        for _ in 0..<count where !hasFailed { items.append(read(&self)) }
        return items
    }
}
