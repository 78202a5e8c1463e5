private import CYaml
internal import Records

/// One step of a YAML document, with what this package refuses still visible.
struct YAMLEvent {
    /// What the step is.
    enum Kind {
        case documentStart, documentEnd, streamEnd
        case alias
        /// A scalar; `isEmpty` when nothing was written at all (`key:`), unlike `key: ""`.
        case scalar(String, isEmpty: Bool)
        case listStart, listEnd, mappingStart, mappingEnd
    }

    let kind: Kind
    /// Where the step begins.
    let position: SettingPosition
    /// True when the value is marked with `&name`.
    var hasAnchor = false
    /// True when the value is marked with `!tag`.
    var hasTag = false
}

/// Takes a YAML text apart, event by event; owns the parser of libyaml and a copy of the text.
///
/// Events instead of Yams' nodes, because composing nodes resolves aliases and hashes keys before
/// anybody can object. The parser lives in an allocation of its own: libyaml stores its address.
@safe struct YAMLEventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    /// Where each line begins, in characters of Unicode. libyaml ends lines at lone carriage
    /// returns and at three other characters, too; editors and `grep -n`, which a fault is looked
    /// up with, end them at line feeds.
    private let lineStarts: [Int]

    /// Starts on `bytes`, which must be valid UTF-8 without a byte-order mark; nil when there is no
    /// memory for a parser.
    init?(_ bytes: [UInt8]) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            return nil
        }
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = unsafe input.initialize(fromContentsOf: bytes)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        unsafe self.parser = parser
        unsafe self.input = input
        lineStarts = Self.lineStarts(of: bytes)
    }

    private static func lineStarts(of bytes: [UInt8]) -> [Int] {
        var starts = [0]
        var characters = 0
        for byte in bytes {
            if byte & 0xC0 != 0x80 { characters += 1 }
            if byte == UInt8(ascii: "\n") { starts.append(characters) }
        }
        return starts
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; behind the end of the stream always `streamEnd`.
    ///
    /// Throws a fault that says where and why the text is not YAML, without quoting it.
    mutating func next() throws(SettingFault) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw fault() }
        defer { unsafe yaml_event_delete(&event) }
        let position = position(ofCharacter: unsafe Int(event.start_mark.index))
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return try next()
        case YAML_DOCUMENT_START_EVENT:
            return YAMLEvent(kind: .documentStart, position: position)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, position: position)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, position: position)
        case YAML_SCALAR_EVENT: return unsafe Self.scalar(event, at: position)
        case YAML_SEQUENCE_START_EVENT:
            return unsafe YAMLEvent(
                kind: .listStart,
                position: position,
                hasAnchor: event.data.sequence_start.anchor != nil,
                hasTag: event.data.sequence_start.tag != nil
            )
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .listEnd, position: position)
        case YAML_MAPPING_START_EVENT:
            return unsafe YAMLEvent(
                kind: .mappingStart,
                position: position,
                hasAnchor: event.data.mapping_start.anchor != nil,
                hasTag: event.data.mapping_start.tag != nil
            )
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, position: position)
        default: return YAMLEvent(kind: .streamEnd, position: position)
        }
    }

    private static func scalar(
        _ event: yaml_event_t,
        at position: SettingPosition
    ) -> YAMLEvent {
        let scalar = unsafe event.data.scalar
        let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
        return unsafe YAMLEvent(
            kind: .scalar(
                String(decoding: bytes, as: UTF8.self),
                isEmpty: isPlain && bytes.isEmpty
            ),
            position: position,
            hasAnchor: scalar.anchor != nil,
            hasTag: scalar.tag != nil
        )
    }

    private borrowing func position(ofCharacter index: Int) -> SettingPosition {
        var (first, end) = (0, lineStarts.count)
        while end - first > 1 {
            let middle = (first + end) / 2
            if lineStarts[middle] <= index { first = middle } else { end = middle }
        }
        return SettingPosition(line: first + 1, column: index - lineStarts[first] + 1)
    }

    /// The fault of the parser. libyaml's problem texts are constants of its own and hold nothing
    /// of the input.
    private borrowing func fault() -> SettingFault {
        let parser = unsafe self.parser.pointee
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? ""
        if unsafe parser.error == YAML_READER_ERROR {
            // The reader stops before the scanner has counted lines, so it only knows an offset.
            let bytes = unsafe Span(_unsafeElements: UnsafeBufferPointer(input))
            return SettingFault(
                "found a control character, expected printable text",
                at: textPosition(ofByte: unsafe Int(parser.problem_offset), in: bytes)
            )
        }
        let known = YAMLProblem.all.first { problem.contains($0.part) } ?? .other
        let isAtContext = unsafe known.isAtContext && parser.context != nil
        let mark = unsafe isAtContext ? parser.context_mark : parser.problem_mark
        return SettingFault(known.sentence, at: position(ofCharacter: Int(mark.index)))
    }
}

/// The place of a byte, counting lines at line feeds and columns in characters of Unicode.
func textPosition(ofByte offset: Int, in bytes: Span<UInt8>) -> SettingPosition {
    var line = 1
    var column = 1
    for index in 0..<min(max(0, offset), bytes.count) {
        if bytes[index] == UInt8(ascii: "\n") {
            line += 1
            column = 1
        } else if bytes[index] & 0xC0 != 0x80 {
            column += 1
        }
    }
    return SettingPosition(line: line, column: column)
}
