package import FileSystem

/// Why a partial could not be written, read or merged. Never holds content of the partial.
package struct PartialFault: Error, Sendable {
    /// The stable code of the fault.
    package enum Code: String, Sendable {
        /// The system refused to read or write.
        case storage
        /// It does not begin like a partial.
        case notAPartial = "not-a-partial"
        /// It is a partial of a version that this programme does not know.
        case otherVersion = "other-version"
        /// It ends early, or its checksum or structure does not hold.
        case damaged
        /// It is larger than the limits allow.
        case overLimit = "over-limit"
        /// It was made by another plan.
        case otherPlan = "other-plan"
        /// It was made with another key of an epoch than the others.
        case otherKey = "other-key"
    }

    /// What is wrong.
    package let code: Code
    /// How far it could be read: an offset in bytes, 0-based.
    package let byteOffset: Int
    /// What went wrong with the file; only with `storage`.
    package let fileFault: FileFault?

    package init(_ code: Code, byteOffset: Int = 0) {
        self.code = code
        self.byteOffset = byteOffset
        fileFault = nil
    }

    /// The system refused to read or write.
    package init(_ fault: FileFault) {
        code = .storage
        byteOffset = 0
        fileFault = fault
    }
}

/// What a partial says about where it comes from.
package struct PartialHeader: Equatable, Sendable {
    /// The key of one epoch that made the tokens of a partial.
    package struct KeyReference: Equatable, Comparable, Sendable {
        /// The epoch, for example `2026-03`; any text that names what the key was used for.
        package let epoch: String
        /// The identifier of the key; not the key.
        package let keyID: String

        package init(epoch: String, keyID: String) {
            self.epoch = epoch
            self.keyID = keyID
        }

        package static func < (left: Self, right: Self) -> Bool {
            if Array(left.epoch.utf8) == Array(right.epoch.utf8) {
                return left.keyID.utf8.lexicographicallyPrecedes(right.keyID.utf8)
            }
            return left.epoch.utf8.lexicographicallyPrecedes(right.epoch.utf8)
        }
    }

    /// The digest of the plan, computed by the caller; partials of one digest may be merged.
    package let planDigest: [UInt8]
    /// The keys behind the tokens, sorted, each once.
    package let keys: [KeyReference]

    package init(planDigest: [UInt8], keys: [KeyReference]) {
        self.planDigest = planDigest
        var unique: [KeyReference] = []
        for key in keys.sorted() where unique.last != key { unique.append(key) }
        self.keys = unique
    }

    /// The header of a merge of both.
    func merged(with other: PartialHeader) throws(PartialFault) -> PartialHeader {
        guard planDigest == other.planDigest else { throw PartialFault(.otherPlan) }
        let merged = PartialHeader(planDigest: planDigest, keys: keys + other.keys)
        for (one, next) in zip(merged.keys, merged.keys.dropFirst()) {
            if Array(one.epoch.utf8) == Array(next.epoch.utf8) { throw PartialFault(.otherKey) }
        }
        return merged
    }
}

/// The limits on a partial that is read.
package struct PartialLimits: Sendable {
    /// The most distinct texts, tokens and rows each; they are numbered in 32 bits.
    package var entriesMax = Int(UInt32.max) - 2
    /// The longest text in bytes.
    package var textBytesMax = 1 << 20
    /// The most bytes of a plan digest, an epoch or a key id.
    package var nameBytesMax = 1 << 10
    /// The most key references.
    package var keysMax = 1 << 12

    package init() {}
}
