import Records

/// What goes wrong in real logs; each file has at most one kind of it.
enum Mess {
    case none
    /// A byte order mark at the start.
    case marked
    /// Lines end with CR LF.
    case carriageReturns
    /// A line cut off, a key twice, bytes that are no UTF-8.
    case broken
    /// The last line has no line feed.
    case unfinished
    /// A time in the future, one that no clock shows, and none at all.
    case badTimes
    /// Blank lines.
    case blanks
    /// A line longer than any pipeline of ours allows.
    case overlong
    /// Records without a user, and one without a customer.
    case anonymous

    /// The bytes of the file with `lines`.
    func applied(
        to lines: [String], on date: CivilDate, _ random: inout SampleRandom
    ) -> [UInt8] {
        var lines = lines.map { Array($0.utf8) }
        let line = Array(example(on: date).utf8)
        switch self {
        case .none, .marked, .carriageReturns, .unfinished: break
        case .broken:
            lines.insert(Array(line.prefix(61)), at: random.number(1...lines.count))
            lines.insert(
                replacing(line, #""action":"search""#, #""action":"search","user":"root""#),
                at: random.number(1...lines.count))
            lines.insert(line.map { $0 == UInt8(ascii: "=") ? 0xE9 : $0 }, at: lines.count)
        case .badTimes:
            let time = "\(date.text)T12:00:00.000+01:00"
            for other in ["2031-01-01T00:00:00.000+01:00", "\(date.text)T25:61:00.000+01:00"] {
                lines.insert(replacing(line, time, other), at: random.number(1...lines.count))
            }
            lines.insert(replacing(line, "\"ts\":\"\(time)\",", ""), at: lines.count)
        case .blanks:
            for _ in 0..<3 { lines.insert([], at: random.number(1...lines.count)) }
            lines.insert(Array("  ".utf8), at: 1)
        case .overlong:
            let text = String(repeating: "lorem ipsum ", count: 800)
            lines.insert(replacing(line, "geen bijzonderheden", text), at: lines.count / 2)
        case .anonymous:
            for _ in 0..<4 {
                lines.insert(
                    replacing(line, #""user":"bram.deboer@atelier-bloem.example","#, ""),
                    at: random.number(1...lines.count))
            }
            lines.insert(
                replacing(line, #""customer":"NL-1077","#, ""), at: random.number(1...lines.count))
        }
        return joined(lines)
    }

    private func joined(_ lines: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = self == .marked ? [0xEF, 0xBB, 0xBF] : []
        let ending = Array((self == .carriageReturns ? "\r\n" : "\n").utf8)
        for (index, line) in lines.enumerated() {
            bytes += line
            if self != .unfinished || index + 1 < lines.count { bytes += ending }
        }
        return bytes
    }

    /// A record that is in order, to be spoilt.
    private func example(on date: CivilDate) -> String {
        """
        {"ts":"\(date.text)T12:00:00.000+01:00","customer":"NL-1077","client":"C-31415",\
        "partner":"P-02","user":"bram.deboer@atelier-bloem.example","ip":"192.0.2.77",\
        "user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",\
        "language":"nl-NL","action":"search","path":"/search?q=btw","session":"\
        0123456789abcdef0123456789abcdef","duration_ms":120,"message":"geen bijzonderheden"}
        """
    }
}

/// `bytes` with the first occurrence of `old` replaced by `new`; unchanged when there is none.
private func replacing(_ bytes: [UInt8], _ old: String, _ new: String) -> [UInt8] {
    let old = Array(old.utf8)
    guard bytes.count >= old.count,
        let start = (0...bytes.count - old.count).first(where: {
            bytes[$0..<$0 + old.count].elementsEqual(old)
        })
    else { return bytes }
    return Array(bytes[..<start]) + Array(new.utf8) + Array(bytes[(start + old.count)...])
}
