import CScanning
import Records

/// Where lines, blanks, quotes and backslashes stand in a chunk of an access log, found for the
/// whole chunk in one go: the end of a line or of a quoted field is then the next entry of a list,
/// that of any other field a look at two words.
@safe struct LogIndex: ~Copyable {
    private var blocks: UnsafeMutablePointer<sluice_log_block>
    private var feeds: UnsafeMutablePointer<UInt32>
    private var marks: UnsafeMutablePointer<UInt32>
    private var capacity = 0
    private var text = sluice_log_text()
    private var length = 0

    /// Room behind the lists that the scan may write to.
    private static let slack = 64

    init() {
        unsafe blocks = .allocate(capacity: 3)
        unsafe blocks.initialize(repeating: sluice_log_block(), count: 3)
        unsafe feeds = .allocate(capacity: Self.slack)
        unsafe marks = .allocate(capacity: Self.slack)
    }

    deinit {
        unsafe blocks.deallocate()
        unsafe feeds.deallocate()
        unsafe marks.deallocate()
    }

    /// True when there is a NUL byte anywhere.
    var hasNUL: Bool { text.has_nuls }

    /// Indexes `count` bytes at `base`, fewer than 2^32 - 64.
    mutating func find(
        _ base: UnsafePointer<UInt8>,
        count: Int,
        choice: Int = CSCANNING_AUTOMATIC
    ) {
        if count > capacity { enlarge(to: count) }
        length = count
        unsafe cscanning_log_index(base, count, blocks, feeds, marks, &text, Int32(choice))
        // Where there is no further entry, the end of the chunk stands for it.
        unsafe feeds[text.feeds] = UInt32(truncatingIfNeeded: count)
        unsafe marks[text.marks] = UInt32(truncatingIfNeeded: count)
    }

    /// Room for an entry in every place; the system gives memory only for what is filled.
    private mutating func enlarge(to wanted: Int) {
        unsafe blocks.deallocate()
        unsafe feeds.deallocate()
        unsafe marks.deallocate()
        capacity = wanted
        unsafe blocks = .allocate(capacity: wanted / 64 + 3)
        unsafe feeds = .allocate(capacity: wanted + Self.slack)
        unsafe marks = .allocate(capacity: wanted + Self.slack)
    }

    /// What was found, for the scanner; it holds until the next call.
    var places: LogPlaces {
        unsafe LogPlaces(
            blocks: blocks,
            feeds: feeds,
            marks: marks,
            length: length,
            hasBackslashes: text.has_backslashes
        )
    }
}

/// Finds the next byte of a kind by the index of a chunk.
///
/// Lines and marks are asked for by a place in their list, which the caller moves on: it stands
/// at most at the end of the chunk, which is the last entry of both.
@safe struct LogPlaces {
    private let blocks: UnsafePointer<sluice_log_block>
    private let feeds: UnsafePointer<UInt32>
    private let marks: UnsafePointer<UInt32>
    private let length: Int
    private let hasBackslashes: Bool

    fileprivate init(
        blocks: UnsafePointer<sluice_log_block>,
        feeds: UnsafePointer<UInt32>,
        marks: UnsafePointer<UInt32>,
        length: Int,
        hasBackslashes: Bool
    ) {
        unsafe self.blocks = blocks
        unsafe self.feeds = feeds
        unsafe self.marks = marks
        self.length = length
        self.hasBackslashes = hasBackslashes
    }

    /// The offset of line feed number `line`, or the end of the chunk behind the last of them.
    @inline(__always)
    func feed(_ line: Int) -> Int { unsafe Int(feeds[line]) }

    /// The offset of the first quote or backslash from `at` on, but at most the end of the chunk;
    /// `mark` is the number of a mark at or before it and becomes its number.
    @inline(__always)
    func mark(from at: Int, _ mark: inout Int) -> Int {
        while true {
            let offset = unsafe Int(marks[mark])
            if offset >= at || offset == length { return offset }
            mark &+= 1
        }
    }

    /// The first byte up to the space from `at` on, or `end`.
    @inline(__always)
    func blank(from at: Int, before end: Int) -> Int {
        var from = at
        while true {
            let bits = unsafe window(from) { unsafe $0.pointee.blanks }
            if bits != 0 { return min(from &+ bits.trailingZeroBitCount, end) }
            from &+= 64
            // Never beyond the end: a search without a find must not cost more than its line.
            if from >= end { return end }
        }
    }

    /// True when there is a backslash in `at ..< end`.
    @inline(__always)
    func hasBackslash(from at: Int, before end: Int) -> Bool {
        if !hasBackslashes { return false }
        var from = at
        while from < end {
            let bits = unsafe window(from) { unsafe $0.pointee.backslashes }
            if bits != 0 { return from &+ bits.trailingZeroBitCount < end }
            from &+= 64
        }
        return false
    }

    /// The bits of the 64 bytes from `at` on, which need not begin a block; `at` must not lie
    /// beyond the end of the chunk.
    @inline(__always)
    private func window(
        _ at: Int,
        _ mask: (UnsafePointer<sluice_log_block>) -> UInt64
    ) -> UInt64 {
        let block = unsafe blocks + at >> 6
        let shift = UInt64(truncatingIfNeeded: at & 63)
        // In two steps, since one shift by all 64 bits would be none.
        return unsafe mask(block) &>> shift | (mask(block + 1) &<< 1) &<< (63 &- shift)
    }
}
