internal import Records

/// A JSON record made of values at declared paths; lists have one element.
package struct JSONRecordText {
    private final class Node {
        var members: [(name: [UInt8], node: Node)] = []
        var element: Node?
        var leaf: String?
    }

    private let root = Node()

    /// An empty object.
    package init() {}

    /// Puts a value at `path`; `isBare` for numbers, `true` and `false`. A path that is not
    /// well-formed is left out.
    package func set(_ value: String, at path: String, isBare: Bool) {
        var node = root
        for step in JSONPathTree.steps(of: path) ?? [] {
            switch step {
            case .member(let name):
                if let known = node.members.first(where: { $0.name == name }) {
                    node = known.node
                } else {
                    let made = Node()
                    node.members.append((name, made))
                    node = made
                }
            case .element, .everyElement:
                let made = node.element ?? Node()
                node.element = made
                node = made
            }
        }
        node.leaf = isBare ? value : Self.quoted(Array(value.utf8))
    }

    /// The record on one line.
    package var text: String { Self.text(root) }

    private static func text(_ node: Node) -> String {
        if let leaf = node.leaf, node.members.isEmpty { return leaf }
        if let element = node.element { return "[" + text(element) + "]" }
        let members = node.members.map { quoted($0.name) + ":" + text($0.node) }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: [UInt8]) -> String {
        var buffer = ByteBuffer()
        JSONText.encode(text.span, into: &buffer)
        return String(decoding: buffer.array(), as: UTF8.self)
    }
}
