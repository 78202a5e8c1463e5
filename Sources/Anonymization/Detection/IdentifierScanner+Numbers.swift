/// Payment card numbers, bank account numbers and telephone numbers.
extension IdentifierScanner {
    /// The length of a gap between two groups at `index`: one space, also one that does not break,
    /// dash, plus or `%20`; else 0.
    private func gap(at index: Int) -> Int {
        switch view[index] {
        case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "+"): 1
        case UInt8(ascii: "%"): view.escape(at: index) == UInt8(ascii: " ") ? 3 : 0
        case 0xC2: view[index + 1] == 0xA0 ? 2 : 0
        case 0xE2: view[index + 1] == 0x80 && view[index + 2] == 0xAF ? 3 : 0
        default: 0
        }
    }

    /// 13 to 19 digits (ISO/IEC 7812-1) that pass the check of Luhn, at one go or in groups of
    /// which the first has four. Numbers that begin with 0 or 1 are times and counters, not
    /// payment cards.
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

    private func isDecimalFraction(_ piece: Piece) -> Bool {
        let dot = UInt8(ascii: ".")
        return view[piece.end] == dot && view.isAny(ByteClass.digit, at: piece.end + 1)
            || byte(before: piece.start) == dot
                && view.isAny(ByteClass.digit, at: piece.start - 2)
    }

    private func groupedCard(_ piece: Piece) -> FoundIdentifier? {
        var sum = LuhnSum()
        for index in piece.start..<piece.end { sum.add(view.hexValue(at: index)) }
        var end = piece.end
        var best: Int?
        for _ in 0..<4 {
            let length = gap(at: end)
            guard length > 0 else { break }
            var index = end + length
            let first = index
            while view.isAny(ByteClass.digit, at: index), index - first < 7 {
                sum.add(view.hexValue(at: index))
                index += 1
            }
            guard (1...6).contains(index - first), sum.count <= 19,
                !view.isAny(ByteClass.alphanumeric, at: index)
            else { break }
            end = index
            if sum.count >= 13, sum.isValid { best = end }
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
            start >= released, !view.isAny(ByteClass.alphanumeric, at: start - 1)
        else { return nil }
        var digits = 0
        var end = piece.start
        var index = piece.start
        while digits < 16, index - end <= 2 {
            if view.isAny(ByteClass.digit, at: index) {
                digits += 1
                end = index + 1
            } else if !isPhonePunctuation(view[index]) {
                break
            }
            index += 1
        }
        guard (8...15).contains(digits), !view.isAny(ByteClass.letter, at: end) else { return nil }
        return FoundIdentifier(kind: .phone, range: start..<end)
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
