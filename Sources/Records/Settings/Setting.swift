/// A place in a pipeline file, as people count: both 1-based.
package struct SettingPosition: Sendable, Equatable, Comparable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The place of settings that come from flags or tests instead of a file.
    package static let none = SettingPosition(line: 0, column: 0)

    package static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A value of a pipeline file with its place: text, a list or a mapping, not yet given a meaning.
///
/// Scalars are text until a schema types them, so that `no`, `0755` or `1e3` are never turned into
/// something else on the way.
package indirect enum Setting: Sendable {
    case text(String, SettingPosition)
    case list([Setting], SettingPosition)
    case mapping([(key: String, keyPosition: SettingPosition, value: Setting)], SettingPosition)
    /// Nothing was written after the key.
    case empty(SettingPosition)

    /// Where the value begins.
    package var position: SettingPosition {
        switch self {
        case .text(_, let position), .list(_, let position), .mapping(_, let position),
            .empty(let position):
            position
        }
    }

    /// What the value is, in the words of messages.
    package var kindName: String {
        switch self {
        case .text: "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        case .empty: "nothing"
        }
    }
}

extension Setting {
    /// The content without places and layout, each text with its length: equal bytes mean equal
    /// settings.
    package var canonicalBytes: [UInt8] {
        switch self {
        case .text(let text, _): Array("\(text.utf8.count):\(text)".utf8)
        case .list(let items, _):
            Array("[".utf8) + items.flatMap(\.canonicalBytes) + Array("]".utf8)
        case .mapping(let members, _):
            Array("{".utf8)
                + members.flatMap {
                    Array("\($0.key.utf8.count):\($0.key)=".utf8) + $0.value.canonicalBytes
                } + Array("}".utf8)
        case .empty: Array("-".utf8)
        }
    }

    /// The texts that stand right behind `key`, anywhere.
    package func texts(behind key: String) -> [String] {
        switch self {
        case .text, .empty: []
        case .list(let items, _): items.flatMap { $0.texts(behind: key) }
        case .mapping(let members, _):
            members.flatMap { member in
                if case .text(let text, _) = member.value {
                    return member.key.utf8.elementsEqual(key.utf8) ? [text] : []
                }
                return member.value.texts(behind: key)
            }
        }
    }
}
