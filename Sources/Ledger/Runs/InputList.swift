package import KeyedHashing

/// A list or table that a run was given, as the next run must know it.
package struct InputList: Sendable, Equatable {
    /// What the list is.
    package enum Kind: String, Sendable {
        case optOuts = "opt-outs"
        case holds
        case referenceTable = "reference-table"
    }

    /// The name, with the pipeline's in front.
    package var name: String
    package var kind: Kind
    package var digest: Digest256
    package var entries: Int
    /// The copy that the state keeps of it, with hashes in place of identifiers; if any.
    package var memory: Digest256?
    /// The lines of a list of opt-outs as keyed hashes; nil: what is known of them stays.
    package var lines: Set<Digest256>?

    package init(
        name: String, kind: Kind, digest: Digest256, entries: Int, memory: Digest256? = nil
    ) {
        self.name = name
        self.kind = kind
        self.digest = digest
        self.entries = entries
        self.memory = memory
    }
}
