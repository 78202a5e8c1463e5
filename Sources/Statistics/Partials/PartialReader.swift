import KeyedHashing

/// Reads a partial from front to end. All of it was checked against the checksum before the first
/// word is believed; what is read is still held to the limits and to the canonical order.
struct PartialReader {
    private let file: any SpillFile
    private let limits: PartialLimits
    var window: [UInt8] = []
    private var windowStart = 0
    var at = 0
    /// The end of the content, in front of the row count and the checksum.
    private let contentEnd: Int
    private(set) var header = PartialHeader(planDigest: [], keys: [])

    private var lastText: [UInt8] = []
    private var lastToken: Token?
    /// The current row; valid after `nextRow` said true. Its key is that of the current interval
    /// after `nextInterval` said true.
    var row = PartialRow()
    /// The current interval; valid after `nextInterval` said true.
    private(set) var interval = SessionInterval(first: 0, last: 0, events: 0, localHour: 0)
    private var hasKey = false
    var lastListed: UInt32 = 0
    var lastNumber: Int128?
    var rowsRead: UInt64 = 0
    /// The numbers of the row at hand.
    var scratch: [Int64] = []

    /// The most bytes that are read at once when all are read.
    static let windowBytesMax = 1 << 16
    private var windowBytes = PartialReader.windowBytesMax
    private static let trailerBytes = 8 + PartialDigest.tagBytes

    /// Opens the partial in `file` after checking all its bytes.
    init(_ file: any SpillFile, limits: PartialLimits = PartialLimits()) throws(PartialFault) {
        self.file = file
        self.limits = limits
        contentEnd = file.count - Self.trailerBytes
        try readMagic()
        try verify()
        windowStart = PartialWriter.magic.count + 1
        window = []
        at = 0
        try readHeader()
    }

    private mutating func readMagic() throws(PartialFault) {
        let length = PartialWriter.magic.count + 1
        try load(at: 0, length)
        guard window.count == length, Array(window.dropLast()) == PartialWriter.magic else {
            throw PartialFault(.notAPartial)
        }
        guard window.last == PartialWriter.version else {
            throw PartialFault(.otherVersion, byteOffset: length - 1)
        }
        guard contentEnd >= length else { throw PartialFault(.damaged, byteOffset: file.count) }
    }

    private mutating func load(at offset: Int, _ length: Int) throws(PartialFault) {
        do {
            try file.read(at: offset, atMost: length, into: &window)
        } catch { throw PartialFault(error) }
        windowStart = offset
        at = 0
    }

    /// Reads on at `place`, in windows of `windowBytes`. Behind it the number of rows is not known
    /// any more: `finish` must not be called.
    mutating func seek(
        to place: PartialLandmarks.Place, windowBytes: Int
    ) throws(PartialFault) {
        guard place.offset < contentEnd else { throw PartialFault(.damaged) }
        self.windowBytes = windowBytes
        row.key = place.key
        hasKey = !place.key.isEmpty
        interval = SessionInterval(
            first: place.first, last: place.first, events: 0, localHour: 0)
        try load(at: place.offset, min(windowBytes, contentEnd - place.offset))
    }

    /// Lets go of what was read ahead; `seek` reads on.
    mutating func rest() {
        windowStart += window.count
        window = []
        at = 0
    }

    private mutating func verify() throws(PartialFault) {
        let digest = PartialDigest()
        let covered = contentEnd + 8
        var offset = 0
        while offset < covered {
            try load(at: offset, min(windowBytes, covered - offset))
            if window.isEmpty { throw PartialFault(.damaged, byteOffset: offset) }
            digest.add(window.span)
            offset += window.count
        }
        let tag = digest.finish()
        try load(at: covered, PartialDigest.tagBytes)
        guard window == tag else { throw PartialFault(.damaged, byteOffset: covered) }
    }

    private mutating func readHeader() throws(PartialFault) {
        let planDigest = try name()
        let count = try number()
        guard count <= limits.keysMax else { throw fault(.overLimit) }
        var keys: [PartialHeader.KeyReference] = []
        for _ in 0..<count {
            let epoch = String(decoding: try name(), as: UTF8.self)
            let keyID = String(decoding: try name(), as: UTF8.self)
            keys.append(PartialHeader.KeyReference(epoch: epoch, keyID: keyID))
        }
        header = PartialHeader(planDigest: planDigest, keys: keys)
    }

    private func fault(_ code: PartialFault.Code = .damaged) -> PartialFault {
        PartialFault(code, byteOffset: windowStart + at)
    }

    @inline(__always)
    private mutating func byte() throws(PartialFault) -> UInt8 {
        if at == window.count { try refill() }
        let byte = window[at]
        at &+= 1
        return byte
    }

    private mutating func refill() throws(PartialFault) {
        let offset = windowStart + window.count
        guard offset < contentEnd else { throw fault() }
        try load(at: offset, min(windowBytes, contentEnd - offset))
        if window.isEmpty { throw fault() }
    }

    private mutating func number() throws(PartialFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 {
                if shift == 63, byte > 1 { throw fault() }
                return value
            }
            shift += 7
            if shift > 63 { throw fault() }
        }
    }

    private mutating func signed() throws(PartialFault) -> Int64 {
        let raw = try number()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    private mutating func wide() throws(PartialFault) -> Int128 {
        var raw: UInt128 = 0
        var shift: UInt128 = 0
        while true {
            let byte = try byte()
            raw |= UInt128(byte & 0x7f) << shift
            if byte < 0x80 { break }
            shift += 7
            if shift > 126 { throw fault() }
        }
        return Int128(bitPattern: raw >> 1) ^ -Int128(bitPattern: raw & 1)
    }

    private mutating func word() throws(PartialFault) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<8 { value = value << 8 | UInt64(try byte()) }
        return value
    }

    private mutating func bytes(_ count: UInt64, limit: Int) throws(PartialFault) -> [UInt8] {
        guard count <= limit else { throw fault(.overLimit) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(count))
        for _ in 0..<count { bytes.append(try byte()) }
        return bytes
    }

    private mutating func name() throws(PartialFault) -> [UInt8] {
        try bytes(try number(), limit: limits.nameBytesMax)
    }

    /// One of `0` (no more) and `1` (one more).
    private mutating func hasMore() throws(PartialFault) -> Bool {
        let flag = try byte()
        guard flag < 2 else { throw fault() }
        return flag == 1
    }

    /// The next text, or nil behind the last one.
    mutating func nextText() throws(PartialFault) -> [UInt8]? {
        guard try hasMore() else { return nil }
        let shared = try number()
        guard shared <= lastText.count else { throw fault() }
        let text =
            Array(lastText.prefix(Int(shared)))
            + (try bytes(try number(), limit: limits.textBytesMax))
        guard lastText.lexicographicallyPrecedes(text) else { throw fault() }
        lastText = text
        return text
    }

    /// The next token, or nil behind the last one.
    mutating func nextToken() throws(PartialFault) -> Token? {
        guard try hasMore() else { return nil }
        let token = Token(high: try word(), low: try word())
        guard (lastToken ?? .none) < token else { throw fault() }
        lastToken = token
        return token
    }

    private mutating func readKey(width: Int) throws(PartialFault) -> Bool {
        let shared = try number()
        guard shared <= width, hasKey || shared == 0 else { throw fault() }
        if row.key.count != width { row.key = [UInt32](repeating: 0, count: width) }
        for index in Int(shared)..<width {
            let value = try number()
            guard value <= UInt64(UInt32.max) else { throw fault() }
            let word = UInt32(value)
            // The first word that differs decides the order; the first key has nothing before it.
            if hasKey, index == Int(shared), word <= row.key[index] { throw fault() }
            row.key[index] = word
        }
        let isSame = hasKey && Int(shared) == width
        hasKey = true
        rowsRead += 1
        return isSame
    }

    /// Steps to the next row of a statistic; false behind the last one.
    mutating func nextRow(_ layout: StatisticLayout) throws(PartialFault) -> Bool {
        if hasKey, layout.contributorSets == 0, nextPlainRow(layout.plainCells) { return true }
        guard try hasMore() else {
            hasKey = false
            return false
        }
        let isSame = try readKey(width: layout.rowWords.count)
        if isSame { throw fault() }
        row.cells.removeAll(keepingCapacity: true)
        for _ in 0..<layout.cellCount { row.cells.append(try signed()) }
        // What was counted cannot be less than nothing, and would take others away in a merge.
        for cell in layout.plainCells where row.cells[cell] < 0 { throw fault() }
        row.contributors.removeAll(keepingCapacity: true)
        for _ in 0..<layout.contributorSets {
            row.contributors.append(try contributorSet(limit: layout.personsMax))
            row.contributors.append(try contributorSet(limit: layout.customersMax))
        }
        lastListed = 0
        lastNumber = nil
        return true
    }

    private mutating func contributorSet(limit: Int) throws(PartialFault) -> ContributorSet {
        let count = try number()
        if count == 0 { return .enough }
        guard count <= limit else { throw fault() }
        var tokens: [Token] = []
        for _ in 1..<count {
            let token = Token(high: try word(), low: try word())
            guard (tokens.last ?? .none) < token else { throw fault() }
            tokens.append(token)
        }
        return .all(tokens)
    }

    /// The next token of the current list of the current row, or nil behind the last one.
    mutating func nextListedToken() throws(PartialFault) -> UInt32? {
        let delta = try number()
        if delta == 0 {
            lastListed = 0
            return nil
        }
        guard delta <= UInt64(UInt32.max - lastListed) else { throw fault() }
        lastListed += UInt32(delta)
        return lastListed
    }

    /// The next number of the current list of the current row, or nil behind the last one.
    mutating func nextListedNumber() throws(PartialFault) -> (billionths: Int128, times: UInt64)? {
        guard try hasMore() else {
            lastNumber = nil
            return nil
        }
        var value = try wide()
        if let lastNumber {
            let (sum, isOver) = lastNumber.addingReportingOverflow(value)
            guard value > 0, !isOver else { throw fault() }
            value = sum
        }
        lastNumber = value
        return (value, try number())
    }

    /// Passes over the lists of the current row.
    mutating func skipLists(_ layout: StatisticLayout) throws(PartialFault) {
        for isTokens in layout.lists {
            if isTokens {
                while try nextListedToken() != nil {}
            } else {
                while try nextListedNumber() != nil {}
            }
        }
    }

    /// Steps to the next interval of a sessions measure; false behind the last one.
    mutating func nextInterval(_ layout: StatisticLayout) throws(PartialFault) -> Bool {
        guard try hasMore() else {
            hasKey = false
            return false
        }
        let isSame = try readKey(width: layout.sessionWords.count)
        let step = try signed()
        let (first, isOver) =
            isSame ? interval.last.addingReportingOverflow(0) : (0, false)
        let (start, isOver2) =
            isSame ? interval.first.addingReportingOverflow(step) : (step, isOver)
        guard !isOver, !isOver2, !isSame || start > first else { throw fault() }
        let duration = try number()
        let events = try number()
        let hours = Int64(flooredHours(start)) &+ (try signed())
        guard start.magnitude < 1 << 60, duration < 1 << 60, events <= UInt64(UInt32.max),
            let localHour = Int32(exactly: hours)
        else { throw fault() }
        interval = SessionInterval(
            first: start, last: start + Int64(duration), events: UInt32(events),
            localHour: localHour)
        return true
    }

    /// Checks that the content ends here with the right number of rows.
    mutating func finish() throws(PartialFault) {
        guard windowStart + at == contentEnd else { throw fault() }
        try load(at: contentEnd, 8)
        var count: UInt64 = 0
        for byte in window { count = count << 8 | UInt64(byte) }
        guard count == rowsRead else { throw fault() }
    }
}
