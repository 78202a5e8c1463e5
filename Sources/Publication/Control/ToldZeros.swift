import Statistics

/// Finds the zeros that tell withheld ones of another sort: where there was no record, there was
/// nobody, and nothing to add up.
///
/// Zeros of one sort are held against each other as all of its figures are.
struct ToldZeros {
    private let publication: MeasuredPublication
    private let shown: [Breakdown]

    /// No part is taken apart into more texts of its inputs than this.
    private static let piecesMax = 256

    init(_ publication: MeasuredPublication) {
        self.publication = publication
        shown = Breakdown.all(publication.statistics)
            .filter { !publication.unseen.contains($0.table) && !$0.isMean && $0.part != .single }
    }

    /// The zeros that are told in `cells` and must not be.
    func places(in cells: [[[ControlledCell]]]) -> [CellPlace] {
        let telling = shown.indices.filter { at in
            shown[at].measurand.zeroSaysThatNobodyIsThere
                && publication.places(of: shown[at]).contains { cells[$0] == .zero }
        }
        if telling.isEmpty { return [] }
        var sums: [SumsName: ZeroSums] = [:]
        return shown.flatMap { own -> [CellPlace] in
            let withheld = publication.places(of: own).filter { isWithheldZero($0, own, cells) }
            if withheld.isEmpty { return [] }
            let others = telling.filter { shown[$0].measurand != own.measurand }
                .map { (column: shown[$0], sums: zeroSums($0, own, cells, &sums)) }
            let pieces = Self.pieces(of: own.part)
            return withheld.flatMap { zeros(telling: $0, own, others, pieces) }
        }
    }

    /// A zero is told when others are of all pieces of it; those of one piece are returned.
    private func zeros(
        telling place: CellPlace, _ own: Breakdown,
        _ others: [(column: Breakdown, sums: ZeroSums)], _ pieces: [[Int: [UInt8]]]
    ) -> [CellPlace] {
        let key = publication.tables[Int(place.table)].rows[Int(place.row)].key
        var fewest: [CellPlace] = []
        for piece in pieces {
            func text(_ attribute: Attribute) -> [UInt8]? {
                own.text(attribute, key) ?? attribute.input.flatMap { piece[$0] }
            }
            let found = others.compactMap { other, sums -> CellPlace? in
                if let part = other.part, !part.has({ text(.text($0)) }) { return nil }
                return sums.zero(text)
            }
            if found.isEmpty { return [] }
            if fewest.isEmpty || found.count < fewest.count { fewest = found }
        }
        return fewest
    }

    /// What a column has in common with others.
    private struct SumsName: Hashable {
        let column: Int
        let shared: [Attribute]
    }

    private func zeroSums(
        _ column: Int, _ own: Breakdown, _ cells: [[[ControlledCell]]],
        _ sums: inout [SumsName: ZeroSums]
    ) -> ZeroSums {
        let inputs = Set(own.part?.inputs ?? [])
        let other = shown[column]
        let shared = ([.month] + other.columns.keys.filter { $0 != .month }).filter { attribute in
            other.reads(attribute)
                && (own.reads(attribute) || attribute.input.map(inputs.contains) ?? false)
        }
        let name = SumsName(column: column, shared: shared)
        if let known = sums[name] { return known }
        let made = ZeroSums(other, shared, publication.places(of: other), publication, cells)
        sums[name] = made
        return made
    }

    private func isWithheldZero(
        _ place: CellPlace, _ own: Breakdown, _ cells: [[[ControlledCell]]]
    ) -> Bool {
        guard case .suppressed = cells[place] else { return false }
        let row = publication.tables[Int(place.table)].rows[Int(place.row)]
        let cell = row.cells[Int(place.column)]
        // Where there is no number to add up, the sum is none.
        let isZero = cell.value.map(\.isZero) ?? true
        if !isZero || cell.backing?.persons != 0 { return false }
        guard case .texts(let all)? = own.part else { return true }
        // Nobody has to be told that nothing of another value is in a part.
        return all.allSatisfy { condition in
            own.text(.text(condition.input), row.key).map(condition.texts.contains) ?? true
        }
    }

    /// A part, one text of each input at a time.
    private static func pieces(of part: Part?) -> [[Int: [UInt8]]] {
        guard case .texts(let all)? = part else { return [[:]] }
        let count = all.reduce(1) { min($0 * $1.texts.count, piecesMax + 1) }
        if count > piecesMax { return [] }
        return all.reduce([[:]]) { pieces, condition in
            pieces.flatMap { piece in
                condition.texts.map { piece.merging([condition.input: $0]) { $1 } }
            }
        }
    }
}

/// The figures of a column by what it has in common with another, as far as all are zeros that are
/// told.
private struct ZeroSums {
    private let shared: [Attribute]
    /// One of the zeros; nil where a figure is none.
    private var zeros: [[[UInt8]]: CellPlace?] = [:]

    init(
        _ column: Breakdown, _ shared: [Attribute], _ places: [CellPlace],
        _ publication: MeasuredPublication, _ cells: [[[ControlledCell]]]
    ) {
        self.shared = shared
        for place in places {
            let key = publication.tables[Int(place.table)].rows[Int(place.row)].key
            let name = shared.map { column.text($0, key) ?? [] }
            if cells[place] != .zero {
                zeros[name] = .some(nil)
            } else if zeros[name] == nil {
                zeros[name] = .some(place)
            }
        }
    }

    /// A zero that tells, with others beside it, that nobody has what `text` says; nil when none
    /// does.
    func zero(_ text: (Attribute) -> [UInt8]?) -> CellPlace? {
        zeros[shared.map { text($0) ?? [] }] ?? nil
    }
}

extension Attribute {
    /// The input whose texts are its values.
    fileprivate var input: Int? {
        if case .text(let input) = self { input } else { nil }
    }
}

extension Measurand {
    fileprivate var zeroSaysThatNobodyIsThere: Bool {
        switch self {
        case .records, .distinct: true
        case .numbers, .sessions, .sessionTime: false
        }
    }
}

extension Breakdown {
    fileprivate func reads(_ attribute: Attribute) -> Bool {
        columns[attribute] != nil || attribute == .month && columns[.day] != nil
    }

    /// The value of an attribute in the row with this key; nil where the table does not say it.
    fileprivate func text(_ attribute: Attribute, _ key: [[UInt8]]) -> [UInt8]? {
        if let column = columns[attribute] { return key[column] }
        guard attribute == .month, let day = columns[.day] else { return nil }
        return Array(key[day].prefix(7))
    }
}
