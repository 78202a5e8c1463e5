import Records

/// Walks over a line from left to right.
struct LineCursor: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var at: Int
    let end: Int

    @_lifetime(copy bytes)
    init(_ line: Range<Int>, of bytes: Span<UInt8>) {
        self.bytes = bytes
        at = line.lowerBound
        end = line.upperBound
    }

    var isAtEnd: Bool { at == end }

    /// The byte at hand; 0 at the end of the line, which has no such byte.
    var byte: UInt8 { at < end ? bytes[at] : 0 }

    /// Passes over `byte`; false when another one stands here.
    @_lifetime(self: copy self)
    mutating func pass(_ byte: UInt8) -> Bool {
        guard self.byte == byte, at < end else { return false }
        at += 1
        return true
    }

    /// The bytes up to the next one for which `isEnd` is true.
    @_lifetime(self: copy self)
    mutating func take(until isEnd: (UInt8) -> Bool) -> Range<Int> {
        let start = at
        while at < end, !isEnd(bytes[at]) { at += 1 }
        return start..<at
    }

    /// The next `count` bytes, or nil when there are fewer.
    @_lifetime(self: copy self)
    mutating func take(_ count: Int) -> Range<Int>? {
        guard end - at >= count else { return nil }
        at += count
        return at - count..<at
    }

    /// `<PRI>`, at most 191 (RFC 5424 section 6.2.1), or the `-` of one that was dropped; nil when
    /// it is not as it must be.
    @_lifetime(self: copy self)
    mutating func takePriority() -> Range<Int>? {
        guard pass(UInt8(ascii: "<")) else { return nil }
        if pass(UInt8(ascii: "-")) { return pass(UInt8(ascii: ">")) ? at - 2..<at - 1 : nil }
        let digits = take { !isDecimalDigit($0) }
        guard (1...3).contains(digits.count), pass(UInt8(ascii: ">")) else { return nil }
        var value = 0
        for index in digits { value = value * 10 + Int(bytes[index] - UInt8(ascii: "0")) }
        return value <= 191 ? digits : nil
    }
}

func isDecimalDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 }

/// Finds the fields of lines of RFC 5424.
struct SyslogScanner: LineScanner {
    private var slots: NamedSlots
    /// The slots of the header's fields and of the message, in their order.
    private let headerSlots: [Int]
    private let fieldsMax: Int
    private let isOfColumns: Bool

    init(slots: NamedSlots, headerNames: [String], fieldsMax: Int, isOfColumns: Bool) {
        self.slots = slots
        self.isOfColumns = isOfColumns
        headerSlots = headerNames.map { slots.slot(of: Array($0.utf8).span) }
        self.fieldsMax = fieldsMax
    }

    mutating func begin(columns: [String]?) {}

    mutating func scan(
        _ line: Range<Int>, of bytes: Span<UInt8>, into table: inout RecordTable
    ) -> QuarantineReason? {
        slots.beginRow(table)
        var cursor = LineCursor(line, of: bytes)
        guard let priority = cursor.takePriority() else { return .formatMismatch }
        set(0, priority, bytes, &table)
        let last = headerSlots.count - 1
        for field in 1..<last {
            let value = cursor.take(until: isSpace)
            // Version, time, host, app, pid and message id are each followed by a space.
            guard !value.isEmpty, cursor.pass(0x20) else { return .formatMismatch }
            set(field, value, bytes, &table)
        }
        if let reason = scanData(&cursor, bytes, &table) { return reason }
        if cursor.pass(0x20) {
            set(last, cursor.at..<cursor.end, bytes, &table)
        } else if !cursor.isAtEnd {
            return .formatMismatch
        }
        slots.endRow(&table)
        return nil
    }

    private mutating func set(
        _ field: Int, _ range: Range<Int>, _ bytes: Span<UInt8>, _ table: inout RecordTable
    ) {
        if range.isEmpty { return }
        let isEscaped =
            isOfColumns && field < headerSlots.count - 1
            && SyslogEscapes.mayBe(in: range, of: bytes)
        _ = slots.set(
            FieldSlice(dashedText: range, of: bytes, isEscaped: isEscaped),
            slot: headerSlots[field], in: &table)
    }

    /// Structured data (section 6.3): `-`, or elements `[ID NAME="value" …]` without anything
    /// between them.
    private mutating func scanData(
        _ cursor: inout LineCursor, _ bytes: Span<UInt8>, _ table: inout RecordTable
    ) -> QuarantineReason? {
        if cursor.pass(UInt8(ascii: "-")) { return nil }
        guard cursor.byte == UInt8(ascii: "[") else { return .formatMismatch }
        var found = 0
        while cursor.pass(UInt8(ascii: "[")) {
            let id = cursor.take(until: Self.endsName)
            guard !id.isEmpty else { return .formatMismatch }
            while cursor.pass(0x20) {
                found += 1
                if found > fieldsMax { return .tooManyFields }
                let name = cursor.take(until: Self.endsName)
                guard !name.isEmpty, cursor.pass(UInt8(ascii: "=")),
                    cursor.pass(UInt8(ascii: "\""))
                else { return .formatMismatch }
                guard let value = Self.value(&cursor) else { return .badQuoting }
                let slot = slots.slot(of: bytes.extracting(id), bytes.extracting(name))
                let slice = FieldSlice(
                    dashedText: value.range, of: bytes, isEscaped: value.isEscaped)
                guard slots.set(slice, slot: slot, in: &table) else { return .duplicateKey }
            }
            guard cursor.pass(UInt8(ascii: "]")) else { return .formatMismatch }
        }
        return nil
    }

    /// SD-NAME: printable ASCII without `=`, space, `]` and `"`.
    private static func endsName(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "]")
            || byte == UInt8(ascii: "\"")
    }

    /// The value up to its closing quote, which is passed; `"`, `\` and `]` inside have a backslash
    /// in front.
    private static func value(
        _ cursor: inout LineCursor
    ) -> (range: Range<Int>, isEscaped: Bool)? {
        let start = cursor.at
        var isEscaped = false
        while true {
            _ = cursor.take { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
            if cursor.byte == UInt8(ascii: "\\") {
                isEscaped = true
                guard cursor.take(2) != nil else { return nil }
            } else {
                let end = cursor.at
                return cursor.pass(UInt8(ascii: "\"")) ? (start..<end, isEscaped) : nil
            }
        }
    }

    func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        // Such lines have no parameters.
        if isOfColumns { return SyslogEscapes.decode(text, into: &buffer) }
        var at = 0
        while at < text.count {
            let isEscape =
                text[at] == UInt8(ascii: "\\") && at + 1 < text.count
                && SyslogSyntax.needsEscape(text[at + 1])
            if isEscape { at += 1 }
            buffer.append(text[at])
            at += 1
        }
    }
}

/// Finds the fields of lines of RFC 3164.
struct OldSyslogScanner: LineScanner {
    private var slots: NamedSlots
    private let headerSlots: [Int]

    private let isOfColumns: Bool

    private enum Field: Int {
        case priority, time, host, app, pid, message
    }

    init(slots: NamedSlots, headerNames: [String], isOfColumns: Bool) {
        self.slots = slots
        self.isOfColumns = isOfColumns
        headerSlots = headerNames.map { slots.slot(of: Array($0.utf8).span) }
    }

    mutating func begin(columns: [String]?) {}

    mutating func scan(
        _ line: Range<Int>, of bytes: Span<UInt8>, into table: inout RecordTable
    ) -> QuarantineReason? {
        slots.beginRow(table)
        var cursor = LineCursor(line, of: bytes)
        if cursor.byte == UInt8(ascii: "<") {
            guard let priority = cursor.takePriority() else { return .formatMismatch }
            set(.priority, priority, bytes, &table)
        }
        guard let time = Self.time(&cursor, bytes), cursor.pass(0x20) else {
            return .formatMismatch
        }
        set(.time, time, bytes, &table)
        let host = cursor.take(until: isSpace)
        guard !host.isEmpty, cursor.pass(0x20) else { return .formatMismatch }
        set(.host, host, bytes, &table)
        if let tag = Self.tag(cursor, bytes) {
            set(.app, tag.app, bytes, &table)
            if let pid = tag.pid { set(.pid, pid, bytes, &table) }
            _ = cursor.take(tag.length)
        }
        set(.message, cursor.at..<cursor.end, bytes, &table)
        slots.endRow(&table)
        return nil
    }

    private mutating func set(
        _ field: Field, _ range: Range<Int>, _ bytes: Span<UInt8>, _ table: inout RecordTable
    ) {
        if range.isEmpty { return }
        let isEscaped =
            isOfColumns && field != .message && SyslogEscapes.mayBe(in: range, of: bytes)
        _ = slots.set(
            FieldSlice(dashedText: range, of: bytes, isEscaped: isEscaped),
            slot: headerSlots[field.rawValue], in: &table)
    }

    /// `Mmm dd hh:mm:ss`, to be read by the time format; or one word, if it begins with a digit, or
    /// is the `-` of a time that was dropped.
    private static func time(_ cursor: inout LineCursor, _ bytes: Span<UInt8>) -> Range<Int>? {
        if isDecimalDigit(cursor.byte) || cursor.byte == UInt8(ascii: "-") {
            return cursor.take(until: isSpace)
        }
        guard let start = cursor.take(15) else { return nil }
        let first = start.lowerBound
        guard bytes[first + 3] == 0x20, bytes[first + 6] == 0x20,
            bytes[first + 9] == UInt8(ascii: ":"), bytes[first + 12] == UInt8(ascii: ":")
        else { return nil }
        return first..<cursor.take(until: isSpace).upperBound
    }

    /// `app: ` or `app[pid]: ` where the message begins; nil when it begins without.
    private static func tag(
        _ start: borrowing LineCursor, _ bytes: Span<UInt8>
    ) -> (app: Range<Int>, pid: Range<Int>?, length: Int)? {
        var cursor = LineCursor(start.at..<start.end, of: bytes)
        let app = cursor.take { $0 <= 0x20 || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "[") }
        guard !app.isEmpty else { return nil }
        var pid: Range<Int>?
        if cursor.pass(UInt8(ascii: "[")) {
            pid = cursor.take { $0 <= 0x20 || $0 == UInt8(ascii: "]") }
            guard cursor.pass(UInt8(ascii: "]")) else { return nil }
        }
        guard cursor.pass(UInt8(ascii: ":")) else { return nil }
        guard cursor.isAtEnd || cursor.pass(0x20) else { return nil }
        return (app, pid, cursor.at - start.at)
    }

    func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        SyslogEscapes.decode(text, into: &buffer)
    }
}
