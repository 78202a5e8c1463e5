internal import KeyedHashing
internal import Records

/// Makes the tokens of one identity in one worker and remembers those seen last.
struct TokenApplication: ~Copyable {
    private var input: ObservationPlan.TokenInput
    private let hasStaticKey: Bool
    private let seed = ByteHash.seed
    private var cache = TokenCache()
    /// The value asked for last in the chunk at hand, with its tag and token: records of one
    /// session follow one another.
    private var last = FieldSlice.absent
    private var lastTag: Int32 = 0
    private var lastToken = Token.none

    init(_ input: ObservationPlan.TokenInput) {
        self.input = input
        // A worker's own, as those of the epochs are (`WorkerKeys`).
        self.input.staticHasher = input.staticHasher.map { TokenHasher(sharing: $0) }
        hasStaticKey = input.staticHasher != nil
    }

    /// To be called before the first record of a chunk.
    mutating func begin() { last = .absent }

    /// The token of the value at `slice`, or `Token.none` without a key.
    @inline(__always)
    mutating func token(
        _ slice: FieldSlice, _ view: borrowing RecordView, _ record: inout RecordContext,
        _ scratch: inout ByteBuffer
    ) -> Token {
        let epoch = hasStaticKey ? 0 : record.cacheEpoch
        // Below zero there is no key, and nothing is remembered.
        if epoch < 0 { return .none }
        let tag = epoch &<< 3 | Int32(slice.kind.rawValue)
        if tag == lastTag, view.hasEqualBytes(slice, last) { return lastToken }
        let key = view.bytes.extracting(slice.offset..<slice.end)
        let hash = ByteHash.of(key, seed: seed) ^ UInt64(UInt32(bitPattern: tag))
        let token: Token
        if let known = cache.find(key, tag: tag, hash: hash) {
            token = known
        } else {
            guard let made = make(slice, view, &record, &scratch) else { return .none }
            cache.insert(key, tag: tag, hash: hash, token: made)
            token = made
        }
        last = slice
        lastTag = tag
        lastToken = token
        return token
    }

    @inline(never)
    private func make(
        _ slice: FieldSlice, _ view: borrowing RecordView, _ record: inout RecordContext,
        _ scratch: inout ByteBuffer
    ) -> Token? {
        guard let hasher = input.staticHasher ?? record.hasher else { return nil }
        let bytes = view.bytes
        guard slice.kind == .escapedText else {
            return hasher.token(
                in: input.domain, of: bytes.extracting(slice.offset..<slice.end))
        }
        scratch.removeAll()
        view.reader.decode(slice, in: bytes, into: &scratch)
        return hasher.token(in: input.domain, of: scratch.bytes)
    }
}
