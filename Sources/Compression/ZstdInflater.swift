private import CZstd
package import Records

/// Turns the frames of a Zstandard file (RFC 8878) back into plain bytes, where the machine has the
/// library.
///
/// A file is one or more frames, read as if their contents stood one after the other. The library
/// refuses frames that ask for a window of more than 128 MiB, checks their checksums if they have
/// one, and tells neither which frame is damaged nor why. One owner, one thread at a time.
@safe package final class ZstdInflater: StreamInflater {
    private let functions: czstd_functions
    private let decoder: UnsafeMutableRawPointer
    private let limits: GzipLimits
    private var isInFrame = false
    private var hasFailed = false

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
        var isEndOfFrame = false
        unsafe input.withUnsafeBufferPointer { source in
            unsafe output.appendUnsafe(upTo: max(limit, 0)) { target in
                var given = unsafe czstd_input(
                    bytes: source.baseAddress, size: source.count, position: 0)
                var room = unsafe czstd_output(
                    bytes: target.baseAddress, size: max(limit, 0), position: 0)
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
        if hasFailed {
            throw damaged("zstd frames with unbroken headers, data and checksums were expected")
        }
        try checkLimits()
        return InflateStep(consumed: consumed, produced: produced)
    }

    package func finish() throws(SourceFault) {
        guard isInFrame || hasFailed || compressedBytes == 0 else { return }
        hasFailed = true
        throw SourceFault(
            .truncatedZstd, byteOffset: compressedBytes,
            expectation: "the rest of a zstd frame was expected; the file ends after "
                + "\(compressedBytes) compressed bytes, which gave \(plainBytes) plain bytes")
    }

    private func checkLimits() throws(SourceFault) {
        let paid = plainBytes - min(plainBytes, max(limits.ratioFreeBytes, 0))
        guard paid / max(limits.ratioMax, 1) > compressedBytes
            || plainBytes > limits.plainBytesMax
        else { return }
        hasFailed = true
        throw SourceFault(
            .inflateRatio, byteOffset: compressedBytes,
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
