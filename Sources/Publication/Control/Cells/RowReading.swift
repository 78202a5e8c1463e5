import Statistics

/// Reads the coordinates of the rows of one table.
///
/// Rows come sorted, so most values are those of the row before and need no looking up.
struct RowReading {
    /// The attributes of a cell, ascending by index; what `coordinates` are of.
    let indices: [Int]
    /// Where the value of each is: a column of the key, or what it is decided by.
    private let places: [Place]
    private var last: [[UInt8]]
    private var known: [Bool]
    private(set) var coordinates: [Int32]

    private enum Place {
        case column(Int)
        /// The month of the day in a column.
        case month(Int)
        case coarser(of: Int, ValueHierarchy)
        case part(Part, [Text])
        /// The column is about one part: the other is not in the table.
        case inside
    }

    /// Where the text of an input is.
    private enum Text {
        case column(Int)
        case coarser(of: Int, ValueHierarchy)

        init?(_ input: Int, _ columns: [Attribute: Int], _ space: AttributeSpace) {
            if let column = columns[.text(input)] {
                self = .column(column)
                return
            }
            guard let hierarchy = space.hierarchy(to: input),
                let column = columns[.text(hierarchy.finer)]
            else { return nil }
            self = .coarser(of: column, hierarchy)
        }

        func read(_ key: [[UInt8]]) -> [UInt8] {
            switch self {
            case .column(let column): key[column]
            case .coarser(let column, let hierarchy): hierarchy.coarserOf[key[column]] ?? []
            }
        }
    }

    /// The reading of a table with the attributes `columns` in its key, by attribute, closed to
    /// `closed`; its figures are about `part`.
    init(
        _ columns: [Attribute: Int], closed: AttributeSet, part: Part?, in space: AttributeSpace
    ) {
        indices = space.attributes.indices.filter { closed.contains($0) }
        places = indices.map { index in
            let attribute = space.attributes[index]
            if let column = columns[attribute] { return .column(column) }
            switch attribute {
            case .month: return .month(columns[.day] ?? 0)
            case .part(let other):
                let texts = (other.inputs ?? []).compactMap { Text($0, columns, space) }
                let isDecided = other.inputs.map { $0.count == texts.count } ?? false
                return isDecided ? .part(other, texts) : .inside
            case .text(let coarser):
                guard let hierarchy = space.hierarchy(to: coarser) else { return .inside }
                return .coarser(of: columns[.text(hierarchy.finer)] ?? 0, hierarchy)
            case .day, .hour: return .inside
            }
        }
        last = [[UInt8]](repeating: [], count: places.count)
        known = [Bool](repeating: false, count: places.count)
        coordinates = [Int32](repeating: 0, count: places.count)
    }

    /// Reads the key of a row.
    mutating func read(_ key: [[UInt8]], _ space: inout AttributeSpace) {
        for at in places.indices {
            switch places[at] {
            case .column(let column): take(key[column], at, &space)
            case .month(let column): take(Array(key[column].prefix(7)), at, &space)
            case .coarser(let column, let hierarchy):
                take(hierarchy.coarserOf[key[column]] ?? [], at, &space)
            case .part(let part, let texts):
                let isInside = Self.belongs(part, texts.map { $0.read(key) })
                coordinates[at] = Int32(isInside ? AttributeSpace.inside : AttributeSpace.outside)
            case .inside: coordinates[at] = Int32(AttributeSpace.inside)
            }
        }
    }

    private mutating func take(_ text: [UInt8], _ at: Int, _ space: inout AttributeSpace) {
        if known[at], last[at] == text { return }
        known[at] = true
        last[at] = text
        coordinates[at] = Int32(truncatingIfNeeded: space.number(of: text, indices[at]))
    }

    /// True when a record with these texts, in the order of the part's inputs, belongs to it.
    private static func belongs(_ part: Part, _ texts: [[UInt8]]) -> Bool {
        guard case .texts(let parts) = part else { return false }
        return zip(parts, texts).allSatisfy { $0.texts.contains($1) }
    }

    /// True when the part of the table's column leaves nothing of the row that was read: its figure
    /// is zero whatever was recorded.
    func isOutside(_ part: Part?, _ space: AttributeSpace) -> Bool {
        guard let part else { return false }
        guard let at = indices.firstIndex(where: { space.attributes[$0] == .part(part) }) else {
            return false
        }
        return coordinates[at] == Int32(AttributeSpace.outside)
    }
}
