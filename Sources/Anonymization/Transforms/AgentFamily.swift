package import Records

/// Reduces a user agent to the family of its browser and of its operating system, bots apart.
///
/// A few dozen words are searched for in one pass; ordered rules then decide by which of them are
/// there. No versions: what agents say about them is frozen or fiction.
package struct AgentFamily: Transform {
    /// Which part of the answer is written.
    enum Part: String, CaseIterable, Sendable {
        case both, browser, os, kind
    }

    /// What becomes of agents that are no browsers.
    enum Bots: String, CaseIterable, Sendable {
        /// They are `Bot`, in browser and operating system.
        case apart
        /// They count as what they claim to be: one short list of plain substrings, first match.
        case asBrowsers = "as-browsers"
    }

    private let part: Part
    private let bots: Bots
    private let search: WordSearch

    init(part: Part = .both, bots: Bots = .apart) {
        self.part = part
        self.bots = bots
        search = WordSearch(bots == .apart ? AgentWords.apart : AgentWords.asBrowsers)
    }

    /// True where neither says what the other is: of browser and system, but for bots, which are
    /// the same in both where they are apart.
    package func isApart(from other: AgentFamily) -> Bool {
        Set([part, other.part]) == [.browser, .os]
            && [bots, other.bots].allSatisfy { $0 == .asBrowsers }
    }

    package func apply(
        _ value: borrowing FieldValue,
        _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .null }
        guard value.bytes.count > 0 else { return .unchanged }
        let marks = AgentMarks(
            rawValue: ByteView.withView(of: value.bytes) { search.marks(in: $0) }
        )
        switch part {
        case .both:
            output.append(browser(marks))
            output.append(" / ")
            output.append(system(marks))
        case .browser: output.append(browser(marks))
        case .os: output.append(system(marks))
        case .kind: output.append(kind(marks))
        }
        return .plainText
    }

    package var isRepeatable: Bool { false }

    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        guard value.isText else { return false }
        let bytes = value.bytes
        switch part {
        case .browser: return Self.isOne(of: Self.browsers, bytes)
        case .os: return Self.isOne(of: Self.systems, bytes)
        case .kind: return Self.isOne(of: ["bot", "tool", "person"], bytes)
        case .both:
            return Self.browsers.contains { browser in
                let head = Array("\(browser) / ".utf8)
                return bytes.count > head.count
                    && ReleasedForm.isSame(bytes.extracting(0..<head.count), head)
                    && Self.isOne(of: Self.systems, bytes.extracting(head.count..<bytes.count))
            }
        }
    }

    /// Every name that `browser` and `system` can give.
    private static let browsers = [
        "Bot", "Edge", "Opera", "Samsung Internet", "UC Browser", "Yandex Browser", "Vivaldi",
        "Internet Explorer", "Firefox", "Chrome", "Safari", "Android Browser", "Other",
    ]
    private static let systems = [
        "Bot", "Windows", "iOS", "macOS", "Android", "ChromeOS", "Linux", "Other",
    ]

    private static func isOne(of names: [String], _ bytes: Span<UInt8>) -> Bool {
        names.contains { ReleasedForm.isSame(bytes, Array($0.utf8)) }
    }

    private func kind(_ marks: AgentMarks) -> StaticString {
        if marks.contains(.bot) { return "bot" }
        return marks.contains(.tool) ? "tool" : "person"
    }

    private func browser(_ marks: AgentMarks) -> StaticString {
        if !marks.isDisjoint(with: [.bot, .tool]) { return "Bot" }
        if marks.contains(.edge) { return "Edge" }
        if marks.contains(.opera) { return "Opera" }
        if marks.contains(.samsung) { return "Samsung Internet" }
        if marks.contains(.ucBrowser) { return "UC Browser" }
        if marks.contains(.yandex) { return "Yandex Browser" }
        if marks.contains(.vivaldi) { return "Vivaldi" }
        if marks.contains(.explorer) { return "Internet Explorer" }
        if marks.contains(.firefox) { return "Firefox" }
        if marks.contains(.chrome) { return "Chrome" }
        guard marks.contains(.safari) else { return "Other" }
        switch bots {
        case .asBrowsers: return marks.contains(.version) ? "Safari" : "Other"
        case .apart:
            if marks.contains(.android) { return "Android Browser" }
            return marks.isDisjoint(with: [.mac, .ios, .version]) ? "Other" : "Safari"
        }
    }

    private func system(_ marks: AgentMarks) -> StaticString {
        if !marks.isDisjoint(with: [.bot, .tool]) { return "Bot" }
        if marks.contains(.windows) { return "Windows" }
        if marks.contains(.ios) { return "iOS" }
        if marks.contains(.mac) { return "macOS" }
        if marks.contains(.android) { return "Android" }
        if marks.contains(.chromeOS) { return "ChromeOS" }
        if marks.contains(.linux) { return "Linux" }
        guard marks.contains(.appleNetwork) else { return "Other" }
        return marks.contains(.intel) ? "macOS" : "iOS"
    }
}

extension AgentFamily {
    package static let descriptor = TransformDescriptor(
        name: "agent_family",
        summary: "Reduces a user agent to browser and operating system family, bots apart.",
        guarantees: """
            One of about a dozen browser names and eight system names remains; versions, models, \
            languages and everything else in the agent go. A value that is no text becomes null.
            """,
        leaks: """
            A rare pair of browser and system can single a person out; a threshold in the \
            publication is still needed. Agents can lie, and a bot that calls itself a browser is \
            counted as one.
            """,
        options: [
            OptionDescriptor(
                "part",
                values: "both, browser, os or kind",
                standard: "both",
                help: "What is written: `Browser / OS`, one of them, or person, bot or tool."
            ),
            OptionDescriptor(
                "bots",
                values: "apart or as-browsers",
                standard: "apart",
                help: """
                    apart: robots and tools are `Bot`; as-browsers: they count as the browser that \
                    they name, by one short list of substrings.
                    """
            ),
        ],
        shorthand: "part",
        make: make
    )

    private static func make(
        _ reader: SettingReader,
        _ environment: PlanningEnvironment
    ) -> (any Transform)? {
        let part = reader.choice("part", Part.self) ?? .both
        let bots = reader.choice("bots", Bots.self) ?? .apart
        if part == .kind, bots == .asBrowsers {
            reader.faults.add(
                "`part: kind` tells bots from persons, so it needs `bots: apart`",
                at: reader.position,
                path: reader.path(of: "bots")
            )
            return nil
        }
        return AgentFamily(part: part, bots: bots)
    }
}
