import Compression
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct GzipInflaterTests {
    @Test func membersPaddingAndRubbish() {
        let hello = bytes("hello\n")
        let table: [(String, [UInt8], InflateOutcome)] = [
            ("one", helloMember, InflateOutcome(plain: hello)),
            ("two", helloMember + helloMember, InflateOutcome(plain: hello + hello)),
            ("empty", emptyMember, InflateOutcome()),
            (
                "empty between", helloMember + emptyMember + helloMember,
                InflateOutcome(plain: hello + hello)
            ),
            (
                "zeros", helloMember + [UInt8](repeating: 0, count: 700),
                InflateOutcome(plain: hello)
            ),
            (
                "zeros then more", helloMember + [0, 0] + helloMember,
                InflateOutcome(plain: hello, fault: .damagedGzip, offset: helloMember.count + 2)
            ),
            (
                "rubbish", helloMember + bytes("rubbish"),
                InflateOutcome(plain: hello, fault: .damagedGzip, offset: helloMember.count)
            ),
            (
                "half a magic", helloMember + [0x1f],
                InflateOutcome(plain: hello, fault: .truncatedGzip, offset: helloMember.count + 1)
            ),
            ("nothing", [], InflateOutcome(fault: .truncatedGzip, offset: 0)),
            ("not gzip", bytes("192.0.2.1"), InflateOutcome(fault: .damagedGzip, offset: nil)),
        ]
        for (name, input, expected) in table {
            for cuts in [[], Array(0...input.count)] {
                var found = inflate(input, cuts: cuts)
                if expected.offset == nil { found.offset = nil }
                #expect(found == expected, "\(name), \(cuts.count) cuts")
            }
        }
    }

    @Test func aNamedMemberWithExtraFieldsIsRead() {
        // FLG = FEXTRA | FNAME | FCOMMENT (RFC 1952 section 2.3.1).
        var member = helloMember
        member[3] = 0x1c
        member.insert(contentsOf: [2, 0, 9, 9] + bytes("a.log\0") + bytes("note\0"), at: 10)
        #expect(inflate(member) == InflateOutcome(plain: bytes("hello\n")))
    }

    @Test func magicBytes() {
        let table: [([UInt8], Bool)] = [
            (helloMember, true), ([], false), ([0x1f], false), ([0x1f, 0x8b], false),
            ([0x1f, 0x8b, 8], true), ([0x1f, 0x8b, 7], false), ([0x28, 0xb5, 0x2f, 0xfd], false),
        ]
        for (prefix, expected) in table {
            let found = GzipInflater.isGzip(prefix.span)
            #expect(found == expected)
        }
    }

    @Test func everyTruncationIsReported() throws {
        var random = SeededGenerator(seed: 5)
        let whole = try helloMember + deflate(logText(lines: 20, &random)) + emptyMember
        let borders = [helloMember.count, whole.count - emptyMember.count, whole.count]
        let plain = inflate(whole).plain
        for length in 0...whole.count {
            let found = inflate(Array(whole[..<length]))
            let isBorder = borders.contains(length)
            #expect(found.fault == (isBorder ? nil : .truncatedGzip), "\(length)")
            #expect(plain.starts(with: found.plain))
            if !isBorder { #expect(found.offset == length) }
        }
    }

    @Test func everyFlippedBitIsReportedOrHarmless() throws {
        var random = SeededGenerator(seed: 6)
        let plain = logText(lines: 5, &random)
        let whole = try deflate(plain)
        for index in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[index] ^= 1 << bit
                let found = inflate(damaged)
                // No checksum covers the header's flags, time and system, nor the bits that fill up
                // the last byte in front of the trailer of 8 bytes.
                let isFree = (3...9).contains(index) || index == whole.count - 9
                #expect(
                    found.fault != nil || (isFree && found.plain == plain),
                    "byte \(index) bit \(bit)")
            }
        }
    }

    @Test func theBytesDoNotDependOnTheCuts() throws {
        let seed: UInt64 = 77
        var random = SeededGenerator(seed: seed)
        for round in 0..<60 {
            var plain: [UInt8] = []
            var whole: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let lines = Int.random(in: 0...300, using: &random)
                let part = logText(lines: lines, &random)
                plain += part
                whole += try deflate(part, level: Int.random(in: 1...9, using: &random))
            }
            let limit = Int.random(in: 1...5000, using: &random)
            let cuts = randomCuts(whole.count, &random)
            let found = inflate(whole, cuts: cuts, limit: limit)
            #expect(found == InflateOutcome(plain: plain), "seed \(seed) round \(round)")
        }
    }

    /// The faster decoder against zlib: whole files, cut ones and damaged ones. Without the library
    /// both are zlib.
    @Test func bothDecodersGiveTheSameBytesAndFaults() throws {
        let seed: UInt64 = 0x15A
        var random = SeededGenerator(seed: seed)
        var faults = 0
        for round in 0..<400 {
            var whole: [UInt8] = []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let part = logText(lines: Int.random(in: 0...120, using: &random), &random)
                whole += try deflate(part, level: Int.random(in: 1...9, using: &random))
            }
            switch round % 4 {
            case 1: whole.removeLast(Int.random(in: 1...whole.count, using: &random))
            case 2:
                let at = Int.random(in: 0..<whole.count, using: &random)
                whole[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 3: whole.append(UInt8.random(in: 0...255, using: &random))
            default: break
            }
            let limit = Int.random(in: 1...9000, using: &random)
            let cuts = randomCuts(whole.count, &random)
            let fast = inflate(whole, cuts: cuts, limit: limit)
            let plain = inflate(whole, cuts: cuts, limit: limit, decoder: .plain)
            #expect(fast.fault == plain.fault, "seed \(seed) round \(round)")
            // What was given out in front of a fault may differ: nobody may use it.
            if plain.fault == nil { #expect(fast == plain, "seed \(seed) round \(round)") }
            faults += plain.fault == nil ? 0 : 1
        }
        #expect(faults > 150)
    }

    @Test func byteByByte() throws {
        var random = SeededGenerator(seed: 8)
        let plain = logText(lines: 100, &random)
        let whole = try deflate(plain) + emptyMember
        let found = inflate(whole, cuts: Array(0...whole.count), limit: 1)
        #expect(found == InflateOutcome(plain: plain))
    }

    @Test func theLimitOfACallHolds() throws {
        let whole = try deflate([UInt8](repeating: 0x61, count: 100_000))
        let inflater = try GzipInflater.make()
        var plain = ByteBuffer()
        let first = try inflater.inflate(whole.span, into: &plain, upTo: 1000)
        #expect(first.produced == 1000 && plain.count == 1000)
        let rest = whole.span.extracting(first.consumed...)
        let second = try inflater.inflate(rest, into: &plain, upTo: 1 << 20)
        #expect(plain.count == 100_000 && first.consumed + second.consumed == whole.count)
        #expect(inflater.members == 1 && inflater.verifiedBytes == 100_000)
    }

    @Test func aBombIsStoppedAndHonestFilesPass() throws {
        let zeros = [UInt8](repeating: 0, count: 4 << 20)
        let bomb = try deflate(zeros, level: 9)
        #expect(bomb.count * 1100 > zeros.count)
        #expect(inflate(bomb).plain.count == zeros.count)
        var strict = GzipLimits()
        strict.ratioMax = 100
        let stopped = inflate(bomb, limits: strict)
        #expect(stopped.fault == .inflateRatio)
        #expect(stopped.plain.count <= strict.ratioFreeBytes + 100 * bomb.count + (1 << 16))
        var small = GzipLimits()
        small.plainBytesMax = 1000
        #expect(inflate(bomb, limits: small).fault == .inflateRatio)
    }

    @Test func nothingIsReadBehindAFault() throws {
        let inflater = try GzipInflater.make()
        var plain = ByteBuffer()
        for _ in 0..<2 {
            do {
                _ = try inflater.inflate(bytes("no gzip here").span, into: &plain, upTo: 100)
                Issue.record("rubbish was taken")
            } catch { #expect(error.code == .damagedGzip) }
        }
        do {
            try inflater.finish()
            Issue.record("a damaged file ended well")
        } catch { #expect(error.code == .damagedGzip) }
    }

    @Test func faultsSayHowFarItGotAndNothingOfTheContent() throws {
        let whole = helloMember + helloMember.dropLast(2)
        let inflater = try GzipInflater.make()
        var plain = ByteBuffer()
        _ = try inflater.inflate(whole.span, into: &plain, upTo: 1000)
        do {
            try inflater.finish()
            Issue.record("a truncated file ended well")
        } catch {
            #expect(error.byteOffset == whole.count)
            #expect(error.expectation.contains("12 plain bytes, of which 6"))
            #expect(!error.expectation.contains("hello"))
        }
    }
}
