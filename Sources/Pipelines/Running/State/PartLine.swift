internal import KeyedHashing
internal import Ledger

/// What a part has in common with those that it was made of: each was written in the place of the
/// one before.
struct PartLine: Hashable {
    private let output: String
    private let sourceRange: String
    private let path: String

    init(_ part: PartRecord) {
        output = part.output
        sourceRange = part.sourceRange.hex
        path = PartName.withoutDigest(part.path)
    }
}
