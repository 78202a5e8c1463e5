private import CZlib
package import Records

/// Makes one gzip member (RFC 1952) of bytes that come in pieces of any size.
///
/// The result depends on the concatenated bytes and the level only, not on how they were cut: no
/// name, no time, operating system 255 ("unknown"), and full blocks are given to zlib, because its
/// lazy matcher may look at how much input it has. One owner, one thread at a time.
@safe package final class GzipDeflater {
    private let stream: UnsafeMutablePointer<z_stream>

    // zlib keeps the address of the header too until it is written.
    private let header: UnsafeMutablePointer<gz_header>

    private var pending = ByteBuffer(capacity: GzipDeflater.blockBytes)
    private var isFinished = false

    /// The bytes of content taken so far.
    package private(set) var plainBytes = 0

    /// The number of bytes that are given to zlib at once.
    private static let blockBytes = 1 << 16

    /// The levels zlib has, from fastest to smallest.
    package static let levels = 1...9

    private init(
        stream: UnsafeMutablePointer<z_stream>, header: UnsafeMutablePointer<gz_header>
    ) {
        unsafe self.stream = unsafe stream
        unsafe self.header = unsafe header
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
        unsafe header.deallocate()
    }

    /// Makes a deflater of `level` (1 to 9; others are brought into the range); fails only when
    /// there is no memory.
    package static func make(level: Int = 6) throws(SourceFault) -> GzipDeflater {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let header = UnsafeMutablePointer<gz_header>.allocate(capacity: 1)
        unsafe header.initialize(to: gz_header())
        unsafe header.pointee.os = 255
        let chosen = Int32(min(max(level, levels.lowerBound), levels.upperBound))
        // "Add 16 to windowBits to write a simple gzip header and trailer"; of the memory level
        // "the default value is 8" (zlib.h, deflateInit2).
        var result = unsafe deflateInit2_(
            stream, chosen, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        if result == Z_OK { result = unsafe deflateSetHeader(stream, header) }
        guard result == Z_OK else {
            unsafe deflateEnd(stream)
            unsafe stream.deallocate()
            unsafe header.deallocate()
            throw SourceFault(.cannotRead, expectation: "memory for a gzip encoder was expected")
        }
        return unsafe GzipDeflater(stream: stream, header: header)
    }

    /// Takes `input` and appends the compressed bytes that are ready to `output`.
    ///
    /// Must not be called after `finish`.
    package func deflate(_ input: Span<UInt8>, into output: inout ByteBuffer) {
        precondition(!isFinished)
        plainBytes += input.count
        var taken = 0
        while taken < input.count {
            let part = min(Self.blockBytes - pending.count, input.count - taken)
            pending.append(input.extracting(taken..<taken + part))
            taken += part
            if pending.count == Self.blockBytes { press(Z_NO_FLUSH, into: &output) }
        }
    }

    /// Ends the member and appends what is left of it; further calls do nothing.
    package func finish(into output: inout ByteBuffer) {
        if isFinished { return }
        isFinished = true
        press(Z_FINISH, into: &output)
        pending.wipe()
    }

    private func press(_ flush: Int32, into output: inout ByteBuffer) {
        press(pending, flush, into: &output)
        pending.removeAll()
    }

    /// Gives a block to zlib and takes all it has.
    private func press(
        _ block: borrowing ByteBuffer, _ flush: Int32, into output: inout ByteBuffer
    ) {
        unsafe block.bytes.withUnsafeBufferPointer { source in
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(source.count)
            var isDone = false
            while !isDone {
                unsafe output.appendUnsafe(upTo: Self.blockBytes) { target in
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(Self.blockBytes)
                    _ = unsafe CZlib.deflate(stream, flush)
                    // Room that is left means that zlib has nothing more to give.
                    isDone = unsafe stream.pointee.avail_out != 0
                    return unsafe Self.blockBytes - Int(stream.pointee.avail_out)
                }
            }
            unsafe stream.pointee.next_in = nil
            unsafe stream.pointee.next_out = nil
        }
    }
}
