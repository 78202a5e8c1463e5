package import Records

/// What a value looks like, in place of the value: what may be told of it to somebody who is not
/// to read it. A look is a guess for people to confirm; no rule of a pipeline rests on it.
package enum ValueLook: Hashable, Sendable {
    /// One IP address in any of its spellings, or a list of them with commas.
    case address
    /// Exactly one e-mail address.
    case email
    /// A user agent.
    case agent
    /// A URL, or a path that begins with a slash.
    case url
    /// A time of this form; the forms of bare numbers only where they name a time of 2001 to 2100.
    case time(TimeFormat)
    /// A decimal number.
    case number
    /// `true` or `false`.
    case flag
    /// A language tag with a region or in a list (RFC 5646, RFC 9110 §12.5.4), such as `nl-BE` or
    /// `nl,en;q=0.8`.
    case language
    /// Random text: a UUID, hexadecimal digits or mixed letters and digits of 16 bytes and more.
    case token
    /// A text of at most 40 bytes without a blank.
    case word
    /// Any other text.
    case text

    /// The look of `value`, which is decoded and not empty.
    package init(of value: Span<UInt8>) {
        self = ByteView.withView(of: value) { view in
            Self.fixed(value, view) ?? Self.shaped(value, view)
        }
    }

    /// The looks that a strict grammar knows.
    private static func fixed(_ value: Span<UInt8>, _ view: ByteView) -> ValueLook? {
        if view.isWhole("true") || view.isWhole("false") { return .flag }
        if let form = writtenForms.first(where: { $0.parse(value, zone: .utc) != nil }) {
            return .time(form)
        }
        if isNumber(view) { return epoch(value).map { .time($0) } ?? .number }
        if isAddressList(value) { return .address }
        var emails = EmailFinder(view, grammar: .strict)
        if emails.next(from: view.lower) == view.lower..<view.upper { return .email }
        return nil
    }

    private static func shaped(_ value: Span<UInt8>, _ view: ByteView) -> ValueLook {
        if isURL(view) { return .url }
        if isAgent(view) { return .agent }
        if isLanguage(view) { return .language }
        if isToken(view) { return .token }
        return value.count <= 40 && !view.hasBlank ? .word : .text
    }

    // MARK: Times and numbers

    private static let writtenForms: [TimeFormat] = [
        .rfc3339, .accessLog, .haproxy, .dateTime, .date,
    ]

    /// 9 September 2001, the first second with ten digits, to the end of 2100.
    private static let plausibleTimes = 1_000_000_000_000..<4_133_980_800_000

    private static func epoch(_ value: Span<UInt8>) -> TimeFormat? {
        [.epochSeconds, .epochMilliseconds, .epochNanoseconds].first { form in
            let time = form.parse(value, zone: .utc)
            return time.map { plausibleTimes.contains(Int($0.milliseconds)) } ?? false
        }
    }

    /// Digits with at most one sign in front, one point and one exponent among them.
    private static func isNumber(_ view: ByteView) -> Bool {
        var at = view.lower
        if view[at] == UInt8(ascii: "-") || view[at] == UInt8(ascii: "+") { at += 1 }
        guard view.isAny(ByteClass.digit, at: at), view[view.upper - 1] != UInt8(ascii: ".") else {
            return false
        }
        var points = 0
        while at < view.upper {
            if view[at] == UInt8(ascii: ".") {
                points += 1
            } else if !view.isAny(ByteClass.digit, at: at) {
                return false
            }
            at += 1
        }
        return points <= 1
    }

    // MARK: Shapes

    private static func isAddressList(_ value: Span<UInt8>) -> Bool {
        var start = 0
        for index in 0...value.count
        where index == value.count || value[index] == UInt8(ascii: ",") {
            let element = value.extracting(start..<index)
            guard IPAddress(element, accepting: .all) != nil else { return false }
            start = index + 1
        }
        return true
    }

    private static func isURL(_ view: ByteView) -> Bool {
        if view.hasBlank { return false }
        if view[view.lower] == UInt8(ascii: "/") { return true }
        let parts = URLParts(view)
        return !parts.scheme.isEmpty && !parts.isOpaque && !parts.host.isEmpty
    }

    private static let agents = WordSearch(AgentWords.apart)

    /// A product with a version, and a word that agents are told by.
    private static func isAgent(_ view: ByteView) -> Bool {
        view.firstIndex(of: UInt8(ascii: "/"), from: view.lower) < view.upper
            && agents.marks(in: view) != 0
    }

    private static func isLanguage(_ view: ByteView) -> Bool {
        guard view.isAny(ByteClass.lower, at: view.lower),
            view.isAny(ByteClass.lower, at: view.lower + 1)
        else { return false }
        let separator = view[view.lower + 2]
        guard [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ","), UInt8(ascii: ";")]
            .contains(separator), view.isAny(ByteClass.letter, at: view.lower + 3)
        else { return false }
        let region = (view.lower + 3..<view.upper).prefix { view.isAny(ByteClass.letter, at: $0) }
        let end = view.lower + 3 + region.count
        return region.count == 2 && !view.isAny(ByteClass.alphanumeric, at: end)
    }

    private static func isToken(_ view: ByteView) -> Bool {
        let length = view.upper - view.lower
        guard length >= 16 else { return false }
        var (digits, letters, outside) = (0, 0, 0)
        for index in view.lower..<view.upper {
            if view.isAny(ByteClass.digit, at: index) {
                digits += 1
            } else if view.isAny(ByteClass.letter, at: index) {
                letters += 1
            } else if !view.isAny(ByteClass.joiner, at: index) {
                outside += 1
            }
        }
        return outside <= length / 20 && digits * 8 >= length && digits + letters >= 14
    }
}

extension ByteView {
    /// True when this text and nothing else is in the view.
    fileprivate func isWhole(_ text: StaticString) -> Bool {
        upper - lower == text.utf8CodeUnitCount && matches(text, at: lower)
    }

    fileprivate var hasBlank: Bool {
        (lower..<upper).contains { self[$0] <= 0x20 }
    }
}
