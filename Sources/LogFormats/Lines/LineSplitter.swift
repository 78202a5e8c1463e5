import Records

/// Cuts bytes behind the last line feed: for formats in which a line is a record.
///
/// A carriage return before the line feed is part of the terminator for most readers, but never a
/// border by itself.
struct LineSplitter: RecordSplitter {
    /// The bytes known to hold no line feed.
    private var searched = 0

    init() {}

    mutating func wholeRecords(in bytes: Span<UInt8>) -> Int? {
        if let end = endOfLastLine(in: bytes, from: searched) {
            searched = 0
            return end
        }
        searched = bytes.count
        return nil
    }
}
