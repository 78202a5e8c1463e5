internal import Records

/// The shapes seen last, for one reader.
///
/// With or without it every record has the same result. Records without a shape in common cost
/// little more than without a memory: each chunk has a credit that misses use up.
struct ShapeMemory: ~Copyable {
    /// The most shapes remembered at a time.
    static let shapesMax = 8
    private static let creditMax = 64
    private static let learningCost = 4

    private(set) var shapes = OwnedList<RecordShape>(count: shapesMax) { _ in RecordShape() }
    private var latest = 0
    private var oldest = 0
    private var credit = creditMax

    /// Gives a chunk its credit.
    mutating func beginChunk() { credit = Self.creditMax }

    /// The shape of the record whose marks begin at `marks`, of which `left` may be read.
    @inline(__always)
    mutating func find(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>,
        _ marks: UnsafePointer<UInt8>, left: Int
    ) -> Int? {
        if unsafe isShape(latest, bytes, index, marks, left) { return latest }
        return unsafe findAmongOthers(bytes, index, marks, left)
    }

    @inline(__always)
    private func isShape(
        _ number: Int, _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>,
        _ marks: UnsafePointer<UInt8>, _ left: Int
    ) -> Bool {
        let count = shapes[number].count
        return count > 0 && count <= left && (unsafe shapes[number].fits(bytes, index, marks))
    }

    @inline(never)
    private mutating func findAmongOthers(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>,
        _ marks: UnsafePointer<UInt8>, _ left: Int
    ) -> Int? {
        guard credit > 0 else { return nil }
        for number in shapes.indices where number != latest {
            if unsafe isShape(number, bytes, index, marks, left) {
                latest = number
                return number
            }
        }
        credit -= 1
        return nil
    }

    /// Remembers a good record of `length` marks in place of the oldest shape.
    @inline(never)
    mutating func learn(
        _ bytes: UnsafePointer<UInt8>, _ index: UnsafePointer<UInt32>,
        _ marks: UnsafePointer<UInt8>, length: Int, sink: borrowing RecordSink
    ) {
        guard credit > 0, sink.repeated.isEmpty else { return }
        credit -= Self.learningCost
        unsafe shapes[oldest].learn(bytes, index, marks, length: length, sink: sink)
        if shapes[oldest].count > 0 {
            latest = oldest
            oldest = (oldest + 1) % Self.shapesMax
        }
    }
}
