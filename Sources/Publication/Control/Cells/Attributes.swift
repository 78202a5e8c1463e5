import Statistics

/// One thing by which figures are broken down.
enum Attribute: Hashable {
    case month, day, hour
    case text(Int)
    /// Whether a record belongs to a part: two values.
    case part(Part)
}

/// A set of attributes of one family, by index.
struct AttributeSet: OptionSet, Hashable {
    let rawValue: UInt64

    /// True for an attribute of the set.
    func contains(_ index: Int) -> Bool { (rawValue &>> UInt64(index)) & 1 == 1 }
}

/// The attributes of a family of tables, their values as numbers, and where each lies in a key.
struct AttributeSpace {
    private(set) var attributes: [Attribute] = []
    private var numbers: [[[UInt8]: Int]] = []
    private var widths: [Int] = []
    private var shifts: [Int] = []
    private let hierarchies: [ValueHierarchy]

    /// The values of `Attribute.part`.
    static let outside = 0
    static let inside = 1
    /// The most attributes: bits of an `AttributeSet`.
    static let attributesMax = 64

    init(_ hierarchies: [ValueHierarchy]) { self.hierarchies = hierarchies }

    /// The index of an attribute, new or known.
    mutating func index(of attribute: Attribute) -> Int {
        if let known = attributes.firstIndex(of: attribute) { return known }
        attributes.append(attribute)
        numbers.append([:])
        return attributes.count - 1
    }

    func set(of attribute: Attribute) -> AttributeSet {
        guard let index = attributes.firstIndex(of: attribute) else { return [] }
        return AttributeSet(rawValue: 1 << UInt64(index))
    }

    /// Adds the attributes that every value of what is there decides.
    mutating func addDecided() {
        if attributes.contains(.day) { _ = index(of: .month) }
        for hierarchy in hierarchies where attributes.contains(.text(hierarchy.finer)) {
            _ = index(of: .text(hierarchy.coarser))
        }
    }

    /// `set` with everything that it decides: a day its month, a version its family, texts whether
    /// a record belongs to a part.
    func closure(_ set: AttributeSet) -> AttributeSet {
        var closed = set
        while true {
            let before = closed
            if closed.contains(self.set(of: .day)), attributes.contains(.day) {
                closed.formUnion(self.set(of: .month))
            }
            for hierarchy in hierarchies where has(.text(hierarchy.finer), closed) {
                closed.formUnion(self.set(of: .text(hierarchy.coarser)))
            }
            for attribute in attributes {
                guard case .part(let part) = attribute, let inputs = part.inputs else { continue }
                if inputs.allSatisfy({ has(.text($0), closed) }) {
                    closed.formUnion(self.set(of: attribute))
                }
            }
            if closed == before { return closed }
        }
    }

    /// The parts that lie in another.
    func nestedParts() -> [(inner: Attribute, outer: Attribute)] {
        let parts = attributes.compactMap { attribute -> Part? in
            if case .part(let part) = attribute { part } else { nil }
        }
        return parts.flatMap { inner in
            parts.filter { inner != $0 && inner.lies(in: $0) }
                .map { (.part(inner), .part($0)) }
        }
    }

    private func has(_ attribute: Attribute, _ set: AttributeSet) -> Bool {
        guard let index = attributes.firstIndex(of: attribute) else { return false }
        return set.contains(index)
    }

    /// The number of a value of attribute `index`, new or known.
    mutating func number(of text: [UInt8], _ index: Int) -> Int {
        let next = numbers[index].count
        if let known = numbers[index][text] { return known }
        numbers[index][text] = next
        return next
    }

    /// The hierarchy in which a text input is the coarser one.
    func hierarchy(to coarser: Int) -> ValueHierarchy? {
        hierarchies.first { $0.coarser == coarser }
    }

    /// Gives each attribute its bits in a key; false when all together need more than a key has.
    mutating func layOut() -> Bool {
        widths = attributes.indices.map { index in
            if case .part = attributes[index] { return 1 }
            return Int.bitWidth - max(numbers[index].count - 1, 1).leadingZeroBitCount
        }
        shifts = []
        var shift = 0
        for width in widths {
            shifts.append(shift)
            shift += width
        }
        return shift <= UInt128.bitWidth
    }

    /// The key of the coordinates of the attributes in `indices`.
    func key(_ coordinates: ArraySlice<Int32>, of indices: [Int]) -> UInt128 {
        var key: UInt128 = 0
        for (coordinate, index) in zip(coordinates, indices) {
            key |= UInt128(UInt32(bitPattern: coordinate)) &<< UInt128(shifts[index])
        }
        return key
    }

    /// The bits of a set of attributes in a key.
    func mask(_ set: AttributeSet) -> UInt128 {
        var mask: UInt128 = 0
        for index in attributes.indices where set.contains(index) {
            mask |= ((1 << UInt128(widths[index])) - 1) << UInt128(shifts[index])
        }
        return mask
    }

    /// The bit of a part in a key.
    func bit(of part: Part) -> UInt128 { mask(set(of: .part(part))) }
}
