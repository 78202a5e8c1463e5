import GRDB

/// The tables that say when names and records go.
extension HistoryWorld {
    func change(_ user: String, _ change: HistoryAccount.Change) throws {
        accounts[user, default: HistoryAccount()].take(change)
        try writeAccounts()
        let account = accounts[user]
        try trials.write { db in
            try db.execute(
                sql: "UPDATE trials SET ended = ?, converted = ? WHERE user = ?",
                arguments: [account?.trialEnded?.text, account?.converted?.text, user])
        }
    }

    func writeAccounts() throws {
        let rows = users.map { "\($0),\((accounts[$0] ?? HistoryAccount()).cells)\n" }
        try write("accounts.csv", "user,ended,resumed,kept\n" + rows.joined())
    }

    /// The database of another system: every person has a row from the beginning.
    func makeTrials() throws {
        try trials.write { db in
            try db.execute(
                sql: "CREATE TABLE trials (user TEXT PRIMARY KEY, ended TEXT, converted TEXT)")
            for user in users {
                try db.execute(sql: "INSERT INTO trials (user) VALUES (?)", arguments: [user])
            }
        }
    }

    private var trials: DatabaseQueue {
        get throws { try DatabaseQueue(path: "\(path)/trials.sqlite") }
    }
}
