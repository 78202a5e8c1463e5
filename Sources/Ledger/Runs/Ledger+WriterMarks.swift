package import FileSystem
import GRDB

extension Ledger {
    /// The marks of temporary files that runs of this state have written, wherever it lay then.
    package func writerMarks() throws(LedgerFault) -> [WriterMark] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT mark FROM writer_marks ORDER BY mark")
                .compactMap(WriterMark.init)
        }
    }

    /// Remembers a mark before any file carries it; one that is known changes nothing.
    package func note(_ mark: WriterMark) throws(LedgerFault) {
        try write { db in
            try db.execute(
                sql: "INSERT INTO writer_marks (mark) VALUES (?) ON CONFLICT DO NOTHING",
                arguments: [mark.digits])
        }
    }
}
