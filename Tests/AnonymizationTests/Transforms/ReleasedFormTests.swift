import Anonymization
import KeyedHashing
import Records
import TestSupport
import Testing

/// `isReleased` against `apply`: what a transform has written has its form, and what people log
/// does not.
@Suite struct ReleasedFormTests {
    /// A transform with options, and readable values that must not pass for released ones.
    struct Sample: Sendable, CustomStringConvertible {
        let name: String
        let options: [(String, Setting)]
        let readable: [String]
        var keyBytes = 32

        var description: String { "\(name) \(options.map(\.0))" }

        func make() throws -> any Transform {
            let all = TransformCatalogue.all
            let descriptor = try #require(all.first { $0.name == name })
            let planned = descriptor.planned(options, key: Array(0..<UInt8(keyBytes)))
            return try #require(planned.transform, "\(planned.faults)")
        }
    }

    private static let addresses = [
        "192.0.2.17", "198.51.100.7:443", "2001:db8:28:1::51f5", "::ffff:192.0.2.17",
        "2002:c633:6407::1", "192.0.2.1, 198.51.0.0", "192.0.0.0 ", "unknown", "192.0.0.0:80",
    ]
    private static let names = [
        "emma", "NL-1042", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789ABCDEF",
        "0123456789abcdef0123456789abcdef0",
    ]
    private static let times = ["2026-03-15T14:22:01Z", "2026-03-15T14:00:01Z", "emma", "20260315"]

    static let samples: [Sample] = [
        Sample(name: "drop", options: [], readable: names),
        Sample(name: "replace", options: [("with", setting("gone"))], readable: names + ["Gone"]),
        Sample(name: "truncate_ip", options: [], readable: addresses),
        Sample(
            name: "truncate_ip",
            options: [("ipv4", setting("/24")), ("ipv6", setting("/64"))],
            readable: ["192.0.2.17", "2001:db8:28:1::1", "2002:c633:6407::", "64:ff9b::c633:6407"]),
        Sample(
            name: "truncate_ip",
            options: [("embedded", setting("mapped-only")), ("invalid", setting("zero"))],
            readable: ["192.0.2.17", "::ffff:192.0.2.17", "2001:db8:1::"]),
        Sample(
            name: "truncate_ip",
            options: [("ports", setting("reject")), ("exempt", setting(["192.0.2.0/24"]))],
            readable: ["198.51.100.7", "2001:db8:1::"]),
        Sample(name: "pseudonymize", options: [], readable: names + addresses),
        Sample(
            name: "pseudonymize", options: [("as", setting("address"))],
            readable: names + addresses),
        Sample(name: "hmac_sha256", options: [("key", setting("a.key"))], readable: names),
        Sample(
            name: "encrypt_ip", options: [("key", setting("a.key"))],
            readable: names + ["192.0.2.17:80", "2001:DB8::1"], keyBytes: 16),
        Sample(name: "truncate_time", options: [("unit", setting("hour"))], readable: times),
        Sample(name: "truncate_time", options: [("unit", setting("day"))], readable: times),
        Sample(name: "truncate_time", options: [("unit", setting("week"))], readable: times),
        Sample(name: "truncate_time", options: [("unit", setting("month"))], readable: times),
        Sample(name: "truncate_time", options: [("unit", setting("year"))], readable: times),
        Sample(
            name: "bucket", options: [("edges", setting(["0", "10", "100"]))],
            readable: ["7", "12", "10-98", "emma"]),
        Sample(
            name: "bucket", options: [("width", setting("10"))],
            readable: ["7", "10", "11-20", "10-18", "-10-19", "emma"]),
        Sample(
            name: "email", options: [],
            readable: ["emma@gmail.com", "[user]@zwaan.example", "emma", "@gmail.com"]),
        Sample(
            name: "email", options: [("mode", setting("token"))],
            readable: ["emma@gmail.com", "[user]@gmail.com", "emma"]),
        Sample(name: "email", options: [("mode", setting("drop"))], readable: ["emma@gmail.com"]),
        Sample(name: "agent_family", options: [], readable: [
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "curl/8.5",
            "Firefox", "Firefox / Linux x86",
        ]),
        Sample(
            name: "agent_family", options: [("part", setting("kind"))], readable: ["Firefox"]),
        Sample(name: "agent_family", options: [("part", setting("os"))], readable: ["Amiga"]),
        Sample(name: "agent_family", options: [("part", setting("browser"))], readable: ["Lynx"]),
        Sample(name: "language", options: [], readable: ["nl-BE", "NL", "nl,en", "emma"]),
        Sample(name: "redact", options: [], readable: [
            "from emma@zwaan.example", "at 192.0.2.17", "key 0123456789abcdef0123456789abcdef",
        ]),
        Sample(name: "url", options: [], readable: [
            "/login?next=%2F", "/administrations/20731", "https://u@a.example/", "/a#b",
            "/users/emma@zwaan.example",
        ]),
        Sample(
            name: "url", options: [("host", setting("drop")), ("keep_query", setting(["lang"]))],
            readable: ["https://a.example/", "/?lang=emma@zwaan.example"]),
    ]

    private static func isReleased(
        _ transform: any Transform, _ value: [UInt8], _ kind: FieldKind = .text
    ) -> Bool {
        transform.isReleased(FieldValue(bytes: value.span, kind: kind))
    }

    @Test(arguments: samples) func readableValuesAreFound(_ sample: Sample) throws {
        let transform = try sample.make()
        for value in sample.readable {
            #expect(!Self.isReleased(transform, bytes(value)), "\(sample): \(value)")
        }
    }

    @Test(arguments: samples) func everyResultHasTheForm(_ sample: Sample) throws {
        let seed: UInt64 = 0xf0_2026
        let transform = try sample.make()
        let tokens = try trialTokenizer(key: "an invented key")
        var texts = ValueGenerator(seed: seed)
        for _ in 0..<6000 {
            let value = texts.next()
            let outcome = transform.trial(value, tokens: tokens)
            let written: [UInt8]
            switch outcome.result {
            case .unchanged: written = value
            case .text, .plainText: written = outcome.bytes
            case .number, .null, .dropped: continue
            }
            if written.isEmpty { continue }
            #expect(
                Self.isReleased(transform, written),
                "\(sample): \(text(value)) became \(text(written)), seed \(seed)")
        }
    }

    @Test func everyTransformButKeepHasASample() {
        let sampled = Set(Self.samples.map(\.name))
        let all = TransformCatalogue.all.map(\.name)
        #expect(all.filter { !sampled.contains($0) } == ["keep"])
    }

    @Test func onlyEncryptedAddressesCannotBeTold() throws {
        for sample in Self.samples {
            let told = try sample.make().leavesRecognisableForm
            #expect(told == (sample.name != "encrypt_ip"))
        }
    }
}

/// Values of logs, glued together from pieces that transforms look for.
struct ValueGenerator {
    private var random: SeededGenerator
    private var addresses: AddressGenerator

    private static let pieces = [
        "emma", "@", "%40", "zwaan.example", "gmail.com", "192.0.2.17", "198.51.100.7",
        "2001:db8::1", "64:ff9b::", "::", "/", "//", "\\", "?", "&", ";", "=", "#", ":", ".", ",",
        " ", "-", "_", "1", "12", "20731", "0123456789abcdef0123456789abcdef", "Chrome/126.0.0.0",
        "Mozilla/5.0", "Linux", "Firefox/", "Version/17", "https://", "http:", "lang=", "nl-BE",
        "nl", "q=0.9", "2026-03-15T14:22:01Z", "2026-03-15", "T14:00Z", "+02:00", "-7", "1e3",
        "0.5", "NL91ABNA0417164300", "4111 1111 1111 1111", "00:00:5e:00:53:01", "[ip]", "[email]",
        "[user]", ":id", "x", "\u{e9}", "%2F", "%3A", "(", ")", "[", "]", "\"", "v1.2.3.4",
    ]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        addresses = AddressGenerator(seed: seed &+ 1)
    }

    mutating func next() -> [UInt8] {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return bytes(addresses.next())
        case 1: return bytes("\(Int.random(in: -5000...5000, using: &random))")
        case 2: return bytes(Self.time(&random))
        default: break
        }
        var value = ""
        for _ in 0..<Int.random(in: 1...7, using: &random) {
            value += Self.pieces.randomElement(using: &random) ?? ""
        }
        return bytes(value)
    }

    private static func time(_ random: inout SeededGenerator) -> String {
        func two(_ range: ClosedRange<Int>) -> String {
            let number = Int.random(in: range, using: &random)
            return number < 10 ? "0\(number)" : "\(number)"
        }
        return "20\(two(0...99))-\(two(1...12))-\(two(1...28))T\(two(0...23)):\(two(0...59)):00Z"
    }
}
