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

    @Test func theMagicNumber() {
        let isFrame = ZstdInflater.isZstd(Self.hello.span)
        let isOther = ZstdInflater.isZstd(([0x1F, 0x8B, 8, 0] as [UInt8]).span)
        let isShort = ZstdInflater.isZstd(([0x28, 0xB5, 0x2F] as [UInt8]).span)
        #expect(isFrame && !isOther && !isShort)
    }
}
