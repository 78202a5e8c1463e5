internal import Records

/// Reads one record after the other along the structural index of a chunk.
///
/// The index says where every bracket, colon, comma, quote, escape and line feed stands; the walker
/// checks the grammar of RFC 8259 between them, completely, follows the keys in the shape tree and
/// notes the slices of declared fields. It never looks at the inside of a string without escapes.
///
/// Memory contract: 64 bytes behind the chunk are readable, the index ends with the chunk's length
/// repeated (as if a line feed stood there), and the byte at that place is a line feed.
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
    private let limits: RecordLimits
    private let paths: JSONPathTree

    /// The place in the index of the next offset that was not read yet.
    private(set) var at = 0

    private var outcome = Outcome.good
    private var fieldCount = 0

    init(
        bytes: UnsafePointer<UInt8>, index: UnsafePointer<UInt32>, paths: JSONPathTree,
        limits: RecordLimits
    ) {
        unsafe self.bytes = bytes
        unsafe self.index = index
        self.paths = paths
        self.limits = limits
    }

    @inline(__always)
    private func offset(_ place: Int) -> Int { unsafe Int(index[place]) }

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
        while byte(offset(at)) != 0x0a { at &+= 1 }
        let end = offset(at)
        at &+= 1
        return end
    }

    /// Reads the record that begins at `start`. Afterwards the walker stands at the line feed that
    /// ends it (good) or somewhere inside the line.
    mutating func record(
        from start: Int, trie: inout ShapeTrie, sink: inout RecordSink
    ) -> Outcome {
        let open = offset(at)
        guard byte(open) == UInt8(ascii: "{"), isBlank(start, open) else {
            return .bad(.notAnObject)
        }
        at &+= 1
        outcome = .good
        fieldCount = 0
        guard object(openedAt: open, root: ShapeTrie.recordRoot, depth: 1, &trie, &sink) else {
            return outcome
        }
        let close = offset(at &- 1)
        let end = offset(at)
        guard byte(end) == 0x0a, isBlank(close &+ 1, end) else { return .bad(.trailingBytes) }
        return .good
    }

    /// Reads the members of an object whose brace has just been passed, up to and with its end.
    private mutating func object(
        openedAt open: Int, root: Int, depth: Int, _ trie: inout ShapeTrie,
        _ sink: inout RecordSink
    ) -> Bool {
        guard depth <= limits.depthMax else { return fail(.tooDeep) }
        guard root != 0 else {
            outcome = .needsPlainWalker
            return false
        }
        var behind = open &+ 1
        if byte(offset(at)) == UInt8(ascii: "}") {
            guard isBlank(behind, offset(at)) else { return fail(.notJSON) }
            at &+= 1
            return true
        }
        var node = root
        while true {
            guard let next = key(behind, after: node, &trie) else { return false }
            node = next
            let colon = offset(at &- 1)
            guard member(colon, node, depth, &trie, &sink) else { return false }
            let delimiter = offset(at)
            let isLast = byte(delimiter) == UInt8(ascii: "}")
            guard isLast || byte(delimiter) == UInt8(ascii: ",") else { return fail(.notJSON) }
            // Only now: a line feed must stay ahead of the walker, it ends the row.
            at &+= 1
            if isLast { return true }
            behind = delimiter &+ 1
        }
    }

    /// Reads a key and its colon and finds the key's node.
    @inline(__always)
    private mutating func key(
        _ behind: Int, after node: Int, _ trie: inout ShapeTrie
    ) -> Int? {
        let open = offset(at)
        let close = offset(at &+ 1)
        guard byte(open) == UInt8(ascii: "\""), isBlank(behind, open) else {
            _ = fail(.notJSON)
            return nil
        }
        guard byte(close) == UInt8(ascii: "\"") else {
            outcome = byte(close) == UInt8(ascii: "\\") ? .needsPlainWalker : .bad(.notJSON)
            return nil
        }
        let colon = offset(at &+ 2)
        guard byte(colon) == UInt8(ascii: ":"), isBlank(close &+ 1, colon) else {
            _ = fail(.notJSON)
            return nil
        }
        at &+= 3
        let length = close &- open &- 1
        let next = unsafe trie.next(after: node, key: bytes + open + 1, length: length)
        return next != 0 ? next : unfamiliarKey(open &+ 1, length, after: node, &trie)
    }

    @inline(never)
    private mutating func unfamiliarKey(
        _ start: Int, _ length: Int, after node: Int, _ trie: inout ShapeTrie
    ) -> Int? {
        switch unsafe trie.grow(after: node, key: bytes + start, length: length, paths: paths) {
        case .node(let made): return made
        case .duplicate: outcome = .bad(.duplicateKey)
        case .full: outcome = .needsPlainWalker
        }
        return nil
    }

    /// Reads the value behind `colon` and notes it for the key of `node`. Stops at the delimiter,
    /// having checked that only white space stands before it.
    @inline(__always)
    private mutating func member(
        _ colon: Int, _ node: Int, _ depth: Int, _ trie: inout ShapeTrie,
        _ sink: inout RecordSink
    ) -> Bool {
        fieldCount &+= 1
        guard fieldCount <= limits.fieldsMax else { return fail(.tooManyFields) }
        let known = trie[node]
        if known.path >= 0, sink.wantsOutline, isOnPath(known, offset(at)) {
            let open = offset(at &- 3)
            sink.note(
                .key,
                FieldSlice(start: open, length: offset(at &- 2) &- open &+ 1, kind: .text))
        }
        return value(
            behind: colon &+ 1, owner: node, path: Int(known.path), slot: Int(known.slot),
            isRepeated: known.isRepeated, depth, &trie, &sink)
    }

    /// True when the value at `offset` will be noted, or can hold something that will.
    private func isOnPath(_ node: ShapeTrie.Node, _ offset: Int) -> Bool {
        if node.slot >= 0 { return true }
        let path = paths.nodes[Int(node.path)]
        switch byte(offset) {
        case UInt8(ascii: "{"): return !path.members.isEmpty
        case UInt8(ascii: "["): return !path.elements.isEmpty || path.everyElement >= 0
        default: return false
        }
    }

    /// Reads one value and the white space behind it.
    @inline(__always)
    private mutating func value(
        behind: Int, owner: Int, path: Int, slot: Int, isRepeated: Bool, _ depth: Int,
        _ trie: inout ShapeTrie, _ sink: inout RecordSink
    ) -> Bool {
        let start = offset(at)
        switch byte(start) {
        case UInt8(ascii: "\""):
            guard isBlank(behind, start), let slice = string() else { return failed() }
            if slot >= 0 { sink.set(slice, slot: slot, isRepeated: isRepeated) }
            return isBlank(slice.end &+ 1, offset(at)) || fail(.notJSON)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard isBlank(behind, start) else { return fail(.notJSON) }
            return container(
                start, owner: owner, path: path, slot: slot, isRepeated: isRepeated, depth,
                &trie, &sink)
        default:
            guard let slice = scalar(behind, start) else { return fail(.notJSON) }
            if slot >= 0 { sink.set(slice, slot: slot, isRepeated: isRepeated) }
            return true
        }
    }

    private mutating func failed() -> Bool {
        if outcome == .good { outcome = .bad(.notJSON) }
        return false
    }

    /// The number or literal between `behind` and the delimiter at `end`.
    @inline(__always)
    private func scalar(_ behind: Int, _ end: Int) -> FieldSlice? {
        var first = behind
        var last = end
        while first < last, byte(first) <= 0x20, byte(first) != 0x0a { first &+= 1 }
        while last > first, byte(last &- 1) <= 0x20 { last &-= 1 }
        guard isBlank(behind, first), isBlank(last, end),
            let kind = unsafe JSONGrammar.scalar(bytes, first, last)
        else { return nil }
        return FieldSlice(start: first, length: last &- first, kind: kind)
    }

    /// Reads the string whose opening quote is next in the index.
    @inline(__always)
    private mutating func string() -> FieldSlice? {
        let open = offset(at)
        let close = offset(at &+ 1)
        if _fastPath(byte(close) == UInt8(ascii: "\"")) {
            at &+= 2
            return FieldSlice(start: open &+ 1, length: close &- open &- 1, kind: .text)
        }
        return escapedString(open)
    }

    @inline(never)
    private mutating func escapedString(_ open: Int) -> FieldSlice? {
        at &+= 1
        while true {
            let next = offset(at)
            switch byte(next) {
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
    private mutating func container(
        _ open: Int, owner: Int, path: Int, slot: Int, isRepeated: Bool, _ depth: Int,
        _ trie: inout ShapeTrie, _ sink: inout RecordSink
    ) -> Bool {
        let isObject = byte(open) == UInt8(ascii: "{")
        // Below a slot nothing is declared: the value goes as a whole.
        let inside = slot >= 0 ? JSONPathTree.none : path
        let isOutlined = inside >= 0 && sink.wantsOutline && leadsOn(inside, isObject)
        at &+= 1
        if isOutlined { sink.note(isObject ? .openObject : .openArray) }
        let isRead =
            isObject
            ? object(
                openedAt: open, root: trie.root(of: owner, path: inside), depth: depth &+ 1,
                &trie, &sink)
            : array(openedAt: open, owner: owner, path: inside, depth: depth &+ 1, &trie, &sink)
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
        openedAt open: Int, owner: Int, path: Int, depth: Int, _ trie: inout ShapeTrie,
        _ sink: inout RecordSink
    ) -> Bool {
        guard depth <= limits.depthMax else { return fail(.tooDeep) }
        var behind = open &+ 1
        if byte(offset(at)) == UInt8(ascii: "]"), isBlank(behind, offset(at)) {
            at &+= 1
            return true
        }
        var element = 0
        while true {
            fieldCount &+= 1
            guard fieldCount <= limits.fieldsMax else { return fail(.tooManyFields) }
            let here = paths.element(element, of: path)
            let slot = here >= 0 ? paths.nodes[here].slot : -1
            guard
                value(
                    behind: behind, owner: owner, path: here, slot: slot,
                    isRepeated: here >= 0 && paths.nodes[here].isRepeated, depth, &trie, &sink)
            else { return false }
            let delimiter = offset(at)
            let isLast = byte(delimiter) == UInt8(ascii: "]")
            guard isLast || byte(delimiter) == UInt8(ascii: ",") else { return fail(.notJSON) }
            at &+= 1
            if isLast { return true }
            element &+= 1
            behind = delimiter &+ 1
        }
    }
}
