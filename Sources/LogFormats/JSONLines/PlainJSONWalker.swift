internal import Records

/// Reads one line byte by byte, without an index and without memory of earlier lines.
///
/// The slow, plain way to the same result as `IndexedJSONWalker`: it reads what the fast walker
/// hands over (escaped keys, objects of ever-changing shape) and is the twin it is compared with.
/// Keys are compared decoded. Linear time; memory for the keys of the open objects.
@safe struct PlainJSONWalker: ~Copyable {
    private let bytes: UnsafePointer<UInt8>
    private let end: Int
    private let paths: JSONPathTree
    private let limits: RecordLimits
    private var at: Int
    private var reason = QuarantineReason.notJSON
    private var fieldCount = 0

    /// Reads the line `start ..< end`; `bytes` must be readable twelve bytes beyond its end.
    init(
        bytes: UnsafePointer<UInt8>, start: Int, end: Int, paths: JSONPathTree,
        limits: RecordLimits
    ) {
        unsafe self.bytes = bytes
        at = start
        self.end = end
        self.paths = paths
        self.limits = limits
    }

    /// The next byte, or 0 at the end of the line (no grammar rule wants a NUL).
    private var byte: UInt8 { at < end ? unsafe bytes[at] : 0 }

    private mutating func skipBlank() {
        while at < end, byte == 0x20 || byte == 0x09 || byte == 0x0d { at += 1 }
    }

    private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: wanted) else { return false }
        at += 1
        return true
    }

    private mutating func fail(_ why: QuarantineReason) -> Bool {
        reason = why
        return false
    }

    /// Reads the record; nil when it is good, else why not.
    mutating func record(into sink: inout RecordSink) -> QuarantineReason? {
        skipBlank()
        guard byte == UInt8(ascii: "{") else { return .notAnObject }
        guard object(JSONPathTree.root, depth: 1, &sink) else { return reason }
        skipBlank()
        return at == end ? nil : .trailingBytes
    }

    private mutating func object(_ path: Int, depth: Int, _ sink: inout RecordSink) -> Bool {
        guard depth <= limits.depthMax else { return fail(.tooDeep) }
        at += 1
        skipBlank()
        if take("}") { return true }
        var keys = Set<[UInt8]>()
        repeat {
            skipBlank()
            let keyStart = at
            guard byte == UInt8(ascii: "\""), let key = string() else { return false }
            let keySlice = FieldSlice(start: keyStart, length: at - keyStart, kind: .text)
            skipBlank()
            guard take(":") else { return fail(.notJSON) }
            let name = decoded(key)
            guard keys.insert(name).inserted else { return fail(.duplicateKey) }
            skipBlank()
            let here = paths.member(name.span, of: path) ?? JSONPathTree.none
            if here >= 0, isNoted(here) { sink.note(.key, keySlice) }
            guard countField(), value(here, depth, &sink) else { return false }
            skipBlank()
        } while take(",")
        return take("}") || fail(.notJSON)
    }

    private mutating func array(_ path: Int, depth: Int, _ sink: inout RecordSink) -> Bool {
        guard depth <= limits.depthMax else { return fail(.tooDeep) }
        at += 1
        skipBlank()
        if take("]") { return true }
        let isNumbered = paths.numbersElements(of: path)
        var element = 0
        repeat {
            skipBlank()
            if isNumbered { sink.note(.element) }
            guard countField(), value(paths.element(element, of: path), depth, &sink) else {
                return false
            }
            element += 1
            skipBlank()
        } while take(",")
        return take("]") || fail(.notJSON)
    }

    private mutating func countField() -> Bool {
        fieldCount += 1
        return fieldCount <= limits.fieldsMax || fail(.tooManyFields)
    }

    /// True when the value that follows will be noted, or can hold something that will.
    private func isNoted(_ path: Int) -> Bool {
        let node = paths.nodes[path]
        switch byte {
        case _ where node.isLeaf: return true
        case UInt8(ascii: "{"): return !node.members.isEmpty
        case UInt8(ascii: "["): return !node.elements.isEmpty || node.everyElement >= 0
        default: return false
        }
    }

    private mutating func value(_ path: Int, _ depth: Int, _ sink: inout RecordSink) -> Bool {
        let slot = path >= 0 ? paths.nodes[path].slot : -1
        let start = at
        let slice: FieldSlice
        switch byte {
        case UInt8(ascii: "\""):
            guard let found = string() else { return false }
            slice = found
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard container(slot >= 0 ? JSONPathTree.none : path, depth, &sink) else {
                return false
            }
            slice = FieldSlice(start: start, length: at - start, kind: .structure)
        default:
            while at < end, !Self.endsScalar(byte) { at += 1 }
            guard let kind = unsafe JSONGrammar.scalar(bytes, start, at) else {
                return fail(.notJSON)
            }
            slice = FieldSlice(start: start, length: at - start, kind: kind)
        }
        if slot >= 0 { sink.set(slice, slot: slot, isRepeated: paths.nodes[path].isRepeated) }
        return true
    }

    private mutating func container(
        _ path: Int, _ depth: Int, _ sink: inout RecordSink
    ) -> Bool {
        let isObject = byte == UInt8(ascii: "{")
        let isOutlined = path >= 0 && isNoted(path)
        if isOutlined { sink.note(isObject ? .openObject : .openArray) }
        let isRead =
            isObject
            ? object(path, depth: depth + 1, &sink) : array(path, depth: depth + 1, &sink)
        if isRead, isOutlined { sink.note(isObject ? .closeObject : .closeArray) }
        return isRead
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0d: true
        default: false
        }
    }

    /// Reads a string with its quotes and returns the slice of its content.
    private mutating func string() -> FieldSlice? {
        at += 1
        let start = at
        var hasEscapes = false
        while at < end {
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                return FieldSlice(
                    start: start, length: at - 1 - start, kind: hasEscapes ? .escapedText : .text)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                switch unsafe JSONGrammar.escape(bytes, at) {
                case .good(let length): at += length
                case .loneSurrogate:
                    reason = .loneSurrogate
                    return nil
                case .bad:
                    reason = .notJSON
                    return nil
                }
            case 0..<0x20:
                reason = .notJSON
                return nil
            default:
                at += 1
            }
        }
        reason = .notJSON
        return nil
    }

    private func decoded(_ slice: FieldSlice) -> [UInt8] {
        let content = unsafe Span(_unsafeStart: bytes + slice.offset, count: slice.length)
        var buffer = ByteBuffer(capacity: slice.length + 16)
        if slice.kind == .escapedText {
            JSONText.decode(content, into: &buffer)
        } else {
            buffer.append(content)
        }
        return buffer.array()
    }
}
