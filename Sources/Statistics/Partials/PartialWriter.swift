import KeyedHashing
import Records

/// Writes a partial: the canonical bytes of an aggregate.
///
/// Layout (numbers are LEB128, signed ones zigzag first): magic and version; plan digest; key
/// references; texts, each `1`, shared prefix, length and rest; `0`; tokens, each `1` and 16 bytes;
/// `0`; per statistic its rows (`1`, key, counters, contributors, lists) and `0`, then per sessions
/// measure its intervals and `0`; the number of rows; the checksum. A key is the number of leading
/// words it shares with the one before and the words behind them.
struct PartialWriter: PartialSink {
    static let magic: [UInt8] = Array("SLUICEPT".utf8)
    static let version: UInt8 = 1

    private let file: any SpillFile
    private var buffer: [UInt8] = []
    private let digest: PartialDigest
    private var rows: UInt64 = 0
    private var lastText: [UInt8] = []
    private var lastKey: [UInt32] = []
    private var lastListed: UInt32 = 0
    private var lastNumber: Int128?
    private var lastFirst: Int64 = 0
    private var landmarks = PartialLandmarks()
    /// The bytes that have left the buffer.
    private var written = 0

    private static let flushBytes = 1 << 16

    /// Begins a partial in `file`.
    init(_ header: PartialHeader, to file: any SpillFile) throws(PartialFault) {
        self.file = file
        digest = PartialDigest()
        buffer.reserveCapacity(Self.flushBytes + 4096)
        buffer += Self.magic
        buffer.append(Self.version)
        name(header.planDigest)
        number(UInt64(header.keys.count))
        for key in header.keys {
            name(Array(key.epoch.utf8))
            name(Array(key.keyID.utf8))
        }
    }

    private mutating func name(_ bytes: [UInt8]) {
        number(UInt64(bytes.count))
        buffer += bytes
    }

    private mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func signed(_ value: Int64) {
        number(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    private mutating func wide(_ value: Int128) {
        var rest = UInt128(bitPattern: value << 1 ^ value >> 127)
        while rest >= 0x80 {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func word(_ value: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            buffer.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private mutating func flush(always: Bool = false) throws(PartialFault) {
        if buffer.count < Self.flushBytes, !always { return }
        var full: [UInt8] = []
        swap(&full, &buffer)
        digest.add(full.span)
        written += full.count
        do { try file.append(full.span) } catch { throw PartialFault(error) }
        full.removeAll(keepingCapacity: true)
        swap(&full, &buffer)
    }

    mutating func text(_ text: [UInt8]) throws(PartialFault) {
        var shared = 0
        while shared < min(text.count, lastText.count), text[shared] == lastText[shared] {
            shared += 1
        }
        buffer.append(1)
        number(UInt64(shared))
        number(UInt64(text.count - shared))
        buffer += text[shared...]
        lastText = text
        try flush()
    }

    private var areTextsEnded = false

    mutating func token(_ token: Token) throws(PartialFault) {
        if !areTextsEnded {
            buffer.append(0)
            areTextsEnded = true
        }
        buffer.append(1)
        word(token.high)
        word(token.low)
        try flush()
    }

    mutating func endDictionary() throws(PartialFault) {
        if !areTextsEnded { buffer.append(0) }
        buffer.append(0)
        landmarks.beginSection(at: written + buffer.count)
        try flush()
    }

    /// Writes a key; returns true when it is the key before.
    private mutating func key(_ key: [UInt32]) -> Bool {
        var shared = 0
        if lastKey.count == key.count {
            while shared < key.count, key[shared] == lastKey[shared] { shared += 1 }
        }
        number(UInt64(shared))
        for index in shared..<key.count { number(UInt64(key[index])) }
        if shared == key.count, lastKey.count == key.count { return true }
        // Word by word: an array shared with the caller would be copied when he changes his.
        lastKey.removeSubrange(min(shared, lastKey.count)...)
        for index in lastKey.count..<key.count { lastKey.append(key[index]) }
        return false
    }

    mutating func beginRow(_ row: PartialRow) throws(PartialFault) {
        buffer.append(1)
        _ = key(row.key)
        for cell in row.cells { signed(cell) }
        for set in row.contributors {
            guard case .all(let tokens) = set else {
                number(0)
                continue
            }
            number(UInt64(tokens.count + 1))
            for token in tokens {
                word(token.high)
                word(token.low)
            }
        }
        rows += 1
        lastListed = 0
        lastNumber = nil
        try flush()
    }

    mutating func listedToken(_ token: UInt32) throws(PartialFault) {
        number(UInt64(token - lastListed))
        lastListed = token
        try flush()
    }

    mutating func listedNumber(_ billionths: Int128, times: UInt64) throws(PartialFault) {
        buffer.append(1)
        wide(lastNumber.map { billionths - $0 } ?? billionths)
        number(times)
        lastNumber = billionths
        try flush()
    }

    mutating func endList() throws(PartialFault) {
        buffer.append(0)
        lastListed = 0
        lastNumber = nil
    }

    mutating func endRows() throws(PartialFault) {
        buffer.append(0)
        lastKey = []
        landmarks.beginSection(at: written + buffer.count)
    }

    mutating func interval(
        _ key: [UInt32], _ interval: SessionInterval
    ) throws(PartialFault) {
        if rows % PartialLandmarks.step == 0, !lastKey.isEmpty {
            landmarks.add(
                PartialLandmarks.Place(
                    offset: written + buffer.count, key: lastKey, first: lastFirst))
        }
        buffer.append(1)
        let isSameKey = self.key(key)
        signed(isSameKey ? interval.first - lastFirst : interval.first)
        number(UInt64(bitPattern: interval.last - interval.first))
        number(UInt64(interval.events))
        signed(Int64(interval.localHour) - flooredHours(interval.first))
        lastFirst = interval.first
        rows += 1
        try flush()
    }

    mutating func endIntervals() throws(PartialFault) {
        buffer.append(0)
        lastKey = []
        landmarks.beginSection(at: written + buffer.count)
    }

    /// Ends the partial with the number of its rows and its checksum; says where what is in it.
    @discardableResult
    consuming func finish() throws(PartialFault) -> PartialLandmarks {
        word(rows)
        try flush(always: true)
        let tag = digest.finish()
        do { try file.append(tag.span) } catch { throw PartialFault(error) }
        return landmarks
    }
}

/// Whole hours since 1970 at a time in milliseconds, rounded down.
func flooredHours(_ milliseconds: Int64) -> Int64 {
    let hours = milliseconds / 3_600_000
    return milliseconds % 3_600_000 < 0 ? hours - 1 : hours
}
