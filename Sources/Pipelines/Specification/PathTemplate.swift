private import FileSystem

/// A path with placeholders in braces, for example `out/{name}/{date}.csv.gz`.
package struct PathTemplate: Sendable, Equatable {
    /// A piece of the path.
    package enum Part: Sendable, Equatable {
        case literal(String)
        case placeholder(String)
    }

    package let parts: [Part]
    /// The path as it is written.
    package let text: String

    /// True for `-`, standard output.
    package var isStandardOutput: Bool { text == "-" }

    /// The names of the placeholders in order.
    package var placeholders: [String] {
        parts.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
    }

    /// The innermost folder whose name is the same for all that the path stands for.
    var fixedFolder: String {
        var start = ""
        for part in parts {
            guard case .literal(let text) = part else { break }
            start += text
        }
        return splitPath(start + "x").directory
    }

    /// Reads `text`; nil when a brace is not closed or not opened, or a placeholder has no name.
    package init?(_ text: String) {
        var parts: [Part] = []
        var current = ""
        var isInside = false
        for character in text {
            switch (character, isInside) {
            case ("{", false):
                if !current.isEmpty { parts.append(.literal(current)) }
                current = ""
                isInside = true
            case ("}", true):
                guard !current.isEmpty else { return nil }
                parts.append(.placeholder(current))
                current = ""
                isInside = false
            case ("{", true), ("}", false): return nil
            default: current.append(character)
            }
        }
        guard !isInside else { return nil }
        if !current.isEmpty { parts.append(.literal(current)) }
        self.parts = parts
        self.text = text
    }

    private init(parts: [Part], text: String) {
        self.parts = parts
        self.text = text
    }

    /// `-`.
    static let standardOutput = exactly("-")

    /// A path in which nothing stands for anything else, braces included.
    static func exactly(_ path: String) -> PathTemplate {
        PathTemplate(parts: [.literal(path)], text: path)
    }
}
