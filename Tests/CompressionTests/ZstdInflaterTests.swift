import Compression
import PlainTwins
import Records
import TestSupport
import Testing

/// Frames of Zstandard (RFC 8878); the examples were made by the program `zstd` 1.5.4. On a machine
/// without the library there is nothing to test but that it is said.
@Suite struct ZstdInflaterTests {
    /// `hello` and a line feed in a raw block, with a checksum.
    private static let hello: [UInt8] = [
        0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58, 0x31, 0x00, 0x00, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x0A,
        0x53, 0x88, 0xBD, 0x91,
    ]
    private static let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 1, 2]

    /// `hi` as version 0.7 of the library wrote it, before RFC 8878: another magic number.
    private static let early: [UInt8] = [
        0x27, 0xB5, 0x2F, 0xFD, 0x00, 0x58, 0x40, 0x00, 0x02, 0x68, 0x69, 0xC0, 0x00, 0x00,
    ]
    /// A frame whose fifth byte is followed by what looks like another.
    private static let nested: [UInt8] =
        [0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58]
        + hello[6..<15]

    private struct Outcome: Equatable {
        var plain: [UInt8] = []
        var fault: SourceFault.Code?
    }

    /// Inflates `file` in pieces of `step` bytes; nil without the library.
    private func inflated(_ file: [UInt8], step: Int) -> Outcome? {
        guard let inflater = try? ZstdInflater.make() else { return nil }
        var plain = ByteBuffer()
        do throws(SourceFault) {
            var at = 0
            while true {
                let piece = Array(file[at..<min(at + step, file.count)])
                let before = plain.count
                let done = try inflater.inflate(piece.span, into: &plain, upTo: 7)
                at += done.consumed
                if at == file.count, plain.count == before, done.consumed == 0 { break }
            }
            try inflater.finish()
            return Outcome(plain: plain.array())
        } catch {
            return Outcome(plain: plain.array(), fault: error.code)
        }
    }

    @Test(arguments: [1, 3, 100]) func framesFollowOneAnother(_ step: Int) {
        let twice = Self.hello + Self.skippable + Self.hello
        for (file, text) in [(Self.hello, "hello\n"), (twice, "hello\nhello\n")] {
            guard let found = inflated(file, step: step) else { continue }
            #expect(found == Outcome(plain: bytes(text)))
        }
    }

    @Test func damagedAndCutOffFiles() {
        for length in 1..<Self.hello.count {
            guard let found = inflated(Array(Self.hello.prefix(length)), step: 100) else { return }
            #expect(found.fault == .truncatedZstd, "\(length)")
        }
        for index in 9..<Self.hello.count {
            var file = Self.hello
            file[index] ^= 1
            #expect(inflated(file, step: 100)?.fault == .damagedZstd, "\(index)")
        }
        #expect(inflated(Self.hello + bytes("rest"), step: 100)?.fault == .damagedZstd)
    }

    /// The library by itself takes some of these in one piece or cut at the fifth byte.
    @Test func damagedStartsAreRefusedHoweverTheFileIsCut() {
        var foreign: [[UInt8]] = [Self.early, Self.nested, bytes("rest of the file")]
        for number in UInt8(0x22)...0x27 { foreign.append([number] + Self.early.dropFirst()) }
        for index in 0..<4 {
            foreign.append(Self.hello)
            foreign[foreign.count - 1][index] ^= 0x80
            foreign.append(Self.skippable)
            foreign[foreign.count - 1][index] ^= 0x80
        }
        for start in [[], Self.hello, Self.hello + Self.skippable] {
            for frame in foreign {
                for step in 1...(start.count + frame.count) {
                    guard let found = inflated(start + frame, step: step) else { return }
                    #expect(found.fault == .damagedZstd, "\(start.count), \(frame), \(step)")
                    #expect(found.plain == (start.isEmpty ? [] : bytes("hello\n")))
                }
            }
        }
    }

    /// Inflates all of `file` and throws the plain bytes away.
    private func fault(of file: [UInt8], _ inflater: ZstdInflater) -> SourceFault.Code? {
        var at = 0
        var plain = ByteBuffer()
        while true {
            plain.removeAll()
            let rest = Array(file[at...])
            do throws(SourceFault) {
                let step = try inflater.inflate(rest.span, into: &plain, upTo: 1 << 18)
                if step.consumed == 0, step.produced == 0 { return nil }
                at += step.consumed
            } catch {
                return error.code
            }
        }
    }

    /// Blocks of 128 KiB in four bytes (section 3.1.1.2, RLE_Block): 32,768 to 1.
    @Test func bombsAreRefused() throws {
        guard let inflater = try? ZstdInflater.make() else { return }
        let start: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58]
        let file = start + (0..<2000).flatMap { _ in [0x02, 0x00, 0x10, 0x61] as [UInt8] }
        #expect(fault(of: file, inflater) == .inflateRatio)
        #expect(inflater.plainBytes < 1 << 27)
    }

    /// Blocks of 128 KiB in four bytes between stored ones, the second of which pays for them.
    private static func mixed(bombs: Int, storedBytes: Int) -> [UInt8] {
        func stored(_ count: Int) -> [UInt8] {
            [0, 8, 16].map { UInt8(truncatingIfNeeded: (count << 3) >> $0) }
                + [UInt8](repeating: 0x62, count: count)
        }
        let bomb: [UInt8] = [0x02, 0x00, 0x10, 0x61]
        return [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58] + stored(40)
            + (0..<bombs).flatMap { _ in bomb } + stored(storedBytes) + [0x01, 0x00, 0x00]
    }

    /// The code of the fault, where the file is cut into pieces of `cut` bytes and no more than
    /// `limit` plain bytes are asked for at once; nil also at the good end of the file.
    private func fault(
        of file: [UInt8],
        _ limits: GzipLimits,
        cut: Int,
        limit: Int
    ) -> SourceFault.Code? {
        guard let inflater = try? ZstdInflater.make(limits: limits) else { return nil }
        var plain = ByteBuffer()
        do throws(SourceFault) {
            var at = 0
            while true {
                plain.removeAll()
                let piece = Array(file[at..<min(at + cut, file.count)])
                let done = try inflater.inflate(piece.span, into: &plain, upTo: limit)
                at += done.consumed
                if at == file.count, done.consumed == 0, done.produced == 0 { break }
            }
            try inflater.finish()
            return nil
        } catch {
            return error.code
        }
    }

    /// More than the ratio at first, and less at the end, or the other way round: whether a file is
    /// refused must not depend on what was read and given out at once.
    @Test func theRatioIsTheSameHoweverTheFileIsCut() throws {
        guard (try? ZstdInflater.make()) != nil else { return }
        var limits = GzipLimits()
        limits.ratioMax = 1000
        limits.ratioFreeBytes = 1 << 18
        var refused = 0
        var files = [100, 1000, 1023, 1500, 3000, 9000].flatMap { stored in
            [3, 9, 30, 260].map { Self.mixed(bombs: $0, storedBytes: stored) }
        }
        files += files.map { $0 + Self.mixed(bombs: 2, storedBytes: 900) }
        // A damaged byte behind too much: which of both is told must not depend on it either.
        files += files.map { $0 + bytes("rest") }
        for file in files {
            let whole = fault(of: file, limits, cut: file.count, limit: 1 << 26)
            if whole == .inflateRatio { refused += 1 }
            for cut in [1, 7, 1000, 1024, 1025, 4096] {
                for limit in [1 << 16, 1 << 17, 300_001] {
                    let found = fault(of: file, limits, cut: cut, limit: limit)
                    #expect(found == whole, "\(file.count) bytes, cut \(cut), limit \(limit)")
                }
            }
        }
        #expect(refused > 10 && refused < files.count - 10)
    }

    /// The same for all plain bytes of a file that is damaged further behind.
    @Test func tooManyBytesAreTheSameHoweverTheFileIsCut() throws {
        guard (try? ZstdInflater.make()) != nil else { return }
        var limits = GzipLimits()
        limits.plainBytesMax = 5
        let file = Self.hello + bytes("rest")
        for cut in 1...file.count {
            for limit in [1, 5, 6, 7, 100] {
                #expect(fault(of: file, limits, cut: cut, limit: limit) == .inflateRatio)
            }
        }
        limits.plainBytesMax = 6
        #expect(fault(of: Self.hello, limits, cut: 3, limit: 100) == nil)
        #expect(fault(of: file, limits, cut: 3, limit: 100) == .damagedZstd)
    }

    @Test func theMagicNumber() {
        let isFrame = ZstdInflater.isZstd(Self.hello.span)
        let isOther = ZstdInflater.isZstd(([0x1F, 0x8B, 8, 0] as [UInt8]).span)
        let isShort = ZstdInflater.isZstd(([0x28, 0xB5, 0x2F] as [UInt8]).span)
        #expect(isFrame && !isOther && !isShort)
    }
}
