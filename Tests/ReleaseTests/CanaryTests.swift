@testable import Anonymization
import KeyedHashing
import LogFormats
import Records
import TestSupport
import Testing

/// A JSON value as the source writes it; scalars with their quotes.
private indirect enum Document {
    case scalar(String)
    case object([(key: String, value: Document)])
    case array([Document])

    /// The text without white space.
    var compact: String {
        switch self {
        case .scalar(let text): text
        case .object(let members):
            "{" + members.map { "\"\($0.key)\":\($0.value.compact)" }.joined(separator: ",") + "}"
        case .array(let elements):
            "[" + elements.map(\.compact).joined(separator: ",") + "]"
        }
    }

    /// The text with white space wherever `space` puts some.
    func spaced(_ space: () -> String) -> String {
        switch self {
        case .scalar(let text): text
        case .object(let members):
            "{"
                + members.map { member in
                    space() + "\"\(member.key)\"" + space() + ":" + space()
                        + member.value.spaced(space) + space()
                }.joined(separator: ",") + "}"
        case .array(let elements):
            "[" + elements.map { space() + $0.spaced(space) + space() }.joined(separator: ",")
                + "]"
        }
    }
}

/// What a field's rule is in one round.
private enum Treatment: CaseIterable {
    case keep, drop, replace, token

    func transform(_ field: String) -> (any Transform)? {
        switch self {
        case .keep: Keep()
        case .drop: nil
        case .replace: Replace(with: "r\"\\")
        case .token: Pseudonymize(field: field)
        }
    }
}

/// Random records and plans against a plain model of what may leave, with marks planted in every
/// value that may not.
@Suite struct CanaryTests {
    private static let named = [
        "user", "ip", "k\"q", "client.ip", "client.os", "items[*].ip", "items[*].sub.id", "tags[*]",
    ]

    private struct Maker {
        var generator: SeededGenerator
        /// Whether values of fields that no rule names may be marked.
        var marksUnnamed = false
        var treatments: [String: Treatment] = [:]

        mutating func chance(_ one: Int) -> Bool {
            Int.random(in: 0..<one, using: &generator) == 0
        }

        mutating func pick(_ list: [String]) -> String {
            list[Int.random(in: 0..<list.count, using: &generator)]
        }

        private mutating func scalar(isMarked: Bool) -> Document {
            let number = Int.random(in: 10...99, using: &generator)
            return .scalar(
                pick(
                    isMarked
                        ? [
                            "\"canary\(number)\"", "\"can\\u0061ry\(number)\"", "770077\(number)",
                            "\"\\\"canary,}\"", "null", "\"\"", "\"canary:\(number)]\"",
                        ]
                        : ["\"ok\(number)\"", "\(number)", "true", "null", "\"\\n\"", "\"\""]
                )
            )
        }

        private mutating func value(_ path: String) -> Document {
            let isMarked = treatments[path].map { $0 != .keep } ?? marksUnnamed
            if chance(8) { return .object([("in", scalar(isMarked: isMarked))]) }
            if chance(12) {
                return .array([scalar(isMarked: isMarked), scalar(isMarked: isMarked)])
            }
            return scalar(isMarked: isMarked)
        }

        private mutating func object(
            _ prefix: String,
            _ names: [String]
        ) -> [(key: String, value: Document)] {
            var members: [(key: String, value: Document)] = []
            for name in names.shuffled(using: &generator) where !chance(4) {
                let path = prefix + name
                switch path {
                case "client":
                    members.append((name, .object(object("client.", ["ip", "os", "un"]))))
                case "items": members.append((name, .array(items())))
                case "items[*].sub":
                    members.append((name, .object(object("items[*].sub.", ["id", "un"]))))
                case "tags":
                    let count = Int.random(in: 0...3, using: &generator)
                    let elements = (0..<count).map { _ in value("tags[*]") }
                    members.append((name, .array(elements)))
                default:
                    let key = name == "user" && chance(3) ? "us\\u0065r" : name
                    members.append((key.replacing("\"", with: "\\\""), value(path)))
                }
            }
            return members
        }

        private mutating func items() -> [Document] {
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                chance(5) ? value("unnamed") : .object(object("items[*].", ["ip", "sub", "un"]))
            }
        }

        mutating func record(_ time: String) -> Document {
            var members = object(
                "",
                ["user", "ip", "k\"q", "client", "items", "tags", "un", "un2"]
            )
            let at = Int.random(in: 0...members.count, using: &generator)
            members.insert(("ts", .scalar("\"\(time)\"")), at: at)
            return .object(members)
        }
    }

    /// What is left of `document` at `path`; nil when nothing is.
    private func expected(
        _ document: Document,
        _ path: String,
        _ treatments: [String: Treatment],
        keepsUnnamed: Bool
    ) -> Document? {
        if let treatment = treatments[path] { return treated(document, path, treatment) }
        switch document {
        case .scalar: return keepsUnnamed ? document : nil
        case .object(let members):
            let left = members.compactMap { member in
                let name = member.key.replacing("\\u0065", with: "e").replacing("\\\"", with: "\"")
                let inner = path.isEmpty ? name : "\(path).\(name)"
                return expected(member.value, inner, treatments, keepsUnnamed: keepsUnnamed)
                    .map { (key: member.key, value: $0) }
            }
            return left.isEmpty && !keepsUnnamed && !path.isEmpty ? nil : .object(left)
        case .array(let elements):
            let left = elements.compactMap {
                expected($0, path + "[*]", treatments, keepsUnnamed: keepsUnnamed)
            }
            return left.isEmpty && !keepsUnnamed ? nil : .array(left)
        }
    }

    private func treated(
        _ document: Document,
        _ path: String,
        _ treatment: Treatment
    ) -> Document? {
        let text = document.compact
        switch treatment {
        case .keep: return document
        case .drop: return nil
        case _ where text == "null": return document
        case .replace: return .scalar(#""r\"\\""#)
        case .token:
            guard case .scalar = document, text != "true" else { return nil }
            if text == "\"\"" { return document }
            let plain = text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
            let value = plain.replacing("\\u0061", with: "a").replacing("\\\"", with: "\"")
                .replacing("\\n", with: "\n")
            let token = MonthKeys.token(value, field: path, month: "2026-06")
            return .scalar("\"\(token)\"")
        }
    }

    /// `text` without the white space between its tokens.
    private func squeezed(_ text: String) -> String {
        var out: [UInt8] = []
        var isText = false
        var isEscaped = false
        for byte in text.utf8 {
            if isText || ![0x20, 0x09, 0x0D].contains(byte) { out.append(byte) }
            if isEscaped { isEscaped = false; continue }
            isEscaped = isText && byte == 0x5C
            if byte == 0x22 { isText.toggle() }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private func isClean(_ output: [UInt8]) -> Bool {
        let all = text(output)
        return !["canary", "can\\u0061ry", "770077"].contains { all.utf8.contains($0.utf8) }
    }

    @Test(arguments: [false, true]) func nothingMarkedLeaves(keepsUnnamed: Bool) {
        let seed: UInt64 = keepsUnnamed ? 0xCA7A : 0xCA7B
        var maker = Maker(generator: SeededGenerator(seed: seed))
        maker.marksUnnamed = !keepsUnnamed
        for round in 0..<250 {
            let names = Self.named.shuffled(using: &maker.generator)
            maker.treatments = [:]
            for name in names {
                maker.treatments[name] = Treatment.allCases.randomElement(using: &maker.generator)
            }
            var trial = ReleaseTrial(
                names.map { ($0, FieldRule(transform: maker.treatments[$0]?.transform($0))) }
                    + [("ts", FieldRule(transform: Keep()))]
            )
            trial.keepsUnnamed = keepsUnnamed
            trial.showsWindow = maker.chance(2)
            maker.treatments["ts"] = .keep
            let time = trial.showsWindow ? ReleaseTrial.due : ReleaseTrial.fresh
            let records = (0..<20).map { _ in maker.record(time) }
            let lines = records.map { record in
                record.spaced { maker.chance(7) ? maker.pick([" ", "\t", "\r", "  "]) : "" }
            }
            let message: Comment = "seed \(seed), round \(round), \(maker.treatments)"
            let result = trial.run(lines)
            #expect(result.counts.outputs[0].anonymised == 20 && result.counts.isConserved, message)
            #expect(isClean(result.output), message)
            for (index, record) in records.enumerated() {
                let wanted = expected(record, "", maker.treatments, keepsUnnamed: keepsUnnamed)
                let found = result.lines[index]
                let same = squeezed(found) == wanted?.compact ?? "{}"
                #expect(
                    same,
                    "\(found) wanted \(wanted?.compact ?? "{}") for \(lines[index]) \(message)"
                )
                if !same { return }
            }
            for format in ["csv", "jsonl"] {
                guard columnsAreClean(trial, lines, as: format) else {
                    Issue.record("columns, \(format), \(message)")
                    return
                }
            }
        }
    }

    /// The same records as columns.
    private func columnsAreClean(
        _ trial: ReleaseTrial,
        _ lines: [String],
        as format: String
    ) -> Bool {
        var trial = trial
        trial.columns = trial.fields.indices.map { .slot($0) }
        let made = FormatCatalogue.named(format)?.make(
            SettingReader(.mapping([], .none), path: "output", faults: Faults())
        )
        guard let columnFormat = made ?? nil else { return false }
        trial.columnFormat = columnFormat
        let result = trial.run(lines)
        return isClean(result.output) && result.counts.outputs[0].written == lines.count
    }

    /// In the window the same records leave as they are, through the outputs that may show them.
    @Test func inTheWindowEverythingStays() {
        var maker = Maker(generator: SeededGenerator(seed: 0xF4E5))
        maker.marksUnnamed = true
        for name in Self.named { maker.treatments[name] = .drop }
        var trial = ReleaseTrial(
            (Self.named + ["ts"]).map { ($0, FieldRule(transform: nil)) }
        )
        for keepsUnnamed in [true, false] {
            trial.keepsUnnamed = keepsUnnamed
            let lines = (0..<300).map { _ in
                maker.record(ReleaseTrial.fresh).spaced { maker.chance(5) ? " " : "" }
            }
            #expect(trial.run(lines).lines == lines)
        }
    }
}
