import Statistics

/// Conditions that leave nothing out: all records of what is left of a part without them are in the
/// part. Counts of records say so, also about figures that do not add up; with and without such a
/// condition, a figure is the same. Tables of other groups, of which opt-outs leave out others, say
/// nothing of each other.
struct IdleConditions {
    private let counts: [Breakdown]
    private let tables: [MeasuredTable]
    /// How many records there are in each part that a count is about.
    private var totals: [Name: Int128] = [:]
    /// Those that leave nothing out of all records.
    private var idle: [Int: Set<Part.TextPart>] = [:]

    private let groups: [Int]

    private struct Name: Hashable {
        let group: Int
        let conditions: [Part.TextPart]
    }

    /// `groups` has one number for each table.
    init(_ breakdowns: [Breakdown], _ tables: [MeasuredTable], _ groups: [Int]) {
        self.tables = tables
        self.groups = groups
        counts = breakdowns.filter { $0.measurand == .records && $0.conditions != nil }
        for count in counts {
            let name = Name(group: groups[count.table], conditions: count.conditions ?? [])
            if totals[name] == nil { totals[name] = total(of: count, where: []) }
        }
        for (name, total) in totals where total > 0 {
            if totals[Name(group: name.group, conditions: [])] == total {
                idle[name.group, default: []].formUnion(name.conditions)
            }
        }
    }

    /// What is left of a part without them, in tables of a group.
    func dropped(from part: Part?, group: Int) -> Part? {
        guard case .texts(let all)? = part else { return part }
        let own = idle[group] ?? []
        var left = all.filter { !own.contains($0) }
        for condition in left where left.count > 1 {
            let rest = left.filter { $0 != condition }
            guard let inside = records(left, group), inside > 0,
                records(rest, group) == inside
            else { continue }
            left = rest
        }
        return left.isEmpty ? nil : .texts(left)
    }

    /// How many records meet the conditions, where a count or several of a table tell.
    private func records(_ conditions: [Part.TextPart], _ group: Int) -> Int128? {
        if let known = totals[Name(group: group, conditions: conditions)] { return known }
        for count in counts where groups[count.table] == group {
            let own = count.conditions ?? []
            let others = conditions.filter { !own.contains($0) }
            guard own.count + others.count == conditions.count,
                others.allSatisfy({ count.columns[.text($0.input)] != nil })
            else { continue }
            return total(of: count, where: others)
        }
        return nil
    }

    private func total(of count: Breakdown, where conditions: [Part.TextPart]) -> Int128 {
        let part = Part.texts(conditions)
        return tables[count.table].rows.reduce(0) { sum, row in
            guard count.has(row.key),
                part.has({ input in count.columns[.text(input)].map { row.key[$0] } })
            else { return sum }
            return sum + (row.cells[count.column].backing?.total ?? 0)
        }
    }
}

extension Breakdown {
    /// What its records must meet; nil where that is not a matter of texts.
    fileprivate var conditions: [Part.TextPart]? {
        switch part {
        case nil: []
        case .texts(let all)?: all
        case .single?: nil
        }
    }
}
