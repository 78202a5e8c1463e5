internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Tells of which stored files nobody knows with which columns, or rules of these, their records
/// were written, so that it does not say whose these are that the file names a person's column, or
/// that the output has one.
///
/// A header names the columns of a file that was written once. What was written again has those of
/// that day, whatever it had before; and without a header nothing says which they were: rules have
/// them as a digest.
struct WrittenColumns {
    private let plan: Plan
    private let books: [Digest256: RuleBook]
    /// By the numbers of current parts.
    private let rules: [Int64: Set<Digest256?>]

    init(_ ledger: Ledger, _ plan: Plan) throws(PipelineFailure) {
        self.plan = plan
        do {
            books = try ledger.fieldRules().compactMapValues { RuleBook(text: $0) }
            rules = try ledger.rulesOfCurrentParts(pipeline: plan.name)
        } catch { throw StateRegistry.failure(error) }
    }

    /// True where they are not those of the header of `part`, of output `index`, or, where it has
    /// none, those that the output has now; and in doubt.
    func areUnknown(of part: PartRecord, output index: Int, hasHeader: Bool) -> Bool {
        let all = rules[part.id] ?? [part.rules]
        if hasHeader, all.count == 1 { return false }
        let output = plan.outputs[index]
        var written: Set<Digest256?> = []
        for rules in all {
            if let rules, output.hasRules(rules) {
                written.insert(output.rules?.columns)
            } else if let book = rules.flatMap({ books[$0] }) {
                written.insert(book.columns)
            } else {
                return true
            }
        }
        return hasHeader ? written.count > 1 : written != [output.rules?.columns]
    }

    /// True where what stands for somebody in the field of `slot` is found in `part`, of output
    /// `index`: all rules by which its records were ever dealt with had there the rule of now, or
    /// left the field as it was.
    func tells(_ slot: Int, of part: PartRecord, output index: Int) -> Bool {
        let output = plan.outputs[index]
        let found =
            [output.ruleDigests[slot]]
            + RuleBook.keptDigests(of: plan.release.fields.names[slot])
        return (rules[part.id] ?? [part.rules]).allSatisfy { rules in
            guard let rules else { return false }
            if output.hasRules(rules) { return true }
            return found.contains { books[rules]?.fields[$0] != nil }
        }
    }
}
