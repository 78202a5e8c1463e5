import Anonymization
import PlainTwins
import Records
import TestSupport

extension FuzzTarget {
    /// What reads the values of fields.
    static let values: [FuzzTarget] = [
        FuzzTarget(
            "time",
            words: [
                "T", "Z", "+01:00", ".5", "-", ":", "/Mar/", "\n", "/Oct/2026:02:30:00", "Feb 29 ",
                "2026-03-29 ", "02:30:00", "0",
            ],
            run: readTimes),
        FuzzTarget(
            "duration", words: ["P", "T", "M", "D", "Y", "W", "H", "S", ".5"], run: readDuration),
        FuzzTarget("address", words: ["::", ":", ".", "%", "[", "]", "ffff:", "255", "0"]) {
            try readAddresses($0)
        },
        FuzzTarget(
            "email",
            words: [
                "@", "%40", ".", "_", "%", "gmail.com", "+", "%2540", "\"", "[192.0.2.7]", "//a:",
                "'",
            ],
            run: redactEmails),
        FuzzTarget("text", words: textWords, run: redactText),
        FuzzTarget(
            "url",
            words: [
                "://", "/", "?", "&", "=", "#", "%2F", "@", "..", ";", "\\", ":", "%40", "%2540",
                "~", "192.0.2.7", "2026", "deadbeef0", "aB1cD2eF3gH4iJ5k", "%3F", "%23",
            ],
            run: reduceURL),
        FuzzTarget("agent", words: agentWords, run: nameAgents),
        FuzzTarget(
            "language", words: ["-", ",", ";q=0.8", "nl", "*", " "], run: nameLanguage),
    ]

    private static let textWords = [
        "@", "%40", "192.0.2.7", "2001:db8::7", "%3A", ":443", "in-addr.arpa", "-", ".", "/",
        "4111111111111111", "NL91ABNA0417164300", "0123456789abcdef", "00:00:5e:00:53:01", "+31 ",
        "eyJ", "Chrome/126.0.0.0", "é", "%C3%BC", "%61", "%2D", "\u{a0}", ":192.0.2.8", "4111",
        "1111", "\\n", "\\x22", "\\u0022", "#012", "\\0", "%5Cn", "%2E", "\"", "\\\"", "'", "[",
        "]", "//", "?", ":", " ", "+", "openssh.com", "378282246310005", "3782 822463 10005", "1.",
        "DE89 3704 0044 0532 0130 00", "+31 6 1234-5678",
    ]
    private static let agentWords = [
        "Edg", "OPR/", "SamsungBrowser/", "Firefox/", "FxiOS/", "Chrome/", "CriOS/", "Version/",
        "Safari/", "Windows", "iPhone", "iPad", "Mac OS X", "Android", "CrOS", "Linux", "bot",
        "curl/", "; ",
    ]
}

/// Every line is a time, in each format and two zones: the cursor, which remembers minutes, against
/// the parser, and that against its twin.
private func readTimes(_ input: [UInt8]) throws -> Bool {
    let amsterdam = try ZoneTable.named("Europe/Amsterdam")
    let now = TimeFormat.rfc3339.parse(bytes("2026-03-15T12:00:00Z").span, zone: .utc)
    var isGood = false
    for (zone, isAmsterdam) in [(ZoneTable.utc, false), (amsterdam, true)] {
        let twin = PlainClocks(isAmsterdam: isAmsterdam, now: now?.milliseconds ?? 0)
        for format in TimeFormat.allCases {
            var cursor = TimeCursor(format, zone: zone, now: now)
            for line in lines(of: input) {
                let fast = cursor.parse(line.span)
                let fresh = format.parse(line.span, zone: zone, now: now)
                try demand(fast == fresh, "a time depends on the one before")
                let expected = twin.time(line, format)
                let found = fast.map { PlainClocks.Answer.milliseconds($0.milliseconds) } ?? .none
                try demand(
                    expected == found || expected == .untold,
                    "\(format) is \(found), the twin has \(expected)")
                isGood = isGood || fast != nil
            }
        }
    }
    return isGood
}

private func readDuration(_ input: [UInt8]) throws -> Bool {
    let found = CalendarDuration(parsing: input.span)
    let expected = PlainDurations.length(input).map {
        CalendarDuration(months: $0.months, days: $0.days, seconds: $0.seconds)
    }
    try demand(found == expected, "the twin has \(expected?.text ?? "no duration")")
    guard let duration = found else { return false }
    try demand(CalendarDuration(text: duration.text) == duration, "a duration reads back otherwise")
    return true
}

/// Every line is an address.
private func readAddresses(_ input: [UInt8]) throws -> Bool {
    var isGood = false
    for line in lines(of: input) {
        let found = IPAddress(line.span)
        let surrounded = IPAddress(line.span, accepting: .all)
        try demand(found == nil || surrounded != nil, "an address is none in other forms")
        guard let text = String(validating: line, as: UTF8.self) else {
            try demand(found == nil, "an address is no text")
            continue
        }
        let octets = PlainAddresses.ipv4(text)
        let groups = octets == nil ? PlainAddresses.ipv6(text) : nil
        let expected =
            octets.map { IPAddress(ipv4: $0.reduce(0) { $0 << 8 | UInt32($1) }) }
            ?? groups.map { IPAddress(bits: $0.reduce(0) { $0 << 16 | UInt128($1) }) }
        try demand(found == expected, "the twin says \(expected == nil ? "no" : "another") address")
        if let found {
            try demand(IPAddress(found.textBytes.span) == found, "an address reads back otherwise")
            isGood = true
        }
    }
    return isGood
}

/// What `transforms` leave of `input` has the form that they leave behind, and stays when they come
/// again.
private func release(_ input: [UInt8], _ transforms: [(any Transform)?]) throws -> Bool {
    var isGood = false
    for case let transform? in transforms where !input.isEmpty {
        let found = TextRun.apply(transform, input)
        guard String(validating: input, as: UTF8.self) != nil else { continue }
        let left = bytes(found.text)
        guard found.result != .dropped, found.result != .null, !left.isEmpty else { continue }
        isGood = true
        let isReleased = transform.isReleased(FieldValue(bytes: left.span, kind: .text))
        try demand(isReleased, "\(found.result): what is left does not look so")
        guard transform.isRepeatable else { continue }
        let again = TextRun.apply(transform, left)
        try demand(again.text == found.text, "a second time changes it")
    }
    return isGood
}

/// A URL against its twin, which leaves the addresses of a host to the search for them.
private func reduceURL(_ input: [UInt8]) throws -> Bool {
    let transform = TextRun.make(ReduceURL.descriptor).transform
    let isGood = try release(input, [transform])
    let addresses = TextRun.make(RedactText.descriptor, [("kinds", ["ip"])]).transform
    guard let transform, let addresses, isGood else { return false }
    let twin = PlainURLs { host in
        host.isEmpty ? [] : bytes(TextRun.apply(addresses, host).text)
    }
    let found = TextRun.apply(transform, input)
    let expected = twin.reduced(input)
    try demand(
        found.result == .null ? expected == nil : bytes(found.text) == expected,
        "the twin leaves \(expected.map(text) ?? "nothing")")
    return true
}

/// The simple grammar against its twin, and addresses of a field.
private func redactEmails(_ input: [UInt8]) throws -> Bool {
    let options = [("kinds", ["email"]), ("grammar", ["simple"])]
    guard let simple = TextRun.make(RedactText.descriptor, options).transform else { return false }
    let field = TextRun.make(ReduceEmail.descriptor).transform
    let isAddress = try release(input, [simple, field])
    guard String(validating: input, as: UTF8.self) != nil, !input.isEmpty else { return false }
    let found = TextRun.apply(simple, input)
    let expected = PlainEmails.redacted(input)
    try demand(bytes(found.text) == expected, "the twin leaves something else")
    return isAddress && expected != input
}

/// Each kind that has a twin against it; and in what all kinds together leave, no twin finds
/// anything, nor a search for words that are an address or a long number.
private func redactText(_ input: [UInt8]) throws -> Bool {
    let all = ["email", "ip", "token", "card", "iban", "mac", "phone"]
    let transforms = [
        TextRun.make(RedactText.descriptor).transform,
        TextRun.make(RedactText.descriptor, [("kinds", all)]).transform,
    ]
    let isGood = try release(input, transforms)
    guard String(validating: input, as: UTF8.self) != nil, !input.isEmpty else { return isGood }
    let twins: [(kind: String, once: ([UInt8]) -> [UInt8])] =
        [("email", StrictEmailTwin.redacted)]
        + PlainNumbers.allCases.map { ($0.rawValue, $0.redacted) }
    for twin in twins {
        let options = [("kinds", [twin.kind])]
        guard let one = TextRun.make(RedactText.descriptor, options).transform else { continue }
        let found = bytes(TextRun.apply(one, input).text)
        let expected = searched(input, twin.once)
        try demand(found == expected, "\(twin.kind): the twin leaves \(text(expected))")
    }
    guard let both = transforms[1] else { return isGood }
    let left = bytes(TextRun.apply(both, input).text)
    for twin in twins {
        try demand(twin.once(left) == left, "the twin finds \(twin.kind) in \(text(left))")
    }
    let word = PlainLeftovers.first(in: left)
    try demand(word == nil, "\(word ?? "") is left in \(text(left))")
    return isGood
}

/// The language against its twin.
private func nameLanguage(_ input: [UInt8]) throws -> Bool {
    let transform = TextRun.make(PrimaryLanguage.descriptor).transform
    let isGood = try release(input, [transform])
    guard let transform, !input.isEmpty else { return isGood }
    let found = TextRun.apply(transform, input)
    let expected = LineTwins.language(input)
    try demand(
        found.result == .dropped ? expected == nil : found.text == expected,
        "the twin says \(expected ?? "nothing")")
    return isGood
}

/// The short list against its twin, and the full one.
private func nameAgents(_ input: [UInt8]) throws -> Bool {
    let short = TextRun.make(AgentFamily.descriptor, [("bots", ["as-browsers"])]).transform
    let isGood = try release(input, [short, TextRun.make(AgentFamily.descriptor).transform])
    guard let short, isGood else { return false }
    let found = TextRun.apply(short, input)
    try demand(
        found.text == plainFamily(String(decoding: input, as: UTF8.self)),
        "the twin has another family")
    return true
}
