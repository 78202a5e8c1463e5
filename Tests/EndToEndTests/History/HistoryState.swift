import Foundation
import GRDB
import TestSupport

/// What a world has come to: everything but what is different in every run of a programme.
struct HistoryState {
    /// Files of outputs and store, plain.
    private var files: [String: String] = [:]
    /// Sorted rows of the ledgers, by table.
    private var rows: [String: [String]] = [:]
    private var keys: [String] = []

    /// `hidesTokens` numbers tokens by the order in which they come: two worlds have other keys.
    init(_ world: HistoryWorld, hidesTokens: Bool) throws {
        var numbers: [String: Int] = [:]
        var trail: [String] = []
        for folder in ["out", "archive"] {
            for (name, bytes) in try HistoryScan.contents("\(world.path)/\(folder)") {
                let text = String(decoding: try HistoryScan.inflated(bytes), as: UTF8.self)
                // Digests in the terms differ with the tokens.
                if hidesTokens, name.hasSuffix("terms.json") { continue }
                // Where the raw log with its tokens is the source, names of parts differ with them.
                if hidesTokens, name.hasPrefix("trail/") {
                    var none: [String: Int] = [:]
                    trail += text.split(separator: "\n").map { Self.hide(String($0), &none) }
                    continue
                }
                files["\(folder)/\(name)"] = hidesTokens ? Self.hide(text, &numbers) : text
            }
        }
        files["out/trail"] = trail.sorted().joined(separator: "\n")
        for folder in HistoryWorld.keyFolders {
            keys += try world.keyFiles(folder).filter {
                $0.hasSuffix(".key") || $0.hasSuffix(".destroyed")
            }.map { "\(folder)/\($0)" }
        }
        keys.sort()
        for state in HistoryWorld.stateFolders { try read(state, world, hidesTokens) }
    }

    private static func hide(_ text: String, _ numbers: inout [String: Int]) -> String {
        var shown = ""
        var run = ""
        func flush() {
            if run.count == 32 {
                let number = numbers[run] ?? numbers.count
                numbers[run] = number
                shown += "<\(number)>"
            } else {
                shown += run
            }
            run = ""
        }
        for character in text {
            if character.isHexDigit, !character.isUppercase {
                run.append(character)
            } else {
                flush()
                shown.append(character)
            }
        }
        flush()
        return shown
    }

    // MARK: Ledgers

    /// What is looked at of each table. Left out are numbers of rows and runs, times of the
    /// system's clock, and what names a run; a killed command that is given again leaves a request
    /// of its own, and a killed run that had committed is one run more.
    private static let tables = [
        ("sources", "sha256, byte_count, counted_from, records, state"),
        ("parts", "path, sha256, byte_count, state"),
        ("partials", "month, path, sha256, byte_count, state"),
        // Lists of what was set aside name their sources, and are named by their digests.
        ("files WHERE kind <> 'quarantine'", "kind, path"),
        ("pending_publications", "*"),
        ("publications", "period, revision, kind, closed_ms"),
        ("keys", "id, fingerprint, destroyed_ms IS NULL"),
        ("holds", "name, start_ms, end_ms, released_ms"),
        ("hold_subjects", "kind, subject, from_ms, until_ms"),
        ("opt_outs", "kind, subject, within, basis, effective_ms, withdrawn_ms"),
        ("opt_out_scopes", "opt_out_id, purpose, category"),
        ("restrictions", "kind, subject, from_ms, lifted_ms"),
        ("erasures", "kind, subject, until_ms, done_ms IS NULL, blocked_by_hold_id"),
        ("store_contents", "store, sha256, byte_count, settled_ms, next_due_ms, records"),
    ]

    private mutating func read(_ state: String, _ world: HistoryWorld, _ hidesKeys: Bool) throws {
        let queue = try DatabaseQueue(path: "\(world.path)/\(state)/ledger.sqlite")
        for (table, columns) in Self.tables {
            // Keyed hashes and digests of tokens differ with the keys.
            if hidesKeys, columns.contains("sha256") || columns.contains("subject")
                || table == "keys"
            {
                continue
            }
            let found = try queue.read { db in
                try Row.fetchAll(db, sql: "SELECT DISTINCT \(columns) FROM \(table)")
            }
            rows["\(state) \(table)"] = found.map { row in
                row.databaseValues.map { "\($0)" }.joined(separator: "|")
                    .replacingOccurrences(of: world.path, with: "")
            }.sorted()
        }
    }

    // MARK: Comparing

    func differences(from expected: HistoryState) -> [String] {
        var differences: [String] = []
        for name in Set(files.keys).union(expected.files.keys).sorted()
        where files[name] != expected.files[name] {
            let what =
                files[name] == nil
                ? "is missing" : expected.files[name] == nil ? "is new" : "differs"
            differences.append("\(name) \(what)")
        }
        if keys != expected.keys { differences.append("keys: \(keys), expected \(expected.keys)") }
        for (table, lines) in rows.sorted(by: { $0.key < $1.key }) {
            let known = Set(expected.rows[table] ?? [])
            let more = Set(lines).subtracting(known).sorted()
            let fewer = known.subtracting(lines).sorted()
            differences += more.prefix(3).map { "\(table) has more: \($0)" }
            differences += fewer.prefix(3).map { "\(table) lacks: \($0)" }
        }
        return differences
    }
}
