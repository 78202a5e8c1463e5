package import Compression
package import Records
package import TestSupport

/// The empty gzip member that `gzip -n` writes, byte for byte.
package let emptyMember: [UInt8] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]

/// "hello\n" as one stored block, written by hand after RFC 1951 section 3.2.4 and RFC 1952.
package let helloMember: [UInt8] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 6, 0, 0xf9, 0xff, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a,
    0x20, 0x30, 0x3a, 0x36, 6, 0, 0, 0,
]

/// How an inflated file ended.
package struct InflateOutcome: Equatable {
    package var plain: [UInt8]
    package var fault: SourceFault.Code?
    package var offset: Int?

    package init(plain: [UInt8] = [], fault: SourceFault.Code? = nil, offset: Int? = nil) {
        self.plain = plain
        self.fault = fault
        self.offset = offset
    }
}

/// Inflates `input`, cut at `cuts` (ascending), taking at most `limit` plain bytes a call.
package func inflate(
    _ input: [UInt8], cuts: [Int] = [], limit: Int = 1 << 16, limits: GzipLimits = GzipLimits(),
    decoder: GzipInflater.Decoder = .automatic
) -> InflateOutcome {
    var outcome = InflateOutcome()
    var plain = ByteBuffer()
    do {
        let inflater = try GzipInflater.make(limits: limits, decoder: decoder)
        var start = 0
        for end in cuts + [input.count] {
            var step: GzipInflater.Step
            repeat {
                step = try inflater.inflate(
                    input.span.extracting(start..<end), into: &plain, upTo: limit)
                start += step.consumed
                precondition(step.produced <= limit)
            } while start < end || step.produced > 0
        }
        try inflater.finish()
    } catch {
        outcome.fault = error.code
        outcome.offset = error.byteOffset
    }
    outcome.plain = plain.array()
    return outcome
}

/// Deflates `plain`, cut at `cuts` (ascending).
package func deflate(_ plain: [UInt8], cuts: [Int] = [], level: Int = 6) throws -> [UInt8] {
    var output = ByteBuffer()
    let deflater = try GzipDeflater.make(level: level)
    var start = 0
    for end in cuts + [plain.count] {
        deflater.deflate(plain.span.extracting(start..<end), into: &output)
        start = end
    }
    deflater.finish(into: &output)
    return output.array()
}

/// Text that looks like a log: repetitive with changing numbers.
package func logText(lines: Int, _ random: inout SeededGenerator) -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<lines {
        text += bytes("192.0.2.\(UInt8.random(in: 0...255, using: &random)) GET /page/")
        text += bytes("\(UInt32.random(in: 0...99_999, using: &random)) 200\n")
    }
    return text
}

package func randomCuts(_ length: Int, _ random: inout SeededGenerator) -> [Int] {
    (0..<Int.random(in: 0...12, using: &random))
        .map { _ in Int.random(in: 0...length, using: &random) }.sorted()
}
