/// Payment card numbers, bank account numbers and telephone numbers.
extension IdentifierScanner {
    /// The length of a gap between two groups at `index`: one space, dash or plus; else 0.
    private func gap(at index: Int) -> Int {
        let mark = mark(at: index)
        switch mark.byte {
        case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "+"): return mark.length
        default: return 0
        }
    }

    /// What stands at `index` between digits, as written or percent-encoded, and how many bytes it
    /// takes: the spaces that type setters put into numbers count as a space, and their dashes as
    /// one.
    private func mark(at index: Int) -> (byte: UInt8, length: Int) {
        let first = encoded(at: index)
        guard first.byte == 0xC2 || first.byte == 0xE2 else { return first }
        let second = encoded(at: index + first.length)
        let two = first.length + second.length
        if first.byte == 0xC2 {
            return second.byte == 0xA0 ? (UInt8(ascii: " "), two) : first
        }
        guard second.byte == 0x80 else { return first }
        let third = encoded(at: index + two)
        switch third.byte {
        // U+2007, U+2009 and U+202F.
        case 0x87, 0x89, 0xAF: return (UInt8(ascii: " "), two + third.length)
        // U+2010 to U+2013.
        case 0x90...0x93: return (UInt8(ascii: "-"), two + third.length)
        default: return first
        }
    }

    /// The byte at `index`, as written or as its escape says, and the length of that.
    private func encoded(at index: Int) -> (byte: UInt8, length: Int) {
        view.escape(at: index).map { ($0, 3) } ?? (view[index], 1)
    }

    /// 13 to 19 digits (ISO/IEC 7812-1) that pass the check of Luhn, at one go or in the groups of
    /// an issuer (`CardGroups`). Numbers that begin with 0 or 1 are times and counters, not payment
    /// cards.
    mutating func card(_ piece: Piece) -> FoundIdentifier? {
        guard piece.met == ByteClass.digit, view[piece.start] > UInt8(ascii: "1"),
            !isDecimalFraction(piece)
        else { return nil }
        if piece.count == 4 { return groupedCard(piece) }
        guard (13...19).contains(piece.count) else { return nil }
        var sum = LuhnSum()
        for index in piece.start..<piece.end { sum.add(view.hexValue(at: index)) }
        guard sum.isValid else { return nil }
        return FoundIdentifier(kind: .card, range: piece.start..<piece.end)
    }

    /// Nobody writes the dot of a fraction as an escape: digits behind `%2E` are a number.
    private func isDecimalFraction(_ piece: Piece) -> Bool {
        let dot = UInt8(ascii: ".")
        return view[piece.end] == dot && view.isAny(ByteClass.digit, at: piece.end + 1)
            || piece.start > floor && view[piece.start - 1] == dot
                && view.isAny(ByteClass.digit, at: piece.start - 2)
    }

    /// True when the number at `start` is the first group of a card number.
    func beginsGroupedCard(at start: Int) -> Bool {
        let end = start + 4
        guard kinds.contains(.card), view[start] > UInt8(ascii: "1"),
            (start..<end).allSatisfy({ view.isAny(ByteClass.digit, at: $0) }),
            !view.isAny(ByteClass.alphanumeric, at: end)
        else { return false }
        return groupedCard(Piece(start: start, end: end, met: ByteClass.digit)) != nil
    }

    private func groupedCard(_ piece: Piece) -> FoundIdentifier? {
        var sum = LuhnSum()
        for index in piece.start..<piece.end { sum.add(view.hexValue(at: index)) }
        var groups = CardGroups(first: piece.count, startsWith: view[piece.start])
        var end = piece.end
        var best: Int?
        for _ in 0..<4 {
            let length = gap(at: end)
            guard length > 0 else { break }
            var index = end + length
            let first = index
            while view.isAny(ByteClass.digit, at: index), index - first <= CardGroups.digitsMax {
                sum.add(view.hexValue(at: index))
                index += 1
            }
            guard (1...CardGroups.digitsMax).contains(index - first), sum.count <= 19,
                !view.isAny(ByteClass.alphanumeric, at: index)
            else { break }
            groups.append(index - first)
            end = index
            if groups.areOfAnIssuer, sum.isValid { best = end }
        }
        return best.map { FoundIdentifier(kind: .card, range: piece.start..<$0) }
    }

    /// An account number of ISO 13616: country, two check digits, 15 to 34 characters in all, and
    /// the remainder by 97 is 1; at one go or in groups of four.
    mutating func iban(_ piece: Piece) -> FoundIdentifier? {
        guard piece.count >= 4, piece.count <= 34,
            view.isAny(ByteClass.letter, at: piece.start),
            view.isAny(ByteClass.letter, at: piece.start + 1),
            view.isAny(ByteClass.digit, at: piece.start + 2),
            view.isAny(ByteClass.digit, at: piece.start + 3)
        else { return nil }
        var sum = AccountSum()
        for index in piece.start + 4..<piece.end { add(index, to: &sum) }
        if piece.count > 4 {
            guard piece.count >= 15, isValid(sum, head: piece.start) else { return nil }
            return FoundIdentifier(kind: .iban, range: piece.start..<piece.end)
        }
        return groupedAccount(piece, sum)
    }

    private func groupedAccount(_ piece: Piece, _ empty: AccountSum) -> FoundIdentifier? {
        var sum = empty
        var end = piece.end
        var best: Int?
        var isLast = false
        while !isLast {
            let length = gap(at: end)
            guard length > 0 else { break }
            var index = end + length
            let first = index
            while view.isAny(ByteClass.alphanumeric, at: index), index - first < 5 {
                add(index, to: &sum)
                index += 1
            }
            guard (1...4).contains(index - first), sum.count <= 30 else { break }
            isLast = index - first < 4
            end = index
            if sum.count >= 11, isValid(sum, head: piece.start) { best = end }
        }
        return best.map { FoundIdentifier(kind: .iban, range: piece.start..<$0) }
    }

    /// 10 to 35 for a letter in any case.
    private func letterValue(_ index: Int) -> Int { Int(view[index] & 31) + 9 }

    private func add(_ index: Int, to sum: inout AccountSum) {
        if view.isAny(ByteClass.digit, at: index) {
            sum.add(digit: Int(view.hexValue(at: index)))
        } else {
            sum.add(letter: letterValue(index))
        }
    }

    private func isValid(_ sum: AccountSum, head: Int) -> Bool {
        let country = letterValue(head) * 100 + letterValue(head + 1)
        let check = Int(view.hexValue(at: head + 2)) * 10 + Int(view.hexValue(at: head + 3))
        return (sum.remainder * 1_000_000 + country * 100 + check) % 97 == 1
    }

    /// A number in international form (ITU-T E.164): `+`, then 8 to 15 digits with single spaces,
    /// dots, dashes, slashes or brackets between.
    mutating func phone(_ piece: Piece) -> FoundIdentifier? {
        let isEncoded = piece.start == floor && floorByte == UInt8(ascii: "+")
        let start = isEncoded ? piece.start - 3 : piece.start - 1
        guard piece.met == ByteClass.digit, byte(before: piece.start) == UInt8(ascii: "+"),
            start >= released, !isAlphanumeric(endingAt: start)
        else { return nil }
        var digits = 0
        var end = piece.start
        var index = piece.start
        var marks = 0
        while digits < 16, marks <= 2 {
            if view.isAny(ByteClass.digit, at: index) {
                digits += 1
                index += 1
                end = index
                marks = 0
                continue
            }
            let mark = mark(at: index)
            guard isPhonePunctuation(mark.byte) else { break }
            index += mark.length
            marks += 1
        }
        guard (8...15).contains(digits), !view.isAny(ByteClass.letter, at: end) else { return nil }
        return FoundIdentifier(kind: .phone, range: start..<end)
    }

    /// True when a letter or a digit ends at `index`, as written or as its escape says: the last
    /// digit of an escape is none of the text.
    private func isAlphanumeric(endingAt index: Int) -> Bool {
        guard let byte = view.escape(at: index - 3) else {
            return view.isAny(ByteClass.alphanumeric, at: index - 1)
        }
        return ByteClass.table[Int(byte)] & ByteClass.alphanumeric != 0
    }

    private func isPhonePunctuation(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "("), UInt8(ascii: ")"):
            true
        default: false
        }
    }
}

/// The groups in which the digits of a payment card are written: other rows of short numbers (a
/// date and a time, a port and what stands behind it in a log) pass the check of Luhn one time in
/// ten.
///
/// ISO/IEC 7812-1 says how long a number is, no standard how it is grouped. These are the forms in
/// which issuers print their numbers, and in which the masks of payment forms (such as those of
/// Cleave.js) write them; those of UATP (4-5-6) begin with 1:
///
/// | issuer | digits | groups |
/// |---|---|---|
/// | Visa, Mastercard, Discover, JCB, Maestro, UnionPay, Mir, Elo | 16 | 4-4-4-4 |
/// | the same, shorter | 13 to 15 | 4-4-4-1 to 4-4-4-3 |
/// | the same, longer | 17 to 19 | 4-4-4-4-1 to 4-4-4-4-3, 4-4-4-5 to 4-4-4-7 |
/// | Visa until the nineties | 13 | 4-3-3-3 |
/// | Maestro | 13 | 4-4-5 |
/// | American Express, Maestro | 15 | 4-6-5 |
/// | Diners Club | 14 | 4-6-4 |
private struct CardGroups {
    static let digitsMax = 7

    /// The lengths of the groups, each a decimal digit.
    private var lengths: Int
    private let firstDigit: UInt8

    init(first: Int, startsWith digit: UInt8) {
        lengths = first
        firstDigit = digit
    }

    mutating func append(_ count: Int) { lengths = lengths * 10 + count }

    var areOfAnIssuer: Bool {
        switch lengths {
        case 4441...4447, 44441...44443, 445, 465, 464: true
        // No other issuer has them, and three digits are what statuses have.
        case 4333: firstDigit == UInt8(ascii: "4")
        default: false
        }
    }
}

/// The check of Luhn (ISO/IEC 7812-1 annex B) over digits that come from the left: both ways to
/// double are kept, because the last digit decides which one counts.
private struct LuhnSum {
    private(set) var count = 0
    /// The sum when the number ends here (the last digit is not doubled).
    private var ending = 0
    /// The sum when one more digit follows.
    private var continued = 0

    mutating func add(_ digit: UInt8) {
        let plain = Int(digit)
        let doubled = plain < 5 ? plain * 2 : plain * 2 - 9
        (ending, continued) = (continued + plain, ending + doubled)
        count += 1
    }

    var isValid: Bool { ending % 10 == 0 }
}

/// The remainder by 97 of the part of an account number behind its first four characters.
private struct AccountSum {
    private(set) var remainder = 0
    private(set) var count = 0

    mutating func add(digit: Int) {
        remainder = (remainder * 10 + digit) % 97
        count += 1
    }

    mutating func add(letter: Int) {
        remainder = (remainder * 100 + letter) % 97
        count += 1
    }
}
