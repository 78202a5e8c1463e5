internal import KeyedHashing
internal import Records

/// One rule at work in one worker: the transform, what it remembers, and how its result becomes a
/// piece of a released record.
struct RuleApplication: ~Copyable {
    /// A slot whose presence means that this field is only a frame and stays; -1 without one.
    let coveringSlot: Int

    /// True when nothing but an opt-out ever changes the field.
    let isKept: Bool

    /// True when JSON `null` stays where the field goes.
    let leavesNull: Bool

    private let transform: any Transform
    /// How many octets of an IPv4 address the transform keeps, where it does just that; else 0.
    /// Nearly every log has an address in each line: here it costs no call through the protocol.
    private let octetsKept: Int
    private let clock: DueSet
    /// The index of the clock that decides about the key, when it does not start at the event;
    /// else -1.
    private let otherClock: Int
    private let category: Category?
    private let isBarred: Bool
    private let appliesAlways: Bool
    private let drops: Bool
    private let remembers: Bool
    private let dependsOnKey: Bool
    private var cache: ReplacementCache?
    private let seed = ByteHash.seed
    /// What the rule has done since it was last asked.
    private var counts = FieldCounts()

    /// `rule` at work, one of `count` rules of a worker. Without `remembering`, each value is
    /// worked out anew: for a caller that remembers what several rules make of it.
    init(_ rule: FieldRule, of count: Int = 1, remembering: Bool = true) {
        coveringSlot = rule.coveredBy ?? -1
        transform = rule.transform ?? Drop()
        octetsKept = (rule.transform as? TruncateAddress)?.wholeOctets ?? 0
        clock = rule.clock
        otherClock = rule.otherClock == nil ? -1 : rule.clock.rawValue.trailingZeroBitCount
        category = rule.category
        isBarred = rule.isBarred
        appliesAlways = rule.appliesAlways
        // Also a `null`, which other rules leave as it is.
        drops = rule.transform == nil || rule.transform is Drop
        isKept = rule.isKept
        leavesNull = rule.leavesNull
        // Not read back from `self`: 6.3.1 miscompiles that in the initializer of such a value.
        let remembers =
            remembering
            && rule.transform.map { $0.isWorthRemembering && $0.dependence != .record } ?? false
        self.remembers = remembers
        dependsOnKey = rule.transform?.dependence == .keyEpoch
        cache = remembers ? ReplacementCache(of: count) : nil
    }

    /// True when the field may not be shown at any age, or an opt-out of these categories takes it.
    @inline(__always)
    func isBarred(by barred: CategorySet) -> Bool {
        isBarred || (!barred.isEmpty && isReached(by: barred))
    }

    private func isReached(by barred: CategorySet) -> Bool {
        category.map { barred.contains($0) } ?? (barred == .all)
    }

    /// True when the transform is to be applied to a record of this age.
    @inline(__always)
    func applies(_ due: DueSet) -> Bool { appliesAlways || !due.isDisjoint(with: clock) }

    /// What replaces `slice`; `.unchanged` when its bytes may stay. The replacement is appended to
    /// `arena`.
    @inline(__always)
    mutating func apply(
        _ slice: FieldSlice, in bytes: Span<UInt8>, record: borrowing RecordContext,
        reader: any RecordReader, scratch: inout ByteBuffer, arena: inout ByteBuffer
    ) -> TransformResult {
        let result = replacement(slice, bytes, record, reader, &scratch, &arena)
        if result == .dropped {
            counts.dropped &+= 1
        } else if result != .unchanged {
            counts.changed &+= 1
        }
        return result
    }

    /// What the rule has done since the last call.
    mutating func takeCounts() -> FieldCounts {
        defer { counts = FieldCounts() }
        return counts
    }

    @inline(__always)
    private mutating func replacement(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ record: borrowing RecordContext,
        _ reader: any RecordReader, _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) -> TransformResult {
        if drops { return .dropped }
        if slice.kind == .null { return .unchanged }
        if otherClock >= 0 {
            return apply(under: otherClock, slice, bytes, record, reader, &scratch, &arena)
        }
        guard remembers else {
            return compute(slice, bytes, record, reader, &scratch, &arena)
        }
        return remembered(slice, bytes, record, reader, &scratch, &arena)
    }

    /// Applies the transform with the key of the month in which the field becomes due.
    private func apply(
        under clock: Int, _ slice: FieldSlice, _ bytes: Span<UInt8>,
        _ record: borrowing RecordContext, _ reader: any RecordReader,
        _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) -> TransformResult {
        let hasher = clock < record.otherKeys.count ? record.otherKeys[clock] : nil
        var own = RecordContext()
        own.transform.utcOffsetSeconds = record.transform.utcOffsetSeconds
        own.transform.tokens = hasher
        return compute(slice, bytes, own, reader, &scratch, &arena)
    }

    private mutating func remembered(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ record: borrowing RecordContext,
        _ reader: any RecordReader, _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) -> TransformResult {
        let epoch = dependsOnKey ? record.cacheEpoch : 0
        let tag = epoch &<< 3 | Int32(slice.kind.rawValue)
        let start = arena.count
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return .dropped }
            let key = unsafe base + slice.offset
            let hash =
                unsafe ByteHash.of(key, count: slice.length, seed: seed)
                ^ UInt64(UInt32(bitPattern: tag))
            if let result = unsafe cache?.find(
                key, length: slice.length, tag: tag, hash: hash, into: &arena)
            {
                return result
            }
            let result = compute(slice, bytes, record, reader, &scratch, &arena)
            unsafe cache?.insert(
                key, length: slice.length, tag: tag, hash: hash, value: arena.base + start,
                valueLength: arena.count - start, result: result)
            return result
        }
    }

    private func compute(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ record: borrowing RecordContext,
        _ reader: any RecordReader, _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) -> TransformResult {
        if slice.kind == .escapedText {
            scratch.removeAll()
            reader.decode(slice, in: bytes, into: &scratch)
            let value = FieldValue(bytes: scratch.bytes, kind: .escapedText)
            return transform.apply(value, record.transform, into: &arena)
        }
        let value = FieldValue(
            bytes: bytes.extracting(slice.offset..<slice.end), kind: slice.kind)
        if octetsKept > 0, slice.kind == .text,
            DottedAddress.appendFirst(octetsKept, of: value.bytes, to: &arena)
        {
            return .plainText
        }
        return transform.apply(value, record.transform, into: &arena)
    }
}

/// What is known of the record at hand while its fields are released.
struct RecordContext: ~Copyable {
    var transform = TransformContext()
    /// The hasher behind `transform.tokens`.
    var hasher: TokenHasher?
    /// What no month has as its index.
    static let noEpoch = Int32(-0x8000)

    /// The month of the key as an index, or `noEpoch` without a key: tells cached tokens apart.
    var cacheEpoch = Self.noEpoch
    /// The keys of fields whose clock does not start at the event, by the index of the clock; empty
    /// when there is none of any.
    var otherKeys: [TokenHasher?] = []
    var time: EventTime?
    /// The clocks that have run out by now, dealt with or not.
    var age = RecordAge.untimed
    /// The clocks that had run out when a stored record was last written.
    var dealtWith: DueSet = []
    /// True when a stored record was dealt with under other rules: `doneSlots` then says field by
    /// field what `dealtWith` says otherwise, which is empty.
    var isFieldwise = false
    /// True when what is dealt with in a stored record has to be noted where its part stays as it
    /// is: it was noted before; or the rules were others, and by those a later run did nothing.
    var isNoted = false
    /// For each slot whether its rule has been applied; valid where `isFieldwise`.
    var doneSlots: [Bool] = []
    /// True when something may have been dealt with in a stored record.
    var isDealtWith: Bool { isFieldwise || !dealtWith.isEmpty }
    /// The clocks whose fields are not readable any more once the record is written: those of
    /// `age` and of `dealtWith`; for a held record those that were dealt with before the hold.
    var pastClocks = DueSet.everything
    /// True when a clock of `delete` has run out.
    var isDeleted = false
    var barred = OptOutEffect()
    var verdict = SubjectVerdict.none
    /// True when the plan's correction is about the record.
    var isCorrected = false
    /// True when it may be, but the record does not say of which customer it is.
    var isCorrectionUndecided = false
    /// The outputs, by their place in the plan, that leave the record as it is because it is held.
    var heldIn: UInt64 = 0
    /// Days since 1970-01-01 in the pipeline's zone, or `ReleasedBatch.noDay`.
    var day = ReleasedBatch.noDay
    var hour: UInt8 = 0
}
