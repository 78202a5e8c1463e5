import Foundation
import GRDB
import GRDBSQLite
import Publication
import Testing

@Suite struct PublicationDatabaseTests {
    private static func bytes(_ publication: Publication) throws -> [UInt8] {
        let format = try #require(PublicationCatalogue.format(named: "sqlite"))
        return try #require(try format.files(publication).first).bytes
    }

    /// The database, opened from a file as a reader would.
    private static func open<Answer>(
        _ publication: Publication, _ ask: (Database) throws -> Answer
    ) throws -> Answer {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("\(UUID().uuidString).sqlite").path
        try Data(bytes(publication)).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration).read(ask)
    }

    @Test func theSamePublicationGivesTheSameBytes() throws {
        let publication = SamplePublication.plain()
        let bytes = try Self.bytes(publication)
        #expect(try Self.bytes(publication) == bytes)
        #expect(bytes.starts(with: Array("SQLite format 3\0".utf8)))
        #expect(bytes.count % 4096 == 0)
    }

    /// There is one for each customer of a publication. Other tests have databases meanwhile, but
    /// not so many.
    @Test func nothingIsLeftOfADatabase() throws {
        let publication = SamplePublication.plain()
        let one = try Self.bytes(publication).count
        let before = sqlite3_memory_used()
        for _ in 0..<400 { _ = try Self.bytes(publication) }
        #expect(sqlite3_memory_used() - before < Int64(one) * 100)
    }

    @Test func figuresAndTheirStatus() throws {
        try Self.open(SamplePublication.plain()) { db throws in
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
            let rows = try Row.fetchAll(
                db, sql: "SELECT browser, users, users_status FROM browsers ORDER BY rowid")
            #expect(rows.map { $0[1] as Int? } == [1873, 0, nil, nil, 402, 55, 21])
            #expect(
                rows.map { $0[2] as String } == [
                    "value", "zero", "suppressed_customers", "not_measured", "value", "value",
                    "value",
                ])
            #expect(
                try String.fetchAll(db, sql: "SELECT users FROM browsers_as_published")
                    == ["1873", "0", "x", "n/a", "402", "55", "21"])
            #expect(
                try Int.fetchOne(
                    db,
                    sql: "SELECT sum(value) FROM actions_tidy WHERE figure = 'times' "
                        + "AND action = 'login'") == 4500)
        }
    }

    @Test func everyColumnAndStatusIsExplained() throws {
        try Self.open(SamplePublication.plain()) { db throws in
            let unknown = try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM tables JOIN pragma_table_info(tables.table_name) AS c
                    WHERE NOT EXISTS (SELECT 1 FROM dictionary AS d
                        WHERE d.table_name = tables.table_name AND d.column_name = c.name)
                    """)
            #expect(unknown == 0)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM dictionary") == 15)
            #expect(
                try Int.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM browsers WHERE users_status NOT IN "
                        + "(SELECT status FROM statuses)") == 0)
            #expect(
                try Int.fetchAll(
                    db, sql: "SELECT addable FROM dictionary WHERE table_name = 'actions' "
                        + "AND kind = 'figure' ORDER BY column_name") == [1, 0])
        }
    }

    @Test(arguments: HTMLReportTests.attacks) func hostileNamesStayNames(attack: String) throws {
        try Self.open(SamplePublication.hostile(attack)) { db throws in
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM tables") == 1)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM dictionary") == 6)
            #expect(
                try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM sqlite_master WHERE type = 'view'") == 2)
        }
    }
}
