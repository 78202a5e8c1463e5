@testable import Anonymization
import PlainTwins
import Records
import TestSupport
import Testing

/// Texts made to send a search back over what it has read: eight times the text takes about eight
/// times as long, and 64 times when a search is quadratic.
@Suite(.serialized) struct LinearTimeTests {
    static let hostile = [
        "@", "%40", "%2540", "a@", "a.", "1.", "1", ":", "1:", "a:", "::", "%3A", "aa:", "aa-",
        "a-1-",
        "1234 ", "NL91 ", "4111-", "eyJ.", "eyJhbGciOiJ", "a1B2", "%", "%2", "[", "::1%", "//a:",
        "a.1.", "192.0.2.7-", "550e8400-e29b-41d4-a716-446655440000-", "a'", "\u{e9}@", "=", "v1.",
        "https://", "?a=", "/1", ";", "bot", "Edg", "Chrome",
        "\\n", "\\u0022a", "\\x221", "\\0121", "%5Cn",
    ]

    /// The processor seconds that `transform` takes for `length` bytes of repeated `unit`: the best
    /// of `tries`.
    private static func seconds(
        _ transform: any Transform, _ unit: String, _ length: Int, tries: Int
    ) -> Double {
        var text: [UInt8] = []
        while text.count < length { text += Array(unit.utf8) }
        var best = Double.infinity
        for _ in 0..<tries {
            best = min(best, processorSeconds { _ = TextRun.apply(transform, text) })
        }
        return best
    }

    /// True when eight times the text takes less than 16 times as long: quadratic work takes 64
    /// times. Once is enough when it is fast; what looks slow is measured again, because a busy
    /// machine makes single measurements slow and never fast.
    private static func isLinear(
        _ transform: any Transform, _ unit: String, from length: Int
    ) -> Bool {
        [1, 3, 7].contains { tries in
            let small = seconds(transform, unit, length, tries: tries)
            return seconds(transform, unit, 8 * length, tries: tries) < small * 16 + 0.005
        }
    }

    @Test(arguments: [
        RedactText.descriptor.name, ReduceURL.descriptor.name, AgentFamily.descriptor.name,
        ReduceEmail.descriptor.name, PrimaryLanguage.descriptor.name,
    ]) func eightTimesTheTextTakesAboutEightTimesAsLong(name: String) {
        let transforms: [String: any Transform] = [
            "redact": RedactText(kinds: .init(rawValue: 127)),
            "url": ReduceURL(keepQuery: ["a"]), "agent_family": AgentFamily(),
            "email": ReduceEmail(), "language": PrimaryLanguage(),
        ]
        guard let transform = transforms[name] else {
            Issue.record("no transform of that name")
            return
        }
        for unit in Self.hostile {
            #expect(Self.isLinear(transform, unit, from: 4_000), "\(name) on repeated \(unit)")
        }
    }

    /// What grows only beyond some length shows here.
    @Test func longTextsTakeNoLongerForTheirLength() {
        let transform = RedactText(kinds: .init(rawValue: 127))
        for unit in Self.hostile.prefix(12) {
            #expect(Self.isLinear(transform, unit, from: 16_000), "\(unit)")
        }
    }
}
