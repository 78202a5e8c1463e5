internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// The rules of the fields that name subjects of a kind under which a search finds them: those of
/// the outputs as they are, and those that leave the value as it is, or nothing of it.
struct SearchedRules {
    /// The digests by the names of the fields.
    private var digests: [String: Set<Digest256>] = [:]

    init(_ kind: SubjectKind, _ plan: Plan) {
        for slot in plan.release.slots(of: kind) {
            let name = plan.release.fields.names[slot]
            var own = Set(RuleBook.plainDigests(of: name))
            let all = plan.outputs.map(\.ruleDigests) + [plan.store?.ruleDigests ?? []]
            for digests in all where slot < digests.count { own.insert(digests[slot]) }
            digests[name, default: []].formUnion(own)
        }
    }

    /// What an erasure keeps of them, beside the tokens that were made under them.
    var tokens: Set<SubjectToken> {
        Set(
            digests.flatMap { name, digests in
                digests.map { SubjectToken(.rule, "\($0.hex) \(name)") }
            })
    }
}

/// Tells which parts can be searched for a subject.
///
/// Where its value does not stand itself, it is found by what a rule makes of it. Once the rule of
/// a field that names it is another one, what the old one made of it is not known any more, and
/// what the new one makes of that in turn is not either.
struct PartSearch {
    /// For each part the rules by which its records were ever dealt with; nil in it: some that
    /// nobody knows.
    private let books: [[RuleBook?]]
    /// Other rules than those of now that lines of the pipeline's store were ever dealt with by.
    private let storeBooks: [RuleBook]
    /// A store that the pipeline had, and does not any more, with files in it.
    private let lostStore: String?

    init(
        _ parts: [PartRecord], _ plan: Plan, _ registry: StateRegistry
    ) throws(PipelineFailure) {
        let known = try registry.ruleBooks()
        let lines: [PartLineage: Set<Digest256?>]
        do { lines = try registry.ledger.rulesOfParts(pipeline: plan.name) } catch {
            throw StateRegistry.failure(error)
        }
        let own = plan.store?.fieldRules?.fields ?? [:]
        storeBooks =
            plan.store == nil
            ? []
            : known.values.filter { book in
                book.format == nil && book.keepsUnnamed == nil
                    && !book.fields.keys.allSatisfy { own[$0] != nil }
            }
        do {
            lostStore = try registry.ledger.storesWithFiles().first { name in
                plan.store.map { !$0.name.utf8.elementsEqual(name.utf8) } ?? true
            }
        } catch { throw StateRegistry.failure(error) }
        books = parts.map { part in
            let line = PartLineage(output: part.output, sourceRange: part.sourceRange)
            return (lines[line] ?? [nil]).map { $0.flatMap { known[$0] } }
        }
    }

    /// The same of all parts of the pipeline.
    init(_ plan: Plan, _ registry: StateRegistry) throws(PipelineFailure) {
        let parts: [PartRecord]
        do { parts = try registry.ledger.currentParts(pipeline: plan.name) } catch {
            throw StateRegistry.failure(error)
        }
        try self.init(parts, plan, registry)
    }

    /// The parts in which some of `fields` had another rule than those of `tokens`, by their
    /// places.
    private func unsearchable(_ fields: [String], _ tokens: Set<SubjectToken>) -> Set<Int> {
        let rules = Self.rules(of: fields, tokens)
        let made = zip(fields, rules).map { field, rules in
            rules.subtracting(RuleBook.plainDigests(of: field))
        }
        return Set(
            books.indices.filter { place in
                !books[place].allSatisfy { book in
                    book.map { Self.searches($0, by: rules) } ?? false
                } || made.contains { Self.hasSeveral($0, in: books[place]) }
            })
    }

    /// True when a field had more than one of `rules`: what one made of what another had made is
    /// told by neither.
    private static func hasSeveral(_ rules: Set<Digest256>, in books: [RuleBook?]) -> Bool {
        rules.count { rule in books.contains { $0?.fields[rule] != nil } } > 1
    }

    /// The parts in which somebody cannot be looked for by `tokens`, by their places.
    func unsearchable(
        _ kind: SubjectKind, isLimited: Bool, by tokens: Set<SubjectToken>, _ plan: Plan
    ) -> Set<Int> {
        unsearchable(Self.fields(kind, isLimited: isLimited, plan), tokens)
    }

    /// True when `book` had one of the `rules` of each field.
    private static func searches(_ book: RuleBook, by rules: [Set<Digest256>]) -> Bool {
        rules.allSatisfy { rules in rules.contains { book.fields[$0] != nil } }
    }

    private static func rules(
        of fields: [String], _ tokens: Set<SubjectToken>
    ) -> [Set<Digest256>] {
        fields.map { field in
            Set(
                tokens.lazy.filter { $0.place == .rule }.compactMap { token -> Digest256? in
                    let words = token.text.split(separator: " ", maxSplits: 1)
                    guard words.count == 2, String(words[1]).utf8.elementsEqual(field.utf8) else {
                        return nil
                    }
                    return Digest256(hex: String(words[0]))
                })
        }
    }

    private static func fields(
        _ kind: SubjectKind, isLimited: Bool, _ plan: Plan
    ) -> [String] {
        let slots =
            plan.release.slots(of: kind) + (isLimited ? plan.release.slots(of: .customer) : [])
        return slots.map { plan.release.fields.names[$0] }
    }

    /// In how many parts the subject of an erasure cannot be looked for by its tokens.
    func unsearchable(for erasure: SubjectWork.Erasure, _ plan: Plan) -> Int {
        unsearchable(
            Self.fields(erasure.kind, isLimited: erasure.within != nil, plan),
            erasure.tokens.all
        ).count
    }

    /// In how many parts somebody cannot be looked for by what stands for a value now.
    func unsearchable(for subject: SoughtSubject, _ plan: Plan) -> Int {
        let kind = subject.kind.subjectKind
        var tokens = SearchedRules(kind, plan).tokens
        if subject.within != nil { tokens.formUnion(SearchedRules(.customer, plan).tokens) }
        return unsearchable(
            Self.fields(kind, isLimited: subject.within != nil, plan), tokens
        ).count
    }

    /// What keeps an erasure open because lines of a store may be the subject's, and nobody has
    /// looked there; nil when nothing does.
    func storeLimit(_ erasure: SubjectWork.Erasure, _ plan: Plan) -> String? {
        let isLimited = erasure.within != nil
        if let searched = erasure.storeSearched,
            searched == storeLimits(erasure.kind, isLimited: isLimited, plan)
        {
            return nil
        }
        if !hidingBooks(erasure.kind, isLimited: isLimited, plan).isEmpty {
            return UnsearchedWords.store
        }
        return lostStore.map(UnsearchedWords.lostStore)
    }

    /// The digest of all that keeps the store from being searched for a subject, and of the rules
    /// that it is searched by. Whoever has looked through the store has looked for that: what other
    /// rules made of the subject since then is not covered.
    func storeLimits(_ kind: SubjectKind, isLimited: Bool, _ plan: Plan) -> Digest256 {
        let rules = storeRules(kind, isLimited: isLimited, plan).map { rules in
            rules.map(\.hex).sorted().joined(separator: " ")
        }
        let books = hidingBooks(kind, isLimited: isLimited, plan).map(\.text).sorted()
        let text = ([lostStore ?? ""] + rules + books).joined(separator: "\n")
        return Digest256.of(Array(text.utf8).span)
    }

    /// The rules under which lines of the store may hold what another rule made of the subject's
    /// value, or what the present one made of that. Which lines these were is not known for good,
    /// so nobody can tell when there are none any more.
    private func hidingBooks(_ kind: SubjectKind, isLimited: Bool, _ plan: Plan) -> [RuleBook] {
        let rules = storeRules(kind, isLimited: isLimited, plan)
        return storeBooks.filter { book in
            rules.contains { !Self.searches(book, by: [$0]) }
        }
    }

    /// For each field that names a subject the rules whose results are found in the store.
    private func storeRules(
        _ kind: SubjectKind, isLimited: Bool, _ plan: Plan
    ) -> [Set<Digest256>] {
        guard let store = plan.store else { return [] }
        let slots =
            plan.release.slots(of: kind) + (isLimited ? plan.release.slots(of: .customer) : [])
        return slots.map { slot in
            var rules = Set(RuleBook.plainDigests(of: plan.release.fields.names[slot]))
            if slot < store.ruleDigests.count { rules.insert(store.ruleDigests[slot]) }
            return rules
        }
    }
}
