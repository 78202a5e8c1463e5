internal import KeyedHashing
internal import Records

/// Makes the tokens of one identity in one worker and remembers those seen last.
struct TokenApplication: ~Copyable {
    private let input: ObservationPlan.TokenInput
    private let hasStaticKey: Bool
    private let seed = ByteHash.seed
    private var cache = TokenCache()

    init(_ input: ObservationPlan.TokenInput) {
        self.input = input
        hasStaticKey = input.staticHasher != nil
    }

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
        let key = view.bytes.extracting(slice.offset..<slice.end)
        let hash = ByteHash.of(key, seed: seed) ^ UInt64(UInt32(bitPattern: tag))
        if let known = cache.find(key, tag: tag, hash: hash) { return known }
        guard let made = make(slice, view, &record, &scratch) else { return .none }
        cache.insert(key, tag: tag, hash: hash, token: made)
        return made
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
