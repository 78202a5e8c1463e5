/// Addresses of the Internet Protocol in every spelling that logs and host names use.
extension IdentifierScanner {
    // MARK: IPv4

    /// Four octets between dots, dashes or underscores, at the start of `piece` or, in names such
    /// as `ip192-0-2-7`, at the digits that end it.
    mutating func address4(in piece: Piece) -> FoundIdentifier? {
        let isEscaped = view.escape(at: piece.end) == UInt8(ascii: ".")
        let separator = isEscaped ? UInt8(ascii: ".") : view[piece.end]
        guard
            separator == UInt8(ascii: ".") || separator == UInt8(ascii: "-")
                || separator == UInt8(ascii: "_")
        else { return nil }
        var start = piece.end
        while start > piece.start, view.isAny(ByteClass.digit, at: start - 1) {
            start -= 1
            if piece.end - start > 3 { return nil }
        }
        guard start < piece.end, !continuesNumber(at: start, separator),
            let octets = octets(at: start, separator)
        else { return nil }
        if separator != UInt8(ascii: "-"), isVersion(at: start, pieceStart: piece.start) {
            return nil
        }
        var end = octets
        if separator == UInt8(ascii: ".") {
            guard let checked = endOfDotted(start, octets) else { return nil }
            end = checked
        }
        return FoundIdentifier(kind: .ip, range: widened(start..<end))
    }

    /// The end of four octets that begin at `start`; leading zeros are allowed. Letters may follow
    /// where dots, which may be escapes, stand between the octets, and nowhere else.
    private func octets(at start: Int, _ separator: UInt8) -> Int? {
        let hasDots = separator == UInt8(ascii: ".")
        var index = start
        for octet in 0..<4 {
            if octet > 0 {
                let isOne = view[index] == separator
                let length = isOne ? 1 : hasDots ? view.length(of: separator, at: index) : 0
                guard length > 0 else { return nil }
                index += length
            }
            var value = 0
            let first = index
            while index - first < 4, view.isAny(ByteClass.digit, at: index) {
                value = value * 10 + Int(view.hexValue(at: index))
                index += 1
            }
            guard (1...3).contains(index - first), value <= 255 else { return nil }
        }
        let ends = hasDots ? ByteClass.digit : ByteClass.alphanumeric
        return view.isAny(ends, at: index) ? nil : index
    }

    /// True when four octets begin at `start`.
    private func beginsAddress4(at start: Int) -> Bool {
        octets(at: start, UInt8(ascii: ".")) != nil || octets(at: start, UInt8(ascii: "-")) != nil
            || octets(at: start, UInt8(ascii: "_")) != nil
    }

    /// True when the text before `start` is a number and `separator`, so that an earlier number
    /// had the chance to begin an address.
    private func continuesNumber(at start: Int, _ separator: UInt8) -> Bool {
        guard start > floor, view[start - 1] == separator else { return false }
        var index = start - 1
        while index > floor, start - index < 20, view.isAny(ByteClass.digit, at: index - 1) {
            index -= 1
        }
        return index < start - 1 && !isAny(ByteClass.letter, before: index)
    }

    /// What belongs to four octets with dots behind them: `.in-addr.arpa`, or a fifth number that
    /// is a port (the form of tcpdump). Nil when they are the start of a longer dotted number.
    private func endOfDotted(_ start: Int, _ end: Int) -> Int? {
        if view.matches(".in-addr.arpa", at: end) { return end + 13 }
        guard view[end] == UInt8(ascii: "."), view.isAny(ByteClass.digit, at: end + 1) else {
            return end
        }
        var met: UInt8 = 0
        let fifth = view.end(of: ByteClass.alphanumeric, from: end + 1, met: &met)
        guard met == ByteClass.digit else { return end }
        let isChain = view[fifth] == UInt8(ascii: ".") && view.isAny(ByteClass.digit, at: fifth + 1)
        let isObjectIdentifier =
            view[start] <= UInt8(ascii: "2") && view[start + 1] == UInt8(ascii: ".")
        return isChain || isObjectIdentifier || fifth - end > 6 ? nil : fifth
    }

    // MARK: IPv6

    /// What stands between the groups of an IPv6 address.
    enum GroupSeparator {
        /// `:` or `%3A`.
        case colon
        /// `-`, in host names.
        case dash
    }

    private func length(of separator: GroupSeparator, at index: Int) -> Int {
        switch separator {
        case .colon: view.length(of: UInt8(ascii: ":"), at: index)
        case .dash: view[index] == UInt8(ascii: "-") ? 1 : 0
        }
    }

    /// An IPv6 address (RFC 4291 §2.2) that begins at `start`, with a zone, and with brackets and
    /// a port when it has them.
    mutating func address6(at start: Int, separator: GroupSeparator) -> FoundIdentifier? {
        var parts = Groups()
        guard let end = readGroups(from: start, separator, &parts) else { return nil }
        let isComplete = parts.hasGap ? parts.count <= 7 : parts.count == 8
        guard isComplete,
            parts.endsBeforeLetter || !view.isAny(ByteClass.alphanumeric, at: end)
        else { return nil }
        switch separator {
        case .colon:
            let further = length(of: separator, at: end)
            if further > 0, view.isAny(ByteClass.hex, at: end + further), parts.count == 8,
                endOfPort(end) == end
            {
                return nil
            }
            guard parts.hasDigit || parts.count >= 3 else { return nil }
            return FoundIdentifier(kind: .ip, range: widened(start..<endOfZone(end)))
        case .dash:
            guard !parts.hasGap || parts.count >= 2 && isUsualPrefix(start) else { return nil }
            return FoundIdentifier(kind: .ip, range: start..<end)
        }
    }

    private struct Groups {
        var count = 0
        var hasGap = false
        var hasDigit = false
        /// True when a letter that belongs to no address stands behind the last group.
        var endsBeforeLetter = false
    }

    private mutating func readGroups(
        from start: Int,
        _ separator: GroupSeparator,
        _ parts: inout Groups
    ) -> Int? {
        var index = start
        let leading = length(of: separator, at: index)
        if leading > 0 {
            let second = length(of: separator, at: index + leading)
            guard separator == .colon, second > 0 else { return nil }
            parts.hasGap = true
            index += leading + second
        }
        var end = index
        while parts.count < 8 {
            guard let groupEnd = readGroup(at: index, of: start, separator, &parts) else { break }
            end = groupEnd
            let one = length(of: separator, at: end)
            guard one > 0 else { break }
            let two = length(of: separator, at: end + one)
            if two > 0 {
                if parts.hasGap { return nil }
                parts.hasGap = true
                end += one + two
                index = end
            } else {
                index = end + one
            }
        }
        return end
    }

    /// The end of the group at `index` (or of an IPv4 tail, which counts as two) of what begins at
    /// `start`, or nil.
    private func readGroup(
        at index: Int,
        of start: Int,
        _ separator: GroupSeparator,
        _ parts: inout Groups
    ) -> Int? {
        var end = index
        var hasDigit = false
        while end - index < 5, view.isAny(ByteClass.hex, at: end) {
            hasDigit = hasDigit || view.isAny(ByteClass.digit, at: end)
            end += 1
        }
        parts.hasDigit = parts.hasDigit || hasDigit
        guard (1...4).contains(end - index), !view.isAny(ByteClass.hex, at: end) else {
            return nil
        }
        if view.isAny(ByteClass.alphanumeric, at: end) {
            // As in `2001:db8::7ms`. Names such as `e2e::execute` must stay, and what follows times
            // and places as in `10:42:31::Alarm`.
            guard separator == .colon, hasDigit, parts.count == 7 || isUsualPrefix(start)
            else { return nil }
            parts.endsBeforeLetter = true
        }
        if separator == .colon, view[end] == UInt8(ascii: "."), parts.count > 0 || parts.hasGap,
            parts.count <= 6, let tail = octets(at: index, UInt8(ascii: "."))
        {
            parts.count += 2
            return tail
        }
        parts.count += 1
        return end
    }

    /// `%eth0` or `%25eth0` behind an address (RFC 4007 §11, RFC 6874), at most 16 bytes of name.
    private func endOfZone(_ end: Int) -> Int {
        guard view[end] == UInt8(ascii: "%") else { return end }
        let isEncoded = view.escape(at: end) == UInt8(ascii: "%")
        guard isEncoded || view.escape(at: end) == nil else { return end }
        let first = isEncoded ? end + 3 : end + 1
        var index = first
        while index - first < 16, view.isAny(ByteClass.alphanumeric | ByteClass.joiner, at: index) {
            index += 1
        }
        return index == first ? end : index
    }

    /// True when the four digits at `start` can begin an address in use: global unicast as
    /// assigned to the registries, unique local or link local. Keeps dates such as
    /// `2024-01-02--03` out.
    private func isUsualPrefix(_ start: Int) -> Bool {
        let one = view[start]
        let two = view[start + 1] | 32
        guard view.isAny(ByteClass.hex, at: start + 3) else { return false }
        switch one {
        case UInt8(ascii: "2"):
            if two == UInt8(ascii: "0") {
                return view[start + 2] == UInt8(ascii: "0") && view[start + 3] <= UInt8(ascii: "3")
            }
            switch two {
            case UInt8(ascii: "4"), UInt8(ascii: "6"), UInt8(ascii: "8"), UInt8(ascii: "a"),
                UInt8(ascii: "c"):
                return true
            default: return false
            }
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            return two == UInt8(ascii: "c") || two == UInt8(ascii: "d") || two == UInt8(ascii: "e")
        default: return false
        }
    }

    /// Eight and more one-digit labels and `ip6.arpa` (RFC 3596 §2.5).
    mutating func nibbleName(_ piece: Piece) -> FoundIdentifier? {
        guard piece.count == 1, piece.start >= nibblesEnd else { return nil }
        var end = piece.start
        while view.isAny(ByteClass.hex, at: end), view[end + 1] == UInt8(ascii: ".") { end += 2 }
        nibblesEnd = max(end, piece.end)
        let digits = min((end - piece.start) / 2, 32)
        guard digits >= 8, view.matches("ip6.arpa", at: end) else { return nil }
        return FoundIdentifier(kind: .ip, range: end - 2 * digits..<end + 8)
    }

    // MARK: around an address

    /// The range of an address with the brackets around it and the port behind it.
    private func widened(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        if start - 1 >= released, view[start - 1] == UInt8(ascii: "["),
            view[end] == UInt8(ascii: "]")
        {
            (start, end) = (start - 1, end + 1)
        } else if start - 3 >= released, view.escape(at: start - 3) == UInt8(ascii: "["),
            view.escape(at: end) == UInt8(ascii: "]")
        {
            (start, end) = (start - 3, end + 3)
        }
        return start..<endOfPort(end)
    }

    /// The number behind a colon is a port unless an address or a card number begins with it.
    private func endOfPort(_ end: Int) -> Int {
        let colon = view.length(of: UInt8(ascii: ":"), at: end)
        guard colon > 0, !beginsAddress4(at: end + colon), !beginsGroupedCard(at: end + colon)
        else { return end }
        var index = end + colon
        while index - end - colon < 6, view.isAny(ByteClass.digit, at: index) { index += 1 }
        guard (1...5).contains(index - end - colon),
            !view.isAny(ByteClass.alphanumeric, at: index),
            view.length(of: UInt8(ascii: ":"), at: index) == 0
        else { return end }
        return index
    }
}
