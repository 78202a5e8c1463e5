import Anonymization
import Compression
import Foundation
import Pipelines
import Records
import TestSupport
import Testing

/// Sources whose content was counted in another file.
@Suite struct SegmentTests {
    private let pipeline = """
        name: counted
        source: { format: jsonl, files: "in/*", time: ts }
        fields: { ts: keep, n: keep }
        outputs: [{ name: all, purpose: statistics, path: "out/{date}.jsonl" }]
        state: state

        """

    private func lines(_ range: Range<Int>) -> String {
        range.map { #"{"ts":"2026-03-01T10:00:00Z","n":\#($0)}"# + "\n" }.joined()
    }

    private func folder(_ files: [String: String]) throws -> TemporaryPipeline {
        try TemporaryPipeline(pipeline, files: files)
    }

    private func read(_ folder: TemporaryPipeline) throws -> Int {
        try folder.run(now: "2026-04-15").totals.read
    }

    @Test func joinedInAnyOrder() throws {
        let (one, two) = (lines(0..<40), lines(100..<103))
        let folder = try folder(["in/a": one, "in/b": two])
        #expect(try read(folder) == 43)
        try folder.write("in/c", one + two)
        try folder.write("in/d", two + one)
        #expect(try read(folder) == 0)
        try folder.write("in/e", one + lines(200..<205) + two)
        let report = try folder.run(now: "2026-04-15")
        #expect(report.totals.read == 5)
        #expect(report.sources.last?.knownLines == 43)
        #expect(report.sources.last?.knownBytes == (one + two).utf8.count)
        try folder.write("in/f", lines(300..<302) + two + lines(400..<401) + one)
        #expect(try read(folder) == 3)
        #expect(try read(folder) == 0)
    }

    @Test func withinOneRun() throws {
        let (one, two) = (lines(0..<40), lines(100..<103))
        let folder = try folder(["in/a": one, "in/b": two, "in/c": two + lines(7..<9) + one])
        #expect(try read(folder) == 45)
    }

    @Test func aCopyThatWasCutOff() throws {
        let folder = try folder(["in/a": lines(0..<500)])
        #expect(try read(folder) == 500)
        try folder.write("in/b", lines(0..<123))
        #expect(try read(folder) == 0)
        let early = try self.folder(["in/a": lines(0..<123), "in/b": lines(0..<500)])
        #expect(try read(early) == 500)
    }

    @Test func anOpenLineThatWasEndedLater() throws {
        let open = String(lines(0..<5).dropLast())
        let folder = try folder(["in/a": open])
        #expect(try read(folder) == 5)
        try folder.write("in/a", lines(0..<7))
        #expect(try read(folder) == 2)
    }

    /// A line that reads like the only one of another file is not taken for it in the middle.
    @Test func oneEqualLineIsAnotherEvent() throws {
        let folder = try folder(["in/a": lines(5..<6)])
        #expect(try read(folder) == 1)
        try folder.write("in/b", lines(0..<10))
        #expect(try read(folder) == 10)
    }

    /// A line that came alone is known each time its whole file is there again.
    @Test func aLineThatCameAloneInAFileThatIsThereTwice() throws {
        let (old, more, other) = (lines(0..<9), lines(9..<10), lines(20..<25))
        for joined in [
            old + more + old + more, old + more + other + old + more,
            other + old + more + other + old + more,
        ] {
            let folder = try folder(["in/a": old, "in/b": other])
            #expect(try read(folder) == 14)
            try folder.write("in/a", old + more)
            #expect(try read(folder) == 1)
            try folder.write("in/c", joined)
            #expect(try read(folder) == 0)
            // Twice in a row it is another event.
            try folder.write("in/d", old + more + more)
            #expect(try read(folder) == 1)
        }
    }

    @Test func longFilesAndSegments() throws {
        let filler = String(repeating: "x", count: 900)
        func long(_ range: Range<Int>) -> String {
            range.map { #"{"ts":"2026-03-01T10:00:00Z","n":\#($0),"f":"\#(filler)"}"# + "\n" }
                .joined()
        }
        // About 9 MiB: three segments.
        let (one, two) = (long(0..<10_000), lines(0..<50))
        let folder = try folder(["in/a": one, "in/b": two])
        #expect(try read(folder) == 10_050)
        try folder.write("in/c", two + long(50_000..<50_003) + one + lines(90..<91))
        #expect(try read(folder) == 4)
        let deflater = try GzipDeflater.make(level: 1)
        var packed = ByteBuffer()
        deflater.deflate(Array((one + lines(91..<93)).utf8).span, into: &packed)
        deflater.finish(into: &packed)
        try Data(packed.array()).write(to: URL(fileURLWithPath: "\(folder.folder)/in/d.gz"))
        #expect(try read(folder) == 2)
    }

    /// Random joins of pieces against a plain count: each piece is taken once.
    @Test(arguments: 1...4) func randomJoins(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let folder = try folder([:])
        var pieces: [String] = []
        var next = 0
        var taken = 0
        for step in 0..<10 {
            let count = Int.random(in: 2...70, using: &random)
            let fresh = lines(next..<next + count)
            next += count
            var content = [fresh]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                guard let known = pieces.randomElement(using: &random) else { break }
                content.insert(known, at: Int.random(in: 0...content.count, using: &random))
            }
            pieces.append(fresh)
            try folder.write("in/\(step)", content.joined())
            taken += try read(folder)
            #expect(taken == next, "seed \(seed) step \(step)")
        }
        #expect(try read(folder) == 0)
        let written = try folder.files(below: "out").reduce(0) {
            $0 + (try folder.text("out/\($1)").split(separator: "\n").count)
        }
        #expect(written == next)
    }
}
