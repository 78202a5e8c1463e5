internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// What statistics of earlier forms of the pipeline counted, and what may be published once the
/// file is as it was: where its rows keep what is not known any more, so no row can be taken out.
/// Whether somebody sought is in a partial is told by its tokens; then it goes as a whole.
extension SubjectRewriting {
    func giveUpIfReached(_ path: String, _ rows: [PartialRecord]) throws(PipelineFailure) {
        let entries = work.erasures.map { erasure in
            erasure.tokens.removal(erasure.kind, isLimited: erasure.within != nil)
        }
        let optedOut = work.removal?.countedBefore ?? []
        let sought = (entries.compactMap(\.self) + optedOut).reduce(into: Set<Token>()) {
            $0.formUnion($1.sought)
        }
        let found: Set<Token>?
        do { found = try Partials.tokens(among: sought, in: try StoredFile(path)) } catch {
            throw .storage("cannot read the aggregates of earlier runs")
        }
        // Without tokens it tells of nobody.
        guard let found else { return }
        // Where it is not known which fields were counted, nobody can be ruled out.
        let isKnown = rows.allSatisfy { row in
            plan.countedFields.contains {
                $0.statisticSet.utf8.elementsEqual(row.statisticSet.utf8)
            }
        }
        var isReached = optedOut.contains { $0.mayReach(found) || !isKnown }
        for (index, entry) in entries.enumerated() {
            guard entry?.mayReach(found) ?? false || !isKnown else { continue }
            if work.erasures[index].doubts.isEmpty {
                isReached = true
            } else {
                // Rows of somebody whom a hold may bind.
                hold(oneOf: index)
            }
        }
        if isReached { giveUp(path, rows) }
    }

    /// What is said of partials that go.
    var givenUpWords: String {
        let months = Set(givenUp.map(\.month)).sorted().map(\.text).joined(separator: ", ")
        return "What was counted of \(months) before the statistics of the pipeline were changed "
            + "held rows that had to go and could not be taken out one by one: "
            + "\(counted(Set(givenUp.map(\.path)).count, "aggregate")) "
            + "\(isDryRun ? "would be" : "are") given up as a whole, and nothing more "
            + "is published of a month of which that is so."
    }
}
