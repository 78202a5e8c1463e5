/// An estimate of how unique values are, in memory that does not depend on their number (Chia et
/// al., "KHyperLogLog", 2019): a sample of the K classes whose hash is least, each with a sketch of
/// its persons and an exact count of its rows.
///
/// Which classes are in the sample depends on their hashes alone, and one that ends in it was in
/// it from its first row on: rows of any order, and any merging, give the same state. The error of
/// a share of classes is about 1 / √K: 1.6 % for the standard of 4,096.
package struct KHyperLogLog: Sendable {
    private struct Sample: Equatable {
        var rows: Int64 = 0
        var persons = PersonSketch()
    }

    private let classesMax: Int
    private var samples: [UInt64: Sample] = [:]
    /// The hashes of the sample, the largest on top: a binary heap.
    private var heap: [UInt64] = []

    /// 4,096 classes: at most about 3 MB.
    package static let classesStandard = 4096

    /// A sample of up to `classesMax` classes, at least 2.
    package init(classesMax: Int = KHyperLogLog.classesStandard) {
        self.classesMax = max(classesMax, 2)
    }

    /// The memory of the sample, in bytes, without the overhead of its table.
    package var residentBytes: Int {
        samples.values.reduce(heap.capacity * 8) { $0 + 24 + $1.persons.residentBytes }
    }

    /// Adds a row: the hash of its class and the hash of its person, both evenly spread; 0 stands
    /// for nobody.
    package mutating func add(class rowClass: UInt64, person: UInt64) {
        guard makeRoom(for: rowClass) else { return }
        samples[rowClass, default: Sample()].rows += 1
        if person != 0 { samples[rowClass]?.persons.add(person) }
    }

    /// Adds all rows of another estimate of the same size.
    package mutating func merge(_ other: KHyperLogLog) {
        for hash in other.heap {
            guard makeRoom(for: hash), let sample = other.samples[hash] else { continue }
            samples[hash, default: Sample()].rows += sample.rows
            samples[hash]?.persons.merge(sample.persons)
        }
    }

    /// True when the class is in the sample, or comes into it now.
    private mutating func makeRoom(for hash: UInt64) -> Bool {
        if samples[hash] != nil { return true }
        if heap.count < classesMax {
            heap.append(hash)
            rise()
        } else {
            guard let largest = heap.first, hash < largest else { return false }
            samples[largest] = nil
            heap[0] = hash
            sink()
        }
        samples[hash] = Sample()
        return true
    }

    private mutating func rise() {
        var at = heap.count - 1
        while at > 0, heap[(at - 1) / 2] < heap[at] {
            heap.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    private mutating func sink() {
        var at = 0
        while 2 * at + 1 < heap.count {
            var child = 2 * at + 1
            if child + 1 < heap.count, heap[child + 1] > heap[child] { child += 1 }
            if heap[child] <= heap[at] { return }
            heap.swapAt(at, child)
            at = child
        }
    }

    /// The number of classes: exact while all are in the sample.
    package var classes: Double {
        guard heap.count == classesMax, let largest = heap.first, largest > 0 else {
            return Double(heap.count)
        }
        return Double(classesMax - 1) / (Double(largest) / 0x1p64)
    }

    /// The share of classes with at most `persons` persons: the re-identification potential. Nil
    /// without rows.
    package func classShare(withAtMost persons: Int64) -> Double? {
        guard !samples.isEmpty else { return nil }
        let small = samples.values.count { $0.persons.persons.rounded() <= Double(persons) }
        return Double(small) / Double(samples.count)
    }

    /// The share of rows in such classes, estimated from the rows of the sample. Nil without rows.
    package func rowShare(withAtMost persons: Int64) -> Double? {
        guard !samples.isEmpty else { return nil }
        var small: Int64 = 0
        var all: Int64 = 0
        for sample in samples.values {
            all += sample.rows
            if sample.persons.persons.rounded() <= Double(persons) { small += sample.rows }
        }
        return Double(small) / Double(all)
    }

    /// The share of classes by their number of persons, 0 to `most`; the last is for more. Empty
    /// without rows: the uniqueness distribution.
    package func distribution(upTo most: Int) -> [Double] {
        guard !samples.isEmpty, most >= 0 else { return [] }
        var counts = [Double](repeating: 0, count: most + 2)
        for sample in samples.values {
            counts[min(Int(sample.persons.persons.rounded()), most + 1)] += 1
        }
        return counts.map { $0 / Double(samples.count) }
    }
}

extension KHyperLogLog: Equatable {
    /// True when both have the same size and the same sample.
    package static func == (left: Self, right: Self) -> Bool {
        left.classesMax == right.classesMax && left.samples == right.samples
    }
}
