import TestSupport
import Testing

@testable import Statistics

/// Bytes of strangers: whatever comes is a sketch that holds together or a fault, never a trap.
@Suite struct SketchFuzzTests {
    private static func mutated(
        _ seed: [UInt8], _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where !bytes.isEmpty:
                let head = Bool.random(using: &generator)
                let place = Int.random(
                    in: 0..<(head ? min(40, bytes.count) : bytes.count), using: &generator)
                bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            case 1 where !bytes.isEmpty:
                let place = Int.random(in: 0..<min(24, bytes.count), using: &generator)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeLast(min(bytes.count, Int.random(in: 0...9, using: &generator)))
            case 3: bytes.append(UInt8.random(in: .min ... .max, using: &generator))
            case 4 where bytes.count > 8:
                let place = Int.random(in: 0..<bytes.count - 8, using: &generator)
                bytes.replaceSubrange(
                    place..<place + 8, with: [UInt8](repeating: 0xff, count: 8))
            default: break
            }
        }
        return bytes
    }

    private static let seeds: [[UInt8]] =
        [0, 1, 2, 5, 40, 600].flatMap { count -> [[UInt8]] in
            let sketch = theta(0..<count, lgK: 7)
            let packed = count == 0 ? [] : [ThetaBytesTests.packed(sketch)]
            return packed + [
                sketch.bytes, hll(0..<count, lgK: 8).bytes,
                kll((0..<count).map { Double($0) }, k: 8).bytes,
            ]
        }

    private static func tryTheta(_ bytes: [UInt8]) -> Bool {
        guard let sketch = try? ThetaSketch(bytes: bytes) else { return false }
        #expect((try? ThetaSketch(bytes: sketch.bytes)) == sketch)
        _ = sketch.estimate()
        let known = theta(0..<300, lgK: 7)
        _ = known.union(sketch, lgK: 7)
        _ = known.intersection(sketch).union(known.subtracting(sketch), lgK: 5)
        return true
    }

    private static func tryHLL(_ bytes: [UInt8]) -> Bool {
        guard var sketch = try? HLLSketch(bytes: bytes) else { return false }
        #expect((try? HLLSketch(bytes: sketch.bytes)) == sketch)
        #expect(sketch.estimate().value >= 0)
        sketch.merge(hll(0..<100, lgK: 9))
        _ = sketch.bytes
        return true
    }

    private static func tryKLL<Item: KLLItem>(_ bytes: [UInt8], _: Item.Type) -> Bool {
        guard var sketch = try? KLLSketch<Item>(bytes: bytes) else { return false }
        #expect((try? KLLSketch<Item>(bytes: sketch.bytes))?.bytes == sketch.bytes)
        _ = sketch.quantile(0.3)
        sketch.merge(sketch)
        if let least = sketch.least { sketch.insert(least, times: 1 << 40) }
        _ = sketch.bytes
        return true
    }

    @Test func decodersNeverTrap() {
        var generator = SeededGenerator(seed: 78)
        var read = 0
        for round in 0..<6000 {
            let seed = Self.seeds[round % Self.seeds.count]
            let bytes = Self.mutated(seed, &generator)
            if Self.tryTheta(bytes) { read += 1 }
            if Self.tryHLL(bytes) { read += 1 }
            if Self.tryKLL(bytes, Double.self) { read += 1 }
            if Self.tryKLL(bytes, Int64.self) { read += 1 }
        }
        // Otherwise the mutations would test the first checks only.
        #expect(read > 250, "\(read) of them could be read")
    }

    @Test func noiseIsNoSketch() {
        var generator = SeededGenerator(seed: 79)
        for _ in 0..<2000 {
            let length = Int.random(in: 0...80, using: &generator)
            let bytes = (0..<length).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            _ = Self.tryTheta(bytes)
            _ = Self.tryHLL(bytes)
            _ = Self.tryKLL(bytes, Double.self)
        }
    }
}
