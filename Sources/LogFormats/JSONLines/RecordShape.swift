private import Glibc
internal import Records

/// What one good record looked like: its structural bytes, how far they lie apart, and its keys.
///
/// A record with the same marks, the same keys and nothing but white space where there was white
/// space follows the grammar for the same reasons: comparisons alone show it. Only the content of
/// strings (without escapes, which have marks of their own) and scalars may differ; the caller
/// checks the scalars. What does not fit is not wrong: it is read by `IndexedJSONWalker`.
@safe struct RecordShape: ~Copyable {
    /// The most marks of a record that is remembered.
    static let marksMax = 512
    /// The most words of keys, scalars, slots or gaps.
    private static let partsMax = 256

    /// Up to eight bytes of a key.
    private struct Word: BitwiseCopyable {
        /// The place of the key's opening quote.
        var place: Int32
        /// Where the word begins, from that quote.
        var offset: Int32
        var mask: UInt64
        var bytes: UInt64
    }

    /// A place with a scalar behind it, and the slot that wants it or -1.
    private struct Scalar: BitwiseCopyable {
        var place: Int32
        var slot: Int32
    }

    /// A declared field that is a string or a structure: the places of its quotes or brackets.
    private struct Field: BitwiseCopyable {
        var slot: Int32
        var isText: Bool
        var first: Int32
        var last: Int32
    }

    /// A step of the outline; a key has a place.
    private struct Step {
        var operation: OutlineStep.Operation
        var slot: Int32
        var place: Int32
    }

    /// The number of marks with the line feed at the end; 0 when nothing is remembered.
    private(set) var count = 0
    private let marks: UnsafeMutablePointer<UInt8>
    /// From each mark to the next one, where that is fixed.
    private let distances: UnsafeMutablePointer<UInt32>
    private let isFixed: UnsafeMutablePointer<UInt32>
    private var words = FixedList<Word>(capacity: partsMax)
    /// Places with white space behind them.
    private var gaps = FixedList<Int32>(capacity: partsMax)
    private var scalars = FixedList<Scalar>(capacity: partsMax)
    private var fields = FixedList<Field>(capacity: partsMax)
    private var outline: [Step] = []

    init() {
        unsafe marks = .allocate(capacity: Self.marksMax)
        unsafe distances = .allocate(capacity: Self.marksMax)
        unsafe isFixed = .allocate(capacity: Self.marksMax)
    }

    deinit {
        unsafe marks.deallocate()
        unsafe distances.deallocate()
        unsafe isFixed.deallocate()
    }

    // MARK: Recognising

    /// True when the record with these marks has this shape, its scalars apart. `count` marks must
    /// be readable.
    func fits(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>,
        _ marks: UnsafePointer<UInt8>
    ) -> Bool {
        guard unsafe memcmp(marks, self.marks, count) == 0 else { return false }
        let distances = unsafe self.distances
        let isFixed = unsafe self.isFixed
        var wrong: UInt32 = 0
        for place in 0..<count &- 1 {
            let distance = unsafe index[place &+ 1] &- index[place]
            wrong |= unsafe (distance ^ distances[place]) & isFixed[place]
        }
        return wrong == 0 && (unsafe hasKeys(bytes, index)) && (unsafe hasGaps(bytes, index))
    }

    @inline(__always)
    private func hasKeys(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>
    ) -> Bool {
        var wrong: UInt64 = 0
        for number in 0..<words.count {
            let word = unsafe words.base + number
            let start = unsafe Int(index[Int(word.pointee.place)]) &+ Int(word.pointee.offset)
            let found = unsafe Self.word(bytes, start)
            wrong |= unsafe (found & word.pointee.mask) ^ word.pointee.bytes
        }
        return wrong == 0
    }

    @inline(__always)
    private func hasGaps(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>
    ) -> Bool {
        for number in 0..<gaps.count {
            let place = unsafe Int(gaps.base[number])
            let start = unsafe Int(index[place]) &+ 1
            guard unsafe JSONGrammar.isBlank(bytes, start, Int(index[place &+ 1])) else {
                return false
            }
        }
        return true
    }

    @inline(__always)
    private static func word(_ bytes: UnsafePointer<UInt8>, _ offset: Int) -> UInt64 {
        unsafe UnsafeRawPointer(bytes + offset).loadUnaligned(as: UInt64.self)
    }

    /// Notes the fields of a record that fits; false when one of its scalars is none.
    func note(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>,
        into sink: inout RecordSink
    ) -> Bool {
        for number in 0..<scalars.count {
            let scalar = unsafe scalars.base[number]
            let place = Int(scalar.place)
            let start = unsafe Int(index[place]) &+ 1
            let end = unsafe Int(index[place &+ 1])
            var slice = FieldSlice(start: start, length: end &- start, kind: .number)
            if unsafe !JSONGrammar.isShortNumber(bytes, start, end &- start) {
                guard
                    let other = unsafe JSONGrammar.scalar(bytes, behind: start, before: end)
                else { return false }
                slice = other
            }
            if scalar.slot >= 0 { unsafe sink.slots[Int(scalar.slot)] = slice }
        }
        for number in 0..<fields.count {
            let field = unsafe fields.base[number]
            let first = unsafe Int(index[Int(field.first)])
            let last = unsafe Int(index[Int(field.last)])
            unsafe sink.slots[Int(field.slot)] =
                field.isText
                ? FieldSlice(start: first &+ 1, length: last &- first &- 1, kind: .text)
                : FieldSlice(start: first, length: last &- first &+ 1, kind: .structure)
        }
        if sink.wantsOutline { unsafe noteOutline(index, into: &sink) }
        return true
    }

    private func noteOutline(_ index: UnsafePointer<UInt32>, into sink: inout RecordSink) {
        for step in outline {
            switch step.operation {
            case .key:
                let open = unsafe Int(index[Int(step.place)])
                let close = unsafe Int(index[Int(step.place) &+ 1])
                sink.note(
                    .key, FieldSlice(start: open, length: close &- open &+ 1, kind: .text))
            case .value:
                let slice = unsafe sink.slots[Int(step.slot)]
                sink.outline.append(OutlineStep(.value, slot: Int(step.slot), slice: slice))
            case .openObject, .closeObject, .openArray, .closeArray, .element:
                sink.note(step.operation)
            }
        }
    }

    // MARK: Learning

    /// Remembers a good record of `length` marks with the line feed behind it, which `sink` has
    /// noted. Afterwards `count` is 0 if it was not worth remembering: too long, or with escapes.
    mutating func learn(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>,
        _ marks: UnsafePointer<UInt8>, length: Int, sink: borrowing RecordSink
    ) {
        count = 0
        words.removeAll()
        gaps.removeAll()
        scalars.removeAll()
        fields.removeAll()
        outline.removeAll(keepingCapacity: true)
        guard length <= Self.marksMax else { return }
        unsafe self.marks.update(from: marks, count: length)
        guard unsafe learnMarks(bytes, index, length) else { return }
        let places = unsafe UnsafeBufferPointer(start: index, count: length)
        for slot in 0..<sink.slotCount {
            guard unsafe learnField(slot, sink.slots[slot], places) else { return }
        }
        for step in sink.outline {
            let place = step.operation == .key ? unsafe Self.place(step.slice.offset, places) : 0
            guard let place else { return }
            outline.append(
                Step(operation: step.operation, slot: Int32(step.slot), place: Int32(place)))
        }
        count = length
    }

    private mutating func learnMarks(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>, _ length: Int
    ) -> Bool {
        var isInside = false
        for place in 0..<length &- 1 {
            let mark = unsafe marks[place]
            let next = unsafe marks[place &+ 1]
            let start = unsafe Int(index[place]) &+ 1
            let end = unsafe Int(index[place &+ 1])
            unsafe distances[place] = UInt32(truncatingIfNeeded: end &- start &+ 1)
            unsafe isFixed[place] = .max
            if mark == UInt8(ascii: "\\") { return false }
            if mark == UInt8(ascii: "\"") { isInside.toggle() }
            if isInside {
                if unsafe next == UInt8(ascii: "\"") && marks[place &+ 2] == UInt8(ascii: ":") {
                    guard unsafe learnKey(bytes, place, start..<end) else { return false }
                } else {
                    unsafe isFixed[place] = 0
                }
            } else if start < end {
                guard unsafe learnSpace(bytes, place, start, end) else { return false }
            }
        }
        return true
    }

    private mutating func learnKey(
        _ bytes: UnsafePointer<UInt8>, _ place: Int, _ key: Range<Int>
    ) -> Bool {
        var at = key.lowerBound
        while at < key.upperBound {
            // The last word of a longer key overlaps the one before it.
            let left = key.upperBound - at
            if left < 8, key.count >= 8 { at = key.upperBound - 8 }
            let mask = (key.count < 8 ? (1 << UInt64(left * 8)) - 1 : UInt64.max).littleEndian
            let word = Word(
                place: Int32(place), offset: Int32(at - key.lowerBound + 1), mask: mask,
                bytes: unsafe Self.word(bytes, at) & mask)
            guard words.append(word) else { return false }
            at += 8
        }
        return true
    }

    /// What lies between two marks outside strings is white space or a scalar.
    private mutating func learnSpace(
        _ bytes: UnsafePointer<UInt8>, _ place: Int, _ start: Int, _ end: Int
    ) -> Bool {
        if unsafe JSONGrammar.isBlank(bytes, start, end) { return gaps.append(Int32(place)) }
        unsafe isFixed[place] = 0
        return scalars.append(Scalar(place: Int32(place), slot: -1))
    }

    /// Remembers where among the marks the value of a slot lies.
    private mutating func learnField(
        _ slot: Int, _ slice: FieldSlice, _ places: UnsafeBufferPointer<UInt32>
    ) -> Bool {
        switch slice.kind {
        case .absent: return true
        case .escapedText, .several: return false
        case .text, .structure:
            let isText = slice.kind == .text
            guard let first = unsafe Self.place(slice.offset - (isText ? 1 : 0), places),
                let last = unsafe Self.place(slice.end - (isText ? 0 : 1), places)
            else { return false }
            return fields.append(
                Field(
                    slot: Int32(slot), isText: isText, first: Int32(first), last: Int32(last)))
        case .null, .number, .boolean:
            guard let behind = unsafe Self.place(slice.end, places) else { return false }
            for number in 0..<scalars.count {
                let place = unsafe scalars.base[number].place
                if place == Int32(behind - 1) { unsafe scalars.base[number].slot = Int32(slot) }
            }
            return true
        }
    }

    /// The first place at or behind `offset`.
    private static func place(_ offset: Int, _ places: UnsafeBufferPointer<UInt32>) -> Int? {
        unsafe places.firstIndex { Int($0) >= offset }
    }
}

/// A list with a fixed capacity, read through its pointer in loops over records.
@safe struct FixedList<Element: BitwiseCopyable>: ~Copyable {
    let base: UnsafeMutablePointer<Element>
    private let capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        unsafe base = .allocate(capacity: capacity)
    }

    deinit { unsafe base.deallocate() }

    mutating func removeAll() { count = 0 }

    /// False when there is no room.
    mutating func append(_ element: Element) -> Bool {
        guard count < capacity else { return false }
        unsafe base[count] = element
        count += 1
        return true
    }
}
