internal import Records

/// One record of a chunk, lent to the outputs while it is released.
///
/// Not copyable: a copy would count a reference for each record, which workers that share it wait
/// for.
struct RecordView: ~Copyable, ~Escapable {
    var row: Int
    let bytes: Span<UInt8>
    let reader: any RecordReader

    @_lifetime(copy bytes)
    init(row: Int, bytes: Span<UInt8>, reader: any RecordReader) {
        self.row = row
        self.bytes = bytes
        self.reader = reader
    }
}
