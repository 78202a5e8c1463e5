import Glibc

/// Why a time zone could not be had.
package struct ZoneFault: Error, Equatable, Sendable {
    /// The stable code of the fault.
    package enum Code: String, Sendable {
        case badName = "bad-zone-name"
        case unknownZone = "unknown-zone"
        case damagedFile = "damaged-zone-file"
        case leapSeconds = "zone-with-leap-seconds"
    }

    package let code: Code
    /// What was expected, as a sentence for people; says nothing of the name that was asked for.
    package let expectation: String
}

extension ZoneTable {
    /// Where the system keeps its compiled zones; tests have folders of their own.
    @TaskLocal package static var systemFolder = "/usr/share/zoneinfo"

    /// Names that are of no place: what they stand for differs from machine to machine, and changes
    /// with the settings of one.
    private static let namesOfNoPlace: Set<String> = ["localtime", "posixrules", "Factory"]

    /// The largest zone file read, in bytes; the system's own are below 4 KiB.
    private static let fileBytesMax = 1 << 18

    /// The zone called `name`: `UTC` is built in, every other one is read from `folder`.
    package static func named(
        _ name: String,
        folder: String = systemFolder
    ) throws(ZoneFault) -> ZoneTable {
        if name == "UTC" { return utc }
        guard isWellFormed(name) else {
            throw ZoneFault(
                code: .badName,
                expectation: "expected a zone such as `UTC` or `Europe/Amsterdam`"
            )
        }
        guard !namesOfNoPlace.contains(name.split(separator: "/").last.map(String.init) ?? "")
        else {
            throw ZoneFault(
                code: .badName,
                expectation: "expected the zone of a place, such as `Europe/Amsterdam`, or `UTC`: "
                    + "what this name stands for differs from machine to machine"
            )
        }
        guard let bytes = readFile("\(folder)/\(name)") else {
            throw ZoneFault(
                code: .unknownZone,
                expectation: "expected a zone of the system's time zone data (package `tzdata`)"
            )
        }
        return try ZoneTable(name: name, zoneFile: bytes)
    }

    /// Letters, digits and `_ + -` in parts between single slashes: no way out of the folder.
    private static func isWellFormed(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return name.utf8.count <= 64
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "0")...UInt8(ascii: "9"),
                            UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "a")...UInt8(ascii: "z"),
                            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    }
            }
    }

    private static func readFile(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 13)
        while content.count <= fileBytesMax {
            let got = unsafe block.withUnsafeMutableBytes { room in
                unsafe read(descriptor, room.baseAddress, room.count)
            }
            if got == 0 { return content }
            if got < 0 {
                if errno == EINTR { continue }
                return nil
            }
            content += block[..<got]
        }
        return nil
    }
}

// MARK: The file format, RFC 8536 version 2 and later

extension ZoneTable {
    /// Reads a compiled zone: its 64-bit data block and the rule in its footer.
    package convenience init(name: String, zoneFile bytes: [UInt8]) throws(ZoneFault) {
        var cursor = ZoneFileCursor(bytes: bytes)
        let old = try cursor.header()
        try cursor.skip(old.blockLength(timeBytes: 4))
        let counts = try cursor.header()
        guard counts.leaps == 0, old.leaps == 0 else {
            throw ZoneFault(
                code: .leapSeconds,
                expectation: "expected a zone without leap seconds"
            )
        }
        guard counts.types > 0 else { throw ZoneFault.damaged }
        var starts: [Int64] = [.min]
        for _ in 0..<counts.times { starts.append(try cursor.integer(bytes: 8)) }
        var kinds = [0]
        for _ in 0..<counts.times { kinds.append(Int(try cursor.integer(bytes: 1)) & 0xFF) }
        var typeOffsets: [Int32] = []
        for _ in 0..<counts.types {
            typeOffsets.append(Int32(truncatingIfNeeded: try cursor.integer(bytes: 4)))
            try cursor.skip(2)
        }
        try cursor.skip(counts.characters + counts.standardFlags + counts.utcFlags)
        let rule = try cursor.footer()

        guard kinds.allSatisfy({ $0 < typeOffsets.count }),
            zip(starts, starts.dropFirst()).allSatisfy({ $0 < $1 }),
            typeOffsets.allSatisfy({ abs(Int64($0)) <= Self.offsetSecondsMax })
        else { throw ZoneFault.damaged }
        var offsets = kinds.map { typeOffsets[$0] }
        let fold = try Self.extend(&starts, &offsets, by: rule)
        self.init(name: name, starts: starts, offsets: offsets, foldStart: fold)
    }

    /// Appends the transitions of `rule` behind the last one of the table and returns where folding
    /// begins.
    private static func extend(
        _ starts: inout [Int64],
        _ offsets: inout [Int32],
        by rule: [UInt8]
    ) throws(ZoneFault) -> Int64 {
        if rule.isEmpty { return .max }
        guard let rule = ZoneRule(rule) else { throw ZoneFault.damaged }
        let last = starts.count > 1 ? starts[starts.count - 1] : 0
        guard last.magnitude < 1 << 40 else { throw ZoneFault.damaged }
        guard let summer = rule.summer else {
            if starts.count == 1 || offsets[offsets.count - 1] != rule.standardOffset {
                starts.append(starts.count == 1 ? .min + 1 : last + 1)
                offsets.append(rule.standardOffset)
            }
            return .max
        }
        let firstYear = CivilDate(daysSince1970: Int(floorDivide(last, 86_400))).year
        for year in firstYear...(firstYear + 403) {
            let begin = summer.begin.instant(year: year, offset: rule.standardOffset)
            let end = summer.end.instant(year: year, offset: summer.offset)
            // Where one summer ends at the instant at which the next begins, it is summer.
            for (instant, offset) in begin < end
                ? [(begin, summer.offset), (end, rule.standardOffset)]
                : [(end, rule.standardOffset), (begin, summer.offset)]
            where instant > last {
                if let previous = starts.last, instant <= previous {
                    offsets[offsets.count - 1] = offset
                } else {
                    starts.append(instant)
                    offsets.append(offset)
                }
            }
        }
        return Int64(CivilDate(year: firstYear + 402, month: 1, day: 1).daysSince1970) * 86_400
    }
}

extension ZoneFault {
    static let damaged = ZoneFault(
        code: .damagedFile,
        expectation: "expected a compiled zone of version 2 or later"
    )
}

/// The six counts of a data block.
private struct ZoneFileCounts {
    let utcFlags: Int
    let standardFlags: Int
    let leaps: Int
    let times: Int
    let types: Int
    let characters: Int

    func blockLength(timeBytes: Int) -> Int {
        times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4)
            + standardFlags + utcFlags
    }
}

/// Takes a zone file apart from front to back.
private struct ZoneFileCursor {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func skip(_ count: Int) throws(ZoneFault) {
        guard count >= 0, count <= bytes.count - at else { throw ZoneFault.damaged }
        at += count
    }

    /// A big-endian integer in two's complement.
    mutating func integer(bytes count: Int) throws(ZoneFault) -> Int64 {
        let start = at
        try skip(count)
        var value = Int64(Int8(bitPattern: bytes[start]))
        for byte in bytes[start + 1..<at] { value = value << 8 | Int64(byte) }
        return value
    }

    mutating func header() throws(ZoneFault) -> ZoneFileCounts {
        let start = at
        try skip(20)
        guard bytes[start..<start + 4].elementsEqual("TZif".utf8),
            bytes[start + 4] >= UInt8(ascii: "2")
        else { throw ZoneFault.damaged }
        var counts: [Int] = []
        for _ in 0..<6 {
            let count = Int(try integer(bytes: 4))
            guard count >= 0, count <= bytes.count else { throw ZoneFault.damaged }
            counts.append(count)
        }
        return ZoneFileCounts(
            utcFlags: counts[0],
            standardFlags: counts[1],
            leaps: counts[2],
            times: counts[3],
            types: counts[4],
            characters: counts[5]
        )
    }

    /// The text between the two line feeds at the end.
    mutating func footer() throws(ZoneFault) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        guard at < bytes.count, bytes[at] == newline,
            let end = bytes[(at + 1)...].firstIndex(of: newline)
        else { throw ZoneFault.damaged }
        return Array(bytes[at + 1..<end])
    }
}
