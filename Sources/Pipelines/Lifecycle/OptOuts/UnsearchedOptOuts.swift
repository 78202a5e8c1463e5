internal import Anonymization
internal import KeyedHashing
internal import Ledger

/// Tells which opt-outs stay open because stored files were written under other rules than those
/// by which what stands for their subjects was made.
struct UnsearchedOptOuts {
    private struct Key: Hashable {
        let kind: SubjectKind
        let isLimited: Bool
        let rules: Set<SubjectToken>
    }

    private let search: PartSearch
    private let plan: Plan
    /// The rules of now by kind.
    private var own: [SubjectKind: Set<SubjectToken>] = [:]
    /// A list names thousands, who are all looked for by the same rules.
    private var known: [Key: Set<Int>] = [:]
    /// All parts that cannot be searched for one of those that were asked for, by their places.
    private(set) var places: Set<Int> = []

    init(_ plan: Plan, _ registry: StateRegistry) throws(PipelineFailure) {
        self.plan = plan
        search = try PartSearch(plan, registry)
        for kind in SubjectKind.allCases { own[kind] = SearchedRules(kind, plan).tokens }
    }

    /// In how many parts somebody cannot be looked for by `tokens`.
    mutating func count(
        _ kind: SubjectKind, isLimited: Bool, by tokens: Set<SubjectToken>
    ) -> Int {
        let rules = tokens.filter { $0.place == .rule }
        let key = Key(kind: kind, isLimited: isLimited, rules: rules)
        let found = known[key] ?? search.unsearchable(kind, isLimited: isLimited, by: rules, plan)
        known[key] = found
        places.formUnion(found)
        return found.count
    }

    /// In how many parts somebody cannot be looked for whose value is at hand, by what stands for
    /// it now and by what was `kept` of earlier.
    mutating func count(_ one: OptOutRemoval.Sought) -> Int {
        guard plan.bars(one.effect) else { return 0 }
        let isLimited = one.subject.within != nil
        let kind = one.subject.kind.subjectKind
        var rules = one.kept.union(own[kind] ?? [])
        if isLimited { rules.formUnion(own[.customer] ?? []) }
        return count(kind, isLimited: isLimited, by: rules)
    }
}

extension Plan {
    /// True when an output may not show something of somebody for whom `effect` is in force.
    func bars(_ effect: OptOutEffect) -> Bool {
        release.outputs.contains { !effect.categories(barredFor: $0.purpose).isEmpty }
    }
}
