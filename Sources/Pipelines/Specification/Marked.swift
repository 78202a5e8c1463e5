package import Records

/// A value with the place where the pipeline file says it.
///
/// A value that the file does not say, but a fixed default does, stands at `SettingPosition.none`.
package struct Marked<Value: Sendable>: Sendable {
    package let value: Value
    package let position: SettingPosition

    package init(_ value: Value, at position: SettingPosition) {
        self.value = value
        self.position = position
    }

    /// True when the file says it, false for a default.
    package var isWritten: Bool { position != .none }

    /// A default.
    static func standard(_ value: Value) -> Marked { Marked(value, at: .none) }
}

extension Marked: Equatable where Value: Equatable {}

extension Setting: Equatable {
    /// Equal kinds, contents and places.
    package static func == (left: Setting, right: Setting) -> Bool {
        guard left.position == right.position else { return false }
        switch (left, right) {
        case (.text(let one, _), .text(let other, _)): return one == other
        case (.list(let one, _), .list(let other, _)): return one == other
        case (.mapping(let one, _), .mapping(let other, _)):
            return one.count == other.count
                && zip(one, other).allSatisfy {
                    $0.key == $1.key && $0.keyPosition == $1.keyPosition && $0.value == $1.value
                }
        case (.empty, .empty): return true
        default: return false
        }
    }
}

/// A word of one of the catalogues (transforms, formats, measures) with its options, not yet given
/// a meaning: planning looks the word up and lets its descriptor read the options.
package struct NamedOptions: Sendable, Equatable {
    /// The word, at the place of its text.
    package let name: Marked<String>
    /// What stands behind the word; `empty` when only the word is written.
    package let options: Setting

    package init(name: Marked<String>, options: Setting) {
        self.name = name
        self.options = options
    }
}
