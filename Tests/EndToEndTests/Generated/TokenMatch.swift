/// Lines with tokens against lines with marks in their places: a token has its shape, equal marks
/// have equal tokens, and other marks other ones.
struct TokenMatch {
    private var tokens: [String: String] = [:]
    private var marks: [String: String] = [:]

    private static let sign: Character = "\u{1}"

    /// The mark of a token that is made of `origin`.
    static func mark(_ origin: String) -> String { "\(sign)\(origin)\(sign)" }

    /// True when `line` is `expected`, a token for each mark.
    mutating func matches(_ line: String, _ expected: String) -> Bool {
        var rest = line[...]
        let parts = expected.split(separator: Self.sign, omittingEmptySubsequences: false)
        for (number, part) in parts.enumerated() {
            guard number % 2 == 1 else {
                guard rest.hasPrefix(part) else { return false }
                rest = rest.dropFirst(part.count)
                continue
            }
            let token = String(rest.prefix(32))
            rest = rest.dropFirst(32)
            let isToken = token.utf8.count == 32
                && token.allSatisfy { "0123456789abcdef".contains($0) }
            let mark = String(part)
            guard isToken, tokens[mark] ?? token == token, marks[token] ?? mark == mark else {
                return false
            }
            (tokens[mark], marks[token]) = (token, mark)
        }
        return rest.isEmpty
    }
}
