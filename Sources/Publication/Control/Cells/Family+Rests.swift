/// What a count has beyond several parts of it that do not overlap: nobody shows it, everybody can
/// subtract. Of one part alone such rests are cells of their own.
extension Family {
    /// The counts that are told with parts of which so little is left that fewer than `least` are
    /// in it. Where they are withheld, and cannot be told to within `least`, the rest cannot be.
    func cellsWithSmallRest(least: Int128) -> [Int] {
        guard case .records = measurand else { return [] }
        return tables.flatMap { table -> [Int] in
            parts(in: table.set).flatMap { outer -> [Int] in
                let rest = outer.map { table.set.subtracting(space.set(of: .part($0))) }
                    ?? table.set
                guard space.closure(rest) == rest else { return [] }
                let inner = innerParts(of: outer, rest)
                return inner.count < 2 ? [] : table.cells.filter { cell in
                    isOf(cell, outer) && hasSmallRest(cell, space.mask(rest), inner, least)
                }
            }
        }
    }

    /// The parts that a set is about, one of which is left out; nil for everything.
    private func parts(in set: AttributeSet) -> [Part?] {
        let own = space.attributes.compactMap { attribute -> Part? in
            guard case .part(let part) = attribute, case .texts = part,
                !space.set(of: attribute).isDisjoint(with: set)
            else { return nil }
            return part
        }
        return [nil] + own
    }

    private func innerParts(of outer: Part?, _ rest: AttributeSet) -> [(part: Part, table: Int)] {
        space.attributes.compactMap { attribute in
            guard case .part(let part) = attribute, case .texts = part, part != outer,
                outer.map(part.lies) ?? true,
                space.set(of: attribute).isDisjoint(with: rest),
                let table = tables.firstIndex(where: {
                    $0.set == rest.union(space.set(of: attribute))
                })
            else { return nil }
            return (part, table)
        }
    }

    private func isOf(_ cell: Int, _ part: Part?) -> Bool {
        states[cell] == .shown && (part.map { keys[cell] & space.bit(of: $0) != 0 } ?? true)
    }

    private func hasSmallRest(
        _ cell: Int, _ mask: UInt128, _ inner: [(part: Part, table: Int)], _ least: Int128
    ) -> Bool {
        let shown = inner.compactMap { part, table -> (part: Part, value: Int128)? in
            let key = keys[cell] & mask | space.bit(of: part)
            guard let at = tables[table].index[key], states[at] == .shown, values[at] > 0 else {
                return nil
            }
            return (part, values[at])
        }
        // With any other part less is left, and without one of them too much to be small.
        var steps = Self.stepsMax
        func leaves(_ left: Int128, _ from: Int, _ taken: [Part]) -> Bool {
            steps -= 1
            if steps < 0 { return true }
            if taken.count > 1, left > 0, left < least { return true }
            return shown.indices.dropFirst(from).contains { at in
                shown[at].value <= left && taken.allSatisfy { $0.isApart(from: shown[at].part) }
                    && leaves(left - shown[at].value, at + 1, taken + [shown[at].part])
            }
        }
        return leaves(values[cell], 0, [])
    }

    /// What is not known after so many combinations counts as small.
    private static let stepsMax = 10_000
}

/// What a distinct count has beyond one that is part of it: everybody can subtract, and it is just
/// as many as are in the whole and not in the part.
extension Family {
    /// The distinct counts that are told beside one that has a few more and has all of theirs in
    /// it, as parts of it or as rows that it is the total of: fewer than a figure needs persons, or
    /// customers where those are counted. Of other things nobody knows how many persons are behind
    /// each, so that they need as many as persons.
    func cellsNearTheirWhole(_ rules: ControlRules, ofCustomers: Bool) -> [Int] {
        guard case .distinct = measurand else { return [] }
        let least = Int128(ofCustomers ? max(1, rules.customers ?? 0) : rules.persons) * Self.one
        var found: Set<Int> = []
        for part in tables.indices {
            for (whole, bits) in wholes(of: part) {
                for cell in tables[part].cells where states[cell] == .shown {
                    let key = keys[cell] & tables[whole].mask | bits
                    guard let all = tables[whole].index[key], states[all] == .shown else {
                        continue
                    }
                    let rest = values[all] - values[cell]
                    if rest > 0, rest < least { found.insert(cell) }
                }
            }
        }
        return found.sorted()
    }

    /// The tables whose cells have all that is in those of `part`, and what is in the keys of such
    /// a cell besides: the part that the other lies in.
    private func wholes(of part: Int) -> [(table: Int, bits: UInt128)] {
        let own = tables[part].set
        let wider = tables.indices.filter { own.isStrictSuperset(of: tables[$0].set) }
        let outer = space.nestedParts().compactMap { inner, outer -> (table: Int, bits: UInt128)? in
            let (innerSet, outerSet) = (space.set(of: inner), space.set(of: outer))
            guard innerSet.isSubset(of: own), outerSet.isDisjoint(with: own),
                case .part(let whole) = outer
            else { return nil }
            let set = own.subtracting(innerSet).union(outerSet)
            return tables.firstIndex { $0.set == set }.map { ($0, space.bit(of: whole)) }
        }
        return wider.map { ($0, 0) } + outer
    }
}
