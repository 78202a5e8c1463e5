import Foundation
import Records
import TestSupport
import Testing

@testable import Statistics

/// Sketches go to the DataSketches library and back: what it makes of the same items, and what it
/// reads of ours.
///
/// Needs a Python with the package datasketches: `SLUICE_SKETCH_PYTHON` names one, otherwise the
/// environment that `.ci/packages --tests` makes is taken, or the `python3` of the path. Without
/// any the suite is skipped, and the test runner says so.
@Suite(.enabled(if: try Want.sketches.isMet(SketchLibrary.python != nil)))
struct LibraryCrossCheckTests {
    private let folder = "/tmp/sluice-sketches-\(UInt64.random(in: .min ... .max))"

    private struct Case {
        let name: String
        let first: Int
        let end: Int
        let size: Int
    }

    private static let sets: [Case] =
        [(0, 0), (0, 1), (0, 2), (0, 7), (0, 8), (5, 30), (0, 384), (0, 385), (0, 4096), (0, 4097),
            (100, 60_000), (0, 200_000)].enumerated().flatMap { index, range in
            [5, 8, 12].map { size in
                Case(name: "\(index)-\(size)", first: range.0, end: range.1, size: size)
            }
        }
    private static let lists: [Case] = [0, 1, 2, 8, 200, 201, 1000, 100_000].flatMap { count in
        [8, 200, 1000].map { Case(name: "\(count)-\($0)", first: 1, end: count, size: $0) }
    }
    private static let pairs: [(Range<Int>, Range<Int>)] = [
        (0..<0, 0..<10), (0..<10, 0..<0), (0..<10, 5..<20), (0..<3000, 2000..<9000),
        (0..<60_000, 40_000..<120_000), (0..<50_000, 50_000..<50_100), (0..<9000, 0..<9000),
    ]

    private func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    private func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }

    private static func thetaSketch(_ one: Case, tokens: Bool) -> ThetaSketch {
        var union = ThetaUnion(lgK: one.size)
        for number in one.first..<one.end {
            if tokens {
                union.insert(productToken(number))
            } else {
                union.insert(hash: SketchHash(Int64(number)).theta)
            }
        }
        return union.sketch()
    }

    private static func hllSketch(_ one: Case, tokens: Bool) -> HLLSketch {
        var sketch = HLLSketch(lgK: one.size)
        for number in one.first..<one.end {
            if tokens {
                sketch.insert(productToken(number))
            } else {
                sketch.insert(coupon: SketchHash(Int64(number)).coupon)
            }
        }
        return sketch
    }

    private static func longs(_ one: Case) -> KLLSketch<Int64> {
        var sketch = KLLSketch<Int64>(k: one.size)
        for number in 0..<one.end { sketch.insert(Int64(number + 1)) }
        return sketch
    }

    private static func doubles(_ one: Case) -> KLLSketch<Double> {
        kll((0..<one.end).map { Double($0 + 1) }, k: one.size)
    }

    private func writeAll() throws {
        var manifest: [String] = []
        for one in Self.sets {
            for (kind, tokens) in [("int", false), ("token", true)] {
                let range = "\(kind) \(one.size) \(one.first) \(one.end)"
                let sketch = Self.thetaSketch(one, tokens: tokens)
                let figures = sketch.estimate()
                try write("theta-\(kind)-\(one.name)", sketch.bytes)
                manifest.append(
                    "theta theta-\(kind)-\(one.name) \(range) \(figures.value) "
                        + "\(figures.lower) \(figures.upper)")
                let other = Self.hllSketch(one, tokens: tokens)
                try write("hll-\(kind)-\(one.name)", other.bytes)
                manifest.append("hll hll-\(kind)-\(one.name) \(range) \(other.estimate().value)")
            }
        }
        for (index, (one, other)) in Self.pairs.enumerated() {
            let left = theta(one)
            let right = theta(other)
            try write("sets-\(index).union", left.union(right).bytes)
            try write("sets-\(index).both", left.intersection(right).bytes)
            try write("sets-\(index).rest", left.subtracting(right).bytes)
            manifest.append(
                "sets sets-\(index) 12 \(one.lowerBound) \(one.upperBound) "
                    + "\(other.lowerBound) \(other.upperBound)")
        }
        for one in Self.lists {
            try write("kll-int-\(one.name)", Self.longs(one).bytes)
            manifest.append("kll kll-int-\(one.name) int \(one.size) \(one.end)")
            try write("kll-double-\(one.name)", Self.doubles(one).bytes)
            manifest.append("kll kll-double-\(one.name) double \(one.size) \(one.end)")
        }
        try write("manifest", bytes(manifest.map { $0 + "\n" }.joined()))
        try write("check.py", bytes(crossCheckScript))
    }

    /// What the library wrote is read, and is what we would have written.
    private func readAll() throws {
        for one in Self.sets {
            for (kind, tokens) in [("int", false), ("token", true)] {
                let sketch = Self.thetaSketch(one, tokens: tokens)
                let name = "theta-\(kind)-\(one.name)"
                #expect(try ThetaSketch(bytes: read(name + ".v3")) == sketch, "\(name)")
                #expect(try ThetaSketch(bytes: read(name + ".v4")) == sketch, "\(name)")
                let other = Self.hllSketch(one, tokens: tokens)
                let otherName = "hll-\(kind)-\(one.name)"
                #expect(try HLLSketch(bytes: read(otherName + ".compact")) == other)
                #expect(try HLLSketch(bytes: read(otherName + ".updatable")) == other)
            }
        }
        for one in Self.lists {
            let longs = try KLLSketch<Int64>(bytes: read("kll-int-\(one.name).lib"))
            let doubles = try KLLSketch<Double>(bytes: read("kll-double-\(one.name).lib"))
            #expect(longs.count == UInt64(one.end))
            #expect(doubles.count == UInt64(one.end))
            #expect(doubles.greatest == (one.end == 0 ? nil : Double(one.end)))
            guard one.end > 0 else { continue }
            let middle = Double(one.end) / 2
            let error = (longs.rankError + 1 / Double(one.end)) * Double(one.end)
            #expect(abs(Double(longs.quantile(0.5) ?? 0) - middle) <= error)
            #expect(abs((doubles.quantile(0.5) ?? 0) - middle) <= error)
        }
    }

    @Test func theLibraryAgrees() throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let python = try #require(SketchLibrary.python)
        try writeAll()
        let outcome = SketchLibrary.run([python, "\(folder)/check.py", folder])
        FileHandle.standardError.write(Data("library cross-check: \(outcome.output)".utf8))
        #expect(outcome.status == 0, "\(outcome.output)")
        if outcome.status == 0 { try readAll() }
    }
}

/// The library as a Python package.
private enum SketchLibrary {
    /// A Python that has the package; nil when there is none.
    static let python: String? = {
        let named = ProcessInfo.processInfo.environment["SLUICE_SKETCH_PYTHON"]
        let all = named.map { [$0] } ?? [".build/sketch-environment/bin/python", "python3"]
        return all.first { run([$0, "-c", "import datasketches"]).status == 0 }
    }()

    /// The status and the output of a command.
    static func run(_ words: [String]) -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return (-1, "") }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
