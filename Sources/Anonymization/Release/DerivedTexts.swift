internal import KeyedHashing
internal import Records

/// The texts that rules make of one field for the measures, in one worker: what all of them make of
/// a value is looked up at one go.
///
/// Only for rules whose results depend on nothing but the value. What is remembered of a value are
/// the results one after the other, and behind them a word for each: its kind and length.
struct DerivedTexts: ~Copyable {
    /// The slot that the rules read.
    private let slot: Int
    /// The inputs of the batch, one for each rule.
    private var inputs = FlatArray<Int>()
    private var rules: OwnedList<RuleApplication>
    private var cache = ReplacementCache()
    private let seed = ByteHash.seed
    /// The value read last in the chunk at hand: requests of one client follow one another.
    private var last = FieldSlice.absent
    /// What the rules made of it, in the arena of the batch; `several` where it stays as it is.
    private var results = FlatArray<FieldSlice>()
    /// Values of the chunk at hand by the lowest bits of their hashes, and what the rules made of
    /// each: a chunk has few different ones, and equal texts are then one text of the batch.
    private var met = FlatArray<Met>(capacity: metCount)
    private var metResults = FlatArray<FieldSlice>()

    private static let metCount = 64

    /// A value of the chunk at hand. Not private: 6.3.1 miscompiles private elements of
    /// `FlatArray`.
    struct Met: BitwiseCopyable {
        var hash: UInt64 = 0
        var value = FieldSlice.absent
    }

    /// An input of the batch and the rule that makes its texts.
    struct Text {
        var input: Int
        var transform: any Transform
    }

    /// The `texts` that are made of the value of `slot`.
    init(slot: Int, _ texts: [Text]) {
        self.slot = slot
        rules = OwnedList(count: texts.count) {
            RuleApplication(FieldRule(transform: texts[$0].transform), remembering: false)
        }
        for text in texts {
            inputs.append(text.input)
            results.append(.absent)
        }
        metResults.resize(to: Self.metCount * texts.count, filling: .absent)
        begin()
    }

    /// True when what `transform` makes can be remembered together with what others make.
    static func takes(_ transform: any Transform) -> Bool {
        transform.isWorthRemembering && transform.dependence == .value
    }

    /// To be called before the first record of a chunk.
    mutating func begin() {
        last = .absent
        met.truncate(to: 0)
        met.resize(to: Self.metCount, filling: Met())
    }

    /// Appends to each input of `batch` what its rule makes of the record's value.
    @inline(__always)
    mutating func append(
        to batch: inout ObservationBatch, _ view: borrowing RecordView,
        _ table: borrowing RecordTable, _ record: inout RecordContext,
        _ scratch: inout ByteBuffer
    ) {
        let slice = table.slice(slot: slot, row: view.row)
        guard slice.hasValue, slice.kind != .several else {
            for rule in 0..<inputs.count { batch.texts[inputs[rule]].append(.absent) }
            return
        }
        if slice.kind != last.kind || !view.hasEqualBytes(slice, last) {
            settle(slice, view, &record, &scratch, &batch.arena)
            last = slice
        }
        for rule in 0..<inputs.count {
            let stays = results[rule].kind == .several
            let text = stays ? batch.plain(slice, view) : results[rule]
            batch.texts[inputs[rule]].append(text)
        }
    }

    /// Finds what the rules make of the value at `slice`, which has one.
    private mutating func settle(
        _ slice: FieldSlice, _ view: borrowing RecordView, _ record: inout RecordContext,
        _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) {
        let tag = Int32(slice.kind.rawValue)
        let hash =
            ByteHash.of(view.bytes.extracting(slice.offset..<slice.end), seed: seed)
            ^ UInt64(UInt32(bitPattern: tag))
        let place = Int(truncatingIfNeeded: hash) & (Self.metCount &- 1)
        let known = met[place]
        let first = place &* inputs.count
        if known.hash == hash, known.value.kind == slice.kind,
            view.hasEqualBytes(slice, known.value)
        {
            for rule in 0..<inputs.count { results[rule] = metResults[first &+ rule] }
            return
        }
        find(slice, hash, tag, view, &record, &scratch, &arena)
        met[place] = Met(hash: hash, value: slice)
        for rule in 0..<inputs.count { metResults[first &+ rule] = results[rule] }
    }

    /// Finds it for a value that was not just met.
    private mutating func find(
        _ slice: FieldSlice, _ hash: UInt64, _ tag: Int32, _ view: borrowing RecordView,
        _ record: inout RecordContext, _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) {
        let start = arena.count
        let bytes = view.bytes
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let key = unsafe base + slice.offset
            let found = unsafe cache.find(
                key, length: slice.length, tag: tag, hash: hash, into: &arena)
            if found != nil { return readResults(arena.bytes, from: start) }
            apply(slice, view, &record, &scratch, &arena)
            unsafe cache.insert(
                key, length: slice.length, tag: tag, hash: hash, value: arena.base + start,
                valueLength: arena.count - start, result: .text)
        }
    }

    /// Applies the rules, and appends the words behind their results.
    @inline(never)
    private mutating func apply(
        _ slice: FieldSlice, _ view: borrowing RecordView, _ record: inout RecordContext,
        _ scratch: inout ByteBuffer, _ arena: inout ByteBuffer
    ) {
        for rule in 0..<inputs.count {
            let start = arena.count
            let result = rules[rule].apply(
                slice, in: view.bytes, record: record, reader: view.reader, scratch: &scratch,
                arena: &arena)
            results[rule] = ObservationBatch.inArena(
                start, length: arena.count - start, kind: Self.kind(of: result))
        }
        for rule in 0..<inputs.count {
            let word = results[rule].packed
            for shift in stride(from: 0, to: 32, by: 8) {
                arena.append(UInt8(truncatingIfNeeded: word >> UInt32(shift)))
            }
        }
    }

    private static func kind(of result: TransformResult) -> FieldKind {
        switch result {
        case .text, .plainText: .text
        case .number: .number
        case .null, .dropped: .absent
        case .unchanged: .several
        }
    }

    /// Reads the results that begin at `start` and end, words and all, with `arena`.
    private mutating func readResults(_ arena: Span<UInt8>, from start: Int) {
        var text = start
        var word = arena.count &- 4 &* inputs.count
        for rule in 0..<inputs.count {
            var result = ObservationBatch.inArena(text, length: 0, kind: .absent)
            result.packed =
                UInt32(arena[word]) | UInt32(arena[word &+ 1]) << 8
                | UInt32(arena[word &+ 2]) << 16 | UInt32(arena[word &+ 3]) << 24
            results[rule] = result
            text &+= result.length
            word &+= 4
        }
    }
}
