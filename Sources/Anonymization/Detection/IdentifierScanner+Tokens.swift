/// Session identifiers, API keys, digests: long and without a meaning that a reader could see.
extension IdentifierScanner {
    /// The fewest bytes of a token.
    private static let tokenBytesMin = 32
    /// How many joiners at either end belong to a token: base64url may begin or end with them.
    private static let edgeMax = 2

    /// Judges the run that begins with `piece` and sets `runEnd` behind what was judged.
    ///
    /// The run is read up to the first UUID or long hexadecimal number in it, which are found when
    /// the search comes to them.
    mutating func tokenInRun(startingWith piece: Piece) -> FoundIdentifier? {
        runEnd = piece.end
        if view[piece.start] | 32 == UInt8(ascii: "e"), view.matches("eyj", at: piece.start),
            let end = webToken(from: piece.start)
        {
            return FoundIdentifier(kind: .token, range: piece.start..<end)
        }
        let end = endOfShortRun(piece)
        guard end - piece.start >= Self.tokenBytesMin - Self.edgeMax,
            end - startOfRun(piece) >= Self.tokenBytesMin
        else {
            runEnd = end
            return nil
        }
        return tokenInLongRun(startingWith: piece)
    }

    /// The start of the run of `piece`, with the joiners in front of it unless they join it to what
    /// was found before.
    private func startOfRun(_ piece: Piece) -> Int {
        var start = piece.start
        while piece.start - start < Self.edgeMax, isAny(ByteClass.joiner, before: start) {
            start -= 1
        }
        return start == released && start > view.lower ? piece.start : start
    }

    /// The end of the run of `piece`, or a place at least `tokenBytesMin` behind its start.
    private mutating func endOfShortRun(_ piece: Piece) -> Int {
        guard view.isAny(ByteClass.joiner, at: piece.end) else { return piece.end }
        let limit = min(view.upper, max(piece.end, piece.start + Self.tokenBytesMin))
        var met: UInt8 = 0
        return view.limited(to: view.lower..<limit).end(
            of: ByteClass.alphanumeric | ByteClass.joiner,
            from: piece.end,
            met: &met
        )
    }

    private mutating func tokenInLongRun(startingWith piece: Piece) -> FoundIdentifier? {
        var changes = (all: 0, digits: 0)
        var met: UInt8 = 0
        var hasLongPiece = false
        var current = piece
        var end = piece.end
        while true {
            if isNarrowToken(current) {
                runEnd = current.start
                end = runEnd
                break
            }
            let own = classChanges(in: current)
            changes.all += own.all
            changes.digits += own.digits
            met |= current.met
            hasLongPiece = hasLongPiece || isRandom(current, digitChanges: own.digits)
            runEnd = current.end
            var ignored: UInt8 = 0
            let start = view.end(of: ByteClass.joiner, from: current.end, met: &ignored)
            end = min(start, runEnd + Self.edgeMax)
            guard start > current.end, view.isAny(ByteClass.alphanumeric, at: start) else { break }
            var pieceMet: UInt8 = 0
            let pieceEnd = view.end(of: ByteClass.alphanumeric, from: start, met: &pieceMet)
            current = Piece(start: start, end: pieceEnd, met: pieceMet)
        }
        let start = startOfRun(piece)
        let length = end - start
        guard length >= Self.tokenBytesMin, met & ByteClass.digit != 0,
            met & ByteClass.letter != 0,
            hasLongPiece || changes.all * 5 >= length
                || changes.all * 6 > length && changes.digits >= 3
        else { return nil }
        return FoundIdentifier(kind: .token, range: start..<endWithPadding(end))
    }

    /// True for a piece that is long enough by itself and has digits in several places: no word of
    /// a language has that, and no name of a programme that is in letters of one case.
    private func isRandom(_ piece: Piece, digitChanges: Int) -> Bool {
        guard piece.count >= Self.tokenBytesMin else { return false }
        let hasBothCases = piece.met & ByteClass.lower != 0 && piece.met & ByteClass.upper != 0
        return digitChanges >= (hasBothCases ? 3 : 2)
    }

    private func isNarrowToken(_ piece: Piece) -> Bool {
        piece.met & ByteClass.nonHexLetter == 0
            && (piece.count >= Self.tokenBytesMin || uuidEnd(piece) != nil)
    }

    /// How often a digit meets a letter or a small letter is followed by a capital: in random text
    /// at two of five places, in words, names and versions at one of six or fewer.
    private func classChanges(in piece: Piece) -> (all: Int, digits: Int) {
        var changes = (all: 0, digits: 0)
        var previous = view.classOf(piece.start)
        for index in piece.start + 1..<max(piece.end, piece.start + 1) {
            let current = view.classOf(index)
            let meets = (previous ^ current) & ByteClass.digit != 0
            let rises = previous & ByteClass.lower != 0 && current & ByteClass.upper != 0
            if meets || rises { changes.all += 1 }
            if meets { changes.digits += 1 }
            previous = current
        }
        return changes
    }

    /// Up to two `=` or `%3D` behind base64.
    private func endWithPadding(_ end: Int) -> Int {
        let one = view.length(of: UInt8(ascii: "="), at: end)
        return one == 0 ? end : end + one + view.length(of: UInt8(ascii: "="), at: end + one)
    }

    /// A JSON Web Token (RFC 7515 §7.1): two to five base64url parts, the first begins with `eyJ`.
    private func webToken(from start: Int) -> Int? {
        var met: UInt8 = 0
        let wanted = ByteClass.alphanumeric | ByteClass.joiner
        var end = view.end(of: wanted, from: start, met: &met)
        guard end - start >= 8 else { return nil }
        var parts = 1
        while parts < 5, view[end] == UInt8(ascii: "."), view.isAny(wanted, at: end + 1) {
            end = view.end(of: wanted, from: end + 1, met: &met)
            parts += 1
        }
        return parts >= 2 && end - start >= Self.tokenBytesMin ? end : nil
    }

    /// A hexadecimal number of 32 digits and more, or a UUID (RFC 9562 §4).
    mutating func hexToken(_ piece: Piece) -> FoundIdentifier? {
        if piece.count >= Self.tokenBytesMin {
            return FoundIdentifier(kind: .token, range: piece.start..<piece.end)
        }
        return uuidEnd(piece).map { FoundIdentifier(kind: .token, range: piece.start..<$0) }
    }

    private func uuidEnd(_ piece: Piece) -> Int? {
        guard piece.count == 8 else { return nil }
        var index = piece.end
        for group in 0..<4 {
            let dash = view.length(of: UInt8(ascii: "-"), at: index)
            guard dash > 0 else { return nil }
            index += dash
            for _ in 0..<(group < 3 ? 4 : 12) {
                guard view.isAny(ByteClass.hex, at: index) else { return nil }
                index += 1
            }
        }
        return view.isAny(ByteClass.alphanumeric, at: index) ? nil : index
    }

    /// Pairs of hexadecimal digits between `:` or `-`: six or eight are a hardware address,
    /// sixteen and more a fingerprint. Also the form of three groups of four with dots.
    mutating func hexPairs(_ piece: Piece) -> FoundIdentifier? {
        if piece.count == 4, kinds.contains(.mac) { return dottedHardwareAddress(piece) }
        guard piece.count == 2 else { return nil }
        let separator: UInt8 =
            view.length(of: UInt8(ascii: ":"), at: piece.end) > 0
            ? UInt8(ascii: ":") : UInt8(ascii: "-")
        let pairsMax = kinds.contains(.token) ? Int.max : 9
        var pairs = 1
        var end = piece.end
        while pairs < pairsMax {
            let length = view.length(of: separator, at: end)
            guard length > 0, isPair(at: end + length) else { break }
            end += length + 2
            pairs += 1
        }
        let range = piece.start..<end
        if pairs == 6 || pairs == 8, kinds.contains(.mac) {
            return FoundIdentifier(kind: .mac, range: range)
        }
        return pairs >= 16 ? FoundIdentifier(kind: .token, range: range) : nil
    }

    private func isPair(at index: Int) -> Bool {
        view.isAny(ByteClass.hex, at: index) && view.isAny(ByteClass.hex, at: index + 1)
            && !view.isAny(ByteClass.alphanumeric, at: index + 2)
    }

    private func dottedHardwareAddress(_ piece: Piece) -> FoundIdentifier? {
        var hasLetter = piece.met & ByteClass.letter != 0
        var end = piece.end
        for _ in 0..<2 {
            guard view[end] == UInt8(ascii: ".") else { return nil }
            for index in end + 1...end + 4 {
                guard view.isAny(ByteClass.hex, at: index) else { return nil }
                hasLetter = hasLetter || view.isAny(ByteClass.letter, at: index)
            }
            end += 5
        }
        guard hasLetter, !view.isAny(ByteClass.alphanumeric, at: end),
            piece.start == floor || view[piece.start - 1] != UInt8(ascii: ".")
        else { return nil }
        return FoundIdentifier(kind: .mac, range: piece.start..<end)
    }
}
