import Records
import TestSupport
import Testing

/// A cursor that remembers the minute, compared with a parser that remembers nothing.
@Suite struct TimeCursorTests {
    @Test(arguments: TimeFormat.allCases)
    func sameAsTheParser(_ format: TimeFormat) throws {
        let seed: UInt64 = 0x71CE
        var generator = SeededGenerator(seed: seed)
        let zone = try ZoneTable.named("Europe/Amsterdam")
        var cursor = TimeCursor(format, zone: zone)
        var text = Array("15/Jan/2026:01:09:26 -0130".utf8)
        for round in 0..<20_000 {
            change(&text, &generator)
            let found = cursor.parse(text.span)
            #expect(
                found == format.parse(text.span, zone: zone),
                "seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
        }
    }

    /// Most often another second; now and then another text, of the right length or not.
    private func change(_ text: inout [UInt8], _ generator: inout SeededGenerator) {
        let others = [
            "15/Jan/2026:01:09:59 -0130", "29/Feb/2024:23:59:60 +0000",
            "01/Mar/2026:00:00:00 +0100", "2026-03-01T12:00:00.12345Z", "1767225600",
        ]
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: text = Array((others.randomElement(using: &generator) ?? "").utf8)
        case 1:
            let place = Int.random(in: 0..<text.count, using: &generator)
            text[place] = UInt8.random(in: 0x20...0x7E, using: &generator)
        default:
            guard text.count == 26 else { return }
            text[18] = UInt8.random(in: 47...54, using: &generator)
            text[19] = UInt8.random(in: 47...58, using: &generator)
        }
    }

    @Test(arguments: ["UTC", "Europe/Amsterdam", "Australia/Lord_Howe", "Asia/Kolkata"])
    func daysAndHoursInAnyOrder(_ name: String) throws {
        let seed: UInt64 = 0xDA1
        var generator = SeededGenerator(seed: seed)
        let zone = try ZoneTable.named(name)
        var cursor = ZoneCursor(zone)
        var milliseconds: Int64 = 1_774_746_000_000
        for round in 0..<20_000 {
            milliseconds += Int64.random(in: -2_000_000...2_100_000, using: &generator)
            if round % 500 == 0 {
                milliseconds = Int64.random(in: -4_000_000_000...8_000_000_000, using: &generator)
                milliseconds *= 1000
            }
            let time = EventTime(milliseconds: milliseconds)
            let seconds = (Double(milliseconds) / 1000).rounded(.down)
            let hours = ((seconds + Double(zone.utcOffsetSeconds(at: time))) / 3600).rounded(.down)
            let day = (hours / 24).rounded(.down)
            let found = cursor.dayAndHour(at: time)
            #expect(found.day == Int32(day), "seed \(seed), round \(round)")
            #expect(found.hour == UInt8(hours - day * 24), "seed \(seed), round \(round)")
        }
    }
}
