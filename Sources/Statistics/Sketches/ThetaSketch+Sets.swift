/// Set operations; each holds for the sets behind the sketches as far as the lower of the two
/// thresholds reaches.
extension ThetaSketch {
    /// What is in either, with at most 2^`lgK` hashes.
    package func union(
        _ other: ThetaSketch, lgK: Int = SketchDescriptor.theta.standardSize
    ) -> ThetaSketch {
        var union = ThetaUnion(lgK: lgK)
        union.add(self)
        union.add(other)
        return union.sketch()
    }

    /// What is in both.
    package func intersection(_ other: ThetaSketch) -> ThetaSketch {
        // Nothing has no members for certain, whatever the other's threshold.
        if isEmpty || other.isEmpty { return .empty }
        return compared(with: other) { $0 }
    }

    /// What is in this one and not in `other`: A-not-B.
    package func subtracting(_ other: ThetaSketch) -> ThetaSketch {
        if isEmpty || other.isEmpty { return self }
        return compared(with: other) { !$0 }
    }

    /// The hashes of this sketch below both thresholds for which `keeps` says yes when told whether
    /// the other has them.
    private func compared(
        with other: ThetaSketch, keeps: (Bool) -> Bool
    ) -> ThetaSketch {
        let theta = min(self.theta, other.theta)
        var kept: [UInt64] = []
        var at = 0
        for hash in hashes {
            if hash >= theta { break }
            while at < other.hashes.count, other.hashes[at] < hash { at += 1 }
            let isShared = at < other.hashes.count && other.hashes[at] == hash
            if keeps(isShared) { kept.append(hash) }
        }
        return ThetaSketch(theta: theta, sortedHashes: kept)
    }
}
