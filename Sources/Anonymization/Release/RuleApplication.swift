internal import KeyedHashing
internal import Records

/// One rule at work in one worker: the transform, what it remembers, and how its result becomes a
/// piece of a released record.
final class RuleApplication {
    let rule: FieldRule
    private var cache: ReplacementCache?
    private let dependsOnKey: Bool

    init(_ rule: FieldRule) {
        self.rule = rule
        if let transform = rule.transform, transform.isWorthRemembering,
            transform.dependence != .record
        {
            cache = ReplacementCache()
        }
        dependsOnKey = rule.transform?.dependence == .keyEpoch
    }

    deinit { cache?.wipe() }

    /// What replaces `slice`; `.unchanged` when its bytes may stay. The replacement is appended to
    /// `arena`.
    @inline(__always)
    func apply(
        _ slice: FieldSlice, in bytes: Span<UInt8>, record: borrowing RecordContext,
        reader: any RecordReader, scratch: inout ByteBuffer, arena: inout ByteBuffer
    ) -> TransformResult {
        guard let transform = rule.transform else { return .dropped }
        if slice.kind == .null { return .unchanged }
        if let clock = rule.otherClock {
            return apply(transform, under: clock, slice, bytes, record, reader, &scratch, &arena)
        }
        guard cache != nil else {
            return Self.compute(transform, slice, bytes, record, reader, &scratch, &arena)
        }
        return remembered(transform, slice, bytes, record, reader, &scratch, &arena)
    }

    /// Applies the transform with the key of the month in which the field becomes due.
    private func apply(
        _ transform: any Transform, under clock: RetentionClock, _ slice: FieldSlice,
        _ bytes: Span<UInt8>, _ record: borrowing RecordContext, _ reader: any RecordReader,
        _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) -> TransformResult {
        let hasher = record.otherKeys.first { $0.clock == clock }?.hasher
        var own = RecordContext()
        own.transform.eventTime = record.transform.eventTime
        own.transform.utcOffsetSeconds = record.transform.utcOffsetSeconds
        own.transform.tokens = hasher
        return Self.compute(transform, slice, bytes, own, reader, &scratch, &arena)
    }

    private func remembered(
        _ transform: any Transform, _ slice: FieldSlice, _ bytes: Span<UInt8>,
        _ record: borrowing RecordContext, _ reader: any RecordReader,
        _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) -> TransformResult {
        let epoch = dependsOnKey ? record.cacheEpoch : 0
        let tag = epoch &<< 3 | Int32(slice.kind.rawValue)
        let start = arena.count
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return .dropped }
            let key = unsafe base + slice.offset
            let hash = unsafe ByteHash.of(key, count: slice.length) ^ UInt64(UInt32(bitPattern: tag))
            if let result = unsafe cache?.find(
                key, length: slice.length, tag: tag, hash: hash, into: &arena)
            {
                return result
            }
            let result = Self.compute(transform, slice, bytes, record, reader, &scratch, &arena)
            unsafe cache?.insert(
                key, length: slice.length, tag: tag, hash: hash, value: arena.base + start,
                valueLength: arena.count - start, result: result)
            return result
        }
    }

    private static func compute(
        _ transform: any Transform, _ slice: FieldSlice, _ bytes: Span<UInt8>,
        _ record: borrowing RecordContext, _ reader: any RecordReader,
        _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) -> TransformResult {
        if slice.kind == .escapedText {
            scratch.removeAll()
            reader.decode(slice, in: bytes, into: &scratch)
            let value = FieldValue(bytes: scratch.bytes, kind: .escapedText)
            return transform.apply(value, record.transform, into: &arena)
        }
        let view = bytes.extracting(slice.offset..<slice.end)
        return transform.apply(
            FieldValue(bytes: view, kind: slice.kind), record.transform, into: &arena)
    }
}

/// What is known of the record at hand while its fields are released.
struct RecordContext: ~Copyable {
    var transform = TransformContext()
    /// The hasher behind `transform.tokens`.
    var hasher: TokenHasher?
    /// The month of the key as an index, or -1 without a key: tells cached tokens apart.
    var cacheEpoch: Int32 = -1
    /// The keys of fields whose clock does not start at the event.
    var otherKeys: [(clock: RetentionClock, hasher: TokenHasher?)] = []
    var time: EventTime?
    var age = RecordAge.untimed
    var barred = OptOutEffect()
    /// Days since 1970-01-01 in the pipeline's zone, or `ReleasedBatch.noDay`.
    var day = ReleasedBatch.noDay
    var hour: UInt8 = 0
}
