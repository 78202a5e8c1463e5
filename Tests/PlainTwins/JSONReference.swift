package import Records

/// Says whether a line is a record: RFC 8259 for objects, UTF-8, keys told apart by what they mean,
/// written without regard to the readers it judges.
package struct JSONReference {
    private let line: [UInt8]
    private var at = 0
    private var members = 0
    private let limits: RecordLimits

    private struct Refused: Error {}

    private init(_ line: [UInt8], limits: RecordLimits) {
        self.line = line
        self.limits = limits
    }

    /// What becomes of `line`, without saying why.
    package static func accepts(_ line: [UInt8], limits: RecordLimits = RecordLimits()) -> Bool {
        guard line.count <= limits.recordBytesMax,
            String(validating: line, as: UTF8.self) != nil
        else { return false }
        var reference = JSONReference(line, limits: limits)
        do {
            reference.blank()
            guard reference.peek == "{" else { return false }
            try reference.value(1)
            reference.blank()
            return reference.at == line.count
        } catch {
            return false
        }
    }

    private var peek: Character? {
        at < line.count ? Character(Unicode.Scalar(line[at])) : nil
    }

    private mutating func blank() {
        while peek == " " || peek == "\t" || peek == "\r" { at += 1 }
    }

    private mutating func expect(_ word: String) throws(Refused) {
        let bytes = Array(word.utf8)
        guard line[at...].starts(with: bytes) else { throw Refused() }
        at += bytes.count
    }

    private mutating func value(_ depth: Int) throws(Refused) {
        switch peek {
        case "{": try object(depth)
        case "[": try array(depth)
        case "\"": _ = try string()
        case "t": try expect("true")
        case "f": try expect("false")
        case "n": try expect("null")
        default: try number()
        }
    }

    private mutating func count() throws(Refused) {
        members += 1
        guard members <= limits.fieldsMax else { throw Refused() }
    }

    private mutating func object(_ depth: Int) throws(Refused) {
        guard depth <= limits.depthMax else { throw Refused() }
        try expect("{")
        blank()
        if peek == "}" { return try expect("}") }
        var keys: Set<[UInt16]> = []
        while true {
            blank()
            guard keys.insert(try string()).inserted else { throw Refused() }
            blank()
            try expect(":")
            blank()
            try count()
            try value(depth + 1)
            blank()
            if peek == "}" { return try expect("}") }
            try expect(",")
        }
    }

    private mutating func array(_ depth: Int) throws(Refused) {
        guard depth <= limits.depthMax else { throw Refused() }
        try expect("[")
        blank()
        if peek == "]" { return try expect("]") }
        while true {
            blank()
            try count()
            try value(depth + 1)
            blank()
            if peek == "]" { return try expect("]") }
            try expect(",")
        }
    }

    /// The UTF-16 units of a string: two spellings of one text are the same.
    private mutating func string() throws(Refused) -> [UInt16] {
        try expect("\"")
        var units: [UInt16] = []
        var plain: [UInt8] = []
        func flush() { units += Array(String(decoding: plain, as: UTF8.self).utf16); plain = [] }
        while at < line.count {
            let byte = line[at]
            at += 1
            switch byte {
            case 0x22:
                flush()
                guard Self.isPaired(units) else { throw Refused() }
                return units
            case 0x5C:
                flush()
                units.append(try escape())
            case 0..<0x20: throw Refused()
            default: plain.append(byte)
            }
        }
        throw Refused()
    }

    private mutating func escape() throws(Refused) -> UInt16 {
        let simple: [Character: UInt16] = [
            "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
        ]
        guard let letter = peek else { throw Refused() }
        at += 1
        if let unit = simple[letter] { return unit }
        guard letter == "u", at + 4 <= line.count else { throw Refused() }
        let digits = String(decoding: line[at..<at + 4], as: UTF8.self)
        guard digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(digits, radix: 16)
        else { throw Refused() }
        at += 4
        return unit
    }

    private static func isPaired(_ units: [UInt16]) -> Bool {
        var at = 0
        while at < units.count {
            if UTF16.isTrailSurrogate(units[at]) { return false }
            if UTF16.isLeadSurrogate(units[at]) {
                guard at + 1 < units.count, UTF16.isTrailSurrogate(units[at + 1]) else {
                    return false
                }
                at += 1
            }
            at += 1
        }
        return true
    }

    private mutating func number() throws(Refused) {
        if peek == "-" { at += 1 }
        if peek == "0" { at += 1 } else { try digits() }
        if peek == "." {
            at += 1
            try digits()
        }
        if peek == "e" || peek == "E" {
            at += 1
            if peek == "+" || peek == "-" { at += 1 }
            try digits()
        }
    }

    private mutating func digits() throws(Refused) {
        let first = at
        while at < line.count, (0x30...0x39).contains(line[at]) { at += 1 }
        guard at > first else { throw Refused() }
    }
}
