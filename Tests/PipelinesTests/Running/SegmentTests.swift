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

    /// The file as one that somebody is writing, until what is returned is closed.
    private func writing(_ folder: TemporaryPipeline, _ name: String) throws -> FileHandle {
        try #require(FileHandle(forWritingAtPath: "\(folder.folder)/\(name)"))
    }

    /// A line that is still being written is no record: its half would be one more, for good.
    @Test func anOpenLineIsLeftWhileItsFileIsWritten() throws {
        let whole = lines(0..<7)
        let half = whole.utf8.count - 9
        let folder = try folder(["in/a": String(whole.prefix(half))])
        let writer = try writing(folder, "in/a")
        let first = try folder.run(now: "2026-04-15")
        #expect(first.totals.read == 6)
        #expect(first.sources[0].openBytes == lines(6..<7).utf8.count - 9)
        #expect(try read(folder) == 0)
        try writer.close()
        // It is renamed before its writer ends the line, and goes on.
        try folder.remove("in/a")
        try folder.write("in/b", whole + lines(8..<9).dropLast())
        let next = try writing(folder, "in/b")
        let second = try folder.run(now: "2026-04-15")
        #expect(second.totals.read == 1)
        #expect(second.sources[0].openBytes == lines(8..<9).utf8.count - 1)
        try next.close()
        let third = try folder.run(now: "2026-04-15")
        #expect(third.totals.read == 1)
        #expect(third.sources[0].openBytes == 0)
        #expect(try read(folder) == 0)
    }

    @Test func nothingButAnOpenLine() throws {
        let folder = try folder(["in/a": String(lines(0..<1).dropLast(4))])
        let writer = try writing(folder, "in/a")
        #expect(try read(folder) == 0)
        try writer.close()
        try folder.write("in/a", lines(0..<1))
        #expect(try read(folder) == 1)
    }

    /// Rows of CSV and messages of syslog are whole records wherever they are cut off.
    @Test func halvesOfRowsAndMessages() throws {
        let csv = """
            name: rows
            source: { format: csv, files: "in/*", time: ts }
            fields: { ts: keep, m: redact }
            outputs: [{ name: all, purpose: statistics, path: "out/{name}.csv" }]
            state: state

            """
        let whole = "ts,m\n2026-03-01T10:00:00Z,one\n2026-03-01T10:00:01Z,to=anna@one.example\n"
        let folder = try TemporaryPipeline(csv, files: ["in/a": String(whole.dropLast(9))])
        let writer = try writing(folder, "in/a")
        #expect(try read(folder) == 1)
        try writer.close()
        try folder.write("in/a", whole + "2026-03-01T10:00:02Z,thr")
        let next = try writing(folder, "in/a")
        #expect(try read(folder) == 1)
        try next.close()
        let stored = try folder.files(below: "out").map { try folder.text("out/\($0)") }
        #expect(stored.allSatisfy { !$0.contains("anna") && !$0.contains("thr") })
    }

    /// An export without a line feed at its end is replaced the next night: nobody writes it.
    @Test func theLastLineOfAFileThatNobodyWritesIsTaken() throws {
        let folder = try folder(["in/a": String(lines(0..<2).dropLast())])
        #expect(try read(folder) == 2)
        try folder.write("in/a", String(lines(2..<4).dropLast()))
        #expect(try read(folder) == 2)
        try folder.write("in/a", String(lines(4..<6).dropLast()))
        let writer = try writing(folder, "in/a")
        #expect(try read(folder) == 1)
        var request = RunRequest(pipeline: "\(folder.folder)/pipeline.yaml")
        request.now = "2026-04-15"
        request.endOfInputIsComplete = true
        #expect(try Sluice.run(request, observer: nil).totals.read == 1)
        try writer.close()
    }

    /// What is there changed or cut off is taken again, and said; what grew is not.
    @Test func aChangedFileIsTold() throws {
        let folder = try folder(["in/a": lines(0..<100)])
        #expect(try read(folder) == 100)
        try folder.write("in/a", lines(0..<105))
        let grown = try folder.run(now: "2026-04-15")
        #expect(!grown.sources[0].wasChanged && grown.alarms.isEmpty)
        try folder.write("in/a", lines(0..<50) + lines(777..<778) + lines(51..<105))
        let edited = try folder.run(now: "2026-04-15")
        #expect(edited.sources[0].wasChanged)
        #expect(edited.totals.read == 100)
        #expect(edited.alarms.count == 1)
        #expect(edited.alarms[0].contains("of 100 records taken some may be"))
        try folder.write("in/a", lines(0..<60))
        #expect(try folder.run(now: "2026-04-15").sources[0].wasChanged)
        try folder.write("in/a", lines(300..<400))
        #expect(try !folder.run(now: "2026-04-15").sources[0].wasChanged)
    }

    /// Whoever compressed a file has ended it.
    @Test func anOpenLineOfACompressedFileIsTaken() throws {
        let folder = try folder([:])
        try folder.write("in/a.gz", "")
        try pack(String(lines(0..<3).dropLast()), folder, "in/a.gz")
        #expect(try read(folder) == 3)
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
        try pack(one + lines(91..<93), folder, "in/d.gz")
        #expect(try read(folder) == 2)
    }

    private func pack(_ text: String, _ folder: TemporaryPipeline, _ name: String) throws {
        let deflater = try GzipDeflater.make(level: 1)
        var packed = ByteBuffer()
        deflater.deflate(Array(text.utf8).span, into: &packed)
        deflater.finish(into: &packed)
        try Data(packed.array()).write(to: URL(fileURLWithPath: "\(folder.folder)/\(name)"))
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
