private import CIsal
internal import Records

/// Inflates members of gzip files with the decoder of ISA-L, three to four times as fast as zlib's.
///
/// The owner of one state of the library. It takes members with an everyday header only
/// (`takes(_:)`); it reads all of such a member, its checksum and length included. One owner, one
/// thread at a time.
@safe final class FastInflater {
    /// What one call did.
    struct Step {
        var consumed: Int
        var produced: Int
        var outcome: Outcome
    }

    enum Outcome {
        case more
        /// The member has ended with a good checksum.
        case ended
        case damaged
    }

    private let functions: cisal_functions
    private let state: UnsafeMutablePointer<cisal_state>

    /// The length of a header without optional fields (RFC 1952 section 2.3).
    static let headerBytes = 10
    /// FTEXT, FEXTRA, FNAME and FCOMMENT: what a header may have beside the fixed fields. A header
    /// with a checksum of its own or with reserved bits is left to zlib, which checks both.
    private static let takenFlags: UInt8 = 0x1d

    private init(functions: cisal_functions) {
        self.functions = functions
        unsafe state = .allocate(capacity: 1)
        unsafe UnsafeMutableRawPointer(state).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<cisal_state>.size)
        unsafe functions.`init`(state)
        unsafe state.pointee.crc_flag = UInt32(CISAL_GZIP)
    }

    deinit { unsafe state.deallocate() }

    /// An inflater, or nil on a machine without the library.
    static func make() -> FastInflater? {
        library.functions.map { FastInflater(functions: $0) }
    }

    /// The library is opened once, and only where it reads what it must read.
    private static let library = Library()

    private struct Library: @unchecked Sendable {
        let functions: cisal_functions?

        init() {
            var found = cisal_functions()
            guard unsafe cisal_open(&found) != 0, FastInflater(functions: found).isSound else {
                functions = nil
                return
            }
            functions = found
        }
    }

    /// Reads a member of one stored byte right, and refuses it with a wrong checksum.
    private var isSound: Bool {
        let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        let body: [UInt8] = [1, 1, 0, 0xfe, 0xff, UInt8(ascii: "a")]
        // The CRC-32 of "a" is e8b7be43.
        let good = header + body + [0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0]
        let bad = header + body + [0x43, 0xbe, 0xb7, 0xe9, 1, 0, 0, 0]
        var plain = ByteBuffer(capacity: 64)
        let first = inflate((good + [0x1f]).span, into: &plain, upTo: 16)
        reset()
        let second = inflate(bad.span, into: &plain, upTo: 16)
        reset()
        return first.outcome == .ended && first.consumed == good.count && first.produced == 1
            && second.outcome == .damaged && plain.bytes[0] == UInt8(ascii: "a")
    }

    /// True when a member that begins with `input` can be read here.
    static func takes(_ input: Span<UInt8>) -> Bool {
        input.count >= headerBytes && input[0] == 0x1f && input[1] == 0x8b && input[2] == 8
            && input[3] & ~takenFlags == 0
    }

    /// Gets ready for the next member.
    func reset() {
        unsafe functions.reset(state)
        unsafe state.pointee.crc_flag = UInt32(CISAL_GZIP)
    }

    /// Takes bytes of `input` and appends at most `limit` plain bytes to `output`.
    func inflate(
        _ input: Span<UInt8>, into output: inout ByteBuffer, upTo limit: Int
    ) -> Step {
        // The library counts in 32 bits; larger pieces come in several steps.
        let given = min(input.count, Int(Int32.max))
        let room = min(max(limit, 0), Int(Int32.max))
        var step = Step(consumed: 0, produced: 0, outcome: .more)
        unsafe input.withUnsafeBufferPointer { source in
            unsafe output.appendUnsafe(upTo: room) { target in
                unsafe state.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe state.pointee.avail_in = UInt32(given)
                unsafe state.pointee.next_out = target.baseAddress
                unsafe state.pointee.avail_out = UInt32(room)
                let result = unsafe functions.inflate(state)
                step.consumed = unsafe given - Int(state.pointee.avail_in)
                step.produced = unsafe room - Int(state.pointee.avail_out)
                unsafe state.pointee.next_in = nil
                unsafe state.pointee.next_out = nil
                if result < 0 {
                    step.outcome = .damaged
                } else if unsafe state.pointee.block_state == UInt32(CISAL_BLOCK_FINISH) {
                    step.outcome = .ended
                }
                return step.produced
            }
        }
        return step
    }
}
