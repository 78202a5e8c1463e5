internal import Anonymization
internal import Ledger

extension [PartDealing] {
    /// Adds a line of a block that begins at `start` in the plain bytes of its file.
    mutating func add(_ line: OutputBytes.DealtLine, at start: Int) {
        let range = start + line.range.lowerBound..<start + line.range.upperBound
        if let last, last.range.upperBound == range.lowerBound,
            last.clocks == line.done.clocks.rawValue
        {
            self[count - 1].range = last.range.lowerBound..<range.upperBound
        } else {
            append(PartDealing(range: range, clocks: line.done.clocks.rawValue))
        }
    }

    /// The distinct sets of clocks, in the order of their first line.
    private var sets: [UInt64] {
        reduce(into: []) { sets, dealing in
            if !sets.contains(dealing.clocks) { sets.append(dealing.clocks) }
        }
    }

    /// For `ReleasePlan.earlierRuns`.
    var earlierRuns: [ReleasePlan.EarlierRun] {
        sets.map { .exactly(DueSet(rawValue: $0)) }
    }

    /// The stretches of the part that name those by index.
    var stretches: [ChunkSource.SourceInput.Stretch] {
        let sets = sets
        return map { dealing in
            ChunkSource.SourceInput.Stretch(
                range: dealing.range, use: .earlier(sets.firstIndex(of: dealing.clocks) ?? 0))
        }
    }
}
