import CScanning
import Records

/// Where line feeds, blanks, quotes and backslashes stand in a chunk of an access log: one bit for
/// each byte, found for the whole chunk in one go, so that the end of a field is a look at a word.
@safe struct LogBlocks: ~Copyable {
    private var blocks: UnsafeMutablePointer<sluice_log_block>
    private var capacity = 1
    /// True when there is a NUL byte anywhere.
    private(set) var hasNUL = false

    init() {
        unsafe blocks = .allocate(capacity: 1)
        unsafe blocks.initialize(to: sluice_log_block())
    }

    deinit { unsafe blocks.deallocate() }

    /// Describes `count` bytes at `base`.
    mutating func describe(
        _ base: UnsafePointer<UInt8>,
        count: Int,
        choice: Int = CSCANNING_AUTOMATIC
    ) {
        let wanted = count / 64 + 1
        if wanted > capacity {
            unsafe blocks.deallocate()
            capacity = wanted
            unsafe blocks = .allocate(capacity: wanted)
        }
        hasNUL = unsafe cscanning_log_blocks(base, count, blocks, Int32(choice)) != 0
    }

    /// The masks, for the scanner; they hold until the next call.
    var masks: UnsafePointer<sluice_log_block> { unsafe UnsafePointer(blocks) }
}

/// Finds the next byte of a kind by the masks of a chunk.
@safe struct LogMasks {
    let blocks: UnsafePointer<sluice_log_block>

    @inline(__always) init(_ blocks: UnsafePointer<sluice_log_block>) {
        unsafe self.blocks = blocks
    }

    /// The offset of the first line feed from `at` on, or `end`. Like the others it may look
    /// behind `end` as far as the block goes.
    @inline(__always)
    func feed(from at: Int, before end: Int) -> Int {
        unsafe next(from: at, before: end) { unsafe $0.pointee.feeds }
    }

    /// The first byte up to the space.
    @inline(__always)
    func blank(from at: Int, before end: Int) -> Int {
        unsafe next(from: at, before: end) { unsafe $0.pointee.blanks }
    }

    /// The first quote or backslash.
    @inline(__always)
    func mark(from at: Int, before end: Int) -> Int {
        unsafe next(from: at, before: end) { unsafe $0.pointee.marks }
    }

    @inline(__always)
    func hasBackslash(from at: Int, before end: Int) -> Bool {
        unsafe next(from: at, before: end) { unsafe $0.pointee.backslashes } < end
    }

    @inline(__always)
    private func next(
        from at: Int,
        before end: Int,
        _ mask: (UnsafePointer<sluice_log_block>) -> UInt64
    ) -> Int {
        var block = at >> 6
        let bits = unsafe mask(blocks + block) >> UInt64(truncatingIfNeeded: at & 63)
        if bits != 0 { return min(at &+ bits.trailingZeroBitCount, end) }
        block &+= 1
        // Never beyond the end: a search without a find must not cost more than its line.
        while block &<< 6 < end {
            let bits = unsafe mask(blocks + block)
            if bits != 0 { return min(block &<< 6 &+ bits.trailingZeroBitCount, end) }
            block &+= 1
        }
        return end
    }
}
