/// The kinds of identifier that free text is searched for.
struct IdentifierKinds: OptionSet, Sendable {
    let rawValue: UInt8
    init(rawValue: UInt8) { self.rawValue = rawValue }

    static let email = IdentifierKinds(rawValue: 1)
    static let ip = IdentifierKinds(rawValue: 2)
    static let token = IdentifierKinds(rawValue: 4)
    static let card = IdentifierKinds(rawValue: 8)
    static let iban = IdentifierKinds(rawValue: 16)
    static let mac = IdentifierKinds(rawValue: 32)
    static let phone = IdentifierKinds(rawValue: 64)
}

/// One identifier in a text: what it is and which bytes it takes.
struct FoundIdentifier: Equatable {
    let kind: IdentifierKinds
    let range: Range<Int>
}

/// Finds identifiers in a text, from left to right, without overlaps.
///
/// A text is read as *pieces*, longest stretches of ASCII letters and digits, and *runs*, pieces
/// joined by `-`, `_` or `+`. A piece without digits that is no hexadecimal number is passed over
/// at the cost of reading it once. Each detector looks ahead either a fixed number of bytes or
/// over bytes that nobody looks at again, so the time is linear in the length of the text. `%XX`
/// ends a piece and counts as the byte it stands for; a piece that begins with the letters of an
/// escape behind a backslash is judged once more without them.
///
/// E-mail addresses are found first, because they may contain all the rest; the other detectors
/// see only the text between them.
///
/// Methods that are called for every piece are `mutating` even where they change nothing: to lend
/// them a value of this size for reading, the compiler would copy it.
struct IdentifierScanner: ~Copyable {
    let kinds: IdentifierKinds
    /// The whole text.
    private let text: ByteView
    /// The text up to the next e-mail address.
    var view: ByteView
    private var emails: EmailFinder?
    private var nextEmail: Range<Int>?
    /// Where the search has come to.
    var at: Int
    /// The offset behind the last identifier found; nothing may reach before it.
    var released: Int
    /// The offset behind the last escape or identifier; no name or number continues across it.
    var floor: Int
    /// The byte that the escape before `floor` stands for, or 0.
    var floorByte: UInt8 = 0
    /// The end of the run that was judged last as a possible token.
    var runEnd: Int
    /// The end of the last row of one-digit labels that was looked at.
    var nibblesEnd: Int

    /// A search for `kinds` in `text`.
    init(_ text: ByteView, kinds: IdentifierKinds, grammar: EmailGrammar) {
        self.kinds = kinds
        self.text = text
        at = text.lower
        released = text.lower
        floor = text.lower
        runEnd = text.lower
        nibblesEnd = text.lower
        view = text
        guard kinds.contains(.email) else { return }
        emails = EmailFinder(text, grammar: grammar)
        advanceToNextEmail()
    }

    /// The next identifier, or nil at the end of the text.
    mutating func next() -> FoundIdentifier? {
        while true {
            if kinds != .email, let found = nextBetweenEmails() {
                pass(found.range.upperBound)
                return found
            }
            guard let email = nextEmail else { return nil }
            pass(email.upperBound)
            advanceToNextEmail()
            return FoundIdentifier(kind: .email, range: email)
        }
    }

    private mutating func advanceToNextEmail() {
        nextEmail = emails?.next(from: at)
        view = text.limited(to: text.lower..<(nextEmail?.lowerBound ?? text.upper))
    }

    private mutating func pass(_ end: Int) {
        at = end
        released = end
        floor = end
        floorByte = 0
    }

    private mutating func nextBetweenEmails() -> FoundIdentifier? {
        while true {
            at = view.firstIndex(
                of: ByteClass.alphanumeric,
                or: UInt8(ascii: "%"),
                UInt8(ascii: ":"),
                from: at
            )
            guard at < view.upper else { return nil }
            let found: FoundIdentifier?
            if view.isAny(ByteClass.alphanumeric, at: at) {
                found = nextFromPiece()
            } else {
                found = nextFromPunctuation()
            }
            if let found { return found }
        }
    }

    /// Handles a `:` or a `%`: moves behind it.
    private mutating func nextFromPunctuation() -> FoundIdentifier? {
        if kinds.contains(.ip), !isAny(ByteClass.alphanumeric, before: at),
            let found = address6(at: at, separator: .colon)
        {
            return found
        }
        guard let byte = view.escape(at: at) else {
            at += 1
            return nil
        }
        at += 3
        floor = at
        floorByte = byte
        return nil
    }

    /// Handles the piece that begins at `at`: moves behind it, or answers what begins in it.
    private mutating func nextFromPiece() -> FoundIdentifier? {
        let start = at
        var met: UInt8 = 0
        let end = view.end(of: ByteClass.alphanumeric, from: start, met: &met)
        at = end
        if let found = identifier(in: Piece(start: start, end: end, met: met)) { return found }
        return passWrittenEscape(at: start)
    }

    /// What stands for a character, as `\n`, `\x22` and `\u0022` do in texts that a programme has
    /// written into texts, is no letter or digit of what follows: moves behind it when it ends
    /// inside the piece that has been judged with it, and was nothing.
    private mutating func passWrittenEscape(at start: Int) -> FoundIdentifier? {
        // The backslash may stand there as `%5C`.
        let mark = byte(before: start)
        let length = view.lengthOfWrittenEscape(at: start, behind: mark)
        guard length > 0 else { return nil }
        if length == 3, mark == UInt8(ascii: "\\"), view[start] == UInt8(ascii: "0") {
            // In some languages `\0` is a character, and the digits behind it are the value's own.
            begin(at: start + 1)
            var met: UInt8 = 0
            let end = view.end(of: ByteClass.alphanumeric, from: at, met: &met)
            let piece = Piece(start: at, end: end, met: met)
            at = end
            if let found = identifier(in: piece) { return found }
        }
        begin(at: start + length)
        return nil
    }

    /// Goes on at `index`, where something begins whatever stands before it.
    private mutating func begin(at index: Int) {
        at = index
        floor = index
        floorByte = 0
        runEnd = index
    }

    private mutating func identifier(in piece: Piece) -> FoundIdentifier? {
        let met = piece.met
        if kinds.contains(.token), piece.start >= runEnd,
            let found = tokenInRun(startingWith: piece)
        {
            return found
        }
        if met & ByteClass.digit == 0, met & ByteClass.nonHexLetter != 0 { return nil }
        if met & ByteClass.nonHexLetter == 0, let found = fromHexPiece(piece) { return found }
        return met & ByteClass.digit != 0 ? fromNumberPiece(piece) : nil
    }

    private mutating func fromHexPiece(_ piece: Piece) -> FoundIdentifier? {
        if kinds.contains(.token), let found = hexToken(piece) { return found }
        if !kinds.isDisjoint(with: [.mac, .token]), let found = hexPairs(piece) { return found }
        guard kinds.contains(.ip), piece.count <= 4 else { return nil }
        switch view[piece.end] {
        case UInt8(ascii: "."): return nibbleName(piece)
        case UInt8(ascii: ":"), UInt8(ascii: "%"):
            return address6(at: piece.start, separator: .colon)
        case UInt8(ascii: "-"): return address6(at: piece.start, separator: .dash)
        default: return nil
        }
    }

    private mutating func fromNumberPiece(_ piece: Piece) -> FoundIdentifier? {
        if kinds.contains(.ip), let found = address4(in: piece) { return found }
        if kinds.contains(.card), let found = card(piece) { return found }
        if kinds.contains(.iban), let found = iban(piece) { return found }
        return kinds.contains(.phone) ? phone(piece) : nil
    }

    /// The byte before `index`, as written or as its escape says; 0 at a border.
    func byte(before index: Int) -> UInt8 {
        index == floor ? floorByte : view[index - 1]
    }

    /// True when the byte before `index` is in one of the classes `mask` and nothing lies between.
    func isAny(_ mask: UInt8, before index: Int) -> Bool {
        index > floor && view.isAny(mask, at: index - 1)
    }
}

/// A longest stretch of ASCII letters and digits.
struct Piece {
    let start: Int
    let end: Int
    /// The `ByteClass` bits met in it.
    let met: UInt8

    var count: Int { end - start }
}
