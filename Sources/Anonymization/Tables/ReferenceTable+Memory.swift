internal import KeyedHashing
internal import Records

extension ReferenceTable {
    /// The first bytes of every encoded table.
    private static let mark = Array("sluice table 1\n".utf8)
    private static let secretBytes = 32
    /// The bytes that stand for a key.
    static let hashBytes = 16

    /// The table as the next run needs it: keys as keyed hashes under a secret of this copy, dates
    /// and lengths as they are. `names` are those of the columns.
    package func encoded(names: [String]) -> [UInt8] {
        let secret = (0..<Self.secretBytes).map { _ in UInt8.random(in: .min ... .max) }
        guard let key = try? SecretKey.copying(secret.span) else { return [] }
        let hash = HMACSHA256(key: key)
        var content = Self.mark + secret
        append(UInt32(columns.count), to: &content)
        for (index, column) in columns.enumerated() {
            append(text: names[index], to: &content)
            content.append(column.kind == .date ? 0 : 1)
            append(UInt32(column.durations.count), to: &content)
            for duration in column.durations { append(text: duration.text, to: &content) }
        }
        append(UInt32(count), to: &content)
        for row in 0..<count {
            keys.withKey(row) { key in
                hash.withTag(of: key) { tag in
                    for index in 0..<Self.hashBytes { content.append(tag[index]) }
                }
            }
            for column in columns {
                append(
                    column.kind == .date ? column.dates[row] : Int64(column.lengths[row]),
                    to: &content)
            }
        }
        return content
    }

    /// The table that was encoded, and the names of its columns; nil when `content` is no such
    /// table.
    package static func decoded(
        _ content: [UInt8]
    ) -> (names: [String], table: ReferenceTable)? {
        var cursor = EncodedCursor(content: content)
        guard cursor.take(mark.count)?.elementsEqual(mark) == true,
            let secret = cursor.take(secretBytes).map(Array.init),
            let key = try? SecretKey.copying(secret.span), let width: UInt32 = cursor.number()
        else { return nil }
        var names: [String] = []
        var columns: [Column] = []
        for _ in 0..<width {
            guard let (name, column) = cursor.column() else { return nil }
            names.append(name)
            columns.append(column)
        }
        guard let rows: UInt32 = cursor.number() else { return nil }
        let count = Int(rows)
        guard cursor.left == count * (hashBytes + 8 * columns.count) else { return nil }
        var hashes: [UInt8] = []
        hashes.reserveCapacity(count * hashBytes)
        for _ in 0..<count {
            hashes += cursor.take(hashBytes) ?? []
            for index in columns.indices {
                guard let cell: Int64 = cursor.number(), columns[index].add(cell) else {
                    return nil
                }
            }
        }
        let keys = ByteKeyTable(content: hashes, starts: (0...count).map { $0 * hashBytes })
        return (
            names,
            ReferenceTable(
                count: count, keys: keys, columns: columns, hash: HMACSHA256(key: key))
        )
    }

    /// What its columns hold.
    package var kinds: [ColumnKind] { columns.map(\.kind) }

    /// How many keys of `before`, a table of an earlier run, are no keys of this one.
    package func missingKeys(of before: ReferenceTable) -> Int {
        var found = 0
        for row in 0..<count {
            keys.withKey(row) { key in
                if before.row(of: key) != nil { found += 1 }
            }
        }
        return before.count - found
    }

    private func append<Number: FixedWidthInteger>(_ number: Number, to content: inout [UInt8]) {
        for byte in 0..<Number.bitWidth / 8 {
            content.append(UInt8(truncatingIfNeeded: number >> Number(byte * 8)))
        }
    }

    private func append(text: String, to content: inout [UInt8]) {
        append(UInt32(text.utf8.count), to: &content)
        content += text.utf8
    }
}

extension ReferenceTable.Column {
    /// Adds a cell as it was encoded; false when it cannot be one.
    fileprivate mutating func add(_ cell: Int64) -> Bool {
        if kind == .date {
            dates.append(cell)
            return true
        }
        guard cell >= Int64(Self.unreadableLength), cell < Int64(durations.count) else {
            return false
        }
        lengths.append(Int32(cell))
        return true
    }
}

/// Takes an encoded table apart from front to back.
private struct EncodedCursor {
    let content: [UInt8]
    var at = 0

    var left: Int { content.count - at }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= left else { return nil }
        defer { at += count }
        return content[at..<at + count]
    }

    mutating func number<Number: FixedWidthInteger>() -> Number? {
        guard let bytes = take(Number.bitWidth / 8) else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func text() -> String? {
        guard let length: UInt32 = number(), let bytes = take(Int(length)) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    mutating func column() -> (name: String, ReferenceTable.Column)? {
        guard let name = text(), let code = take(1)?.first, code < 2,
            let count: UInt32 = number()
        else { return nil }
        var column = ReferenceTable.Column(kind: code == 0 ? .date : .length)
        for _ in 0..<count {
            guard let duration = text().flatMap({ CalendarDuration(text: $0) }) else { return nil }
            column.durations.append(duration)
        }
        return (name, column)
    }
}
