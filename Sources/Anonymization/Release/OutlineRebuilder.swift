internal import Records

/// Puts commas and brackets around the members of a rebuilt JSON record; containers that end up
/// empty leave no trace.
struct OutlineRebuilder {
    private struct Level {
        let open: UInt8
        let close: UInt8
        let key: FieldSlice?
        var isWritten: Bool
        var isEmpty: Bool
    }

    private var levels: [Level] = []
    private var pendingKey: FieldSlice?

    /// True when nothing was written into the record yet.
    var isEmpty: Bool { levels.first?.isEmpty ?? true }

    /// Opens the record itself.
    mutating func open(_ bracket: UInt8, _ batch: inout ReleasedBatch) {
        levels.append(
            Level(open: bracket, close: 0, key: nil, isWritten: true, isEmpty: true))
        batch.append(ReleasedPiece(.syntax, start: Int(bracket)))
    }

    /// Notes a container that is written as soon as something in it is.
    mutating func `defer`(_ open: UInt8, _ close: UInt8) {
        levels.append(
            Level(open: open, close: close, key: pendingKey, isWritten: false, isEmpty: true))
        pendingKey = nil
    }

    mutating func key(_ slice: FieldSlice) { pendingKey = slice }

    mutating func forgetKey() { pendingKey = nil }

    mutating func value(_ piece: ReleasedPiece, _ batch: inout ReleasedBatch) {
        for level in levels.indices where !levels[level].isWritten {
            begin(levels[level].key, in: level - 1, &batch)
            batch.append(ReleasedPiece(.syntax, start: Int(levels[level].open)))
            levels[level].isWritten = true
        }
        begin(pendingKey, in: levels.count - 1, &batch)
        pendingKey = nil
        batch.append(piece)
    }

    /// Writes the comma and the key of the next member of `level`.
    private mutating func begin(
        _ key: FieldSlice?, in level: Int, _ batch: inout ReleasedBatch
    ) {
        if !levels[level].isEmpty {
            batch.append(ReleasedPiece(.syntax, start: Int(UInt8(ascii: ","))))
        }
        levels[level].isEmpty = false
        if let key {
            batch.append(ReleasedPiece(.raw, start: key.offset, length: key.length))
            batch.append(ReleasedPiece(.syntax, start: Int(UInt8(ascii: ":"))))
        }
    }

    mutating func close(_ batch: inout ReleasedBatch) {
        let level = levels.removeLast()
        pendingKey = nil
        if level.isWritten { batch.append(ReleasedPiece(.syntax, start: Int(level.close))) }
    }
}
