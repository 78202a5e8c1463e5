/// The bytes of HLL sketches as the DataSketches libraries define them (`hll/PreambleUtil.java` of
/// apache/datasketches-java), and Spark's `hll_union_agg` reads them.
///
///     0  ints in front (2 list, 3 set, 10 registers)    1  serial version 1    2  family 7
///     3  lgK    4  binary logarithm of the table    5  flags    6  coupons of a list
///     7  mode: 0 list, 1 set, 2 registers; 8 added for HLL_8
///     list: coupons at 8; set: their number at 8, coupons at 12; registers: running estimate at
///     8, sums at 16 and 24, zero registers at 32, registers at 40
extension HLLSketch {
    private enum Flag {
        static let bigEndian: UInt8 = 1
        static let empty: UInt8 = 4
        static let compact: UInt8 = 8
        static let outOfOrder: UInt8 = 16
    }

    private static let family: UInt8 = 7
    private static let registersStart = 40
    private static let lgListSlots = 3
    private static let lgSetSlots = 5
    /// The mode's bits 2 and 3 of one byte a register.
    private static let byteRegisters: UInt8 = 2 << 2

    /// The compact form: equal sketches have equal bytes.
    package var bytes: [UInt8] {
        switch content {
        case .coupons(let coupons): couponBytes(coupons.sorted())
        case .registers(let registers): registerBytes(registers)
        }
    }

    private func couponBytes(_ coupons: [UInt32]) -> [UInt8] {
        let isList = coupons.count < 1 << Self.lgListSlots
        var lgSlots = isList ? Self.lgListSlots : Self.lgSetSlots
        while !isList, coupons.count * 4 > 3 << lgSlots { lgSlots += 1 }
        let flags = coupons.isEmpty ? Flag.compact | Flag.empty : Flag.compact
        var bytes: [UInt8] = [
            isList ? 2 : 3, 1, Self.family, UInt8(lgK), UInt8(lgSlots), flags,
            isList ? UInt8(coupons.count) : 0, Self.byteRegisters | (isList ? 0 : 1),
        ]
        if !isList { bytes.append(littleEndian: UInt64(coupons.count), width: 4) }
        for coupon in coupons { bytes.append(littleEndian: UInt64(coupon), width: 4) }
        return bytes
    }

    private func registerBytes(_ registers: [UInt8]) -> [UInt8] {
        // Sums of few powers of two: exact, whatever the order.
        var coarse = 0.0
        var fine = 0.0
        var zeros = 0
        for rank in registers {
            let term = Double(sign: .plus, exponent: -Int(rank), significand: 1)
            if rank < 32 { coarse += term } else { fine += term }
            if rank == 0 { zeros += 1 }
        }
        var bytes: [UInt8] = [
            10, 1, Self.family, UInt8(lgK), 0, Flag.compact | Flag.outOfOrder, 0,
            Self.byteRegisters | 2,
        ]
        bytes.reserveCapacity(Self.registersStart + registers.count)
        bytes.append(littleEndian: 0, width: 8)
        bytes.append(littleEndian: coarse.bitPattern, width: 8)
        bytes.append(littleEndian: fine.bitPattern, width: 8)
        bytes.append(littleEndian: UInt64(zeros), width: 4)
        bytes.append(littleEndian: 0, width: 4)
        return bytes + registers
    }

    /// Reads the compact or the updatable form with one byte a register (HLL_8).
    ///
    /// The running estimate is not kept, the sums are computed anew; so the bytes of the sketch
    /// that is made need not be those it was made from.
    package init(bytes: [UInt8]) throws(SketchFault) {
        let cursor = SketchCursor(bytes)
        try cursor.requireHead(family: Self.family, versions: 1...1)
        let lgK = Int(bytes[3])
        guard SketchDescriptor.hll.sizes.contains(lgK) else {
            throw SketchFault(.damaged, at: 3, expected: "a binary logarithm from 4 to 21")
        }
        guard bytes[5] & Flag.bigEndian == 0 else {
            throw SketchFault(.otherForm, at: 5, expected: "a little-endian sketch")
        }
        guard bytes[7] & 0b1100 == Self.byteRegisters else {
            throw SketchFault(.otherForm, at: 7, expected: "one byte a register, HLL_8")
        }
        let isCompact = bytes[5] & Flag.compact != 0
        switch bytes[7] & 3 {
        case 0:
            try Self.require(preamble: 2, bytes)
            let slots = isCompact ? nil : 1 << Self.lgListSlots
            self = try Self.coupons(cursor, Int(bytes[6]), at: 8, slots: slots, lgK: lgK)
        case 1:
            try Self.require(preamble: 3, bytes)
            let slots = isCompact ? nil : try Self.setSlots(bytes[4])
            self = try Self.coupons(
                cursor, try cursor.word32(8), at: 12, slots: slots, lgK: lgK)
        case 2:
            try Self.require(preamble: 10, bytes)
            self = try Self.registers(cursor, lgK: lgK)
        default: throw SketchFault(.damaged, at: 7, expected: "list, set or registers")
        }
        guard bytes[5] & Flag.empty == 0 || isEmpty else {
            throw SketchFault(.damaged, at: 5, expected: "nothing in a sketch marked as empty")
        }
    }

    private var isEmpty: Bool {
        switch content {
        case .coupons(let coupons): coupons.isEmpty
        case .registers(let registers): registers.allSatisfy { $0 == 0 }
        }
    }

    private static func require(preamble: UInt8, _ bytes: [UInt8]) throws(SketchFault) {
        if bytes[0] == preamble { return }
        throw SketchFault(.damaged, at: 0, expected: "the length that the mode has")
    }

    private static func setSlots(_ lgSlots: UInt8) throws(SketchFault) -> Int {
        // The largest sketch goes over to registers before its table is larger.
        guard (lgSetSlots...SketchDescriptor.hll.sizes.upperBound).contains(Int(lgSlots)) else {
            throw SketchFault(.damaged, at: 4, expected: "a binary logarithm from 5 to 21")
        }
        return 1 << Int(lgSlots)
    }

    /// Coupons one after the other or, where `slots` is given, in that many slots of a table.
    private static func coupons(
        _ cursor: SketchCursor, _ count: Int, at start: Int, slots: Int?, lgK: Int
    ) throws(SketchFault) -> HLLSketch {
        try cursor.requireEnd(at: start + (slots ?? count) * 4)
        guard count <= slots ?? count, slots != nil || count <= couponsMax(lgK: lgK) else {
            throw SketchFault(.damaged, at: start - 4, expected: "a number that the mode allows")
        }
        var coupons: Set<UInt32> = []
        for index in 0..<(slots ?? count) {
            let coupon = UInt32(try cursor.word32(start + index * 4))
            if coupon == 0, slots != nil { continue }
            guard coupon >> 26 > 0, coupons.insert(coupon).inserted else {
                throw SketchFault(
                    .damaged, at: start + index * 4, expected: "a hash that is not yet there")
            }
        }
        guard coupons.count == count, count <= couponsMax(lgK: lgK) else {
            throw SketchFault(.damaged, at: start - 4, expected: "the number of hashes")
        }
        return HLLSketch(lgK: lgK, content: .coupons(coupons))
    }

    private static func registers(
        _ cursor: SketchCursor, lgK: Int
    ) throws(SketchFault) -> HLLSketch {
        try cursor.requireEnd(at: registersStart + (1 << lgK))
        let registers = Array(cursor.bytes[registersStart...])
        for (place, rank) in registers.enumerated() where rank > rankMax {
            throw SketchFault(
                .damaged, at: registersStart + place, expected: "a rank from 0 to 63")
        }
        return HLLSketch(lgK: lgK, content: .registers(registers))
    }
}
