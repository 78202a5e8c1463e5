import Compression
import PlainTwins
import Records
import TestSupport

extension FuzzTarget {
    /// The decoders of whole files.
    static let files: [FuzzTarget] = [
        FuzzTarget("gzip", made: gzipSeeds, run: inflateGzip),
        FuzzTarget("zstd", run: inflateZstd),
    ]
}

/// Members as other programs write them, and texts that zlib deflates in all of its ways.
private func gzipSeeds() throws -> [[UInt8]] {
    var random = SeededGenerator(seed: 5)
    let log = logText(lines: 40, &random)
    return [emptyMember, helloMember] + (try [1, 6, 9].map { try deflate(log, level: $0) })
}

/// The most that is inflated of an input.
private func modestLimits() -> GzipLimits {
    var limits = GzipLimits()
    limits.plainBytesMax = 1 << 18
    return limits
}

/// The fast decoder against zlib, in one piece and in pieces.
private func inflateGzip(_ input: [UInt8]) throws -> Bool {
    var random = cuts(for: input)
    let cuts = randomCuts(input.count, &random)
    let limit = Int.random(in: 1...9000, using: &random)
    func outcome(
        _ cuts: [Int], _ limit: Int, _ decoder: GzipInflater.Decoder
    ) -> InflateOutcome {
        inflate(input, cuts: cuts, limit: limit, limits: modestLimits(), decoder: decoder)
    }
    let plain = outcome([], 1 << 16, .plain)
    for found in [
        outcome(cuts, limit, .plain), outcome([], 1 << 16, .automatic),
        outcome(cuts, limit, .automatic),
    ] {
        // What was given out in front of a fault may differ: nobody may use it.
        try demand(
            plain.fault == nil ? found == plain : found.fault != nil,
            "a decoder says \(found.fault as Any), zlib \(plain.fault as Any)")
    }
    return plain.fault == nil
}

/// Frames of Zstandard in one piece, in pieces and byte by byte, and as the library reads a whole
/// file; without the library there is nothing to try.
private func inflateZstd(_ input: [UInt8]) throws -> Bool {
    var random = cuts(for: input)
    let whole = zstdOutcome(input, step: max(1, input.count))
    for step in [1, Int.random(in: 2...24, using: &random)] {
        let pieces = zstdOutcome(input, step: step)
        // Which comes first, the limit or a damaged block behind it, depends on the pieces.
        let isAlike =
            [whole?.fault, pieces?.fault].contains(.inflateRatio)
            ? whole?.fault != nil && pieces?.fault != nil : whole?.fault == pieces?.fault
        try demand(
            isAlike,
            "the fault is \(whole?.fault as Any), in pieces \(pieces?.fault as Any)")
        try demand(whole?.fault != nil || whole == pieces, "the bytes are others")
    }
    guard let whole else { return false }
    let atOnce = ZstdLibrary.inflated(input, limit: 1 << 18)
    if whole.fault == nil {
        try demand(atOnce == whole.plain, "the library gives other bytes at once")
    } else if ZstdLibrary.isOneFrame(input) {
        try demand(atOnce == nil, "the library takes at once what is \(whole.fault as Any)")
    }
    return whole.fault == nil
}

private func zstdOutcome(_ input: [UInt8], step: Int) -> InflateOutcome? {
    guard let inflater = try? ZstdInflater.make() else { return nil }
    var plain = ByteBuffer()
    do throws(SourceFault) {
        var at = 0
        while true {
            if plain.count > 1 << 18 { return InflateOutcome(fault: .inflateRatio) }
            let piece = Array(input[at..<min(at + step, input.count)])
            let before = plain.count
            let done = try inflater.inflate(piece.span, into: &plain, upTo: 4096)
            at += done.consumed
            if at == input.count, plain.count == before, done.consumed == 0 { break }
        }
        try inflater.finish()
        return InflateOutcome(plain: plain.array())
    } catch {
        return InflateOutcome(fault: error.code)
    }
}
