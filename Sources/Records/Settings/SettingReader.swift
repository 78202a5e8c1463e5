/// Reads the members of one mapping by a schema: every key is asked for by name, and whatever was
/// never asked for is reported as unknown with the nearest name that was.
package final class SettingReader {
    package let path: String
    package let position: SettingPosition
    package let faults: Faults
    private var members: [(key: String, keyPosition: SettingPosition, value: Setting)] = []
    private var asked: [String] = []

    /// Opens `setting` as a mapping; anything else is a fault and reads as an empty mapping.
    package init(_ setting: Setting, path: String, faults: Faults) {
        self.path = path
        self.faults = faults
        position = setting.position
        switch setting {
        case .mapping(let members, _): self.members = members
        case .empty: break
        case .text, .list:
            faults.add(
                "found \(setting.kindName), expected a mapping of names to values",
                at: setting.position, path: path)
        }
    }

    /// The keys in the order of the file.
    package var keys: [(name: String, position: SettingPosition)] {
        members.map { ($0.key, $0.keyPosition) }
    }

    /// The path of `key` in this mapping.
    package func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The value of `key`, or nil when the file does not have it.
    package func optional(_ key: String) -> Setting? {
        asked.append(key)
        return members.first { $0.key == key }?.value
    }

    /// The value of `key`; its absence is a fault.
    package func required(_ key: String) -> Setting? {
        if let value = optional(key) { return value }
        faults.add("`\(key)` is missing", at: position, path: path)
        return nil
    }

    /// The text of `key`.
    package func text(_ key: String) -> String? {
        optional(key).flatMap { self.text($0, key) }
    }

    /// The text of `key`; its absence is a fault.
    package func requiredText(_ key: String) -> String? {
        required(key).flatMap { self.text($0, key) }
    }

    private func text(_ value: Setting, _ key: String) -> String? {
        if case .text(let text, _) = value { return text }
        faults.add(
            "found \(value.kindName), expected a single value", at: value.position,
            path: path(of: key))
        return nil
    }

    /// A whole number of `key` within `range`.
    package func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = optional(key), let text = text(value, key) else { return nil }
        if let number = Int(text), range.contains(number) { return number }
        faults.add(
            "expected a whole number from \(range.lowerBound) to \(range.upperBound)",
            at: value.position, path: path(of: key))
        return nil
    }

    /// `true` or `false` of `key`; no other spelling is taken.
    package func flag(_ key: String) -> Bool? {
        guard let value = optional(key), let text = text(value, key) else { return nil }
        if text == "true" { return true }
        if text == "false" { return false }
        faults.add("expected `true` or `false`", at: value.position, path: path(of: key))
        return nil
    }

    /// One of the given words of `key`.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let value = optional(key), let text = text(value, key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        faults.add(
            "expected one of \(names.map { "`\($0)`" }.joined(separator: ", "))",
            at: value.position, path: path(of: key),
            suggestion: nearestName(to: text, among: names))
        return nil
    }

    /// A list of texts of `key`; a single text counts as a list of one.
    package func texts(_ key: String) -> [String]? {
        guard let value = optional(key) else { return nil }
        switch value {
        case .text(let text, _): return [text]
        case .list(let items, _):
            return items.compactMap { self.text($0, key) }
        case .mapping, .empty:
            faults.add(
                "found \(value.kindName), expected a list", at: value.position,
                path: path(of: key))
            return nil
        }
    }

    private var isFinished = false

    /// Reports each key of the file that no call asked for; once, however often it is called.
    package func finish() {
        guard !isFinished else { return }
        isFinished = true
        for member in members where !asked.contains(member.key) {
            faults.add(
                "unknown key `\(member.key)`", at: member.keyPosition, path: path,
                suggestion: nearestName(to: member.key, among: asked))
        }
    }
}
