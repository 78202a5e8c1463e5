import Anonymization
import KeyedHashing
import Records
import TestSupport
import Testing

/// What every transform of the catalogue must hold, whatever it does.
@Suite struct TransformConformanceTests {
    /// The options without which a transform cannot be planned, and the length of its key.
    private static let needs: [String: (members: [(String, Setting)], keyBytes: Int)] = [
        "bucket": ([("edges", setting(["0", "10", "100"]))], 32),
        "hmac_sha256": ([("key", setting("static.key"))], 32),
        "encrypt_ip": ([("key", setting("static.key"))], 16),
    ]

    private static func make(_ descriptor: TransformDescriptor) throws -> any Transform {
        let need = needs[descriptor.name] ?? ([], 32)
        let planned = descriptor.planned(need.members, key: Array(0..<UInt8(need.keyBytes)))
        #expect(planned.faults.isEmpty, "\(descriptor.name)")
        return try #require(planned.transform, "\(descriptor.name)")
    }

    private static let names = TransformCatalogue.all.map(\.name)

    private static func descriptor(_ name: String) throws -> TransformDescriptor {
        try #require(TransformCatalogue.all.first { $0.name == name })
    }

    private static let kinds: [FieldKind] = [.text, .escapedText, .number, .boolean, .structure]

    private static let hostile: [[UInt8]] = [
        [], [0], [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], Array(0...255),
        bytes(","), bytes(",,,,"), bytes(" "), bytes("%"), bytes(":"), bytes("["), bytes("[]:"),
        bytes("-"), bytes("."), bytes("e"), bytes("1e"), bytes("-1e-99999999999999999999"),
        bytes("1e99999999999999999999"), bytes("=;\""), bytes("for="), bytes("for=\""),
        bytes("2026-02-30T25:61:61Z"), bytes("9999-12-31T23:59:59.999-23:59"),
        bytes("0000-01-01T00:00:00+23:59"), bytes("{\"a\":[null]}"), bytes("true"),
        bytes("\u{0}192.0.2.1"), bytes("192.0.2.1\u{0}"), bytes("\u{202e}192.0.2.1"),
        bytes("'; DROP TABLE users; --"), bytes("%00%0a%s%n"), bytes("\r\n\t\u{1b}[31m"),
    ]

    @Test func namesAreUniqueAndWrittenAlike() {
        #expect(Set(Self.names).count == Self.names.count)
        for name in Self.names {
            let letters = "abcdefghijklmnopqrstuvwxyz_0123456789"
            #expect(name.utf8.allSatisfy { letters.utf8.contains($0) })
        }
    }

    @Test(arguments: names) func describesItselfInSentences(_ name: String) throws {
        let descriptor = try Self.descriptor(name)
        for sentence in [descriptor.summary, descriptor.guarantees, descriptor.leaks] {
            #expect(sentence.count > 20 && sentence.hasSuffix(".") && !sentence.contains("  "))
        }
        for option in descriptor.options {
            #expect(!option.values.isEmpty && !option.standard.isEmpty)
            #expect(option.help.hasSuffix("."))
        }
        if let shorthand = descriptor.shorthand {
            #expect(descriptor.options.contains { $0.name == shorthand })
        }
    }

    @Test(arguments: names) func everyDescribedOptionIsAsked(_ name: String) throws {
        let descriptor = try Self.descriptor(name)
        let planned = descriptor.planned([("no-such-option", setting("1"))])
        #expect(planned.faults.contains { $0.message.contains("unknown key") })
        for option in descriptor.options {
            let members = [(option.name, Setting.empty(SettingPosition.none))]
            let faults = descriptor.planned(members).faults
            #expect(!faults.contains { $0.message.contains("unknown key") }, "\(option.name)")
        }
    }

    @Test(arguments: names) func hostileInputIsTakenAndRepeatable(_ name: String) throws {
        let transform = try Self.make(try Self.descriptor(name))
        let tokens = try trialTokenizer(key: "an invented key")
        let huge = [UInt8](repeating: 0x61, count: 1 << 20)
        for value in Self.hostile + [huge] {
            for kind in Self.kinds {
                let first = transform.trial(value, kind, tokens: tokens, utcOffsetSeconds: 3600)
                let again = transform.trial(value, kind, tokens: tokens, utcOffsetSeconds: 3600)
                #expect(first == again)
                Self.check(first, of: name)
            }
        }
    }

    @Test(arguments: names) func rubbishIsTakenAndRepeatable(_ name: String) throws {
        let seed: UInt64 = 7
        let transform = try Self.make(try Self.descriptor(name))
        let tokens = try trialTokenizer(key: "an invented key")
        var generator = AddressGenerator(seed: seed)
        for _ in 0..<2000 {
            let value = generator.next()
            let outcome = transform.trial(value, tokens: tokens)
            #expect(outcome == transform.trial(value, tokens: tokens), "seed \(seed)")
            Self.check(outcome, of: name)
        }
    }

    /// What a result says about the bytes must be true of them.
    private static func check(_ outcome: Outcome, of name: String) {
        switch outcome.result {
        case .unchanged, .null, .dropped:
            #expect(outcome.bytes.isEmpty, "\(name) appended bytes that nobody will write")
        case .plainText:
            #expect(
                outcome.bytes.allSatisfy {
                    (0x20...0x7e).contains($0) && !"\"\\,'".utf8.contains($0)
                }, "\(name) called text plain that is not")
        case .number:
            let digits = outcome.bytes.allSatisfy { "-+.eE0123456789".utf8.contains($0) }
            #expect(!outcome.bytes.isEmpty && digits)
        case .text:
            #expect(
                String(validating: outcome.bytes, as: UTF8.self) != nil,
                "\(name) appended text that is not UTF-8")
        }
    }

    /// Eight times the input takes about eight times the time. The bound leaves room for a busy
    /// machine and is still half of what a quadratic transform would take.
    @Test(arguments: names) func timeGrowsWithTheLength(_ name: String) throws {
        let transform = try Self.make(try Self.descriptor(name))
        let tokens = try trialTokenizer(key: "an invented key")
        for piece in ["a", "1", ",", ":", "192.0.2.1,", "%40", "a@", "for=\"", "1e9", "-", " "] {
            func least(_ length: Int) -> Double {
                let pieces = repeatElement(bytes(piece), count: length / piece.utf8.count)
                let value = Array(pieces.joined())
                return (0..<3).map { _ in
                    processorSeconds { _ = transform.trial(value, tokens: tokens) }
                }.min() ?? 0
            }
            let small = max(least(1 << 13), 0.001)
            #expect(least(1 << 16) < small * 32, "\(name) on many `\(piece)`")
        }
    }

    @Test(arguments: names) func aMissingKeyDropsTheValue(_ name: String) throws {
        let descriptor = try Self.descriptor(name)
        guard descriptor.traits.contains(.monthKey) else { return }
        let transform = try Self.make(descriptor)
        let gone = try trialTokenizer(key: nil)
        for value in ["ann", "192.0.2.1", "ann@company.example"] {
            #expect(transform.trial(value).result == .dropped)
            #expect(transform.trial(value, tokens: gone) == Outcome(.dropped))
        }
    }

    @Test(arguments: names) func traitsAreTrue(_ name: String) throws {
        let descriptor = try Self.descriptor(name)
        let transform = try Self.make(descriptor)
        let tokens = try trialTokenizer(key: "an invented key")
        let values = ["192.0.2.1", "192.0.2.2", "203.0.113.9"]
        let outcomes = values.map { transform.trial($0, tokens: tokens) }
        let isReadable = outcomes.contains { $0.result == .unchanged }
        #expect(isReadable == descriptor.traits.contains(.leavesReadable))
        if descriptor.traits.contains(.keepsIdentity), !isReadable {
            #expect(Set(outcomes.map(\.bytes)).count == values.count)
        }
        #expect((transform.dependence == .keyEpoch) == descriptor.traits.contains(.monthKey))
        let takesKeyFile = descriptor.options.contains { $0.name == "key" }
        #expect(descriptor.traits.contains(.staticKey) == takesKeyFile)
    }
}
