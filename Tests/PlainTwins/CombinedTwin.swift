/// The combined format as one would write it down: each field eats what it may, and the next one
/// starts behind it. The second try is for user names with spaces.
package struct CombinedTwin {
    private var rest: ArraySlice<UInt8>
    private var values: [[UInt8]] = []

    /// The values of a line in the order of the format; nil when it is no such line.
    package static func values(of line: [UInt8]) -> [[UInt8]]? {
        for spaced in [false, true] {
            var twin = CombinedTwin(rest: line[...])
            guard twin.match(spaced: spaced) else { continue }
            // A list of addresses is no address, and what follows no user name.
            let comma = UInt8(ascii: ",")
            let isListed = twin.values.prefix(2).contains { $0.first == comma || $0.last == comma }
            return spaced && isListed ? nil : twin.values
        }
        return nil
    }

    private init(rest: ArraySlice<UInt8>) { self.rest = rest }

    private mutating func match(spaced: Bool) -> Bool {
        word() && take(" ") && word() && take(" ") && (spaced ? spacedUser() : word())
            && take(" [") && time() && take("] \"") && quoted() && take("\" ")
            && digits(3...3) && take(" ") && byteCount() && take(" \"") && quoted()
            && take("\" \"") && quoted() && take("\"")
            && rest.allSatisfy { Array(" \t\r\n\u{B}\u{C}".utf8).contains($0) }
    }

    private mutating func take(_ literal: String) -> Bool {
        guard rest.starts(with: literal.utf8) else { return false }
        rest = rest.dropFirst(literal.utf8.count)
        return true
    }

    private mutating func keep(_ count: Int) -> Bool {
        values.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
        return true
    }

    private mutating func word() -> Bool {
        let count = rest.prefix { $0 > 0x20 }.count
        return count > 0 && keep(count)
    }

    private mutating func digits(_ allowed: ClosedRange<Int>) -> Bool {
        let count = rest.prefix { (48...57).contains($0) }.count
        return allowed.contains(count) && keep(count)
    }

    private mutating func byteCount() -> Bool {
        rest.first == UInt8(ascii: "-") ? keep(1) : digits(1...Int.max)
    }

    private mutating func quoted() -> Bool {
        var count = 0
        let bytes = Array(rest)
        while count < bytes.count, bytes[count] != UInt8(ascii: "\"") {
            count += bytes[count] == UInt8(ascii: "\\") ? 2 : 1
        }
        return count < bytes.count && keep(count)
    }

    private mutating func time() -> Bool {
        let pattern = Array("00/aaa/0000:00:00:00 +0000".utf8)
        guard rest.count >= pattern.count else { return false }
        for (wanted, byte) in zip(pattern, rest) {
            switch wanted {
            case UInt8(ascii: "0"): guard (48...57).contains(byte) else { return false }
            case UInt8(ascii: "a"):
                guard (65...90).contains(byte) || (97...122).contains(byte) else { return false }
            case UInt8(ascii: "+"):
                guard byte == wanted || byte == UInt8(ascii: "-") else { return false }
            default: guard byte == wanted else { return false }
            }
        }
        return keep(pattern.count)
    }

    private mutating func spacedUser() -> Bool {
        let bytes = Array(rest)
        guard let first = bytes.first, first > 0x20 else { return false }
        let end = Array("] \"".utf8)
        for at in bytes.indices where bytes[at...].starts(with: end) {
            for open in stride(from: at - 1, through: 1, by: -1)
            where bytes[open] == UInt8(ascii: "[") && bytes[open - 1] == UInt8(ascii: " ") {
                return keep(open - 1)
            }
            return false
        }
        return false
    }
}
