import Compression
import Glibc
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct GzipDeflaterTests {
    @Test func theHeaderTellsNothing() throws {
        let found = try deflate(bytes("x"))
        // RFC 1952: no flags, no time, extra flags 0, system 255 (unknown).
        #expect(found[..<10] == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
    }

    @Test func theBytesDependOnTheContentOnly() throws {
        let seed: UInt64 = 91
        var random = SeededGenerator(seed: seed)
        for round in 0..<20 {
            let plain = logText(lines: Int.random(in: 0...8000, using: &random), &random)
            let level = Int.random(in: 1...9, using: &random)
            let atOnce = try deflate(plain, level: level)
            for _ in 0..<3 {
                let cuts = randomCuts(plain.count, &random)
                #expect(
                    try deflate(plain, cuts: cuts, level: level) == atOnce,
                    "seed \(seed) round \(round)")
            }
            #expect(inflate(atOnce) == InflateOutcome(plain: plain), "seed \(seed) round \(round)")
        }
        let short = logText(lines: 100, &random)
        #expect(try deflate(short, cuts: Array(0...short.count)) == deflate(short))
    }

    @Test func randomBytesComeBack() throws {
        var random = SeededGenerator(seed: 17)
        let noise = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        for level in GzipDeflater.levels {
            #expect(try inflate(deflate(noise, level: level)).plain == noise)
        }
    }

    @Test func levelsOutsideTheRangeAreBroughtIntoIt() throws {
        var random = SeededGenerator(seed: 18)
        let plain = logText(lines: 500, &random)
        #expect(try deflate(plain, level: 99) == deflate(plain, level: 9))
        #expect(try deflate(plain, level: -4) == deflate(plain, level: 1))
        #expect(try deflate(plain, level: 9).count < deflate(plain, level: 1).count)
    }

    @Test func finishingTwiceAddsNothing() throws {
        let deflater = try GzipDeflater.make()
        var output = ByteBuffer()
        deflater.finish(into: &output)
        let once = output.array()
        deflater.finish(into: &output)
        #expect(output.array() == once)
        #expect(inflate(once) == InflateOutcome())
    }

    @Test(.enabled(if: try Want.gzip.isMet(hasGzip)))
    func theGzipCommandReadsWhatWeWrite() throws {
        var random = SeededGenerator(seed: 19)
        let plain = logText(lines: 3000, &random)
        let compressed = try deflate(plain) + deflate([]) + deflate(plain)
        #expect(try run("gzip -dc", compressed) == plain + plain)
    }

    @Test(.enabled(if: try Want.gzip.isMet(hasGzip)))
    func weReadWhatTheGzipCommandWrites() throws {
        var random = SeededGenerator(seed: 20)
        let plain = logText(lines: 3000, &random)
        let first = try run("gzip -c -9", plain)
        let second = try run("gzip -c -1", plain)
        #expect(inflate(first + second) == InflateOutcome(plain: plain + plain))
    }
}

private let hasGzip = unsafe system("command -v gzip >/dev/null 2>&1") == 0

/// Sends `input` through a shell command and returns what it prints.
private func run(_ command: String, _ input: [UInt8]) throws -> [UInt8] {
    var template = Array("/tmp/sluice-gzip-XXXXXX".utf8CString)
    let number = unsafe template.withUnsafeMutableBufferPointer { buffer -> Int32 in
        guard let start = buffer.baseAddress else { return -1 }
        return unsafe mkstemp(start)
    }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { _ = unsafe unlink(path) }
    _ = unsafe write(number, input, input.count)
    close(number)
    guard let stream = unsafe popen("\(command) < \(path)", "r") else { return [] }
    defer { _ = unsafe pclose(stream) }
    var output: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let got = unsafe fread(&block, 1, block.count, stream)
        if got == 0 { return output }
        output += block[..<got]
    }
}
