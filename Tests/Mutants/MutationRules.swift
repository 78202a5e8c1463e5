/// Finds the places of a file that can be changed, and writes the file so that each change is in it
/// behind a switch: one build, then one run of the tests for each mutant.
///
/// A place has the same numbers whatever is left out, so that to leave more out changes no other
/// file.
struct MutationRules {
    /// What must stay as it is in a line, because it does not compile otherwise.
    enum Exclusion: String, Codable {
        /// Numbers and sums: what needs a type most often.
        case numbers
        case everything
    }

    private let file: String
    private let tokens: [SourceToken]
    private let unset: Set<String>
    private let excluded: [Int: Exclusion]
    private let lines: [Substring]
    private let first: Int
    private var next: Int
    /// The function in which the places are that are being looked at.
    private var function = ""
    /// How often each key was given.
    private var keys: [String: Int] = [:]

    /// What was put into the file.
    private(set) var mutants: [Mutant] = []
    private(set) var operators: [PlaceOperator] = []
    private var edits: [Edit] = []

    /// How many numbers the file takes.
    var count: Int { next - first }

    /// The mutants of `bytes`, numbered from `first` on.
    init(file: String, bytes: [UInt8], excluding excluded: [Int: Exclusion] = [:], first: Int) {
        self.file = file
        self.excluded = excluded
        tokens = TokenReader.tokens(of: bytes)
        unset = Self.unset(tokens)
        lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        self.first = first
        next = first
        for index in tokens.indices {
            enter(index)
            condition(index)
            statement(index)
            sign(index)
            literal(index)
            choice(index)
        }
    }

    /// The changed file.
    func applied(to bytes: [UInt8]) -> [UInt8] {
        var changed: [UInt8] = []
        var at = 0
        let ordered = edits.sorted {
            ($0.range.lowerBound, $0.rank) < ($1.range.lowerBound, $1.rank)
        }
        for edit in ordered {
            changed += bytes[at..<edit.range.lowerBound]
            changed += Array(edit.text.utf8)
            at = edit.range.upperBound
        }
        return changed + bytes[at...]
    }

    /// The number of a new mutant in `line`, and whether it is put into the file.
    private mutating func mutant(
        _ line: Int, _ change: String, isNumber: Bool = false
    ) -> (number: Int, isIn: Bool) {
        let name = file.split(separator: "/").last ?? ""
        let text = lines[line - 1].trimmingPrefix { $0 == " " }
        let key = "\(name) | \(function) | \(change) | \(text)"
        keys[key, default: 0] += 1
        let which = keys[key].flatMap { $0 > 1 ? " | \($0)" : nil } ?? ""
        let made = Mutant(
            number: next, file: file, line: line, change: change, key: key + which,
            isNumber: isNumber)
        next += 1
        let isIn =
            switch excluded[line] {
            case nil: true
            case .numbers: !isNumber
            case .everything: false
            }
        if isIn { mutants.append(made) }
        return (made.number, isIn)
    }

    private mutating func wrap(_ range: Range<Int>, _ front: String, _ behind: String) {
        let rank = edits.count + 1
        edits.append(
            Edit(range: range.lowerBound..<range.lowerBound, text: front, rank: rank))
        edits.append(
            Edit(range: range.upperBound..<range.upperBound, text: behind, rank: -rank))
    }

    private mutating func replace(_ range: Range<Int>, by text: String) {
        edits.append(Edit(range: range, text: text, rank: edits.count + 1))
    }

    private mutating func enter(_ index: Int) {
        if tokens[index].text == "func", index + 1 < tokens.count {
            function = tokens[index + 1].text
        } else if tokens[index].text == "init", index > 0,
            !tokens[index - 1].text.hasSuffix(".")
        {
            function = "init"
        }
    }

    /// The depth change of brackets at a token.
    private func depth(_ token: SourceToken) -> Int {
        guard token.kind == .punctuation else { return 0 }
        if "([{".contains(token.text) { return 1 }
        return ")]}".contains(token.text) ? -1 : 0
    }

    /// The clauses of `if`, `guard` and `while`: each one always true, always false.
    private mutating func condition(_ index: Int) {
        let keyword = tokens[index]
        guard keyword.kind == .word, ["if", "guard", "while"].contains(keyword.text),
            !endsRepeat(index)
        else { return }
        var level = 0
        var start = index + 1
        var at = start
        var binds = false
        while at < tokens.count {
            let token = tokens[at]
            let ends = level == 0 && (token.text == "{" || token.text == "else")
            if ends || (level == 0 && token.text == ",") {
                if Self.bindings.contains(tokens[start].text) {
                    binds = true
                } else {
                    clause(start..<at, of: keyword.text)
                }
                if ends { break }
                start = at + 1
            }
            level += depth(token)
            at += 1
        }
        if binds { binding(keyword, before: at) }
    }

    private static let bindings: Set<String> = ["let", "var", "case"]

    /// True for the `while` behind a `repeat` block.
    private func endsRepeat(_ index: Int) -> Bool {
        index > 0 && tokens[index].text == "while" && tokens[index - 1].text == "}"
            && tokens[index - 1].line == tokens[index].line
    }

    private mutating func clause(_ range: Range<Int>, of keyword: String) {
        guard let first = range.first.map({ tokens[$0] }),
            let last = range.last.map({ tokens[$0] }), first.text != "#", first.text != "true"
        else { return }
        let text = first.range.lowerBound..<last.range.upperBound
        let never = mutant(first.line, "a clause of `\(keyword)` is never true")
        let always =
            keyword == "while"
            ? 0 : mutant(first.line, "a clause of `\(keyword)` is always true").number
        if never.isIn { wrap(text, "mutantClause(\(never.number), \(always), ", ")") }
    }

    /// A condition that takes a value out of something: never true, though the value is there.
    private mutating func binding(_ keyword: SourceToken, before end: Int) {
        let (number, isIn) = mutant(keyword.line, "the binding of `\(keyword.text)` fails")
        let behind = tokens[end - 1].range.upperBound
        if isIn { wrap(behind..<behind, ", mutantKeeps(\(number))", "") }
    }

    /// Tokens that a statement cannot end with, and that the next line cannot go on with.
    private func goesOn(_ token: SourceToken) -> Bool {
        token.kind == .infix || token.kind == .prefix
            || [",", "(", "[", ":", "="].contains(token.text)
    }

    private static let keywords: Set<String> = [
        "if", "guard", "while", "for", "switch", "case", "default", "return", "throw", "let", "var",
        "func", "init", "deinit", "subscript", "struct", "enum", "class", "extension", "protocol",
        "import", "package", "private", "fileprivate", "internal", "public", "static", "mutating",
        "do", "catch", "else", "repeat", "defer", "break", "continue", "typealias", "where",
        "indirect", "final", "override", "get", "set", "borrowing", "consuming", "nonisolated",
        "fallthrough", "self", "in", "is", "as", "async", "operator", "infix", "some", "any",
        "weak",
    ]

    /// Calls and assignments on lines of their own: left out. Not the only statement of a block,
    /// which may be its value; to leave out a whole block is what conditions are changed for.
    private mutating func statement(_ index: Int) {
        let first = tokens[index]
        guard index > 0, first.kind == .word, !Self.keywords.contains(first.text),
            tokens[index - 1].line < first.line, !goesOn(tokens[index - 1]), !isFirstValue(index),
            let end = endOfStatement(index), tokens[index + 1].text != ":"
        else { return }
        let isAlone = ["{", "in"].contains(tokens[index - 1].text) && tokens[end].text == "}"
        guard !isAlone, acts(index..<end) else { return }
        let text = first.range.lowerBound..<tokens[end - 1].range.upperBound
        let (number, isIn) = mutant(first.line, "a statement is left out")
        if isIn { wrap(text, "if mutantKeeps(\(number)) { ", " }") }
    }

    /// The token behind the statement that begins at `index`; nil when it ends in the middle of
    /// something else.
    private func endOfStatement(_ index: Int) -> Int? {
        var level = 0
        var at = index
        while at < tokens.count {
            let token = tokens[at]
            if level == 0, at > index {
                let isNew = token.line > tokens[at - 1].line && !goesOn(tokens[at - 1])
                let isMore = token.kind == .infix || token.text.hasPrefix(".")
                    || ["{", ":"].contains(token.text)
                if token.text == "}" || (isNew && !isMore) { return at }
            }
            level += depth(token)
            if level < 0 { return nil }
            at += 1
        }
        return nil
    }

    /// True for a statement with a call or an assignment outside of brackets.
    private func acts(_ range: Range<Int>) -> Bool {
        var level = 0
        for token in tokens[range] {
            let assigns = token.text.hasSuffix("=") && Self.comparisons[token.text] == nil
            if level == 0, token.text == "(" || assigns { return true }
            level += depth(token)
        }
        return false
    }

    /// True where a name gets its first value, which it cannot do without.
    private func isFirstValue(_ index: Int) -> Bool {
        index + 1 < tokens.count && tokens[index + 1].text == "="
            && unset.contains(tokens[index].text)
    }

    /// The names that are declared without a value.
    private static func unset(_ tokens: [SourceToken]) -> Set<String> {
        var names: Set<String> = []
        for index in tokens.indices.dropFirst().dropLast() where tokens[index + 1].text == ":" {
            guard ["let", "var"].contains(tokens[index - 1].text) else { continue }
            let line = tokens[(index + 1)...].prefix { $0.line == tokens[index].line }
            if !line.contains(where: { $0.text == "=" }) { names.insert(tokens[index].text) }
        }
        return names
    }

    private static let comparisons = [
        "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    ]

    private mutating func sign(_ index: Int) {
        let token = tokens[index]
        guard index > 0, index + 1 < tokens.count else { return }
        switch (token.kind, token.text) {
        case (.infix, "&&"): place(token, .conjunction, "||")
        case (.infix, "||"): place(token, .disjunction, "&&")
        case (.prefix, "!"): place(token, .negation, "")
        case (.infix, "+") where !joins(index): place(token, .sum, "-")
        case (.infix, "-"): place(token, .sum, "+")
        case (.infix, let text):
            guard let changed = Self.comparisons[text], tokens[index + 1].text != "nil" else {
                return
            }
            place(token, .comparison, changed)
        default: return
        }
    }

    /// True for a `+` beside a text or a list.
    private func joins(_ index: Int) -> Bool {
        let sides = [tokens[index - 1].text, tokens[index + 1].text]
        return sides.contains { $0.hasPrefix("\"") || $0 == "[" || $0 == "]" }
    }

    private mutating func place(
        _ token: SourceToken, _ kind: PlaceOperator.Kind, _ changed: String
    ) {
        let words = changed.isEmpty ? "`!` is left out" : "`\(token.text)` becomes `\(changed)`"
        let (number, isIn) = mutant(token.line, words, isNumber: kind == .sum)
        let made = PlaceOperator(number: number, kind: kind, original: token.text, changed: changed)
        operators.append(made)
        if isIn { replace(token.range, by: made.sign) }
    }

    private mutating func literal(_ index: Int) {
        let token = tokens[index]
        let front = index > 0 ? tokens[index - 1].text : ""
        let behind = index + 1 < tokens.count ? tokens[index + 1].text : ""
        let isPlain = front != "$" && !front.hasSuffix(".") && behind != "." && behind != "of"
        if isRoom(index) { return }
        if token.kind == .number, isPlain {
            number(token, isNegative: front == "-" && tokens[index - 1].kind == .prefix)
        } else if ["true", "false"].contains(token.text), front != "while" {
            let (number, isIn) = mutant(token.line, "`\(token.text)` is the other one")
            if isIn { wrap(token.range, "mutantFlag(\(number), ", ")") }
        }
    }

    /// True for how much room something is given at first, which changes no result.
    private func isRoom(_ index: Int) -> Bool {
        index > 1 && tokens[index - 1].text == ":"
            && ["capacity", "keepingCapacity"].contains(tokens[index - 2].text)
    }

    /// One more than a negative number is nearer to zero: -1, which often means none, becomes 0.
    private mutating func number(_ token: SourceToken, isNegative: Bool) {
        let sign = isNegative ? "-" : ""
        let (number, isIn) = mutant(
            token.line, "`\(sign)\(token.text)` is one more", isNumber: true)
        let start = token.range.lowerBound - sign.utf8.count
        if isIn { wrap(start..<token.range.upperBound, "mutantNumber(\(number), ", ")") }
    }

    /// `min` for `max`, and the other way round.
    private mutating func choice(_ index: Int) {
        let token = tokens[index]
        guard token.kind == .word, ["min", "max"].contains(token.text), index > 0,
            index + 1 < tokens.count, tokens[index + 1].text == "(",
            !tokens[index - 1].text.hasSuffix("."), tokens[index - 1].text != "func"
        else { return }
        let isLeast = token.text == "min"
        let (number, isIn) = mutant(
            token.line, "`\(token.text)` becomes `\(isLeast ? "max" : "min")`")
        let open = tokens[index + 1].range
        if isIn {
            replace(
                token.range.lowerBound..<open.upperBound,
                by: "mutant\(isLeast ? "Least" : "Greatest")(\(number), ")
        }
    }
}
