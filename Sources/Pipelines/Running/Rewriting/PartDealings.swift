internal import Anonymization
internal import KeyedHashing
internal import Ledger

/// Lines of a file that follow one another and in which the same is dealt with.
struct DealtStretch: Equatable {
    /// Plain bytes, from 0.
    var range: Range<Int>
    var done: ReleasedBatch.Done
}

extension [DealtStretch] {
    /// Adds a line of a block that begins at `start` in the plain bytes of its file.
    mutating func add(_ line: OutputBytes.DealtLine, at start: Int) {
        let range = start + line.range.lowerBound..<start + line.range.upperBound
        if let last, last.range.upperBound == range.lowerBound, last.done == line.done {
            self[count - 1].range = last.range.lowerBound..<range.upperBound
        } else {
            append(DealtStretch(range: range, done: line.done))
        }
    }
}

extension [PartDealing] {
    /// What is dealt with in a stretch, wherever that is.
    struct Kind: Equatable {
        var clocks: UInt64
        var rules: Digest256?

        init(_ dealing: PartDealing) {
            clocks = dealing.clocks
            rules = dealing.rules
        }
    }

    /// The distinct kinds, in the order of their first line.
    var kinds: [Kind] {
        reduce(into: []) { kinds, dealing in
            if !kinds.contains(Kind(dealing)) { kinds.append(Kind(dealing)) }
        }
    }

    /// The stretches of the part that name `kinds` by index.
    var stretches: [ChunkSource.SourceInput.Stretch] {
        let kinds = kinds
        return map { dealing in
            ChunkSource.SourceInput.Stretch(
                range: dealing.range,
                use: .earlier(kinds.firstIndex(of: Kind(dealing)) ?? 0))
        }
    }
}
