internal import KeyedHashing
internal import Ledger
internal import Records

/// Proves that the ledger is whole: the database, the chain of events, and the rows of runs against
/// their events and against the parts that they wrote.
struct LedgerProof {
    private let owner: Verification
    private let ledger: Ledger
    private let known: KnownFiles

    init(_ owner: Verification, _ ledger: Ledger, _ known: KnownFiles) {
        self.owner = owner
        self.ledger = ledger
        self.known = known
    }

    func run() {
        checkChain()
        checkRuns()
        tellOpen()
        for run in Set(known.owed.map(\.run)).sorted() {
            owner.find(
                .unfinished, "run \(run)",
                "was killed before all of its files had their names; the next run gives them")
        }
    }

    /// What is entered and not wholly carried out: its files are what they may be.
    private func tellOpen() {
        do {
            let erasures = try ledger.erasures().count { $0.done == nil }
            let optOuts = try ledger.awaitedOptOuts(pipeline: owner.plan.name)
                .count { $0.unsearched > 0 }
            let lines = try OptOutListMemory(ledger: ledger, plan: owner.plan).openCount()
            if erasures > 0 {
                owner.report.notes.append("erasures that are entered and not done: \(erasures)")
            }
            if optOuts + lines > 0 {
                owner.report.notes.append(UnsearchedWords.openOptOuts(optOuts + lines))
            }
        } catch {
            owner.find(.ledger, Ledger.fileName, "its requests cannot be read")
        }
    }

    private func checkChain() {
        do {
            let end = try ledger.verifyChain()
            owner.report.evidence.chainEnd = end.hash.hex
            owner.count("events in an unbroken chain", Int(end.sequence))
        } catch {
            owner.find(.ledger, Ledger.fileName, error.description)
        }
    }

    private func checkRuns() {
        do {
            for contradiction in try ledger.contradictions() {
                owner.find(.ledger, "run \(contradiction.run)", contradiction.sentence)
            }
        } catch {
            owner.find(.ledger, Ledger.fileName, "the rows of its runs cannot be read")
        }
        for history in known.runs { checkParts(of: history) }
        owner.count("runs whose records add up", known.runs.count)
    }

    /// What a run wrote of its sources lies in parts: the counts must agree for each output.
    private func checkParts(of history: RunHistory) {
        var written: [String: Int64] = [:]
        for (code, count) in history.details {
            let words = code.split(separator: "/")
            guard words.count == 3, words[0] == "output", !words[2].starts(with: "dropped") else {
                continue
            }
            written[String(words[1]), default: 0] += count
        }
        for (output, count) in written.sorted(by: { $0.key < $1.key }) {
            let parts = known.parts.filter {
                $0.run == history.run.id && $0.isFromSource && $0.part.output == output
            }
            // An output on standard output has no parts.
            guard !parts.isEmpty || count == 0 || isKept(output) else { continue }
            let found = parts.reduce(0) { $0 + $1.part.records }
            guard found != count else { continue }
            owner.find(
                .ledger, "run \(history.run.id)",
                "wrote \(count) records of output `\(output)`, its parts hold \(found)")
        }
    }

    private func isKept(_ output: String) -> Bool {
        owner.plan.outputs.contains { $0.name == output && !$0.path.isStandardOutput }
    }
}
