internal import Records

/// Reads one record after the other along the structural index of a chunk.
///
/// The index says where every bracket, colon, comma, quote, escape and line feed stands; the walker
/// checks the grammar of RFC 8259 between them, completely, follows the keys in the shape tree and
/// notes the slices of declared fields. It never looks at the inside of a string without escapes.
///
/// Memory contract: 64 bytes behind the chunk are readable, the index ends with the chunk's length
/// repeated (as if line feeds stood there), and the byte at that place is a line feed.
/// Each mark is the byte at the offset of the same place, so that nothing waits for the bytes
/// themselves.
@safe struct IndexedJSONWalker: ~Copyable {
    /// How one record ended.
    enum Outcome: Equatable {
        case good
        /// Read this line with the plain walker: escaped keys, or shapes beyond the tree's bounds.
        case needsPlainWalker
        case bad(QuarantineReason)
    }

    private let bytes: UnsafePointer<UInt8>
    private let index: UnsafePointer<UInt32>
    private let marks: UnsafePointer<UInt8>
    /// The number of marks, with one of those behind the chunk.
    private let found: Int
    private let limits: RecordLimits
    private let paths: JSONPathTree

    /// The place in the index of the next offset that was not read yet. While a record is read, its
    /// place goes from call to call as `at`, so that it stays in a register.
    private(set) var place = 0

    private var outcome = Outcome.good
    private var fieldCount = 0

    init(
        bytes: UnsafePointer<UInt8>, index: UnsafePointer<UInt32>,
        marks: UnsafePointer<UInt8>, found: Int, paths: JSONPathTree, limits: RecordLimits
    ) {
        unsafe self.bytes = bytes
        unsafe self.index = index
        unsafe self.marks = marks
        self.found = found &+ 1
        self.paths = paths
        self.limits = limits
    }

    @inline(__always)
    private func offset(_ place: Int) -> Int { unsafe Int(index[place]) }

    /// The byte at `offset(place)`.
    @inline(__always)
    private func mark(_ place: Int) -> UInt8 { unsafe marks[place] }

    @inline(__always)
    private func byte(_ offset: Int) -> UInt8 { unsafe bytes[offset] }

    @inline(__always)
    private mutating func fail(_ reason: QuarantineReason) -> Bool {
        outcome = .bad(reason)
        return false
    }

    @inline(__always)
    private func isBlank(_ start: Int, _ end: Int) -> Bool {
        start == end || (unsafe JSONGrammar.isBlank(bytes, start, end))
    }

    /// Moves behind the next line feed and returns its offset.
    mutating func skipLine() -> Int {
        while mark(place) != 0x0a { place &+= 1 }
        let end = offset(place)
        place &+= 1
        return end
    }

    /// Reads the record that begins at `start`. Afterwards the walker stands at the line feed that
    /// ends it (good) or somewhere inside the line.
    mutating func record(
        from start: Int, trie: inout ShapeTrie, shapes: inout ShapeMemory,
        sink: inout RecordSink
    ) -> Outcome {
        let first = place
        if offset(first) == start, isOfKnownShape(&shapes, &sink) { return .good }
        let outcome = record(from: start, trie: &trie, sink: &sink)
        if outcome == .good {
            unsafe shapes.learn(
                bytes, index + first, marks + first, length: place &- first &+ 1, sink: sink)
        }
        return outcome
    }

    /// Notes the record and moves to its line feed if it looks like one that was read before.
    @inline(__always)
    private mutating func isOfKnownShape(
        _ shapes: inout ShapeMemory, _ sink: inout RecordSink
    ) -> Bool {
        let index = unsafe self.index + place
        guard
            let known = unsafe shapes.find(bytes, index, marks + place, left: found &- place)
        else { return false }
        guard unsafe shapes.shapes[known].note(bytes, index, into: &sink) else {
            sink.restart()
            return false
        }
        place &+= shapes.shapes[known].count &- 1
        return true
    }

    private mutating func record(
        from start: Int, trie: inout ShapeTrie, sink: inout RecordSink
    ) -> Outcome {
        let open = offset(place)
        guard mark(place) == UInt8(ascii: "{"), isBlank(start, open) else {
            return .bad(.notAnObject)
        }
        var at = place &+ 1
        outcome = .good
        fieldCount = 0
        let isRead = object(
            &at, openedAt: open, root: ShapeTrie.recordRoot, depth: 1, &trie, &sink)
        place = at
        guard isRead else { return outcome }
        guard mark(at) == 0x0a, isBlank(offset(at &- 1) &+ 1, offset(at)) else {
            return .bad(.trailingBytes)
        }
        return .good
    }

    /// Reads the members of an object whose brace has just been passed, up to and with its end.
    private mutating func object(
        _ at: inout Int, openedAt open: Int, root: Int, depth: Int, _ trie: inout ShapeTrie,
        _ sink: inout RecordSink
    ) -> Bool {
        guard depth <= limits.depthMax else { return fail(.tooDeep) }
        guard root != 0 else {
            outcome = .needsPlainWalker
            return false
        }
        var behind = open &+ 1
        if mark(at) == UInt8(ascii: "}") {
            guard isBlank(behind, offset(at)) else { return fail(.notJSON) }
            at &+= 1
            return true
        }
        var node = root
        while true {
            node = key(&at, behind, after: node, &trie)
            guard node != 0 else { return false }
            fieldCount &+= 1
            guard fieldCount <= limits.fieldsMax else { return fail(.tooManyFields) }
            let known = trie[node]
            if sink.wantsOutline { noteKey(at, known, &sink) }
            guard
                value(
                    &at, behind: offset(at &- 1) &+ 1, owner: node, path: Int(known.path),
                    slot: Int(known.slot), isRepeated: known.isRepeated, depth, &trie, &sink)
            else { return false }
            let delimiter = mark(at)
            let isLast = delimiter == UInt8(ascii: "}")
            guard isLast || delimiter == UInt8(ascii: ",") else { return fail(.notJSON) }
            behind = offset(at) &+ 1
            // Only now: a line feed must stay ahead of the walker, it ends the row.
            at &+= 1
            if isLast { return true }
        }
    }

    /// Reads a key and its colon and finds the key's node; 0 when there is none.
    @inline(__always)
    private mutating func key(
        _ at: inout Int, _ behind: Int, after node: Int, _ trie: inout ShapeTrie
    ) -> Int {
        let open = offset(at)
        let close = offset(at &+ 1)
        guard isPlainKey(at), isBlank(behind, open), isBlank(close &+ 1, offset(at &+ 2)) else {
            return failedKey(at, behind)
        }
        at &+= 3
        let length = close &- open &- 1
        let next = unsafe trie.next(after: node, key: bytes + open + 1, length: length)
        return next != 0 ? next : unfamiliarKey(open &+ 1, length, after: node, &trie)
    }

    /// True when two quotes and a colon are next: a key without escapes.
    @inline(__always)
    private func isPlainKey(_ at: Int) -> Bool {
        let next = unsafe UnsafeRawPointer(marks + at).loadUnaligned(as: UInt32.self)
        return UInt32(littleEndian: next) & 0xff_ffff == 0x3a_2222
    }

    @inline(never)
    private mutating func failedKey(_ at: Int, _ behind: Int) -> Int {
        let isEscaped =
            mark(at) == UInt8(ascii: "\"") && mark(at &+ 1) == UInt8(ascii: "\\")
            && isBlank(behind, offset(at))
        outcome = isEscaped ? .needsPlainWalker : .bad(.notJSON)
        return 0
    }

    @inline(never)
    private mutating func unfamiliarKey(
        _ start: Int, _ length: Int, after node: Int, _ trie: inout ShapeTrie
    ) -> Int {
        switch unsafe trie.grow(after: node, key: bytes + start, length: length, paths: paths) {
        case .node(let made): return made
        case .duplicate: outcome = .bad(.duplicateKey)
        case .full: outcome = .needsPlainWalker
        }
        return 0
    }

    /// Notes the key in front of `at` if its value will be noted or can hold something that will.
    @inline(never)
    private func noteKey(_ at: Int, _ node: ShapeTrie.Node, _ sink: inout RecordSink) {
        guard node.path >= 0, isOnPath(node, mark(at)) else { return }
        let open = offset(at &- 3)
        sink.note(
            .key, FieldSlice(start: open, length: offset(at &- 2) &- open &+ 1, kind: .text))
    }

    /// True when the value that `mark` opens will be noted, or can hold something that will.
    private func isOnPath(_ node: ShapeTrie.Node, _ mark: UInt8) -> Bool {
        if node.slot >= 0 { return true }
        let path = paths.nodes[Int(node.path)]
        switch mark {
        case UInt8(ascii: "{"): return !path.members.isEmpty
        case UInt8(ascii: "["): return !path.elements.isEmpty || path.everyElement >= 0
        default: return false
        }
    }

    /// Reads one value and the white space behind it.
    @inline(__always)
    private mutating func value(
        _ at: inout Int, behind: Int, owner: Int, path: Int, slot: Int, isRepeated: Bool,
        _ depth: Int, _ trie: inout ShapeTrie, _ sink: inout RecordSink
    ) -> Bool {
        let start = offset(at)
        switch mark(at) {
        case UInt8(ascii: "\""):
            guard isBlank(behind, start), let slice = string(&at) else { return failed() }
            if slot >= 0 { sink.set(slice, slot: slot, isRepeated: isRepeated) }
            return isBlank(slice.end &+ 1, offset(at)) || fail(.notJSON)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard isBlank(behind, start) else { return fail(.notJSON) }
            return container(
                &at, owner: owner, path: path, slot: slot, isRepeated: isRepeated, depth,
                &trie, &sink)
        default:
            guard let slice = unsafe JSONGrammar.scalar(bytes, behind: behind, before: start) else {
                return fail(.notJSON)
            }
            if slot >= 0 { sink.set(slice, slot: slot, isRepeated: isRepeated) }
            return true
        }
    }

    private mutating func failed() -> Bool {
        if outcome == .good { outcome = .bad(.notJSON) }
        return false
    }

    /// Reads the string whose opening quote is next in the index.
    @inline(__always)
    private mutating func string(_ at: inout Int) -> FieldSlice? {
        let open = offset(at)
        if _fastPath(mark(at &+ 1) == UInt8(ascii: "\"")) {
            let close = offset(at &+ 1)
            at &+= 2
            return FieldSlice(start: open &+ 1, length: close &- open &- 1, kind: .text)
        }
        return escapedString(&at, open)
    }

    @inline(never)
    private mutating func escapedString(_ at: inout Int, _ open: Int) -> FieldSlice? {
        at &+= 1
        while true {
            let next = offset(at)
            switch mark(at) {
            case UInt8(ascii: "\""):
                at &+= 1
                return FieldSlice(
                    start: open &+ 1, length: next &- open &- 1, kind: .escapedText)
            case UInt8(ascii: "\\"):
                switch unsafe JSONGrammar.escape(bytes, next) {
                case .good(let length): at &+= length == 12 ? 2 : 1
                case .loneSurrogate:
                    outcome = .bad(.loneSurrogate)
                    return nil
                case .bad: return nil
                }
            default: return nil
            }
        }
    }

    /// Reads an object or array as a value.
    @inline(never)
    private mutating func container(
        _ at: inout Int, owner: Int, path: Int, slot: Int, isRepeated: Bool, _ depth: Int,
        _ trie: inout ShapeTrie, _ sink: inout RecordSink
    ) -> Bool {
        let open = offset(at)
        let isObject = mark(at) == UInt8(ascii: "{")
        // Below a slot nothing is declared: the value goes as a whole.
        let inside = slot >= 0 ? JSONPathTree.none : path
        let isOutlined = inside >= 0 && sink.wantsOutline && leadsOn(inside, isObject)
        at &+= 1
        if isOutlined { sink.note(isObject ? .openObject : .openArray) }
        let isRead =
            isObject
            ? object(
                &at, openedAt: open, root: trie.root(of: owner, path: inside),
                depth: depth &+ 1, &trie, &sink)
            : array(
                &at, openedAt: open, owner: owner, path: inside, depth: depth &+ 1, &trie,
                &sink)
        guard isRead else { return false }
        if isOutlined { sink.note(isObject ? .closeObject : .closeArray) }
        let close = offset(at &- 1)
        if slot >= 0 {
            let slice = FieldSlice(start: open, length: close &- open &+ 1, kind: .structure)
            sink.set(slice, slot: slot, isRepeated: isRepeated)
        }
        return isBlank(close &+ 1, offset(at)) || fail(.notJSON)
    }

    private func leadsOn(_ path: Int, _ isObject: Bool) -> Bool {
        let node = paths.nodes[path]
        return isObject
            ? !node.members.isEmpty : !node.elements.isEmpty || node.everyElement >= 0
    }

    /// Reads the elements of an array whose bracket has just been passed, up to and with its end.
    private mutating func array(
        _ at: inout Int, openedAt open: Int, owner: Int, path: Int, depth: Int,
        _ trie: inout ShapeTrie, _ sink: inout RecordSink
    ) -> Bool {
        guard depth <= limits.depthMax else { return fail(.tooDeep) }
        var behind = open &+ 1
        if mark(at) == UInt8(ascii: "]"), isBlank(behind, offset(at)) {
            at &+= 1
            return true
        }
        let isNumbered = sink.wantsOutline && paths.numbersElements(of: path)
        var element = 0
        while true {
            if isNumbered { sink.note(.element) }
            fieldCount &+= 1
            guard fieldCount <= limits.fieldsMax else { return fail(.tooManyFields) }
            let here = paths.element(element, of: path)
            let slot = here >= 0 ? paths.nodes[here].slot : -1
            guard
                value(
                    &at, behind: behind, owner: owner, path: here, slot: slot,
                    isRepeated: here >= 0 && paths.nodes[here].isRepeated, depth, &trie, &sink)
            else { return false }
            let delimiter = mark(at)
            let isLast = delimiter == UInt8(ascii: "]")
            guard isLast || delimiter == UInt8(ascii: ",") else { return fail(.notJSON) }
            behind = offset(at) &+ 1
            at &+= 1
            if isLast { return true }
            element &+= 1
        }
    }
}
