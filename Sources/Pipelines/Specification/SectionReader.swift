import Anonymization
package import Records

/// The words of the catalogues, for faults that name the nearest one; an empty list checks nothing,
/// so that a file can be read before the catalogues are at hand.
package struct KnownNames: Sendable {
    package var transforms: [String]
    package var formats: [String]
    package var measures: [String]

    package init(transforms: [String] = [], formats: [String] = [], measures: [String] = []) {
        self.transforms = transforms
        self.formats = formats
        self.measures = measures
    }
}

/// What all parts of the decoder share: the faults found, and the words of the catalogues.
package final class DecodingContext {
    package let faults: Faults
    package let known: KnownNames
    /// The keys asked for so far, by section; tests hold them against the reference.
    package private(set) var asked: [String: Set<String>] = [:]

    package init(faults: Faults, known: KnownNames) {
        self.faults = faults
        self.known = known
    }

    func note(_ key: String, of section: SettingSection) {
        asked[section.path, default: []].insert(key)
    }

    /// Text that is not empty.
    func text(_ setting: Setting, path: String) -> Marked<String>? {
        guard case .text(let text, let position) = setting else {
            faults.add(
                "found \(setting.kindName), expected text",
                at: setting.position,
                path: path
            )
            return nil
        }
        guard !text.isEmpty else {
            faults.add("found an empty text, expected a value", at: position, path: path)
            return nil
        }
        return Marked(text, at: position)
    }

    /// A list of texts; a single text counts as a list of one.
    func texts(_ setting: Setting, path: String) -> [Marked<String>] {
        guard case .list(let items, _) = setting else {
            return text(setting, path: path).map { [$0] } ?? []
        }
        return items.compactMap { text($0, path: path) }
    }

    /// A list of anything; a single value counts as a list of one.
    func items(_ setting: Setting) -> [Setting] {
        if case .list(let items, _) = setting { return items }
        if case .empty = setting { return [] }
        return [setting]
    }

    /// An ISO 8601 duration.
    func period(_ setting: Setting, path: String) -> Marked<CalendarDuration>? {
        guard let text = text(setting, path: path) else { return nil }
        if let period = CalendarDuration(text: text.value) {
            return Marked(period, at: text.position)
        }
        faults.add(
            "expected an ISO 8601 duration such as `P1M`, `P30D` or `PT30M`",
            at: text.position,
            path: path
        )
        return nil
    }

    /// One of the words of `type`.
    func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ setting: Setting,
        path: String,
        _ type: Choice.Type
    ) -> Marked<Choice>? where Choice.RawValue == String {
        guard let text = text(setting, path: path) else { return nil }
        if let choice = Choice(rawValue: text.value) { return Marked(choice, at: text.position) }
        let names = Choice.allCases.map(\.rawValue)
        faults.add(
            "found another word, expected \(alternatives(names))",
            at: text.position,
            path: path,
            suggestion: nearestName(to: text.value, among: names)
        )
        return nil
    }

    /// A transform with its options.
    func transform(_ setting: Setting, path: String) -> NamedOptions? {
        named(setting, path: path, kind: "transform", known: known.transforms)
    }

    /// A word of a catalogue, alone or as the only key of a mapping with its options.
    func named(
        _ setting: Setting,
        path: String,
        kind: String,
        known: [String]
    ) -> NamedOptions? {
        let found: NamedOptions
        switch setting {
        case .text(let name, let position) where !name.isEmpty:
            found = NamedOptions(name: Marked(name, at: position), options: .empty(position))
        case .mapping(let members, _) where members.count == 1:
            let member = members[0]
            found = NamedOptions(
                name: Marked(member.key, at: member.keyPosition),
                options: member.value
            )
        default:
            let what =
                if case .mapping(let members, _) = setting {
                    "a mapping of \(members.count) keys"
                } else { setting.kindName }
            faults.add(
                "found \(what), expected a \(kind), or `{\(kind): options}`",
                at: setting.position,
                path: path
            )
            return nil
        }
        if !known.isEmpty, !known.contains(found.name.value) {
            faults.add(
                "unknown \(kind) `\(found.name.value)`",
                at: found.name.position,
                path: path,
                suggestion: nearestName(to: found.name.value, among: known)
            )
            return nil
        }
        return found
    }
}

/// `a`, `b` or `c`, quoted for a message.
func alternatives(_ names: [String]) -> String {
    let quoted = names.map { "`\($0)`" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "nothing" }
    return quoted.dropLast().joined(separator: ", ") + " or " + last
}

/// Reads one mapping of the pipeline file by the section of the reference that describes it.
struct SectionReader {
    private let reader: SettingReader
    private let section: SettingSection
    private let context: DecodingContext

    init(
        _ setting: Setting,
        _ section: SettingSection,
        path: String,
        _ context: DecodingContext
    ) {
        reader = SettingReader(setting, path: path, faults: context.faults)
        self.section = section
        self.context = context
    }

    var position: SettingPosition { reader.position }

    func path(_ key: String) -> String { reader.path(of: key) }

    func optional(_ key: String) -> Setting? {
        context.note(key, of: section)
        return reader.optional(key)
    }

    func required(_ key: String) -> Setting? {
        context.note(key, of: section)
        return reader.required(key)
    }

    func text(_ key: String) -> Marked<String>? {
        optional(key).flatMap { context.text($0, path: path(key)) }
    }

    func requiredText(_ key: String) -> Marked<String>? {
        required(key).flatMap { context.text($0, path: path(key)) }
    }

    /// nil when the key is not there; a faulty item is left out.
    func texts(_ key: String) -> [Marked<String>]? {
        optional(key).map { context.texts($0, path: path(key)) }
    }

    /// The members of the mapping behind `key` in the order of the file.
    func members(
        _ key: String
    ) -> [(key: String, keyPosition: SettingPosition, value: Setting)] {
        guard let value = optional(key) else { return [] }
        switch value {
        case .mapping(let members, _): return members
        case .empty: return []
        case .text, .list:
            context.faults.add(
                "found \(value.kindName), expected a mapping of names to values",
                at: value.position,
                path: path(key)
            )
            return []
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Marked<Int>? {
        guard let position = optional(key)?.position else { return nil }
        return reader.integer(key, in: range).map { Marked($0, at: position) }
    }

    func flag(_ key: String) -> Marked<Bool>? {
        guard let position = optional(key)?.position else { return nil }
        return reader.flag(key).map { Marked($0, at: position) }
    }

    func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ key: String,
        _ type: Choice.Type
    ) -> Marked<Choice>? where Choice.RawValue == String {
        optional(key).flatMap { context.choice($0, path: path(key), type) }
    }

    /// A list of words; a single word counts as a list of one.
    func choices<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ key: String,
        _ type: Choice.Type
    ) -> [Marked<Choice>]? where Choice.RawValue == String {
        optional(key).map { value in
            context.items(value).compactMap { context.choice($0, path: path(key), type) }
        }
    }

    func period(_ key: String) -> Marked<CalendarDuration>? {
        optional(key).flatMap { context.period($0, path: path(key)) }
    }

    /// A size within `range` bytes.
    func size(_ key: String, in range: ClosedRange<Int>) -> Marked<Int>? {
        guard let text = text(key) else { return nil }
        if let size = sizeInBytes(text.value), range.contains(size) {
            return Marked(size, at: text.position)
        }
        context.faults.add(
            "expected a size from \(range.lowerBound)B to \(range.upperBound >> 20)MiB, "
                + "a whole number with `B`, `KiB` or `MiB`",
            at: text.position,
            path: path(key)
        )
        return nil
    }

    /// A path whose placeholders are among `names`.
    func template(_ setting: Setting?, _ key: String, names: [String]) -> Marked<PathTemplate>? {
        guard let text = setting.flatMap({ context.text($0, path: path(key)) }) else { return nil }
        guard let template = PathTemplate(text.value) else {
            context.faults.add(
                "found a brace without its partner, expected placeholders such as `{date}`",
                at: text.position,
                path: path(key)
            )
            return nil
        }
        for name in template.placeholders where !names.contains(name) {
            context.faults.add(
                "unknown placeholder `{\(name)}`, expected "
                    + alternatives(names.map { "{\($0)}" }),
                at: text.position,
                path: path(key),
                suggestion: nearestName(to: name, among: names).map { "{\($0)}" }
            )
        }
        return Marked(template, at: text.position)
    }

    /// A name of lower-case letters, digits and `-`; its absence is a fault.
    func requiredName(_ key: String) -> Marked<String>? {
        requiredText(key).flatMap { context.checkedName($0, path: path(key)) }
    }

    /// Reports keys that the section does not have, with the nearest that it has.
    func finish() {
        for key in section.keys { _ = reader.optional(key.name) }
        reader.finish()
    }
}

extension DecodingContext {
    /// `text` if it is a name that can stand in paths and commands.
    func checkedName(_ text: Marked<String>, path: String) -> Marked<String>? {
        let bytes = Array(text.value.utf8)
        let isName = bytes.indices.allSatisfy { index in
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "-"), UInt8(ascii: "_"): index > 0
            default: false
            }
        }
        if isName, bytes.count <= 64 { return text }
        faults.add(
            "expected a name of at most 64 lower-case letters, digits, `-` and `_`, beginning "
                + "with a letter or digit",
            at: text.position,
            path: path
        )
        return nil
    }

    /// `text` if it can stand in the `purposes` of an opt-out list, where `;` separates and `*`
    /// means all.
    func checkedPurpose(_ text: Marked<String>) -> Marked<String>? {
        let bytes = Array(text.value.utf8)
        let edges = [bytes.first, bytes.last]
        let isGood =
            edges.allSatisfy { ($0 ?? 0x20) > 0x20 } && bytes.count <= 64 && bytes != [0x2a]
            && bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: ";") }
        if isGood { return text }
        faults.add(
            "expected a purpose of at most 64 bytes without `;`, not `*`, without white space at "
                + "its ends",
            at: text.position,
            path: "purposes"
        )
        return nil
    }
}
