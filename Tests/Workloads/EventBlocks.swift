/// The bytes of a workload, block by block: the same for the same arguments everywhere.
package struct EventBlocks: Sequence, IteratorProtocol {
    private let writer: EventWriter
    private var events: EventSource
    private let sizeBytes: Int
    /// The bytes handed out so far.
    package private(set) var written = 0
    /// The records handed out so far.
    package private(set) var records = 0

    /// A workload that ends with the record that reaches `sizeBytes`; a record of JSON Lines has
    /// its fields `copies` times.
    package init(
        _ form: Form, _ shape: Shape, sizeBytes: Int, population: Population = Population(),
        copies: Int = 1, seed: UInt64 = 42
    ) {
        writer = EventWriter(form, shape, copies: copies)
        events = EventSource(
            seed: seed, count: sizeBytes / writer.typicalLength, population: population,
            isUnique: shape == .unique)
        self.sizeBytes = sizeBytes
    }

    /// About a megabyte; nil at the end.
    package mutating func next() -> [UInt8]? {
        if written >= sizeBytes { return nil }
        var block = written == 0 ? [UInt8](writer.head.utf8) : []
        while block.count < 1 << 20, written + block.count < sizeBytes {
            writer.append(events.next(), to: &block)
            records += 1
        }
        written += block.count
        return block
    }
}
