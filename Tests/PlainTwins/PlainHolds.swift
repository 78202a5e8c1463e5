package import Records

/// A file of holds as the YAML parser gives it, read into a dictionary for each hold.
package enum PlainHolds {
    private static let words = ["name", "ground", "reason", "by", "start"]
    private static let others = ["notice", "citation", "from", "until", "end"]
    private static let lists = ["customer", "user", "addresses", "output"]

    /// The texts of each key of each hold, without those that its ground has no use for; nil when
    /// the file is none.
    package static func read(_ file: Setting) -> [[String: [String]]]? {
        guard case .mapping(let members, _) = file, members.map(\.key) == ["holds"] else {
            return nil
        }
        switch members[0].value {
        case .empty: return []
        case .list(let items, _):
            let holds = items.map(hold)
            return holds.contains(nil) ? nil : holds.compactMap(\.self)
        case .text, .mapping: return nil
        }
    }

    private static func hold(_ item: Setting) -> [String: [String]]? {
        guard case .mapping(let members, _) = item else { return nil }
        var hold: [String: [String]] = [:]
        for member in members {
            let known = lists.contains(member.key) ? texts(member.value) : text(member.value)
            guard (words + others + lists).contains(member.key) else { return nil }
            hold[member.key] = known
        }
        // A ground has a word of its own; that of the other one may say anything.
        let ground = ["own-decision": "notice", "law": "citation"][hold["ground"]?.first ?? ""]
        guard let ground else { return nil }
        let unused = ground == "notice" ? "citation" : "notice"
        hold[unused] = nil
        let given = members.map(\.key).filter { $0 != unused }
        guard (words + [ground]).allSatisfy({ hold[$0] != nil }), given.count == hold.count else {
            return nil
        }
        return hold.filter { !$0.value.isEmpty }
    }

    private static func text(_ value: Setting) -> [String]? {
        if case .text(let text, _) = value, !text.isEmpty { [text] } else { nil }
    }

    private static func texts(_ value: Setting) -> [String]? {
        guard case .list(let items, _) = value else { return text(value) }
        let texts = items.map(text)
        return texts.contains(nil) ? nil : texts.compactMap(\.self).flatMap(\.self)
    }
}
