internal import Records

/// Numbers with the row they belong to; sorted and counted from time to time, so that repeated
/// numbers cost nothing.
struct NumberList: ~Copyable {
    /// A number of a row and how often it came.
    struct Entry: BitwiseCopyable {
        var row: UInt32
        var times: UInt64
        var billionths: Int128
    }

    private(set) var entries = FlatArray<Entry>(capacity: 8)
    private var compactAt = Self.compactLeast

    private static let compactLeast = 1 << 15
    private var isCompact = true

    /// The memory held, in bytes.
    var residentBytes: Int { entries.residentBytes }

    /// Adds one number.
    mutating func add(row: Int, _ number: ExactDecimal) {
        isCompact = false
        entries.append(
            Entry(
                row: UInt32(truncatingIfNeeded: row), times: 1, billionths: number.billionths))
        if entries.count >= compactAt {
            compact()
            compactAt = max(Self.compactLeast, entries.count * 2)
        }
    }

    /// Adds the numbers of `other`, whose rows have the numbers `rows` here.
    mutating func merge(_ other: borrowing NumberList, rows: borrowing FlatArray<UInt32>) {
        if other.entries.count == 0 { return }
        for index in 0..<other.entries.count {
            var entry = other.entries[index]
            entry.row = rows[Int(entry.row)]
            entries.append(entry)
        }
        compact()
        compactAt = max(Self.compactLeast, entries.count * 2)
    }

    /// Sorts by row and number and counts equal numbers together, unless that is done.
    mutating func compactIfNeeded() {
        if !isCompact { compact() }
    }

    private mutating func compact() {
        isCompact = true
        entries.sort { ($0.row, $0.billionths) < ($1.row, $1.billionths) }
        var kept = 0
        for index in 0..<entries.count {
            let next = entries[index]
            if kept > 0, entries[kept - 1].row == next.row,
                entries[kept - 1].billionths == next.billionths
            {
                entries.change(kept - 1) { $0.times &+= next.times }
            } else {
                entries[kept] = next
                kept += 1
            }
        }
        entries.truncate(to: kept)
    }

    /// Forgets all numbers.
    mutating func removeAll() {
        entries.removeAll()
        compactAt = Self.compactLeast
    }
}
