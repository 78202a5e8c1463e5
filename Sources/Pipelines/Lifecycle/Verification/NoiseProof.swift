internal import Ledger
internal import Publication
internal import Records

/// Proves that every noisy table was drawn once, and is paid for with what it costs.
struct NoiseProof {
    /// What tells drawings apart.
    private struct Drawing: Hashable {
        let dataSet: String
        let period: String
        let statistic: String
    }

    private let owner: Verification
    private let ledger: Ledger
    private var shown: [Drawing: PublishedTable] = [:]

    init(_ owner: Verification, _ ledger: Ledger) {
        self.owner = owner
        self.ledger = ledger
    }

    /// Takes in what was published.
    mutating func add(_ publication: Publication) {
        for table in publication.tables where table.noise != nil {
            let drawing = Drawing(
                dataSet: publication.pipeline, period: publication.period,
                statistic: table.table.name)
            if let known = shown.updateValue(table, forKey: drawing), known != table {
                contradict(
                    "a noisy table of \(publication.period) was published with other figures")
            }
        }
    }

    func run() {
        if shown.isEmpty { return }
        do {
            for dataSet in Set(shown.keys.map(\.dataSet)) { try check(dataSet) }
        } catch {
            contradict("what noise has cost cannot be read")
        }
        owner.count("noisy tables drawn once and paid for", shown.count)
    }

    private func check(_ dataSet: String) throws(LedgerFault) {
        let booked = try ledger.budgetSpendings(dataSet: dataSet)
        let own = shown.filter { $0.key.dataSet.utf8.elementsEqual(dataSet.utf8) }
        for (drawing, table) in own {
            let spending = booked.first {
                $0.statistic.utf8.elementsEqual(drawing.statistic.utf8)
                    && $0.period.text.utf8.elementsEqual(drawing.period.utf8)
            }
            if spending?.spending?.loss != table.noise?.loss {
                contradict("a noisy table of \(drawing.period) is not paid for with its cost")
            }
        }
        if booked.count > own.count {
            contradict("more was spent on noise than the published tables cost")
        }
    }

    private func contradict(_ sentence: String) {
        owner.find(.ledger, Ledger.fileName, sentence)
    }
}
