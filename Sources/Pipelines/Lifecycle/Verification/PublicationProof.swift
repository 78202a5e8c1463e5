internal import Anonymization
internal import Ledger
internal import Publication
internal import Records

/// Proves that what was published is what the chain of events tells of, and that its files can be
/// made again, byte for byte.
struct PublicationProof {
    private let owner: Verification
    private let ledger: Ledger
    private let known: KnownFiles

    init(_ owner: Verification, _ ledger: Ledger, _ known: KnownFiles) {
        self.owner = owner
        self.ledger = ledger
        self.known = known
    }

    func run() {
        if known.publications.isEmpty { return }
        do {
            for sentence in try ledger.publicationContradictions() {
                owner.find(.ledger, Ledger.fileName, sentence)
            }
        } catch {
            owner.find(.ledger, Ledger.fileName, "its publications cannot be read")
        }
        var noise = NoiseProof(owner, ledger)
        for record in known.publications { check(record, &noise) }
        noise.run()
        owner.count("publications that are what was recorded", known.publications.count)
        tellLate()
    }

    private func check(_ record: PublicationRecord, _ noise: inout NoiseProof) {
        do throws(PipelineFailure) {
            let recorded = try RecordedPublication(record, ledger)
            noise.add(recorded.publication)
            guard try recorded.givesItsFiles() else {
                owner.report.notes.append(
                    "this version of sluice would write the publication of \(record.period.text) "
                        + "with other bytes: keep its files")
                return
            }
        } catch {
            owner.find(
                .ledger, "publication of \(record.period.text)",
                "what was published cannot be read from the ledger")
        }
    }

    /// Aggregates that came after their month was published are in no table.
    private func tellLate() {
        let closed = Set(known.publications.filter { $0.kind == .final }.map(\.period))
        let late = known.partials.filter {
            $0.state.utf8.elementsEqual("live".utf8) && closed.contains($0.partial.month)
        }
        for month in Set(late.map(\.partial.month)).sorted() {
            owner.report.notes.append(
                "records of \(month.text) came after it had been published: `sluice publish` "
                    + "counts them")
        }
    }
}
