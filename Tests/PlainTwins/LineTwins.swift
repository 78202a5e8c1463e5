private import Records

/// Formats of lines as one would write them down for another engine. What is given has the value of
/// each field that was found, with its kind; nil: a line that cannot be read.
package enum LineTwins {
    private static let blank = #"[\x00-\x20]"#

    // MARK: logfmt

    private static let pair = BytePattern(
        #"([^\x00-\x20="\x7f]++)(?:(=)(?:"((?:[^"\\]|\\.)*)"|([^\x00-\x20"]*)))?(?:\#(blank)+|\z)"#)

    /// The fields that `named` names, and under `(unnamed)` all others with line feeds between.
    package static func logfmt(_ line: [UInt8], named: [String]) -> [String: ReadValue]? {
        var found: [String: ReadValue] = [:]
        var others: [[UInt8]] = []
        var hasPair = false
        var at = line.firstIndex { $0 > 0x20 } ?? line.count
        while at < line.count {
            guard let groups = pair.groups(in: line, from: at), let all = groups[0],
                let key = groups[1].map({ Array(line[$0]) })
            else { return nil }
            at = all.upperBound
            let isPair = groups[2] != nil
            let raw = (groups[3] ?? groups[4]).map { Array(line[$0]) } ?? key
            hasPair = hasPair || isPair
            let isEscaped = groups[3] != nil && raw.contains(UInt8(ascii: "\\"))
            let value = isEscaped ? goText(raw) : raw
            let name = String(decoding: key, as: UTF8.self)
            if named.contains(where: { Array($0.utf8) == key }) {
                let kind: FieldKind = isPair ? (isEscaped ? .escapedText : .text) : .null
                let isNew = found.updateValue(ReadValue(kind: kind, text: value), forKey: name)
                guard isNew == nil else { return nil }
            } else {
                others.append(value)
            }
        }
        return hasPair ? found.merging(unnamed(others)) { one, _ in one } : nil
    }

    private static func unnamed(_ values: [[UInt8]]) -> [String: ReadValue] {
        guard !values.isEmpty else { return [:] }
        let text = Array(values.joined(separator: [0x0A]))
        return ["(unnamed)": ReadValue(kind: .several, text: text)]
    }

    private static let escape = BytePattern(
        #"\\(?:(["\\/abtnvfr])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})(?:\\u([0-9A-Fa-f]{4}))?"#
            + #"|U([0-9A-Fa-f]{8}))"#)

    /// The escapes of JSON and Go; what is none stays.
    private static func goText(_ content: [UInt8]) -> [UInt8] {
        let letters: [UInt8: UInt8] = [
            0x61: 7, 0x62: 8, 0x74: 9, 0x6E: 10, 0x76: 11, 0x66: 12, 0x72: 13,
        ]
        var output: [UInt8] = []
        var at = 0
        while at < content.count {
            func number(_ range: Range<Int>?) -> UInt32? {
                range.flatMap { UInt32(String(decoding: content[$0], as: UTF8.self), radix: 16) }
            }
            func append(_ scalar: Unicode.Scalar, _ length: Int) {
                output += Array(String(scalar).utf8)
                at += length
            }
            let groups = escape.groups(in: content, from: at)
            if let letter = groups?[1].map({ content[$0.lowerBound] }) {
                output.append(letters[letter] ?? letter)
                at += 2
            } else if let byte = number(groups?[2]) {
                output.append(UInt8(byte))
                at += 4
            } else if let scalar = number(groups?[3] ?? groups?[5]).flatMap(Unicode.Scalar.init) {
                append(scalar, groups?[3] == nil ? 10 : 6)
            } else if let high = number(groups?[3]), let low = number(groups?[4]),
                UTF16.isLeadSurrogate(UInt16(high)), UTF16.isTrailSurrogate(UInt16(low))
            {
                let units = [UInt16(high), UInt16(low)]
                output += Array(String(decoding: units, as: UTF16.self).utf8)
                at += 12
            } else {
                let length = content[at] == UInt8(ascii: "\\") ? 2 : 1
                output += content[at...].prefix(length)
                at += length
            }
        }
        return output
    }

    // MARK: Syslog

    private static let syslogNew = BytePattern(
        #"<(-|[0-9]{1,3})>([^ ]++) ([^ ]++) ([^ ]++) ([^ ]++) ([^ ]++) ([^ ]++) "#
            + #"(?:-|(?:\[N(?: N="(?:[^"\\]|\\.)*")*\])+)(?: (.*))?\z"#
            .replacing("N", with: #"[^\x00-\x20\x7f-\xff="\]]++"#))

    private static let syslogOld = BytePattern(
        #"(?:<(-|[0-9]{1,3})>|(?!<))([0-9-][^ ]*+|[^0-9-].. .. ..:..:..[^ ]*+) ([^ ]++) "#
            + #"(?:([^\x00-\x20:\[]++)(?:\[([^\x00-\x20\]]*+)\])?:(?: |\z))?(.*)\z"#)

    package static func syslog(_ line: [UInt8], isNew: Bool) -> [String: ReadValue]? {
        guard let groups = (isNew ? syslogNew : syslogOld).groups(in: line) else { return nil }
        let priority = groups[1].map { String(decoding: line[$0], as: UTF8.self) } ?? "-"
        guard Int(priority) ?? 0 <= 191 else { return nil }
        let names =
            isNew
            ? ["priority", "version", "time", "host", "app", "pid", "msgid", "message"]
            : ["priority", "time", "host", "app", "pid", "message"]
        var found: [String: ReadValue] = [:]
        for case let (name, range?) in zip(names, groups.dropFirst()) where !range.isEmpty {
            found[name] = dashed(Array(line[range]))
        }
        return found
    }

    /// `-` alone is no value.
    private static func dashed(_ text: [UInt8]) -> ReadValue {
        ReadValue(kind: text == [UInt8(ascii: "-")] ? .null : .text, text: text)
    }

    // MARK: Tables with a header

    /// The names that the last directive of the header gives.
    package static func columns(of header: [UInt8], isZeek: Bool) -> [[UInt8]]? {
        let sign = Array((isZeek ? "#fields\t" : "#Fields:").utf8)
        let named = header.split(separator: 0x0A).last { $0.starts(with: sign) }
        return named.map { line in
            line.dropFirst(sign.count)
                .split { $0 == 0x09 || $0 == 0x0D || $0 == 0x20 && !isZeek }.map(Array.init)
        }
    }

    /// A cell in quotes may have the separator, and quotes doubled; what follows its closing quote
    /// belongs to it.
    private static let quoted = #"(?>"(?:[^"]|"")*(?:"(?!")|\z)|)"#
    private static let quotedCell = BytePattern(quoted + "[^ ]*")
    private static let quotedTabCell = BytePattern(quoted + #"[^\t]*"#)

    package static func table(
        _ line: [UInt8], columns: [String], isZeek: Bool, named: String
    ) -> [String: ReadValue]? {
        guard line.first != UInt8(ascii: "#") else { return nil }
        let separator: UInt8 = isZeek || line.contains(0x09) ? 0x09 : 0x20
        let end = separator == 0x20 ? line.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0 : line.count
        let text = Array(line[..<end])
        var cells = text.split(separator: separator, omittingEmptySubsequences: false)
            .map(Array.init)
        if cells.count != columns.count, !isZeek { cells = quotedCells(text, separator) }
        guard cells.count == columns.count else { return nil }
        var found: [String: ReadValue] = [:]
        var others: [[UInt8]] = []
        for (name, cell) in zip(columns, cells) {
            let value = value(cell, isZeek: isZeek, isHeader: name.utf8.starts(with: "cs(".utf8))
            if Array(name.utf8) == Array(named.utf8) {
                found[named] = value
            } else {
                others.append(value.text)
            }
        }
        return found.merging(unnamed(others)) { one, _ in one }
    }

    private static func quotedCells(_ text: [UInt8], _ separator: UInt8) -> [[UInt8]] {
        var cells: [[UInt8]] = []
        var at = 0
        while at <= text.count {
            let pattern = separator == 0x20 ? quotedCell : quotedTabCell
            guard let cell = pattern.groups(in: text, from: at)?[0] else { return [] }
            cells.append(Array(text[cell]))
            at = cell.upperBound + 1
        }
        return cells
    }

    private static let zeekEscape = BytePattern(#"\\x([0-9A-Fa-f]{2})"#)

    private static func value(_ cell: [UInt8], isZeek: Bool, isHeader: Bool) -> ReadValue {
        let quote = UInt8(ascii: "\"")
        let isQuoted = !isZeek && cell.count >= 2 && cell.first == quote && cell.last == quote
        let raw = isQuoted ? Array(cell[1..<cell.count - 1]) : cell
        if raw == [UInt8(ascii: "-")] { return ReadValue(kind: .null, text: raw) }
        guard isZeek ? raw.contains(UInt8(ascii: "\\")) : isHeader else {
            return ReadValue(kind: .text, text: raw)
        }
        guard isZeek else {
            // The agents of IIS have a plus for each space.
            let isEscaped = raw.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }
            let text = raw.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }
            return ReadValue(kind: isEscaped ? .escapedText : .text, text: text)
        }
        var text: [UInt8] = []
        var at = 0
        while at < raw.count {
            let digits = zeekEscape.groups(in: raw, from: at)?[1]
            let byte = digits.flatMap { UInt8(String(decoding: raw[$0], as: UTF8.self), radix: 16) }
            text.append(byte ?? raw[at])
            at += byte == nil ? 1 : 4
        }
        return ReadValue(kind: .escapedText, text: text)
    }

    // MARK: Languages

    private static let language = BytePattern(#"[ \t]*([A-Za-z]{2,3})(?:\z|[-_,;.@ \t])"#)

    /// The first language of a list in small letters.
    package static func language(_ list: [UInt8]) -> String? {
        language.groups(in: list)?[1].map {
            String(decoding: list[$0], as: UTF8.self).lowercased()
        }
    }
}
