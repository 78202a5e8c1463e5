import GRDB
import Records

/// Where the tables of the ledger contradict its chain of events.
package struct LedgerContradiction: Sendable, Equatable {
    /// The number of the run.
    package let run: Int64
    /// What does not fit: a sentence without values.
    package let sentence: String
}

extension Ledger {
    /// Holds the rows of all runs against the chained events: the counts, and the digests of the
    /// sources, parts and partials that each run entered.
    package func contradictions() throws(LedgerFault) -> [LedgerContradiction] {
        try read { db in
            var told = try Self.committedEvents(db)
            var found: [LedgerContradiction] = []
            let entered = try RunEvent.Entered(db)
            let rows = try Row.fetchCursor(db, sql: "SELECT * FROM runs ORDER BY id")
            while let row = try rows.next() {
                let event = RunEvent(row, entered)
                let payloads = told.removeValue(forKey: event.run) ?? []
                if payloads.count != 1 {
                    found.append(
                        LedgerContradiction(
                            run: event.run, sentence: "\(payloads.count) events tell of it"))
                } else if !event.fits(payloads[0]) {
                    found.append(
                        LedgerContradiction(
                            run: event.run,
                            sentence: "its rows are not what its event says"))
                }
                if !event.counts.isConserved {
                    found.append(
                        LedgerContradiction(
                            run: event.run,
                            sentence: "records read are not records written, dropped and "
                                + "quarantined"))
                }
            }
            for run in told.keys.sorted() {
                found.append(
                    LedgerContradiction(run: run, sentence: "its event has no row"))
            }
            return found
        }
    }

    /// The payloads of all commits by the number of the run in them.
    private static func committedEvents(_ db: Database) throws -> [Int64: [String]] {
        let payloads = try String.fetchAll(
            db, sql: "SELECT payload FROM events WHERE kind = ? ORDER BY seq",
            arguments: [RunEvent.kind])
        var told: [Int64: [String]] = [:]
        for payload in payloads {
            told[RunEvent.run(of: payload) ?? 0, default: []].append(payload)
        }
        return told
    }
}

extension RunEvent {
    /// The number of the run that `payload` tells of.
    static func run(of payload: String) -> Int64? {
        let mark = Array(",\"run\":".utf8)
        let text = Array(payload.utf8)
        // The last one: an earlier text could hold the mark only with escaped quotes.
        guard let at = text.indices.last(where: { text[$0...].starts(with: mark) }) else {
            return nil
        }
        let digits = text[(at + mark.count)...].prefix { $0 >= 48 && $0 <= 57 }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
