internal import Records

/// Puts commas and brackets around the members of a rebuilt JSON record; containers that end up
/// empty leave no trace. Where elements are named by number, `null` stands for those in front of
/// others that are not written, so that each keeps its number.
///
/// One per output and worker: its memory is used again for each record.
struct OutlineRebuilder: ~Copyable {
    /// Not private: 6.3.1 miscompiles private elements of `FlatArray`.
    struct Level: BitwiseCopyable {
        let open: UInt8
        let close: UInt8
        let key: FieldSlice?
        var isEmpty: Bool
        /// How many elements in front of the one at hand were not written.
        var skipped = -1
    }

    private var levels = FlatArray<Level>(capacity: 8)
    /// How many of them are written, from the outermost on.
    private var writtenCount = 0
    private var pendingKey: FieldSlice?

    /// True when nothing was written into the record yet.
    var isEmpty: Bool { levels.count == 0 || levels[0].isEmpty }

    /// Opens a new record.
    mutating func open(_ bracket: UInt8, _ batch: inout ReleasedBatch) {
        levels.truncate(to: 0)
        levels.append(Level(open: bracket, close: 0, key: nil, isEmpty: true))
        writtenCount = 1
        pendingKey = nil
        batch.append(ReleasedPiece(.syntax, start: Int(bracket)))
    }

    /// Notes a container that is written as soon as something in it is.
    mutating func `defer`(_ open: UInt8, _ close: UInt8) {
        levels.append(Level(open: open, close: close, key: pendingKey, isEmpty: true))
        pendingKey = nil
    }

    /// Begins the next element of an array whose elements have numbers.
    mutating func beginElement() { levels[levels.count - 1].skipped += 1 }

    mutating func key(_ slice: FieldSlice) { pendingKey = slice }

    mutating func forgetKey() { pendingKey = nil }

    mutating func value(_ piece: ReleasedPiece, _ batch: inout ReleasedBatch) {
        while writtenCount < levels.count {
            begin(levels[writtenCount].key, in: writtenCount - 1, &batch)
            batch.append(ReleasedPiece(.syntax, start: Int(levels[writtenCount].open)))
            writtenCount += 1
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
        while levels[level].skipped > 0 {
            batch.append(ReleasedPiece(.null))
            batch.append(ReleasedPiece(.syntax, start: Int(UInt8(ascii: ","))))
            levels[level].skipped -= 1
        }
        levels[level].skipped = -1
        if let key {
            batch.append(ReleasedPiece(.raw, start: key.offset, length: key.length))
            batch.append(ReleasedPiece(.syntax, start: Int(UInt8(ascii: ":"))))
        }
    }

    /// Ends the innermost container.
    mutating func close(_ batch: inout ReleasedBatch) {
        let innermost = levels.count - 1
        let bracket = levels[innermost].close
        levels.truncate(to: innermost)
        pendingKey = nil
        guard writtenCount > innermost else { return }
        writtenCount = innermost
        batch.append(ReleasedPiece(.syntax, start: Int(bracket)))
    }
}
