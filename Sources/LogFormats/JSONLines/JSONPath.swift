/// The declared JSON fields as a tree of steps: member names, element numbers and "every element".
///
/// Compiled once from names such as `ts`, `client.os`, `tags[0]`, `items[*].ip`. A backslash takes
/// the next character literally, so `id\.orig_h` is one member name with a dot in it.
struct JSONPathTree: Sendable {
    /// One place in a document that some declared path passes through or ends at.
    struct Node: Sendable {
        /// The slot that ends here, or -1.
        var slot = -1
        /// True when a path with "every element" leads here: the slot collects several values.
        var isRepeated = false
        /// In the order of their lengths and, of one length, of their bytes.
        var members: [(name: [UInt8], node: Int)] = []
        var elements: [(index: Int, node: Int)] = []
        var everyElement = -1

        var isLeaf: Bool { slot >= 0 }
    }

    private(set) var nodes = [Node()]

    /// The root: the record itself.
    static let root = 0
    /// Stands for "no declared path goes here".
    static let none = -1

    /// Compiles `names`; a name that cannot be read as a path matches nothing (planning has
    /// reported it before).
    init(names: [String]) {
        for (slot, name) in names.enumerated() {
            guard let steps = Self.steps(of: name) else { continue }
            var node = Self.root
            for step in steps { node = child(of: node, step) }
            nodes[node].slot = slot
        }
        var node = Self.root
        while node < nodes.count {
            if nodes[node].everyElement >= 0 {
                for element in nodes[node].elements {
                    inherit(from: nodes[node].everyElement, into: element.node)
                }
            }
            node += 1
        }
    }

    /// Lets what is declared for every element hold for a numbered one too, where that one declares
    /// nothing more exact: with `items[0].name` and `items[*].ip`, `items[0].ip` is of the second.
    private mutating func inherit(from every: Int, into node: Int) {
        guard nodes[node].slot < 0 else { return }
        if nodes[every].slot >= 0 {
            // A node that leads on cannot also end here: the more exact paths go first.
            guard leadsNowhere(node) else { return }
            nodes[node].slot = nodes[every].slot
            nodes[node].isRepeated = true
            return
        }
        for member in nodes[every].members {
            let known = self.member(member.name.span, of: node)
            inherit(from: member.node, into: known ?? child(of: node, .member(member.name)))
        }
        for element in nodes[every].elements {
            inherit(from: element.node, into: child(of: node, .element(element.index)))
        }
        if nodes[every].everyElement >= 0 {
            inherit(from: nodes[every].everyElement, into: child(of: node, .everyElement))
        }
    }

    private func leadsNowhere(_ node: Int) -> Bool {
        nodes[node].members.isEmpty && nodes[node].elements.isEmpty
            && nodes[node].everyElement < 0
    }

    /// One step of a path.
    enum Step: Equatable {
        case member([UInt8])
        case element(Int)
        case everyElement
    }

    /// The steps of a path, or nil when `name` is not a well-formed path.
    static func steps(of name: String) -> [Step]? {
        var steps: [Step] = []
        var member: [UInt8] = []
        var hasMember = false
        let bytes = Array(name.utf8)
        var at = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\\") where at + 1 < bytes.count:
                member.append(bytes[at + 1])
                hasMember = true
                at += 2
            case UInt8(ascii: "."):
                guard hasMember || isBehindBracket(bytes, at) else { return nil }
                if hasMember { steps.append(.member(member)) }
                (member, hasMember) = ([], false)
                at += 1
                guard at < bytes.count, bytes[at] != UInt8(ascii: "[") else { return nil }
            case UInt8(ascii: "["):
                if hasMember { steps.append(.member(member)) }
                (member, hasMember) = ([], false)
                guard let close = bytes[at...].firstIndex(of: UInt8(ascii: "]")),
                    let step = elementStep(bytes[(at + 1)..<close])
                else { return nil }
                steps.append(step)
                at = close + 1
                let goesOn = at == bytes.count || bytes[at] == UInt8(ascii: ".")
                guard goesOn || bytes[at] == UInt8(ascii: "[") else { return nil }
            default:
                member.append(bytes[at])
                hasMember = true
                at += 1
            }
        }
        if hasMember { steps.append(.member(member)) }
        guard let first = steps.first, case .member = first else { return nil }
        return steps
    }

    private static func isBehindBracket(_ bytes: [UInt8], _ at: Int) -> Bool {
        at > 0 && bytes[at - 1] == UInt8(ascii: "]")
    }

    private static func elementStep(_ inside: ArraySlice<UInt8>) -> Step? {
        if inside.elementsEqual([UInt8(ascii: "*")]) { return .everyElement }
        guard (1...6).contains(inside.count), inside.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return .element(inside.reduce(0) { $0 * 10 + Int($1 - 48) })
    }

    private mutating func child(of node: Int, _ step: Step) -> Int {
        switch step {
        case .member(let name):
            let place = place(of: name.span, in: node)
            if place.isTaken { return nodes[node].members[place.index].node }
            let made = newNode(below: node, repeated: false)
            nodes[node].members.insert((name, made), at: place.index)
            return made
        case .element(let index):
            if let known = nodes[node].elements.first(where: { $0.index == index }) {
                return known.node
            }
            let made = newNode(below: node, repeated: false)
            nodes[node].elements.append((index, made))
            return made
        case .everyElement:
            if nodes[node].everyElement >= 0 { return nodes[node].everyElement }
            let made = newNode(below: node, repeated: true)
            nodes[node].everyElement = made
            return made
        }
    }

    private mutating func newNode(below parent: Int, repeated: Bool) -> Int {
        var node = Node()
        node.isRepeated = repeated || nodes[parent].isRepeated
        nodes.append(node)
        return nodes.count - 1
    }

    /// The node of member `name` (decoded bytes) of an object at `node`, if declared.
    func member(_ name: Span<UInt8>, of node: Int) -> Int? {
        guard node >= 0 else { return nil }
        let place = place(of: name, in: node)
        return place.isTaken ? nodes[node].members[place.index].node : nil
    }

    /// Where a member is or would be, found by halves: a record may have thousands of fields.
    private func place(of name: Span<UInt8>, in node: Int) -> (index: Int, isTaken: Bool) {
        var low = 0
        var high = nodes[node].members.count
        while low < high {
            let middle = (low + high) / 2
            switch Self.order(nodes[node].members[middle].name, name) {
            case 0: return (middle, true)
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return (low, false)
    }

    /// Below 0, 0 or above 0 as `left` stands before, at or behind `right` among members.
    private static func order(_ left: [UInt8], _ right: Span<UInt8>) -> Int {
        if left.count != right.count { return left.count - right.count }
        for index in left.indices where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return 0
    }

    /// True when paths name elements of an array at `node` by their number.
    func numbersElements(of node: Int) -> Bool { node >= 0 && !nodes[node].elements.isEmpty }

    /// The node of element `index` of an array at `node`, or `none`. A numbered element is more
    /// exact than "every element" and goes first.
    func element(_ index: Int, of node: Int) -> Int {
        guard node >= 0 else { return Self.none }
        for element in nodes[node].elements where element.index == index { return element.node }
        return nodes[node].everyElement
    }
}
