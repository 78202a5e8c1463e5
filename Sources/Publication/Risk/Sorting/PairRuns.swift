import FileSystem
import Records
import Statistics

/// A fixed room for pairs, sorted and counted together in place.
struct PairRoom: ~Copyable {
    private var pairs: FlatArray<CountedPair>

    init(capacity: Int) { pairs = FlatArray(capacity: capacity) }

    var count: Int { pairs.count }

    var residentBytes: Int { pairs.residentBytes }

    subscript(index: Int) -> CountedPair { pairs[index] }

    mutating func append(_ pair: CountedPair) { pairs.append(pair) }

    mutating func removeAll() { pairs.truncate(to: 0) }

    /// Sorts the pairs and counts equal ones together.
    mutating func compact() {
        pairs.sort { $0.isBefore($1) }
        var kept = 0
        for index in 0..<pairs.count {
            let next = pairs[index]
            if kept > 0, pairs[kept - 1].isSamePair(as: next) {
                pairs.change(kept - 1) { $0.count &+= next.count }
            } else {
                pairs[kept] = next
                kept += 1
            }
        }
        pairs.truncate(to: kept)
    }

    /// The pairs as they stand.
    func array() -> [CountedPair] { (0..<pairs.count).map { pairs[$0] } }
}

/// Writes a run.
struct PairWriter {
    private let file: any SpillFile
    private var buffer: [UInt8] = []

    private static let flushBytes = 1 << 14

    init(_ file: any SpillFile) { self.file = file }

    mutating func append(_ pair: CountedPair) throws(FileFault) {
        for word in [pair.first, pair.second, pair.count] {
            FramedTexts.append(word, to: &buffer)
        }
        if buffer.count >= Self.flushBytes { try flush() }
    }

    private mutating func flush() throws(FileFault) {
        try file.append(buffer.span)
        buffer.removeAll(keepingCapacity: true)
    }

    consuming func finish() throws(FileFault) -> any SpillFile {
        try flush()
        return file
    }
}

/// Reads a run through a window.
struct PairReader {
    private let file: any SpillFile
    private let windowBytes: Int
    private var window: [UInt8] = []
    private var windowEnd = 0
    private var at = 0
    /// The pair it stands at; nil behind the last one.
    private(set) var head: CountedPair?

    /// Stands at the first pair of `file`; `windowBytes` is a multiple of a pair's length.
    init(_ file: any SpillFile, windowBytes: Int) throws(FileFault) {
        self.file = file
        self.windowBytes = windowBytes
        try step()
    }

    mutating func step() throws(FileFault) {
        if at + CountedPair.storedBytes > window.count {
            try file.read(at: windowEnd, atMost: windowBytes, into: &window)
            windowEnd += window.count
            at = 0
            if window.count < CountedPair.storedBytes {
                head = nil
                return
            }
        }
        head = CountedPair(first: word(at), second: word(at + 8), count: word(at + 16))
        at += CountedPair.storedBytes
    }

    private func word(_ offset: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<offset + 8 { value = value << 8 | UInt64(window[index]) }
        return value
    }
}

/// Merges runs to one sorted sequence, equal pairs counted together.
struct PairMerge {
    private var readers: [PairReader] = []

    init(_ runs: [any SpillFile], windowBytes: Int) throws(FileFault) {
        for run in runs { readers.append(try PairReader(run, windowBytes: windowBytes)) }
    }

    /// The next pair, or nil behind the last one.
    mutating func next() throws(FileFault) -> CountedPair? {
        var least: CountedPair?
        for index in readers.indices {
            guard let head = readers[index].head else { continue }
            if least.map({ head.isBefore($0) }) ?? true { least = head }
        }
        guard var pair = least else { return nil }
        pair.count = 0
        for index in readers.indices {
            guard let head = readers[index].head, head.isSamePair(as: pair) else { continue }
            pair.count &+= head.count
            try readers[index].step()
        }
        return pair
    }
}
