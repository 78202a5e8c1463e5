internal import Records

/// What must be known of a source's syntax to replace or take out a field in the middle of a record
/// whose other bytes stay as they are.
package enum SpliceSyntax: Sendable, Equatable {
    /// JSON: quotes belong to the value; a dropped member goes with its key and one comma.
    case json
    /// CSV: quotes belong to the cell; a dropped cell is empty.
    case delimited
    /// Access log: quotes belong to the template; a dropped field is `-`.
    case template
    /// logfmt: quotes belong to the value; a dropped value goes with its key and one blank.
    case logfmt

    /// The bytes that a replacement of `slice` takes the place of.
    @inline(__always)
    func replacedRange(_ slice: FieldSlice, in bytes: Span<UInt8>) -> Range<Int> {
        guard slice.isText else { return slice.offset..<slice.end }
        switch self {
        case .json: return slice.offset &- 1..<slice.end &+ 1
        case .delimited, .logfmt:
            let isQuoted = slice.offset > 0 && bytes[slice.offset &- 1] == UInt8(ascii: "\"")
            return isQuoted ? slice.offset &- 1..<slice.end &+ 1 : slice.offset..<slice.end
        case .template: return slice.offset..<slice.end
        }
    }

    /// The bytes to take out of `record` when the value at `value` goes with its name.
    func dropped(
        _ value: Range<Int>, in bytes: Span<UInt8>, record: Range<Int>, editedUpTo: Int
    ) -> Range<Int> {
        switch self {
        case .json:
            Self.droppedJSON(
                value, in: bytes, recordStart: record.lowerBound, recordEnd: record.upperBound,
                editedUpTo: editedUpTo)
        case .logfmt:
            Self.droppedPair(
                value, in: bytes, recordStart: record.lowerBound, recordEnd: record.upperBound,
                editedUpTo: editedUpTo)
        case .delimited, .template: value
        }
    }

    /// The bytes to take out when the JSON member or element with the value at `value` goes.
    ///
    /// `editedUpTo` is the end of the last edit of the record: a comma before it is spoken for. The
    /// comma in front goes with the member if it is still there, else the comma behind.
    package static func droppedJSON(
        _ value: Range<Int>, in bytes: Span<UInt8>, recordStart: Int, recordEnd: Int,
        editedUpTo: Int
    ) -> Range<Int> {
        var start = value.lowerBound
        let colon = lastNonBlank(before: start, in: bytes, from: recordStart)
        if bytes[colon] == UInt8(ascii: ":") {
            let close = lastNonBlank(before: colon, in: bytes, from: recordStart)
            start = keyStart(endingAt: close, bytes)
        }
        let before = lastNonBlank(before: start, in: bytes, from: recordStart)
        if bytes[before] == UInt8(ascii: ","), before >= editedUpTo {
            return before..<value.upperBound
        }
        var behind = value.upperBound
        while behind < recordEnd, isBlank(bytes[behind]) { behind += 1 }
        let hasComma = behind < recordEnd && bytes[behind] == UInt8(ascii: ",")
        return start..<(hasComma ? behind + 1 : value.upperBound)
    }

    /// The bytes to take out when the logfmt value at `value`, quotes included, or the key without
    /// a value that stands there goes. The blank in front goes with it unless it is spoken for by
    /// an edit that ends at `editedUpTo`, else the blank behind.
    static func droppedPair(
        _ value: Range<Int>, in bytes: Span<UInt8>, recordStart: Int, recordEnd: Int,
        editedUpTo: Int
    ) -> Range<Int> {
        var start = value.lowerBound
        if start > recordStart, bytes[start - 1] == UInt8(ascii: "=") {
            start -= 1
            while start > recordStart, bytes[start - 1] > 0x20 { start -= 1 }
        }
        if start > max(recordStart, editedUpTo) { return start - 1..<value.upperBound }
        let hasBlank = value.upperBound < recordEnd && bytes[value.upperBound] <= 0x20
        return start..<(hasBlank ? value.upperBound + 1 : value.upperBound)
    }

    private static func lastNonBlank(
        before offset: Int, in bytes: Span<UInt8>, from recordStart: Int
    ) -> Int {
        var at = offset - 1
        while at > recordStart, isBlank(bytes[at]) { at -= 1 }
        return at
    }

    /// The opening quote of the key whose closing quote is at `close`. A quote inside a key stands
    /// behind an odd number of backslashes.
    private static func keyStart(endingAt close: Int, _ bytes: Span<UInt8>) -> Int {
        var at = close - 1
        while true {
            while bytes[at] != UInt8(ascii: "\"") { at -= 1 }
            var backslashes = 0
            while bytes[at - 1 - backslashes] == UInt8(ascii: "\\") { backslashes += 1 }
            if backslashes % 2 == 0 { return at }
            at -= 1
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0d
    }
}
