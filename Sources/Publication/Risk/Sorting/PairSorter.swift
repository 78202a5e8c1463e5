import Statistics

/// A pair of hashes and how often it came.
struct CountedPair: BitwiseCopyable, Equatable {
    var first: UInt64
    var second: UInt64
    var count: UInt64

    /// The bytes of a pair that is put aside.
    static let storedBytes = 24

    func isBefore(_ other: CountedPair) -> Bool {
        (first, second) < (other.first, other.second)
    }

    func isSamePair(as other: CountedPair) -> Bool {
        first == other.first && second == other.second
    }
}

/// Sorts pairs and counts equal ones in bounded memory: what does not fit is put aside in sorted
/// runs of 24 bytes a pair, which are merged as they are read.
struct PairSorter: ~Copyable {
    private let storage: any SpillStorage
    private let roomPairs: Int
    private var room: PairRoom
    private var runs: [any SpillFile] = []

    /// The most runs merged at once; more are merged in rounds.
    private static let fanInMax = 32
    /// The least memory that can be worked with: a window of a page for every run.
    static let memoryBytesMin = 1 << 16

    /// A sorter of about `memoryBytes` (at least `memoryBytesMin`); `storage` takes the rest.
    init(memoryBytes: Int, storage: any SpillStorage) {
        self.storage = storage
        // Half for pairs, half for the windows on the runs.
        roomPairs = max(memoryBytes, Self.memoryBytesMin) / 2 / CountedPair.storedBytes
        room = PairRoom(capacity: roomPairs)
    }

    /// The memory held for pairs, in bytes.
    var residentBytes: Int { room.residentBytes }

    /// How many runs were put aside.
    var runCount: Int { runs.count }

    /// Adds a pair.
    mutating func add(_ first: UInt64, _ second: UInt64) throws(RiskFault) {
        if room.count == roomPairs {
            room.compact()
            // Keep on in memory while counting alone makes room enough.
            if room.count > roomPairs / 2 { try putAside() }
        }
        room.append(CountedPair(first: first, second: second, count: 1))
    }

    private mutating func putAside() throws(RiskFault) {
        do {
            var writer = PairWriter(try storage.makeFile())
            for index in 0..<room.count { try writer.append(room[index]) }
            runs.append(try writer.finish())
        } catch { throw RiskFault(error) }
        room.removeAll()
        if runs.count == Self.fanInMax { try mergeRuns() }
    }

    private mutating func mergeRuns() throws(RiskFault) {
        do {
            var merge = try PairMerge(runs, windowBytes: windowBytes)
            var writer = PairWriter(try storage.makeFile())
            while let pair = try merge.next() { try writer.append(pair) }
            runs = [try writer.finish()]
        } catch { throw RiskFault(error) }
    }

    private var windowBytes: Int {
        let share = roomPairs * CountedPair.storedBytes / Self.fanInMax
        return max(share / CountedPair.storedBytes, 1) * CountedPair.storedBytes
    }

    /// All pairs in order, which can be read several times.
    consuming func sorted() throws(RiskFault) -> SortedPairs {
        room.compact()
        let windowBytes = windowBytes
        if runs.isEmpty {
            return SortedPairs(memory: room.array(), runs: [], windowBytes: windowBytes)
        }
        try putAside()
        return SortedPairs(memory: [], runs: runs, windowBytes: windowBytes)
    }
}

/// Sorted pairs, in memory or put aside.
struct SortedPairs {
    private let memory: [CountedPair]
    private let runs: [any SpillFile]
    private let windowBytes: Int

    init(memory: [CountedPair], runs: [any SpillFile], windowBytes: Int) {
        self.memory = memory
        self.runs = runs
        self.windowBytes = windowBytes
    }

    /// A reader that stands at the first pair.
    func cursor() throws(RiskFault) -> PairCursor {
        if runs.isEmpty { return PairCursor(memory: memory) }
        let merge: PairMerge
        do { merge = try PairMerge(runs, windowBytes: windowBytes) } catch {
            throw RiskFault(error)
        }
        return try PairCursor(merge: merge)
    }
}

/// Reads sorted pairs from first to last.
struct PairCursor {
    private let memory: [CountedPair]
    private var at = 0
    private var merge: PairMerge?
    /// The pair it stands at; nil behind the last one.
    private(set) var head: CountedPair?

    fileprivate init(memory: [CountedPair]) {
        self.memory = memory
        head = memory.first
    }

    fileprivate init(merge: PairMerge) throws(RiskFault) {
        memory = []
        self.merge = merge
        try step()
    }

    /// Steps to the next pair.
    mutating func step() throws(RiskFault) {
        if merge == nil {
            at += 1
            head = at < memory.count ? memory[at] : nil
            return
        }
        do { head = try merge?.next() } catch { throw RiskFault(error) }
    }
}
