import Records

/// Takes the elements of an array out of a JSON document, one line each, in pieces of any size and
/// without keeping more than the names on the way.
///
/// Looks at brackets, quotes, commas and escapes only; whether an element is JSON is for the reader
/// to say, and so it is of a comma that is not where it must be.
/// A raw line end inside a string, which JSON has not, becomes a control character that the reader
/// refuses. Documents may follow one another.
struct JSONArrayFraming: SourceFraming {
    private enum Place {
        case outside, array, record
    }

    /// What has to come next in the array.
    private enum Next {
        case elementOrEnd, element, commaOrEnd
    }

    private let path: [[UInt8]]
    private var next = Next.elementOrEnd
    private var place = Place.outside
    private var taken = 0
    private var arrays = 0
    private var hasContent = false

    private var isInString = false
    private var isEscape = false
    /// The brackets that are open outside of the array, or inside the record at hand.
    private var outerDepth = 0
    private var recordDepth = 0

    /// How many names of the path the open objects have; the next one is looked for in the object
    /// at depth `matched + 1`.
    private var matched = 0
    private var expectsKey = false
    private var key: [UInt8]?
    private var isKeyOnPath = false
    /// True where the value of a name on the path begins.
    private var isValueOnPath = false

    init(path: [[UInt8]]) { self.path = path }

    mutating func frame(
        _ bytes: Span<UInt8>, into output: inout ByteBuffer
    ) throws(SourceFault) {
        output.reserve(bytes.count + 1)
        for index in bytes.indices {
            let byte = bytes[index]
            switch place {
            case .outside: try passOutside(byte, at: index)
            case .array: passArray(byte, &output)
            case .record: passRecord(byte, &output)
            }
        }
        taken += bytes.count
    }

    func finish() throws(SourceFault) {
        guard place == .outside, outerDepth == 0, !isInString else {
            throw fault(at: 0, "the rest of a JSON document")
        }
        guard arrays > 0 || !hasContent else { throw missingArray(at: 0) }
    }

    private func fault(at index: Int, _ expected: String) -> SourceFault {
        SourceFault(
            .badHeader, byteOffset: taken + index, expectation: "expected \(expected)")
    }

    private func missingArray(at index: Int) -> SourceFault {
        let names = path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
        return fault(
            at: index,
            names.isEmpty
                ? "a JSON document that is an array"
                : "a JSON document with an array at `\(names)`")
    }

    // MARK: Outside of the array

    private mutating func passOutside(_ byte: UInt8, at index: Int) throws(SourceFault) {
        if isInString { return passString(byte) }
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF: return
        case UInt8(ascii: "\""):
            isInString = true
            if outerDepth == matched + 1, expectsKey { key = [] }
        case UInt8(ascii: ":"):
            isValueOnPath = outerDepth == matched + 1 && isKeyOnPath
            expectsKey = false
        case UInt8(ascii: ","):
            if outerDepth == matched + 1 { beginMember() }
        case UInt8(ascii: "{"): try openObject(at: index)
        case UInt8(ascii: "["): openArray()
        case UInt8(ascii: "}"), UInt8(ascii: "]"): try closeOuter(at: index)
        default:
            if outerDepth == 0 { throw missingArray(at: index) }
        }
        hasContent = true
    }

    private mutating func passString(_ byte: UInt8) {
        if isEscape {
            isEscape = false
        } else if byte == UInt8(ascii: "\\") {
            isEscape = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            if let key { isKeyOnPath = matched < path.count && key == path[matched] }
            key = nil
            return
        }
        key?.append(byte)
    }

    private mutating func beginMember() {
        (expectsKey, isKeyOnPath, isValueOnPath) = (true, false, false)
    }

    private mutating func openObject(at index: Int) throws(SourceFault) {
        if outerDepth == 0, path.isEmpty { throw missingArray(at: index) }
        if isValueOnPath {
            matched += 1
            guard matched < path.count else { throw missingArray(at: index) }
        }
        outerDepth += 1
        if outerDepth == matched + 1 { beginMember() }
    }

    private mutating func openArray() {
        let isWanted =
            path.isEmpty ? outerDepth == 0 : isValueOnPath && matched + 1 == path.count
        isValueOnPath = false
        if isWanted {
            arrays += 1
            place = .array
            next = .elementOrEnd
        } else {
            outerDepth += 1
        }
    }

    private mutating func closeOuter(at index: Int) throws(SourceFault) {
        guard outerDepth > 0 else { throw missingArray(at: index) }
        outerDepth -= 1
        if matched > 0, outerDepth == matched { matched -= 1 }
    }

    // MARK: Inside

    private mutating func passArray(_ byte: UInt8, _ output: inout ByteBuffer) {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: return
        case UInt8(ascii: ","):
            if next != .commaOrEnd { setComma(&output) }
            next = .element
        case UInt8(ascii: "]"):
            if next == .element { setComma(&output) }
            place = .outside
        default:
            if next == .commaOrEnd { setComma(&output) }
            next = .commaOrEnd
            place = .record
            recordDepth = 0
            passRecord(byte, &output)
        }
    }

    /// A comma that has no place in an array, or lacks, becomes a line that the reader sets aside.
    private func setComma(_ output: inout ByteBuffer) { output.append(",\n") }

    private mutating func passRecord(_ byte: UInt8, _ output: inout ByteBuffer) {
        let isLineEnd = byte == 0x0A || byte == 0x0D
        if isInString {
            output.append(isLineEnd ? 0x01 : byte)
            return passString(byte)
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): recordDepth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if recordDepth == 0 {
                // Behind an element that is no object.
                output.append(0x0A)
                return place = byte == UInt8(ascii: "]") ? .outside : .array
            }
            recordDepth -= 1
            if recordDepth == 0 {
                output.append(byte)
                output.append(0x0A)
                return place = .array
            }
        case UInt8(ascii: ",") where recordDepth == 0:
            output.append(0x0A)
            next = .element
            return place = .array
        default: break
        }
        output.append(isLineEnd ? 0x20 : byte)
    }
}
