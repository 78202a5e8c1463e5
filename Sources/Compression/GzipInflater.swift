private import CZlib
package import Records

/// Turns the bytes of a gzip file (RFC 1952) back into plain bytes, in pieces of any size.
///
/// A file is one or more members, each with a header, deflated data, a CRC-32 and a length; they
/// are read as if their contents stood one after the other. A member may be empty. Zeros behind
/// the last member are padding of tapes and are passed over; anything else there is a fault.
///
///     while more { compressed = read(); var rest = compressed
///         repeat { step = try inflate(rest, into: &plain, upTo: limit) } while input is left }
///     try finish()
///
/// A wrong byte is never passed on in silence: what was appended before a fault belongs to a member
/// whose checksum was not reached, and the caller must drop it. One owner, one thread at a time.
@safe package final class GzipInflater: StreamInflater {
    private enum Place {
        /// In front of a member; true behind the first one.
        case border(behindMember: Bool)
        /// Inside a member.
        case member
        /// Only zeros may follow.
        case padding
        /// After a fault.
        case failed
    }

    package typealias Step = InflateStep

    // zlib keeps the address of the stream, so it may not be part of a value that moves.
    private let stream: UnsafeMutablePointer<z_stream>
    /// The faster decoder, where the machine has one.
    private let fast: FastInflater?
    /// True while the member at hand is read by `fast`.
    private var isFast = false
    private let limits: GzipLimits
    private var memberStart = 0
    private var place = Place.border(behindMember: false)

    /// The number of compressed bytes taken so far.
    package private(set) var compressedBytes = 0
    /// The number of plain bytes given out so far.
    package private(set) var plainBytes = 0
    /// The number of members that ended with a good checksum.
    package private(set) var members = 0
    /// The plain bytes of those members: what is known to be good.
    package private(set) var verifiedBytes = 0

    private init(
        stream: UnsafeMutablePointer<z_stream>, fast: FastInflater?, limits: GzipLimits
    ) {
        unsafe self.stream = unsafe stream
        self.fast = fast
        self.limits = limits
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Which decoder reads the members; both give the same bytes and fail on the same files. One
    /// that is damaged and cut off may be either for one of them, as they look ahead differently.
    package enum Decoder: Sendable {
        /// The faster one where the machine has it and the member's header is an everyday one.
        case automatic
        /// zlib, which reads everything.
        case plain
    }

    /// Makes an inflater; fails only when there is no memory.
    package static func make(
        limits: GzipLimits = GzipLimits(), decoder: Decoder = .automatic
    ) throws(SourceFault) -> GzipInflater {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // "windowBits can also be greater than 15 for optional gzip decoding. [...] add 16 to
        // decode only the gzip format" (zlib.h, inflateInit2); 15 is the largest window, 32 KiB.
        let result = unsafe inflateInit2_(
            stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            unsafe stream.deallocate()
            throw SourceFault(.cannotRead, expectation: "memory for a gzip decoder was expected")
        }
        let fast = decoder == .automatic ? FastInflater.make() : nil
        return unsafe GzipInflater(stream: stream, fast: fast, limits: limits)
    }

    /// True when a source that begins with `prefix` (at least three bytes, if it has them) is gzip:
    /// the magic bytes 1f 8b and the only method there is, 8 for deflate (RFC 1952 section 2.3.1).
    package static func isGzip(_ prefix: Span<UInt8>) -> Bool {
        prefix.count >= 3 && prefix[0] == 0x1f && prefix[1] == 0x8b && prefix[2] == 8
    }

    /// Takes bytes of `input`, appends at most `limit` plain bytes to `output`, and says how much
    /// of both.
    ///
    /// Returns when the input is used up or the limit is reached; then it is called again with the
    /// rest of the input. With all input taken and the limit reached, more output may be pending:
    /// call again with an empty input until nothing is produced.
    package func inflate(
        _ input: Span<UInt8>, into output: inout ByteBuffer, upTo limit: Int
    ) throws(SourceFault) -> Step {
        var consumed = 0
        var produced = 0
        while true {
            switch place {
            case .failed: throw damaged("nothing can be read behind a fault")
            case .border(let behindMember):
                if consumed == input.count {
                    return Step(consumed: consumed, produced: produced)
                }
                memberStart = compressedBytes
                isFast = fast != nil && FastInflater.takes(input.extracting(consumed...))
                place = behindMember && input[consumed] == 0 ? .padding : .member
            case .padding:
                consumed += try skipZeros(input.extracting(consumed...))
                return Step(consumed: consumed, produced: produced)
            case .member:
                let rest = input.extracting(consumed...)
                let step =
                    isFast
                    ? try inflateFast(rest, into: &output, upTo: limit - produced)
                    : try inflateMember(rest, into: &output, upTo: limit - produced)
                consumed += step.consumed
                produced += step.produced
                if case .border = place { continue }
                if step.consumed == 0 && step.produced == 0 || produced >= limit {
                    return Step(consumed: consumed, produced: produced)
                }
            }
        }
    }

    /// Says that the input has ended; a member that has not is the fault `truncated-gzip`.
    package func finish() throws(SourceFault) {
        switch place {
        case .failed: throw damaged("nothing can be read behind a fault")
        case .padding, .border(behindMember: true): return
        case .border(behindMember: false), .member:
            place = .failed
            throw SourceFault(
                .truncatedGzip, byteOffset: compressedBytes,
                expectation: "the rest of a gzip member was expected; the file ends after "
                    + "\(compressedBytes) compressed bytes, which gave \(plainBytes) plain bytes, "
                    + "of which \(verifiedBytes) have a good checksum")
        }
    }

    private func skipZeros(_ input: Span<UInt8>) throws(SourceFault) -> Int {
        for index in input.indices where input[index] != 0 {
            compressedBytes += index
            place = .failed
            throw damaged("zeros or nothing were expected behind the last gzip member")
        }
        compressedBytes += input.count
        return input.count
    }

    private func inflateMember(
        _ input: Span<UInt8>, into output: inout ByteBuffer, upTo limit: Int
    ) throws(SourceFault) -> Step {
        // zlib counts in 32 bits; larger pieces come in several steps.
        let given = min(input.count, Int(Int32.max))
        let room = min(max(limit, 0), Int(Int32.max))
        var consumed = 0
        var result = Z_OK
        let before = output.count
        unsafe input.withUnsafeBufferPointer { source in
            unsafe output.appendUnsafe(upTo: room) { target in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(given)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(room)
                unsafe result = CZlib.inflate(stream, Z_NO_FLUSH)
                unsafe consumed = given - Int(stream.pointee.avail_in)
                let produced = unsafe room - Int(stream.pointee.avail_out)
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
                return produced
            }
        }
        let produced = output.count - before
        compressedBytes += consumed
        plainBytes += produced
        try settle(result)
        try checkLimits()
        return Step(consumed: consumed, produced: produced)
    }

    private func inflateFast(
        _ input: Span<UInt8>, into output: inout ByteBuffer, upTo limit: Int
    ) throws(SourceFault) -> Step {
        guard let fast else { return Step(consumed: 0, produced: 0) }
        let step = fast.inflate(input, into: &output, upTo: limit)
        compressedBytes += step.consumed
        plainBytes += step.produced
        switch step.outcome {
        case .more: break
        case .ended:
            endMember()
            fast.reset()
        case .damaged:
            place = .failed
            throw damagedMember()
        }
        try checkLimits()
        return Step(consumed: step.consumed, produced: step.produced)
    }

    private func endMember() {
        members += 1
        verifiedBytes = plainBytes
        place = .border(behindMember: true)
    }

    private func damagedMember() -> SourceFault {
        damaged("a gzip member with an unbroken header, data and checksum was expected")
    }

    private func settle(_ result: Int32) throws(SourceFault) {
        switch result {
        // "Z_BUF_ERROR if no progress was possible [...] not fatal" (zlib.h, inflate).
        case Z_OK, Z_BUF_ERROR: return
        case Z_STREAM_END:
            endMember()
            _ = unsafe inflateReset(stream)
        case Z_MEM_ERROR:
            place = .failed
            throw SourceFault(
                .cannotRead, byteOffset: compressedBytes,
                expectation: "memory for a gzip window was expected")
        default:
            place = .failed
            // "10 bytes [...] then the optional fields" (RFC 1952 section 2.3): a fault so early
            // means that this was no member at all.
            let isNoMember = members > 0 && compressedBytes - memberStart <= 10
            guard isNoMember else { throw damagedMember() }
            compressedBytes = memberStart
            throw damaged("a further gzip member, zeros or the end of the file were expected")
        }
    }

    private func checkLimits() throws(SourceFault) {
        let paid = plainBytes - min(plainBytes, max(limits.ratioFreeBytes, 0))
        if paid / max(limits.ratioMax, 1) > compressedBytes {
            place = .failed
            throw SourceFault(
                .inflateRatio, byteOffset: compressedBytes,
                expectation: "at most \(limits.ratioMax) plain bytes for each compressed byte "
                    + "were expected")
        }
        if plainBytes > limits.plainBytesMax {
            place = .failed
            throw SourceFault(
                .inflateRatio, byteOffset: compressedBytes,
                expectation: "at most \(limits.plainBytesMax) plain bytes were expected")
        }
    }

    private func damaged(_ expectation: String) -> SourceFault {
        SourceFault(
            .damagedGzip, byteOffset: compressedBytes,
            expectation: "\(expectation); read up to here: \(compressedBytes) compressed bytes, "
                + "\(plainBytes) plain bytes, of which \(verifiedBytes) have a good checksum")
    }
}
