package import KeyedHashing

/// Gathers items and sketches into one theta sketch.
///
/// A table of hashes with open addressing; when it is full, the 2^lgK least stay and the next one
/// becomes the threshold. What comes out does not depend on the order of what went in.
package struct ThetaUnion: Sendable {
    /// The binary logarithm of the most hashes kept.
    package let lgK: Int
    private var theta = ThetaSketch.wholeTheta
    /// The hashes; 0 is a free slot. A power of two of them.
    private var slots: [UInt64]
    private var count = 0
    private var countMax: Int
    private var shift: UInt64
    /// Random, so that nobody can make hashes that collide; no result depends on it.
    private let spread: UInt64

    private static let leastLgSlots = 5
    private static let processSpread = UInt64.random(in: .min ... .max) | 1

    /// An empty union that keeps up to 2^`lgK` hashes; `lgK` must be from 5 to 26.
    package init(lgK: Int = SketchDescriptor.theta.standardSize) {
        precondition(SketchDescriptor.theta.sizes.contains(lgK))
        self.lgK = lgK
        spread = Self.processSpread
        slots = [UInt64](repeating: 0, count: 1 << Self.leastLgSlots)
        shift = 64 - UInt64(Self.leastLgSlots)
        countMax = Self.countMax(lgSlots: Self.leastLgSlots)
    }

    private static func countMax(lgSlots: Int) -> Int { 3 << (lgSlots - 2) }

    /// Adds a token.
    @inline(__always)
    package mutating func insert(_ token: Token) { insert(hash: SketchHash(token).theta) }

    /// Adds an item by the 63 bits of its hash; 0 is no hash and is left out, as the libraries do.
    @inline(__always)
    package mutating func insert(hash: UInt64) {
        if hash >= theta || hash == 0 { return }
        var slot = Int(truncatingIfNeeded: (hash &* spread) &>> shift)
        while true {
            let known = slots[slot]
            if known == hash { return }
            if known == 0 { break }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        slots[slot] = hash
        count &+= 1
        if _slowPath(count > countMax) { makeRoom() }
    }

    /// Adds everything that `sketch` has seen.
    package mutating func add(_ sketch: ThetaSketch) {
        lower(to: sketch.theta)
        for hash in sketch.hashes {
            // They ascend, so nothing of interest follows.
            if hash >= theta { break }
            insert(hash: hash)
        }
    }

    /// The sketch of everything added, in canonical form.
    package func sketch() -> ThetaSketch {
        let sorted = sortedHashes()
        let most = 1 << lgK
        if sorted.count <= most { return ThetaSketch(theta: theta, sortedHashes: sorted) }
        return ThetaSketch(theta: sorted[most], sortedHashes: Array(sorted.prefix(most)))
    }

    private func sortedHashes() -> [UInt64] {
        var sorted: [UInt64] = []
        sorted.reserveCapacity(count)
        for hash in slots where hash != 0 { sorted.append(hash) }
        sorted.sort()
        return sorted
    }

    private mutating func lower(to other: UInt64) {
        if other >= theta { return }
        theta = other
        let kept = sortedHashes().prefix { $0 < other }
        rebuild(Array(kept), slotCount: slots.count)
    }

    @inline(never)
    private mutating func makeRoom() {
        if slots.count < 2 << lgK {
            let larger = min(slots.count * 4, 2 << lgK)
            rebuild(slots.filter { $0 != 0 }, slotCount: larger)
            return
        }
        let most = 1 << lgK
        let sorted = sortedHashes()
        theta = sorted[most]
        rebuild(Array(sorted.prefix(most)), slotCount: slots.count)
    }

    private mutating func rebuild(_ kept: [UInt64], slotCount: Int) {
        let lgSlots = slotCount.trailingZeroBitCount
        slots = [UInt64](repeating: 0, count: slotCount)
        shift = 64 - UInt64(lgSlots)
        countMax = Self.countMax(lgSlots: lgSlots)
        count = kept.count
        for hash in kept {
            var slot = Int(truncatingIfNeeded: (hash &* spread) &>> shift)
            while slots[slot] != 0 { slot = (slot &+ 1) & (slotCount &- 1) }
            slots[slot] = hash
        }
    }
}
