import Anonymization
import Records
import TestSupport
import Testing

@Suite("Reference tables")
struct ReferenceTableTests {
    private func table(
        _ rows: [(String, [String])], kinds: [ReferenceTable.ColumnKind] = [.date],
        format: TimeFormat? = nil, zone: ZoneTable = .utc
    ) throws -> ReferenceTable {
        var builder = ReferenceTable.Builder(kinds: kinds, format: format, zone: zone)
        for (key, cells) in rows {
            try builder.add(key: bytes(key)[...], cells: cells.map { bytes($0)[...] })
        }
        return try builder.finish()
    }

    private func date(_ table: ReferenceTable, _ key: String) -> ClockReading? {
        let bytes = bytes(key)
        return table.row(of: bytes.span).map { table.date(row: $0, column: 0) }
    }

    private func time(_ text: String, _ zone: ZoneTable = .utc) throws -> ClockReading {
        let bytes = bytes(text)
        let time = TimeFormat.rfc3339.parse(bytes.span, zone: zone)
        return .at(try #require(time))
    }

    @Test("cells: a date, none, and what is no date")
    func cells() throws {
        let table = try table([
            ("a", ["2026-02-28"]), ("b", [""]), ("c", ["  "]), ("d", ["2026-02-29"]),
            ("e", ["soon"]), ("f", [" 2028-02-29 "]), ("g", ["2026-03-01T12:00:00+01:00"]),
            ("h", ["2026-03-01 12:00:00"]), ("i", ["0000-00-00"]), ("j", ["1772323200"]),
        ])
        #expect(date(table, "a") == (try time("2026-02-28T00:00:00Z")))
        #expect(date(table, "b") == .notStarted && date(table, "c") == .notStarted)
        #expect(date(table, "d") == .unknown && date(table, "e") == .unknown)
        #expect(date(table, "f") == (try time("2028-02-29T00:00:00Z")))
        #expect(date(table, "g") == (try time("2026-03-01T11:00:00Z")))
        #expect(date(table, "h") == (try time("2026-03-01T12:00:00Z")))
        #expect(date(table, "i") == .unknown && date(table, "j") == .unknown)
        #expect(date(table, "k") == nil)
    }

    @Test("dates without a zone are meant in the table's, on both sides of a change of clocks")
    func zones() throws {
        let zone = try ZoneTable.named("Europe/Amsterdam")
        let table = try table(
            [
                ("winter", ["2026-03-29"]), ("summer", ["2026-03-30"]),
                ("skipped", ["2026-03-29 02:30:00"]), ("twice", ["2026-10-25 02:30:00"]),
            ], zone: zone)
        #expect(date(table, "winter") == (try time("2026-03-28T23:00:00Z")))
        #expect(date(table, "summer") == (try time("2026-03-29T22:00:00Z")))
        #expect(date(table, "skipped") == (try time("2026-03-29T00:30:00Z")))
        #expect(date(table, "twice") == (try time("2026-10-25T00:30:00Z")))
    }

    @Test("a time with its offset as databases write it, unless a form is declared")
    func timestamps() throws {
        let cells = [
            "2026-09-01 00:00:00+00", "2026-09-01 05:30:00.123456+05:30", "2026-08-31T21:00:00-03",
            "2026-09-01 00:00:00Z", "2026-09-01 00:00:00+0", "2026-09-01 00:00:00+24",
            "2026-09-01_00:00:00+00", "2026-09-01 00:00:00 +00", "2026-09-01 00:00:00+00:00:00",
            "2026-09-01 24:00:00+00", "2026-09-01 00:00+00", "2026-09-01 00:00:00BC+00",
        ]
        let rows = cells.enumerated().map { ("\($0)", [$1]) }
        let table = try table(rows)
        let september = try time("2026-09-01T00:00:00Z")
        #expect(date(table, "0") == september && date(table, "2") == september)
        #expect(date(table, "1") == (try time("2026-09-01T00:00:00.123Z")))
        #expect(date(table, "3") == september)
        for row in 4..<cells.count { #expect(date(table, "\(row)") == .unknown, "\(cells[row])") }
        let declared = try self.table(rows, format: .rfc3339)
        #expect(date(declared, "0") == .unknown && date(declared, "3") == .unknown)
    }

    @Test("cells that cannot be read are counted among those that say something")
    func unreadable() throws {
        let table = try table(
            [
                ("a", ["2026-02-28", "P1M"]), ("b", ["", ""]), ("c", ["NULL", "1 month"]),
                ("d", ["01-09-2026", " "]),
            ], kinds: [.date, .length])
        let (dates, lengths) = (table.unreadableCells(column: 0), table.unreadableCells(column: 1))
        #expect(dates == (2, 3) && lengths == (1, 2))
    }

    @Test("cells of an earlier run that are empty or unreadable now are lost, gone keys are not")
    func lost() throws {
        func rows(_ cells: [[String]]) -> [(String, [String])] {
            cells.enumerated().map { ("k\($0)", $1) }
        }
        let kinds: [ReferenceTable.ColumnKind] = [.date, .length]
        let former = try table(
            rows([
                ["2026-02-28", "P1M"], ["2026-02-28", "P1M"], ["2026-02-28", ""], ["", "P1M"],
                ["?", "?"], ["2026-02-28", "P1M"],
            ]), kinds: kinds)
        let before = try #require(ReferenceTable.decoded(former.encoded(names: ["d", "l"]))).table
        let now = try table(
            rows([["2026-03-01", "P2M"], ["", ""], ["28-02-2026", "?"], ["?", "?"], ["", ""]]),
            kinds: kinds)
        let dates = now.lostCells(column: 0, of: before, column: 0)
        let lengths = now.lostCells(column: 1, of: before, column: 1)
        #expect(dates == (2, 4) && lengths == (2, 4))
    }

    @Test("a declared form takes no other")
    func declaredForm() throws {
        let rows = [("a", ["1772323200"]), ("b", ["2026-03-01"])]
        let table = try table(rows, format: .epochSeconds)
        #expect(date(table, "a") == (try time("2026-03-01T00:00:00Z")))
        #expect(date(table, "b") == .unknown)
    }

    @Test("keys are compared byte for byte, without white space around them")
    func keys() throws {
        let table = try table([(" anna\t", [""]), ("Anna", ["2026-01-01"]), ("zo\u{eb}", [""])])
        #expect(table.count == 3)
        #expect(date(table, "anna") == .notStarted)
        #expect(date(table, "\nanna  ") == .notStarted)
        #expect(date(table, "Anna") != .notStarted)
        #expect(date(table, "zoe\u{308}") == nil)
        #expect(date(table, "") == nil && date(table, "   ") == nil && date(table, "ann") == nil)
    }

    @Test("a key twice, none, too long or no UTF-8 is a fault of its row")
    func faults() throws {
        func fault(_ keys: [[UInt8]]) -> TableRowFault? {
            var builder = ReferenceTable.Builder(kinds: [], format: nil, zone: .utc)
            do throws(TableRowFault) {
                for key in keys { try builder.add(key: key[...], cells: []) }
                _ = try builder.finish()
                return nil
            } catch { return error }
        }
        #expect(fault([bytes("a"), bytes("b")]) == nil)
        #expect(fault([bytes("a"), bytes("b"), bytes(" a "), bytes("b")])?.row == 2)
        #expect(fault([bytes("a"), bytes("  ")])?.row == 1)
        #expect(fault([bytes("a"), [0x61, 0xE9]])?.row == 1)
        #expect(fault([[UInt8](repeating: 0x61, count: 1025)])?.row == 0)
        #expect(fault([[UInt8](repeating: 0x61, count: 1024)]) == nil)
    }

    @Test("lengths: none of its own, one, and what is none")
    func lengths() throws {
        let table = try table(
            [("a", [""]), ("b", ["P14D"]), ("c", ["14"]), ("d", ["P14D"]), ("e", ["p1m"])],
            kinds: [.length])
        func length(_ key: String) -> LengthReading? {
            let bytes = bytes(key)
            return table.row(of: bytes.span).map { table.length(row: $0, column: 0) }
        }
        let fortnight = LengthReading.own(CalendarDuration(months: 0, days: 14))
        #expect(length("a") == .standard && length("b") == fortnight && length("d") == fortnight)
        #expect(length("c") == .unknown && length("e") == .unknown && length("f") == nil)
    }

    @Test("what the state keeps of a table answers like the table and names nobody")
    func memory() throws {
        let kinds: [ReferenceTable.ColumnKind] = [.date, .length]
        let table = try table(
            [
                ("anna@one.example", ["2026-01-01", ""]), ("daan@one.example", ["", "P3M"]),
                ("emma@one.example", ["?", "?"]),
            ], kinds: kinds)
        let encoded = table.encoded(names: ["left", "kept"])
        #expect(!text(encoded.map { $0 < 0x80 ? $0 : 0x3F }).contains("one.example"))
        #expect(table.encoded(names: ["left", "kept"]) != encoded)
        let (names, again) = try #require(ReferenceTable.decoded(encoded))
        #expect(names == ["left", "kept"] && again.kinds == kinds)
        for key in ["anna@one.example", " daan@one.example ", "emma@one.example", "who"] {
            let bytes = bytes(key)
            let row = table.row(of: bytes.span)
            let other = again.row(of: bytes.span)
            #expect((row == nil) == (other == nil))
            guard let row, let other else { continue }
            #expect(table.date(row: row, column: 0) == again.date(row: other, column: 0))
            #expect(table.length(row: row, column: 1) == again.length(row: other, column: 1))
        }
        for length in [0, 10, 60, encoded.count - 1] {
            let cut = Array(encoded.prefix(length))
            #expect(ReferenceTable.decoded(cut) == nil)
        }
        #expect(ReferenceTable.decoded(encoded + [0]) == nil)
    }

    @Test("what a table lacks of the keys of an earlier run is counted, not its rows")
    func missingKeys() throws {
        func plain(_ keys: [String]) throws -> ReferenceTable {
            try table(keys.map { ($0, [""]) }, kinds: [.date])
        }
        let encoded = try plain(["u1", "u2", "u3"]).encoded(names: ["left"])
        let before = try #require(ReferenceTable.decoded(encoded)).table
        #expect(try plain([" u1", "u2", "u3", "u4"]).missingKeys(of: before) == 0)
        #expect(try plain(["u1", "u4", "u5"]).missingKeys(of: before) == 2)
        #expect(try plain(["U1", "U2", "U3"]).missingKeys(of: before) == 3)
    }

    @Test("look-ups agree with a plain dictionary")
    func twin() throws {
        let seed: UInt64 = 41
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            var plain: [[UInt8]: Int64] = [:]
            var builder = ReferenceTable.Builder(kinds: [.date], format: nil, zone: .utc)
            for _ in 0..<Int.random(in: 0...200, using: &generator) {
                let key = Self.key(&generator)
                guard plain[key] == nil, !key.isEmpty else { continue }
                let day = Int.random(in: 0...30_000, using: &generator)
                plain[key] = Int64(day) * 86_400_000
                let cell = bytes(CivilDate(daysSince1970: day).text)
                try builder.add(key: key[...], cells: [cell[...]])
            }
            let table = try builder.finish()
            #expect(table.count == plain.count)
            for _ in 0..<300 {
                let key = Self.key(&generator)
                let found = table.row(of: key.span).map { table.date(row: $0, column: 0) }
                let expected = plain[key].map { ClockReading.at(EventTime(milliseconds: $0)) }
                #expect(found == expected, "seed \(seed)")
            }
        }
    }

    /// A short key of few letters, so that many are found and many share beginnings.
    private static func key(_ generator: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            UInt8.random(in: 0x61...0x63, using: &generator)
        }
    }
}
