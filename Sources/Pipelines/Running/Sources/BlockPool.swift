internal import Records

/// The blocks that plain bytes are kept in before their turn: so many and no more, used again and
/// again.
final class BlockPool: @unchecked Sendable {
    /// A block of plain bytes, owned by whoever has it.
    final class Block {
        var bytes = ByteBuffer(capacity: BlockPool.blockBytes)
        /// How many of the bytes were given away.
        var given = 0
    }

    /// The size of a block, in bytes.
    static let blockBytes = 1 << 18

    /// Guards what is here, and is what workers wait at that inflate ahead.
    let monitor = Monitor()
    private var free: [Block] = []
    /// How many blocks may still be made.
    private var unmade: Int

    /// A pool of as many whole blocks as `bytesMax` has room for.
    init(bytesMax: Int) { unmade = bytesMax / Self.blockBytes }

    /// An empty block; nil while all are in use. The caller holds the monitor.
    func take() -> Block? {
        if let block = free.popLast() { return block }
        guard unmade > 0 else { return nil }
        unmade -= 1
        return Block()
    }

    /// Takes a block back.
    func giveBack(_ block: Block) {
        block.bytes.removeAll()
        block.given = 0
        monitor.lock()
        free.append(block)
        monitor.wakeAll()
        monitor.unlock()
    }
}

/// The plain bytes of a source that were inflated before its turn; owned by one thread at a time.
final class BlocksAhead {
    private let pool: BlockPool
    private var blocks: [BlockPool.Block] = []
    /// The block at hand: those before it are given back.
    private var first = 0

    init(_ pool: BlockPool) { self.pool = pool }

    deinit {
        for block in blocks[first...] { pool.giveBack(block) }
    }

    var isEmpty: Bool { first == blocks.count }

    /// Puts `block` behind the others.
    func append(_ block: BlockPool.Block) { blocks.append(block) }

    /// Appends `limit` bytes to `buffer`, or as many as there are.
    func give(_ buffer: inout ByteBuffer, upTo limit: Int) {
        let target = buffer.count + limit
        while buffer.count < target, !isEmpty {
            let block = blocks[first]
            let end = min(block.bytes.count, block.given + target - buffer.count)
            Self.append(block.bytes, block.given..<end, to: &buffer)
            block.given = end
            if end < block.bytes.count { return }
            pool.giveBack(block)
            first += 1
        }
    }

    private static func append(
        _ bytes: borrowing ByteBuffer, _ range: Range<Int>, to buffer: inout ByteBuffer
    ) {
        buffer.append(bytes.bytes.extracting(range))
    }
}
