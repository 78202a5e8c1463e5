import Foundation
import GRDB
import Ledger
import TestSupport
import Testing

@Suite("Databases of others")
struct OutsideDatabaseTests {
    private func database(
        _ scratch: Scratch, _ sql: String, isLogged: Bool = false
    ) throws -> OutsideDatabase {
        let path = scratch.path + "/crm.sqlite"
        var configuration = Configuration()
        configuration.journalMode = isLogged ? .wal : .default
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.write { db in try db.execute(sql: sql) }
        try queue.close()
        return OutsideDatabase(path: path)
    }

    private func read(
        _ database: OutsideDatabase, _ table: String, _ columns: [String]
    ) throws -> [[String]] {
        var rows: [[String]] = []
        try database.read(table: table, choose: { _ in columns }) { cells in
            rows.append(cells.map { String(decoding: $0, as: UTF8.self) })
            return true
        }
        return rows
    }

    @Test("cells come as text, NULL as nothing, numbers in decimal")
    func cells() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch,
            #"""
            CREATE TABLE "contract ""x""" (number INTEGER PRIMARY KEY, "ended on" TEXT, paid REAL);
            INSERT INTO "contract ""x""" VALUES (7, '2026-01-31', 1.5), (8, NULL, NULL),
                (9, '', 12);
            """#)
        let rows = try read(database, #"contract "x""#, ["number", "ended on", "paid"])
        #expect(rows == [["7", "2026-01-31", "1.5"], ["8", "", ""], ["9", "", "12.0"]])
    }

    @Test("bytes that are no UTF-8 are not repaired")
    func bytesAsTheyAre() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch, "CREATE TABLE t (k); INSERT INTO t VALUES (CAST(x'61E9' AS TEXT));")
        var found: [[UInt8]] = []
        try database.read(table: "t", choose: { $0 }) { cells in
            found += cells
            return true
        }
        #expect(found == [[0x61, 0xE9]])
    }

    @Test("the columns are told before anything is read, and reading stops when asked")
    func choosing() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch, "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2), (3, 4), (5, 6);")
        var names: [String] = []
        var rows = 0
        try database.read(table: "t", choose: { names = $0; return nil }, row: { _ in true })
        #expect(names == ["a", "b"])
        try database.read(table: "t", choose: { _ in ["b"] }) { _ in
            rows += 1
            return rows < 2
        }
        #expect(rows == 2)
    }

    @Test("views, virtual tables and what is not there are refused")
    func refused() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch,
            """
            CREATE TABLE people (k);
            CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n)
                SELECT i AS k FROM n;
            CREATE VIRTUAL TABLE words USING fts5(k);
            """)
        for table in ["endless", "words", "nobody", "sqlite_master"] {
            let fault = #expect(throws: OutsideFault.self) { try read(database, table, ["k"]) }
            guard case .noTable(let names) = fault else {
                Issue.record("\(table): another fault")
                continue
            }
            #expect(names.contains("people") && !names.contains("endless"))
        }
    }

    @Test("a file that is no database, a damaged one, another encoding, none at all")
    func damaged() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/crm.sqlite"
        #expect(throws: OutsideFault.unreadable) {
            try read(OutsideDatabase(path: path), "t", ["k"])
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        try Data("key,date\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: OutsideFault.damaged) {
            try read(OutsideDatabase(path: path), "t", ["k"])
        }
        try FileManager.default.removeItem(atPath: path)
        let database = try database(
            scratch, "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (k); INSERT INTO t VALUES (1);")
        #expect(throws: OutsideFault.otherEncoding) { try read(database, "t", ["k"]) }
    }

    @Test("a database in WAL mode at rest is read, and nothing appears beside it")
    func atRest() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch, "PRAGMA user_version = 1; CREATE TABLE t (k); INSERT INTO t VALUES (1);",
            isLogged: true)
        let stamp = try #require(database.stamp)
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(files == ["crm.sqlite"])
        #expect(try read(database, "t", ["k"]) == [["1"]])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == files)
        #expect(database.stamp == stamp)
    }

    @Test("what lies in the log of an open database is read; a log without its index is refused")
    func open() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch, "CREATE TABLE t (k); INSERT INTO t VALUES (1);", isLogged: true)
        let path = scratch.path + "/crm.sqlite"
        let writer = try DatabasePool(path: path)
        try writer.write { db in try db.execute(sql: "INSERT INTO t VALUES (2)") }
        #expect(try read(database, "t", ["k"]) == [["1"], ["2"]])
        let copy = scratch.path + "/copy.sqlite"
        for end in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + end, toPath: copy + end)
        }
        #expect(throws: OutsideFault.logLeft) {
            try read(OutsideDatabase(path: copy), "t", ["k"])
        }
        #expect(!FileManager.default.fileExists(atPath: copy + "-shm"))
        try writer.close()
    }

    @Test("a cell that would fill memory is refused where it is asked for")
    func longRows() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch,
            "CREATE TABLE t (k, x); INSERT INTO t VALUES (1, ''), (2, zeroblob(8000000));")
        #expect(throws: OutsideFault.tooLong) { try read(database, "t", ["x"]) }
        #expect(try read(database, "t", ["k"]) == [["1"], ["2"]])
    }

    @Test("the log is sought beside the database, not beside a symbolic link to it")
    func links() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch, "CREATE TABLE t (k); INSERT INTO t VALUES (1);", isLogged: true)
        let manager = FileManager.default
        let link = scratch.path + "/elsewhere/link.sqlite"
        try manager.createDirectory(
            atPath: scratch.path + "/elsewhere", withIntermediateDirectories: false)
        try manager.createSymbolicLink(
            atPath: link, withDestinationPath: "../crm.sqlite")
        let linked = OutsideDatabase(path: link)
        #expect(linked.files == database.files && linked.files.count == 4)
        let before = linked.stamp
        let writer = try DatabasePool(path: scratch.path + "/crm.sqlite")
        try writer.write { db in try db.execute(sql: "INSERT INTO t VALUES (2)") }
        #expect(try read(linked, "t", ["k"]) == [["1"], ["2"]])
        #expect(before != nil && linked.stamp != before)
        let copy = scratch.path + "/copy.sqlite"
        for end in ["", "-wal"] {
            try manager.copyItem(atPath: scratch.path + "/crm.sqlite" + end, toPath: copy + end)
        }
        try manager.removeItem(atPath: link)
        try manager.createSymbolicLink(atPath: link, withDestinationPath: "../copy.sqlite")
        #expect(throws: OutsideFault.logLeft) {
            try read(OutsideDatabase(path: link), "t", ["k"])
        }
        try writer.close()
    }

    @Test("beside which of several names a log lies cannot be told")
    func severalNames() throws {
        let scratch = try Scratch()
        let database = try database(
            scratch, "CREATE TABLE t (k); INSERT INTO t VALUES (1);", isLogged: true)
        try FileManager.default.linkItem(
            atPath: scratch.path + "/crm.sqlite", toPath: scratch.path + "/other.sqlite")
        #expect(throws: OutsideFault.severalNames) { try read(database, "t", ["k"]) }
        try FileManager.default.removeItem(atPath: scratch.path + "/other.sqlite")
        #expect(try read(database, "t", ["k"]) == [["1"]])
    }

    @Test("a change in whose middle the writer died is not read, nor taken back")
    func journalLeft() throws {
        let scratch = try Scratch()
        _ = try database(scratch, "CREATE TABLE t (k);")
        let path = scratch.path + "/crm.sqlite"
        let copy = scratch.path + "/copy.sqlite"
        let writer = try DatabaseQueue(path: path)
        try writer.write { db in
            let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500)"
            try db.execute(sql: "INSERT INTO t \(rows) SELECT hex(zeroblob(300)) FROM n")
        }
        try writer.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;")
            try db.execute(sql: "UPDATE t SET k = k || 'x'")
            for end in ["", "-journal"] {
                try FileManager.default.copyItem(atPath: path + end, toPath: copy + end)
            }
            try db.execute(sql: "ROLLBACK")
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: copy))
        #expect(throws: OutsideFault.journalLeft) {
            try read(OutsideDatabase(path: copy), "t", ["k"])
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == before)
    }

    @Test("nothing is written beside the database or into it")
    func readOnly() throws {
        let scratch = try Scratch()
        let database = try database(scratch, "CREATE TABLE t (k); INSERT INTO t VALUES (1);")
        let path = scratch.path + "/crm.sqlite"
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        _ = try read(database, "t", ["k"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["crm.sqlite"])
    }
}
