private import CZstd
package import Records

/// Turns the frames of a Zstandard file (RFC 8878) back into plain bytes, where the machine has the
/// library.
///
/// A file is one or more frames, read as if their contents stood one after the other. The library
/// refuses frames that ask for a window of more than 128 MiB, checks their checksums if they have
/// one, and tells neither which frame is damaged nor why. One owner, one thread at a time.
///
/// What is taken and what is refused does not depend on how the file is cut into pieces. Left to
/// itself the library looks at as much of a frame's start as one piece has: with all of it, it
/// reads the formats before RFC 8878, too; with the second half alone, it takes that for a frame if
/// it looks like one. It is therefore given the start of each frame byte by byte, and no byte of a
/// frame that does not begin as one should. How much it gives out at once depends on the pieces,
/// too: the ratio is looked at in certain places of the file, each time with all that the bytes up
/// to there have given.
@safe package final class ZstdInflater: StreamInflater {
    private let functions: czstd_functions
    private let decoder: UnsafeMutableRawPointer
    private let limits: GzipLimits
    private var isInFrame = false
    /// How many bytes of the present frame's start were taken, `headBytesMax` at most.
    private var headBytes = 0
    /// True when the present frame's first byte is not that of a frame of data.
    private var isSkippable = false
    private var hasFailed = false
    /// True when the library may have more plain bytes of what it was given.
    private var mayHoldBack = false

    /// The number of compressed bytes taken so far.
    package private(set) var compressedBytes = 0
    /// The number of plain bytes given out so far.
    package private(set) var plainBytes = 0

    private init(
        functions: czstd_functions, decoder: UnsafeMutableRawPointer, limits: GzipLimits
    ) {
        self.functions = functions
        unsafe self.decoder = decoder
        self.limits = limits
    }

    deinit { _ = unsafe functions.release(decoder) }

    /// The longest header of a frame, its magic number included (RFC 8878 section 3.1.1.1).
    private static let headBytesMax = 18

    /// The ratio is looked at behind each KiB of the file, and at its end. The densest blocks there
    /// are, of 128 KiB in four bytes, give 32 MiB meanwhile.
    private static let ratioStepBytes = 1 << 10

    /// Equal lines compress beyond what Deflate can do: 10,000 to 1 is no honest log any more.
    package static var standardLimits: GzipLimits {
        var limits = GzipLimits()
        limits.ratioMax = 10_000
        limits.ratioFreeBytes = 1 << 24
        return limits
    }

    /// True when a source that begins with `prefix` (at least four bytes, if it has them) is
    /// Zstandard: the magic number of a frame (RFC 8878 section 3.1.1).
    package static func isZstd(_ prefix: Span<UInt8>) -> Bool {
        prefix.count >= 4 && prefix[0] == 0x28 && prefix[1] == 0xB5 && prefix[2] == 0x2F
            && prefix[3] == 0xFD
    }

    /// True when a frame of data or one to be skipped (section 3.1.2) may have `byte` at `index` of
    /// its magic number; which of the two it is, the first byte says.
    private static func isMagic(_ byte: UInt8, at index: Int, isSkippable: Bool) -> Bool {
        switch index {
        case 0: byte == 0x28 || byte >> 4 == 0x5
        case 1: byte == (isSkippable ? 0x2A : 0xB5)
        case 2: byte == (isSkippable ? 0x4D : 0x2F)
        case 3: byte == (isSkippable ? 0x18 : 0xFD)
        default: true
        }
    }

    /// Makes an inflater; a fault on a machine without the library.
    package static func make(
        limits: GzipLimits = ZstdInflater.standardLimits
    ) throws(SourceFault) -> ZstdInflater {
        guard let functions = library.functions, let decoder = functions.create() else {
            throw SourceFault(
                .cannotRead, byteOffset: 0,
                expectation: "the file is compressed by zstd: expected the system library "
                    + "libzstd.so.1 on this machine, or gzip")
        }
        return unsafe ZstdInflater(functions: functions, decoder: decoder, limits: limits)
    }

    /// The library is opened once.
    private static let library = Library()

    private struct Library: @unchecked Sendable {
        let functions: czstd_functions?

        init() {
            var found = czstd_functions()
            functions = unsafe czstd_open(&found) != 0 ? found : nil
        }
    }

    package func inflate(
        _ input: Span<UInt8>, into output: inout ByteBuffer, upTo limit: Int
    ) throws(SourceFault) -> InflateStep {
        if hasFailed { throw damaged("nothing can be read behind a fault") }
        var consumed = 0
        var produced = 0
        while produced < limit, mayHoldBack || consumed < input.count {
            let room = limit - produced
            let step = try inflatePiece(input.extracting(consumed...), into: &output, upTo: room)
            consumed += step.consumed
            produced += step.produced
        }
        return InflateStep(consumed: consumed, produced: produced)
    }

    /// Inflates what lies in front of the next place where something is looked at.
    private func inflatePiece(
        _ input: Span<UInt8>,
        into output: inout ByteBuffer,
        upTo limit: Int
    ) throws(SourceFault) -> InflateStep {
        let behind = compressedBytes % Self.ratioStepBytes
        var piece = input.extracting(first: Self.ratioStepBytes - behind)
        if behind == 0, mayHoldBack {
            piece = input.extracting(first: 0)
        } else if headBytes < Self.headBytesMax {
            try checkMagic(input)
            piece = input.extracting(first: 1)
        }
        // One byte more than there may be shows that there are too many.
        let room = min(limit - 1, limits.plainBytesMax - plainBytes) + 1
        let step = decompress(piece, into: &output, upTo: room)
        if hasFailed {
            throw damaged("zstd frames with unbroken headers, data and checksums were expected")
        }
        mayHoldBack = isInFrame && step.produced == room
        if plainBytes > limits.plainBytesMax { throw tooMuch() }
        if compressedBytes % Self.ratioStepBytes == 0, !mayHoldBack { try checkRatio() }
        return step
    }

    /// Lets the library have a piece of a frame, and counts.
    private func decompress(
        _ piece: Span<UInt8>,
        into output: inout ByteBuffer,
        upTo limit: Int
    ) -> InflateStep {
        var consumed = 0
        var produced = 0
        var isEndOfFrame = false
        unsafe piece.withUnsafeBufferPointer { source in
            unsafe output.appendUnsafe(upTo: limit) { target in
                var given = unsafe czstd_input(
                    bytes: source.baseAddress, size: source.count, position: 0)
                var room = unsafe czstd_output(
                    bytes: target.baseAddress,
                    size: limit,
                    position: 0
                )
                let result = unsafe functions.decompress(decoder, &room, &given)
                hasFailed = functions.is_error(result) != 0
                isEndOfFrame = result == 0
                consumed = unsafe given.position
                produced = unsafe room.position
                return produced
            }
        }
        compressedBytes += consumed
        plainBytes += produced
        if consumed > 0 || produced > 0 { isInFrame = !isEndOfFrame }
        headBytes = isInFrame ? min(headBytes + consumed, Self.headBytesMax) : 0
        return InflateStep(consumed: consumed, produced: produced)
    }

    package func finish() throws(SourceFault) {
        guard isInFrame || hasFailed || compressedBytes == 0 else { return try checkRatio() }
        hasFailed = true
        throw SourceFault(
            .truncatedZstd, byteOffset: compressedBytes,
            expectation: "the rest of a zstd frame was expected; the file ends after "
                + "\(compressedBytes) compressed bytes, which gave \(plainBytes) plain bytes")
    }

    /// Looks at the next byte if it belongs to the magic number of a frame.
    private func checkMagic(_ input: Span<UInt8>) throws(SourceFault) {
        guard headBytes < 4 else { return }
        let byte = input[0]
        if headBytes == 0 { isSkippable = byte != 0x28 }
        guard Self.isMagic(byte, at: headBytes, isSkippable: isSkippable) else {
            hasFailed = true
            throw damaged("the magic number of a zstd frame (RFC 8878) was expected")
        }
    }

    private func checkRatio() throws(SourceFault) {
        let paid = plainBytes - min(plainBytes, max(limits.ratioFreeBytes, 0))
        if paid / max(limits.ratioMax, 1) > compressedBytes { throw tooMuch() }
    }

    private func tooMuch() -> SourceFault {
        hasFailed = true
        return SourceFault(
            .inflateRatio,
            byteOffset: compressedBytes,
            expectation: "at most \(limits.ratioMax) plain bytes for each compressed byte, and "
                + "\(limits.plainBytesMax) in all, were expected")
    }

    private func damaged(_ expectation: String) -> SourceFault {
        SourceFault(
            .damagedZstd, byteOffset: compressedBytes,
            expectation: "\(expectation); read up to here: \(compressedBytes) compressed bytes, "
                + "\(plainBytes) plain bytes")
    }
}
