import Records
import TestSupport
import Testing

@Suite("Time zones")
struct ZoneTableTests {
    private func at(_ text: String) throws -> EventTime {
        try #require(instant(text))
    }

    /// Offsets as `date` of GNU coreutils prints them (`TZ=... date -d @... +%::z`).
    @Test(
        "Offsets",
        arguments: [
            ("Europe/Amsterdam", "2026-01-01T00:00:00Z", 3600),
            ("Europe/Amsterdam", "2026-03-29T00:59:59.999Z", 3600),
            ("Europe/Amsterdam", "2026-03-29T01:00:00Z", 7200),
            ("Europe/Amsterdam", "2026-10-25T00:59:59Z", 7200),
            ("Europe/Amsterdam", "2026-10-25T01:00:00Z", 3600),
            ("Europe/Amsterdam", "2900-07-01T00:00:00Z", 7200),
            ("Europe/Amsterdam", "9999-12-31T00:00:00Z", 3600),
            ("America/New_York", "2026-07-01T00:00:00Z", -14400),
            ("Asia/Kolkata", "2026-07-01T00:00:00Z", 19800),
            ("Australia/Lord_Howe", "2026-01-01T00:00:00Z", 39600),
            ("Australia/Lord_Howe", "2026-07-01T00:00:00Z", 37800),
            ("Pacific/Apia", "2011-12-30T09:59:59Z", -36000),
            ("Pacific/Apia", "2011-12-30T10:00:00Z", 50400),
            ("Europe/Dublin", "2050-01-01T00:00:00Z", 0),
            ("Europe/Dublin", "2050-07-01T00:00:00Z", 3600),
            ("Etc/GMT+5", "2026-07-01T00:00:00Z", -18000),
            ("UTC", "2026-07-01T00:00:00Z", 0),
        ]
    )
    func offsets(name: String, time: String, expected: Int) throws {
        let zone = try ZoneTable.named(name)
        let instant = try at(time)
        var cursor = ZoneCursor(zone)
        #expect(zone.utcOffsetSeconds(at: instant) == expected)
        #expect(cursor.utcOffsetSeconds(at: instant) == expected)
    }

    @Test("Days, hours and months are local")
    func localParts() throws {
        let zone = try ZoneTable.named("Europe/Amsterdam")
        let lastEvening = try at("2025-12-31T23:30:00Z")
        #expect(CivilDate(daysSince1970: zone.localDay(at: lastEvening)).text == "2026-01-01")
        #expect(zone.localHour(at: lastEvening) == 0)
        #expect(zone.month(at: lastEvening).text == "2026-01")
        #expect(ZoneTable.utc.month(at: lastEvening).text == "2025-12")
        var cursor = ZoneCursor(zone)
        let (day, hour) = cursor.dayAndHour(at: lastEvening)
        #expect(Int(day) == zone.localDay(at: lastEvening) && hour == 0)
        #expect(ZoneTable.utc.localHour(at: EventTime(milliseconds: -1)) == 23)
        #expect(ZoneTable.utc.localDay(at: EventTime(milliseconds: -1)) == -1)
    }

    @Test(
        "The start of a day",
        arguments: [
            ("UTC", "2026-03-29", "2026-03-29T00:00:00Z"),
            ("Europe/Amsterdam", "2026-03-29", "2026-03-28T23:00:00Z"),
            ("Europe/Amsterdam", "2026-03-30", "2026-03-29T22:00:00Z"),
            ("Europe/Amsterdam", "2026-10-26", "2026-10-25T23:00:00Z"),
            ("Europe/Amsterdam", "2826-07-01", "2826-06-30T22:00:00Z"),
            // 00:00 was skipped: the day began at 01:00.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            // 00:00 came twice within the day: the first.
            ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),
            // At 00:01 the clocks went back into the day before: the second 00:00.
            ("America/St_Johns", "2010-11-07", "2010-11-07T03:30:00Z"),
            // The whole day was skipped: the day after it.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ]
    )
    func startOfDay(name: String, day: String, expected: String) throws {
        let zone = try ZoneTable.named(name)
        let day = try #require(date(day))
        #expect(zone.startOfDay(day.daysSince1970) == (try at(expected)))
    }

    @Test(
        "Cursor, table and way back agree with a plain search",
        arguments: [
            "Europe/Amsterdam", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca",
            "Australia/Lord_Howe", "America/Sao_Paulo", "Europe/Dublin", "America/Nuuk",
        ]
    )
    func agreesWithPlain(name: String) throws {
        let seed: UInt64 = 99
        var generator = SeededGenerator(seed: seed)
        let zone = try ZoneTable.named(name)
        var cursor = ZoneCursor(zone)
        var time: Int64 = 0
        for round in 0..<4000 {
            // Mostly small steps, so that the cursor's memory is used; sometimes far away.
            time +=
                round % 10 == 0
                ? Int64.random(in: -60_000_000_000...60_000_000_000, using: &generator)
                : Int64.random(in: -2_000_000...2_000_000, using: &generator)
            time = max(-50_000_000_000, min(time, 250_000_000_000))
            let instant = EventTime(milliseconds: time * 1000)
            let offset = zone.utcOffsetSeconds(at: instant)
            #expect(cursor.utcOffsetSeconds(at: instant) == offset, "seed \(seed): \(time)")
            let back = zone.instant(localSeconds: time + Int64(offset))
            let backOffset = zone.utcOffsetSeconds(at: EventTime(milliseconds: back * 1000))
            #expect(back <= time && back + Int64(backOffset) == time + Int64(offset))
            let day = zone.localDay(at: instant)
            let start = zone.startOfDay(day).milliseconds / 1000
            let before = EventTime(milliseconds: start * 1000 - 1)
            let after = EventTime(milliseconds: start * 1000)
            #expect(zone.localDay(at: before) < day && zone.localDay(at: after) >= day)
            // Nothing behind the start goes back to an earlier day.
            for minute in stride(from: Int64(0), through: 180, by: 7) {
                let later = EventTime(milliseconds: (start + minute * 60) * 1000)
                #expect(zone.localDay(at: later) >= day, "seed \(seed): \(start)")
            }
        }
    }

    @Test("A rule repeats after 400 years")
    func cycle() throws {
        let zone = try ZoneTable.named("America/New_York")
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let time = Int64.random(in: 2_000_000_000...10_000_000_000, using: &generator)
            let later = time + Int64.random(in: 1...15, using: &generator) * 146_097 * 86_400
            #expect(
                zone.utcOffsetSeconds(at: EventTime(milliseconds: time * 1000))
                    == zone.utcOffsetSeconds(at: EventTime(milliseconds: later * 1000))
            )
        }
    }

    @Test(
        "Names that are refused",
        arguments: [
            ("", ZoneFault.Code.badName), ("../etc/passwd", .badName), ("/etc/localtime", .badName),
            ("Europe//Paris", .badName), ("Europe/", .badName), ("Europe/Amster dam", .badName),
            ("Europe", .unknownZone), ("Europe/Atlantis", .unknownZone), ("utc0", .unknownZone),
            ("localtime", .badName), ("posixrules", .badName), ("Factory", .badName),
        ]
    )
    func refused(name: String, code: ZoneFault.Code) {
        let fault = #expect(throws: ZoneFault.self) { try ZoneTable.named(name) }
        #expect(fault?.code == code)
    }

    @Test("The written form says the same until 2100")
    func written() throws {
        for name in ["UTC", "Europe/Amsterdam", "America/New_York", "Etc/GMT-10"] {
            let zone = try ZoneTable.named(name)
            let again = try #require(ZoneTable(name: name, written: zone.written))
            #expect(again.written == zone.written)
            for hour in stride(from: -1_000_000, to: 1_139_000, by: 997) {
                let time = EventTime(milliseconds: Int64(hour) * 3_600_000)
                #expect(again.utcOffsetSeconds(at: time) == zone.utcOffsetSeconds(at: time))
            }
        }
        for text in ["", "x", "3600,", "3600,5", "0,7:1,7:2", "0:1"] {
            #expect(ZoneTable(name: "none", written: text) == nil)
        }
    }

    @Test("Rules in every form", arguments: ruleCases)
    func rules(rule: String, time: String, expected: Int) throws {
        let zone = try ZoneTable(name: "Test/Rule", zoneFile: zoneFile(footer: rule))
        #expect(zone.utcOffsetSeconds(at: try at(time)) == expected)
    }

    private static let ruleCases: [(String, String, Int)] = [
        ("<+0330>-3:30", "2026-07-01T00:00:00Z", 12600),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:59Z", -14400),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -18000),
        // Summer time all year round (RFC 8536 §3.3.1).
        ("XXX3EDT4,0/0,J365/23", "2026-01-01T00:00:00Z", -14400),
        ("XXX3EDT4,0/0,J365/23", "2026-12-31T23:59:59Z", -14400),
        ("EST5EDT,0/0,J365/25", "2027-01-01T05:00:00Z", -14400),
        // Day 60 is 1 March with J, in leap years too; without J it is the day after 29 February.
        ("AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0),
        ("AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3600),
        ("AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3600),
        ("AAA0BBB,59/0,300/0", "2027-02-28T23:59:59Z", 0),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39600),
    ]

    @Test(
        "Rules that are refused",
        arguments: [
            "X5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST25", "EST5EDT,M13.2.0,M11.1.0",
            "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J1", "EST5EDT,366,1",
            "EST5EDT,M3.2.0/168,M11.1.0", "EST5EDT,M3.2.0,M11.1.0 ", "<+03-3",
        ]
    )
    func badRules(rule: String) {
        let fault = #expect(throws: ZoneFault.self) {
            try ZoneTable(name: "Test/Rule", zoneFile: zoneFile(footer: rule))
        }
        #expect(fault?.code == .damagedFile)
    }

    @Test("A zone file cut anywhere, or with any byte changed, is refused or read, never a trap")
    func damaged() throws {
        let whole = zoneFile(footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        for length in whole.indices {
            #expect(throws: ZoneFault.self) {
                try ZoneTable(name: "Test/Cut", zoneFile: Array(whole[..<length]))
            }
        }
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<4000 {
            var altered = whole
            let at = Int.random(in: altered.indices, using: &generator)
            altered[at] = UInt8.random(in: 0...255, using: &generator)
            let zone = try? ZoneTable(name: "Test/Altered", zoneFile: altered)
            _ = zone?.utcOffsetSeconds(at: EventTime(milliseconds: 1_773_532_800_000))
            _ = zone?.startOfDay(20_000)
        }
    }
}

/// A zone file of version 3 with one offset (one hour) and no transition, and this footer.
private func zoneFile(footer: String) -> [UInt8] {
    func header(types: UInt8, characters: UInt8) -> [UInt8] {
        bytes("TZif3") + [UInt8](repeating: 0, count: 15) + [UInt8](repeating: 0, count: 16)
            + [0, 0, 0, types, 0, 0, 0, characters]
    }
    return header(types: 0, characters: 0) + header(types: 1, characters: 4)
        + [0, 0, 0x0E, 0x10, 0, 0] + bytes("ABC\u{0}") + bytes("\n\(footer)\n")
}
