import FileSystem
import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

@Suite("Sources inflated before their turn")
struct InflationAheadTests {
    /// What reading a source came to.
    private struct Reading: Equatable {
        var bytes: [UInt8] = []
        var failure: String?
    }

    private let folder: TemporaryPipeline

    init() throws { folder = try TemporaryPipeline("name: none") }

    private func write(_ files: [[UInt8]]) throws -> [String] {
        try files.enumerated().map { index, file in
            let path = "\(folder.folder)/\(index).gz"
            try Data(file).write(to: URL(fileURLWithPath: path))
            return path
        }
    }

    private static let requests = (0..<1000).map { number in
        bytes("192.0.2.\(number % 251) GET /page/\(number % 97)\n")
    }

    /// Lines that compress as those of logs do.
    private func lines(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        var lines: [UInt8] = []
        for _ in 0..<count {
            lines += Self.requests[Int(random.next() % UInt64(Self.requests.count))]
        }
        return lines
    }

    /// Two of several blocks, an empty one, a short one, one of three members, and a plain one.
    private func files(_ random: inout SeededGenerator) throws -> [[UInt8]] {
        let long = lines(40_000, &random)
        let members = [lines(9_000, &random), [], lines(3, &random)]
        return [
            try gzipMember(lines(30_000, &random)), try gzipMember(long), try gzipMember([]),
            try gzipMember(lines(5, &random)), try members.flatMap(gzipMember),
            lines(9_000, &random), try gzipMember(long + long),
        ]
    }

    /// Reads a source to its end in pieces of random sizes; `between` is called before each.
    private func read(
        _ source: () throws(PipelineFailure) -> ByteSource, _ random: inout SeededGenerator,
        between: (inout SeededGenerator) -> Void = { _ in }
    ) -> Reading {
        var reading = Reading()
        do throws(PipelineFailure) {
            let source = try source()
            while !source.isAtEnd {
                between(&random)
                var buffer = ByteBuffer()
                try source.fill(&buffer, upTo: Int.random(in: 1...400_000, using: &random))
                reading.bytes += buffer.array()
            }
        } catch {
            reading.failure = "\(error)"
        }
        return reading
    }

    private func ahead(
        _ paths: [String], blocks: Int, workers: Int = 2, form: SourceForm = .lines
    ) -> InflationAhead {
        InflationAhead(
            paths, digesting: false, form: form, workers: workers,
            bytesMax: blocks * BlockPool.blockBytes)
    }

    @Test("each gives its bytes, however much was inflated before", arguments: [0, 1, 3, 100])
    func sameBytes(_ blocks: Int) throws {
        for seed in UInt64(0)..<2 {
            var random = SeededGenerator(seed: seed)
            let paths = try write(files(&random))
            let ahead = ahead(paths, blocks: blocks)
            for (index, path) in paths.enumerated() {
                let alone = read({ () throws(PipelineFailure) in
                    try ByteSource(path: path, digesting: false)
                }, &random)
                let found = read({ () throws(PipelineFailure) in
                    try ahead.source(index, at: path)
                }, &random) { random in
                    for _ in 0..<Int.random(in: 0...4, using: &random) { _ = ahead.work() }
                }
                #expect(found == alone, "seed \(seed), source \(index)")
            }
        }
    }

    @Test("a fault is found at the same byte and told in the same words")
    func sameFaults() throws {
        for seed in UInt64(0)..<16 {
            var random = SeededGenerator(seed: seed)
            var damaged = try gzipMember(lines(20_000, &random))
            if seed % 2 == 0 {
                damaged.removeLast(Int.random(in: 1..<damaged.count - 20, using: &random))
            } else {
                damaged[Int.random(in: 20..<damaged.count, using: &random)] ^= 0x10
            }
            let paths = try write([gzipMember(bytes("first\n")), damaged])
            let ahead = ahead(paths, blocks: Int.random(in: 1...4, using: &random))
            for _ in 0..<Int.random(in: 1...4, using: &random) { _ = ahead.work() }
            var others = random
            let alone = read({ () throws(PipelineFailure) in
                try ByteSource(path: paths[1], digesting: false)
            }, &random)
            let found = read({ () throws(PipelineFailure) in
                try ahead.source(1, at: paths[1])
            }, &others)
            #expect(alone.failure != nil, "seed \(seed)")
            #expect(found == alone, "seed \(seed)")
        }
    }

    @Test("no more waits for its turn than is allowed, and it goes on when there is room")
    func bounded() throws {
        var random = SeededGenerator(seed: 5)
        let long = try gzipMember(lines(200_000, &random))
        let paths = try write([gzipMember(bytes("first\n")), long, long])
        let ahead = ahead(paths, blocks: 4)
        var steps = 0
        while ahead.work() != nil { steps += 1 }
        #expect(steps == 4)
        let source = try ahead.source(1, at: paths[1])
        #expect(ahead.work() == nil)
        var buffer = ByteBuffer()
        try source.fill(&buffer, upTo: 2 * BlockPool.blockBytes)
        #expect(ahead.work() != nil)
        #expect(ahead.work() != nil)
        #expect(ahead.work() == nil)
    }

    @Test("whoever works to the end works until he is told, and meanwhile goes on by himself")
    func toTheEnd() throws {
        var random = SeededGenerator(seed: 6)
        let paths = try write(files(&random))
        let ahead = ahead(paths, blocks: 2, workers: 3)
        let total = try runHelped(by: 2, ahead.workToTheEnd, end: ahead.end) {
            () throws(PipelineFailure) in
            var total = 0
            for (index, path) in paths.enumerated() {
                let source = try ahead.source(index, at: path)
                while !source.isAtEnd {
                    var buffer = ByteBuffer()
                    try source.fill(&buffer, upTo: 1 << 18)
                    total += buffer.count
                }
            }
            return total
        }
        let alone = paths.reduce(0) { sum, path in
            sum
                + read({ () throws(PipelineFailure) in
                    try ByteSource(path: path, digesting: false)
                }, &random).bytes.count
        }
        #expect(total == alone)
    }

    @Test("what is no file, what is missing and what is decoded first is left for its turn")
    func leftForTheirTurn() throws {
        let fifo = "\(folder.folder)/fifo"
        try #require(unsafe mkfifo(fifo, 0o600) == 0)
        let paths = try write([gzipMember(bytes("first\n"))]) + ["\(folder.folder)/none", fifo, "-"]
        let ahead = ahead(paths, blocks: 4)
        while ahead.work() != nil {}
        #expect(throws: PipelineFailure.self) { _ = try ahead.source(1, at: paths[1]) }
        let twice = [paths[0], paths[0]]
        #expect(
            self.ahead(twice, blocks: 4, form: SourceForm(encoding: .utf16)).work()
                == nil)
        #expect(self.ahead(twice, blocks: 4, workers: 1).work() == nil)
        #expect(self.ahead(twice, blocks: 4).work() != nil)
    }
}
