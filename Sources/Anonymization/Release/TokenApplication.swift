internal import KeyedHashing
internal import Records

/// Makes the tokens of one identity in one worker and remembers those seen last.
struct TokenApplication: ~Copyable {
    private let input: ObservationPlan.TokenInput
    private var cache = TokenCache()

    init(_ input: ObservationPlan.TokenInput) { self.input = input }

    /// The token of the value at `slice`, or `Token.none` without a key.
    mutating func token(
        _ slice: FieldSlice, _ view: borrowing RecordView, _ record: borrowing RecordContext,
        _ scratch: inout ByteBuffer
    ) -> Token {
        guard let hasher = input.staticHasher ?? record.hasher else { return .none }
        let epoch = input.staticHasher == nil ? record.cacheEpoch : 0
        let tag = epoch &<< 3 | Int32(slice.kind.rawValue)
        let bytes = view.bytes
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return .none }
            let key = unsafe base + slice.offset
            let hash =
                unsafe ByteHash.of(key, count: slice.length) ^ UInt64(UInt32(bitPattern: tag))
            if let known = unsafe cache.find(key, length: slice.length, tag: tag, hash: hash) {
                return known
            }
            let made = make(slice, bytes, view.reader, hasher, &scratch)
            unsafe cache.insert(key, length: slice.length, tag: tag, hash: hash, token: made)
            return made
        }
    }

    private func make(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader,
        _ hasher: TokenHasher, _ scratch: inout ByteBuffer
    ) -> Token {
        guard slice.kind == .escapedText else {
            return hasher.token(
                in: input.domain, of: bytes.extracting(slice.offset..<slice.end))
        }
        scratch.removeAll()
        reader.decode(slice, in: bytes, into: &scratch)
        return hasher.token(in: input.domain, of: scratch.bytes)
    }
}

/// Values and their tokens: a `ReplacementCache` whose replacements are sixteen bytes.
private struct TokenCache: ~Copyable {
    private var memory = ReplacementCache()
    private var bytes = ByteBuffer(capacity: 64)

    mutating func find(
        _ key: UnsafePointer<UInt8>, length: Int, tag: Int32, hash: UInt64
    ) -> Token? {
        bytes.removeAll()
        guard
            unsafe memory.find(key, length: length, tag: tag, hash: hash, into: &bytes) != nil
        else { return nil }
        return unsafe Token(
            high: UnsafeRawPointer(bytes.base).loadUnaligned(as: UInt64.self),
            low: UnsafeRawPointer(bytes.base).loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    mutating func insert(
        _ key: UnsafePointer<UInt8>, length: Int, tag: Int32, hash: UInt64, token: Token
    ) {
        bytes.removeAll()
        bytes.reserve(16)
        unsafe UnsafeMutableRawPointer(bytes.base).storeBytes(of: token.high, as: UInt64.self)
        unsafe UnsafeMutableRawPointer(bytes.base).storeBytes(
            of: token.low, toByteOffset: 8, as: UInt64.self)
        unsafe memory.insert(
            key, length: length, tag: tag, hash: hash, value: bytes.base, valueLength: 16,
            result: .plainText)
    }
}
