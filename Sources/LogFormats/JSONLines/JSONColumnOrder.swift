/// The order in which dotted columns can be written as nested objects without a repeated key.
struct JSONColumnOrder {
    private let names: [String]
    /// The member names that lead to each column, outermost first.
    private let paths: [[[UInt8]]]

    init(_ names: [String]) {
        self.names = names
        paths = names.map(Self.members)
    }

    /// The member names of a column: its path without elements, or its whole name when that is no
    /// path.
    static func members(of name: String) -> [[UInt8]] {
        let members = (JSONPathTree.steps(of: name) ?? []).compactMap { step in
            if case .member(let bytes) = step { bytes } else { nil }
        }
        return members.isEmpty ? [Array(name.utf8)] : members
    }

    /// The columns with those of one object side by side; throws when two of them are one member,
    /// or one is an object and a value at once.
    func columns() throws(ColumnClash) -> [String] {
        for (index, path) in paths.enumerated() {
            for other in 0..<index where Self.clash(paths[other], path) {
                throw ColumnClash(first: names[other], second: names[index])
            }
        }
        return paths.map(place).enumerated()
            .sorted { $0.element.lexicographicallyPrecedes($1.element) }
            .map { names[$0.offset] }
    }

    private static func clash(_ one: [[UInt8]], _ other: [[UInt8]]) -> Bool {
        zip(one, other).allSatisfy { $0 == $1 }
    }

    /// Where a column goes: for each object on its way the first column inside that object.
    private func place(_ path: [[UInt8]]) -> [Int] {
        path.indices.map { depth in
            paths.firstIndex { $0.starts(with: path[...depth]) } ?? names.count
        }
    }
}
