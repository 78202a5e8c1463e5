import TestSupport
import Testing

@testable import Publication

/// The estimate of uniqueness, beside exact counts.
@Suite struct KHyperLogLogTests {
    private static func hash(_ number: UInt64) -> UInt64 {
        var generator = SeededGenerator(seed: number)
        return max(1, generator.next())
    }

    /// Rows of `classes` classes; a class has 1, 2, … 40 persons, small ones more often.
    private static func rows(
        _ classes: Int, _ generator: inout SeededGenerator
    ) -> [(rowClass: UInt64, person: UInt64)] {
        var rows: [(rowClass: UInt64, person: UInt64)] = []
        for number in 0..<classes {
            let persons = 1 + Int.random(in: 0..<40, using: &generator)
                * Int.random(in: 0..<2, using: &generator)
            for person in 0..<persons {
                for _ in 0..<Int.random(in: 1...2, using: &generator) {
                    rows.append(
                        (hash(UInt64(number)), hash(UInt64(1_000_000 + number * 50 + person))))
                }
            }
        }
        return rows
    }

    private static func share(
        _ rows: [(rowClass: UInt64, person: UInt64)], atMost most: Int
    ) -> (classes: Double, rows: Double) {
        var persons: [UInt64: Set<UInt64>] = [:]
        var counts: [UInt64: Int] = [:]
        for row in rows {
            persons[row.rowClass, default: []].insert(row.person)
            counts[row.rowClass, default: 0] += 1
        }
        let small = persons.filter { $1.count <= most }.keys
        let smallRows = small.reduce(0) { $0 + (counts[$1] ?? 0) }
        return (
            Double(small.count) / Double(persons.count), Double(smallRows) / Double(rows.count)
        )
    }

    private static func estimate(
        _ rows: some Sequence<(rowClass: UInt64, person: UInt64)>, _ classesMax: Int
    ) -> KHyperLogLog {
        var estimate = KHyperLogLog(classesMax: classesMax)
        for row in rows { estimate.add(class: row.rowClass, person: row.person) }
        return estimate
    }

    @Test("exact while all classes fit")
    func exact() throws {
        var generator = SeededGenerator(seed: 901)
        let rows = Self.rows(300, &generator)
        let estimate = Self.estimate(rows, 512)
        #expect(estimate.classes == 300)
        for most in [1, 5, 20, 64] {
            let truth = Self.share(rows, atMost: most)
            #expect(estimate.classShare(withAtMost: Int64(most)) == truth.classes)
            #expect(estimate.rowShare(withAtMost: Int64(most)) == truth.rows)
        }
        let distribution = estimate.distribution(upTo: 40)
        #expect(distribution.count == 42)
        #expect(isNear(distribution.reduce(0, +), 1))
        #expect(distribution[0] == 0 && distribution[41] == 0)
    }

    @Test("within the stated error, in memory that does not grow")
    func error() throws {
        var generator = SeededGenerator(seed: 902)
        let rows = Self.rows(6000, &generator)
        let estimate = Self.estimate(rows, 512)
        let truth = Self.share(rows, atMost: 1)
        let spread = (truth.classes * (1 - truth.classes) / 512).squareRoot()
        let share = try #require(estimate.classShare(withAtMost: 1))
        #expect(abs(share - truth.classes) < 5 * spread)
        let rowShare = try #require(estimate.rowShare(withAtMost: 1))
        #expect(abs(rowShare - truth.rows) < 0.05)
        #expect(abs(estimate.classes / 6000 - 1) < 5 / 512.0.squareRoot())
        let few = Self.estimate(rows.prefix(rows.count / 4), 512)
        #expect(estimate.residentBytes < 2 * few.residentBytes)
        #expect(estimate.residentBytes < 512 * (24 + 1024) + 8192)
    }

    @Test("the state does not depend on order, repetition or merging")
    func merging() throws {
        var generator = SeededGenerator(seed: 903)
        let rows = Self.rows(900, &generator)
        let whole = Self.estimate(rows, 128)
        #expect(whole == Self.estimate(rows.shuffled(using: &generator), 128))
        let shuffled = rows.shuffled(using: &generator)
        var parts = stride(from: 0, to: rows.count, by: rows.count / 5 + 1).map { start in
            Self.estimate(shuffled[start..<min(start + rows.count / 5 + 1, rows.count)], 128)
        }
        parts.shuffle(using: &generator)
        var merged = KHyperLogLog(classesMax: 128)
        for part in parts { merged.merge(part) }
        #expect(merged == whole)
        #expect(KHyperLogLog().classShare(withAtMost: 1) == nil)
        #expect(KHyperLogLog().distribution(upTo: 3).isEmpty)
    }

    @Test(
        "distinct persons: exact up to 64, then about",
        arguments: [0, 1, 64, 65, 200, 5000, 40_000])
    func personSketch(_ count: Int) throws {
        var sketch = PersonSketch()
        var halves = [PersonSketch(), PersonSketch()]
        for number in 0..<count {
            let hash = Self.hash(UInt64(number))
            sketch.add(hash)
            sketch.add(hash)
            halves[number % 2].add(hash)
        }
        if count <= PersonSketch.exactMax {
            #expect(sketch.persons == Double(count))
        } else {
            #expect(abs(sketch.persons / Double(count) - 1) < 4 * 0.046)
        }
        #expect(sketch.residentBytes <= 1024)
        var left = halves[0]
        left.merge(halves[1])
        var right = halves[1]
        right.merge(halves[0])
        #expect(left == sketch && right == sketch)
        var mixed = PersonSketch()
        mixed.add(Self.hash(0))
        mixed.merge(sketch)
        if count > 0 { #expect(mixed == sketch) }
    }

    @Test("rows of nobody make a class of no person")
    func nobody() {
        var estimate = KHyperLogLog()
        estimate.add(class: 7, person: 0)
        #expect(estimate.classShare(withAtMost: 0) == 1)
    }
}
