/// Which texts count as an e-mail address.
enum EmailGrammar: String, CaseIterable, Sendable {
    /// Exactly `[A-Za-z0-9._+-]+(@|%40)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*`, leftmost first, without
    /// exceptions.
    case simple
    /// Wider (escapes, letters beyond ASCII, address literals, user information of URLs) and
    /// narrower (neither algorithm names nor package versions).
    case strict
}

/// Finds e-mail addresses from left to right.
///
/// The search jumps from one `@` or `%40` to the next, reads the domain forwards and the local
/// part backwards, never behind the end of the match before: each byte is read a fixed number of
/// times.
struct EmailFinder {
    private let view: ByteView
    private let grammar: EmailGrammar
    /// The next `@` and the next `%`, at or behind the place reached.
    private var nextAt: Int
    private var nextPercent: Int

    init(_ view: ByteView, grammar: EmailGrammar) {
        self.view = view
        self.grammar = grammar
        nextAt = view.firstIndex(of: UInt8(ascii: "@"), from: view.lower)
        nextPercent = Self.percent(in: view, from: view.lower)
    }

    /// False when `text` has neither `@` nor `%40`, so that there is nothing to search for.
    static func mayFind(in text: ByteView) -> Bool {
        text.firstIndex(of: UInt8(ascii: "@"), from: text.lower) < text.upper
            || percent(in: text, from: text.lower) < text.upper
    }

    /// The first address that begins at or behind `start`; calls must have rising starts.
    mutating func next(from start: Int) -> Range<Int>? {
        while true {
            let sign = min(nextAt, nextPercent)
            guard sign < view.upper else { return nil }
            let length = signLength(at: sign)
            skip(to: sign + 1)
            if sign >= start, let found = address(start, sign..<sign + length) {
                skip(to: found.upperBound)
                return found
            }
        }
    }

    private mutating func skip(to index: Int) {
        if nextAt < index { nextAt = view.firstIndex(of: UInt8(ascii: "@"), from: index) }
        if nextPercent < index { nextPercent = Self.percent(in: view, from: index) }
    }

    /// The offset of the next `%40` or, what the strict grammar takes too, `%2540`.
    private static func percent(in view: ByteView, from start: Int) -> Int {
        var index = view.firstIndex(of: UInt8(ascii: "%"), from: start)
        while index < view.upper {
            if view.matches("%40", at: index) || view.matches("%2540", at: index) { break }
            index = view.firstIndex(of: UInt8(ascii: "%"), from: index + 1)
        }
        return index
    }

    private func signLength(at index: Int) -> Int {
        if view[index] == UInt8(ascii: "@") { return 1 }
        return view[index + 1] == UInt8(ascii: "4") ? 3 : 5
    }

    private func address(_ floor: Int, _ sign: Range<Int>) -> Range<Int>? {
        switch grammar {
        case .simple:
            guard sign.count < 5, let end = simpleDomain(from: sign.upperBound) else { return nil }
            let start = simpleLocal(before: sign.lowerBound, floor)
            return start < sign.lowerBound ? start..<end : nil
        case .strict:
            guard let end = strictDomain(from: sign.upperBound) else { return nil }
            let start = strictLocal(before: sign.lowerBound, floor)
            return start < sign.lowerBound ? userInformation(before: start, floor)..<end : nil
        }
    }

    // MARK: the simple grammar

    private func isSimpleLocal(_ index: Int) -> Bool {
        view.isAny(ByteClass.alphanumeric | ByteClass.joiner, at: index)
            || view[index] == UInt8(ascii: ".")
    }

    private func simpleLocal(before end: Int, _ floor: Int) -> Int {
        var start = end
        while start > floor, isSimpleLocal(start - 1) { start -= 1 }
        return start
    }

    private func isSimpleDomain(_ index: Int) -> Bool {
        view.isAny(ByteClass.alphanumeric, at: index) || view[index] == UInt8(ascii: "-")
    }

    private func simpleDomain(from start: Int) -> Int? {
        guard isSimpleDomain(start) else { return nil }
        var end = start + 1
        while true {
            while isSimpleDomain(end) { end += 1 }
            guard view[end] == UInt8(ascii: "."), isSimpleDomain(end + 1) else { return end }
            end += 1
        }
    }

    // MARK: the strict grammar

    /// The start of the local part that ends at `end`; `end` when there is none.
    private func strictLocal(before end: Int, _ floor: Int) -> Int {
        if let quoted = quotedLocal(before: end, floor) { return quoted }
        var start = end
        var hasLetter = false
        while start > floor {
            if start - 3 >= floor, let byte = view.escape(at: start - 3) {
                let isLetter = byte >= 0x80 || Self.isAlphanumeric(byte)
                guard isLetter || isLocalPunctuation(byte) else { break }
                hasLetter = hasLetter || isLetter
                start -= 3
                continue
            }
            let byte = view[start - 1]
            if byte >= 0x80 || view.isAny(ByteClass.alphanumeric, at: start - 1) {
                hasLetter = true
            } else if byte == UInt8(ascii: "'") {
                // A letter before `floor` belongs to the address before this one.
                guard start < end, start - 2 >= floor,
                    view.isAny(ByteClass.letter, at: start),
                    view.isAny(ByteClass.letter, at: start - 2)
                else { break }
            } else if !isLocalPunctuation(byte) {
                break
            }
            start -= 1
        }
        return hasLetter ? start : end
    }

    /// The start of the local part in quotes that ends at `end` (RFC 5321 §4.1.2), of at most 64
    /// bytes. Where the last quote has a backslash in front, as in JSON inside a text, all may.
    private func quotedLocal(before end: Int, _ floor: Int) -> Int? {
        let quote = UInt8(ascii: "\"")
        guard end - 2 > floor, view[end - 1] == quote else { return nil }
        let isEscaped = view[end - 2] == UInt8(ascii: "\\")
        var index = end - 2
        while index >= floor, end - index <= 66, view[index] >= UInt8(ascii: " ") {
            let isOpening =
                view[index] == quote
                && (isEscaped || index == floor || view[index - 1] != UInt8(ascii: "\\"))
            if isOpening { return index < end - 2 ? index : nil }
            index -= 1
        }
        return nil
    }

    private func isLocalPunctuation(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        ByteClass.table[Int(byte)] & ByteClass.alphanumeric != 0
    }

    private func isDomainByte(_ index: Int) -> Bool {
        isSimpleDomain(index) || view[index] == UInt8(ascii: "_") || view[index] >= 0x80
    }

    /// The length of what stands at `index` in a domain: a byte, or the escape of a letter or
    /// digit; 0 for anything else.
    private func domainLength(at index: Int) -> Int {
        if isDomainByte(index) { return 1 }
        guard let byte = view.escape(at: index) else { return 0 }
        return byte >= 0x80 || Self.isAlphanumeric(byte) ? 3 : 0
    }

    /// The end of the domain that begins at `start`, or nil when what stands there is none or is
    /// never a person's.
    private func strictDomain(from start: Int) -> Int? {
        if view[start] == UInt8(ascii: "[") { return addressLiteral(from: start) }
        guard domainLength(at: start) > 0 else { return nil }
        var end = start
        var lastLabel = start
        var labels = 0
        while true {
            lastLabel = end
            labels += 1
            while true {
                let length = domainLength(at: end)
                if length == 0 { break }
                end += length
            }
            let dot = view.length(of: UInt8(ascii: "."), at: end)
            guard dot > 0, domainLength(at: end + dot) > 0 else { break }
            end += dot
        }
        if Self.isNeverPersonal(view, start..<end) { return nil }
        return isNumeric(lastLabel..<end) && labels != 4 ? nil : end
    }

    private func isNumeric(_ label: Range<Int>) -> Bool {
        label.allSatisfy {
            view.isAny(ByteClass.digit, at: $0) || view[$0] == UInt8(ascii: "-")
        }
    }

    /// `[192.0.2.7]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3), at most 64 bytes.
    private func addressLiteral(from start: Int) -> Int? {
        var hasDigit = false
        for index in start + 1..<start + 64 {
            let byte = view[index]
            if byte == UInt8(ascii: "]") { return hasDigit ? index + 1 : nil }
            guard
                view.isAny(ByteClass.alphanumeric, at: index)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
            else { return nil }
            hasDigit = hasDigit || view.isAny(ByteClass.digit, at: index)
        }
        return nil
    }

    /// Where the user information of a URL begins (`//user:password@`), when the text before
    /// `start` is that; otherwise `start`. Looks back 256 bytes at most.
    private func userInformation(before start: Int, _ floor: Int) -> Int {
        guard
            view.length(of: UInt8(ascii: ":"), at: start - 1) == 1
                || view.escape(at: start - 3) == UInt8(ascii: ":")
        else { return start }
        var index = start
        while index > max(floor, start - 256) {
            let byte = view[index - 1]
            if byte == UInt8(ascii: "/") {
                return view[index - 2] == UInt8(ascii: "/") ? index : start
            }
            if byte <= UInt8(ascii: " ") || byte == UInt8(ascii: "\"")
                || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "@")
            {
                return start
            }
            index -= 1
        }
        return start
    }

    /// True for what stands behind the `@` of names that look like addresses and belong to no
    /// person: SSH algorithm names (RFC 4251 §6 builds them this way) and image digests.
    static func isNeverPersonal(_ view: ByteView, _ domain: Range<Int>) -> Bool {
        switch domain.count {
        case 6:
            view.matches("sha256", at: domain.lowerBound)
                || view.matches("sha512", at: domain.lowerBound)
        case 10: view.matches("libssh.org", at: domain.lowerBound)
        case 11: view.matches("openssh.com", at: domain.lowerBound)
        default: false
        }
    }
}
