import CScanning
import Records

/// Where the line feeds of a chunk stand: all of them are found in one go, which costs less than
/// a search for each line.
@safe struct LineFeeds: ~Copyable {
    private var offsets: UnsafeMutablePointer<UInt32>
    private var capacity = 64
    /// The number of line feeds.
    private(set) var count = 0

    init() { unsafe offsets = .allocate(capacity: 64) }

    deinit { unsafe offsets.deallocate() }

    /// Finds the line feeds of `bytes`, fewer than 2^32 - 64.
    mutating func find(in bytes: Span<UInt8>, choice: Int = CSCANNING_AUTOMATIC) {
        if bytes.count + 64 > capacity { enlarge(to: bytes.count + 64) }
        count = unsafe bytes.withUnsafeBufferPointer { view in
            guard let base = view.baseAddress else { return 0 }
            return unsafe cscanning_line_feeds(base, view.count, offsets, Int32(choice))
        }
    }

    /// The offset of the line feed at `index`, which must be less than `count`.
    subscript(index: Int) -> Int {
        @inline(__always) get {
            precondition(index >= 0 && index < count)
            return unsafe Int(offsets[index])
        }
    }

    /// Room for a line feed in every place; the system gives memory only for what is filled.
    private mutating func enlarge(to wanted: Int) {
        unsafe offsets.deallocate()
        capacity = wanted
        unsafe offsets = .allocate(capacity: wanted)
    }
}
