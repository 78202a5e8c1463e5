/// Places in a partial from which its sections can be read on, as its writer noted them.
///
/// The sections are, for each statistic, its rows and then the intervals of each of its sessions
/// measures. Only who wrote a partial has them: they are no part of its bytes.
struct PartialLandmarks {
    /// A place between two entries of a section.
    struct Place {
        /// Where the next entry begins, in bytes from the beginning of the partial.
        let offset: Int
        /// The key of the entry before; empty at the beginning of a section.
        let key: [UInt32]
        /// When the interval before began, in milliseconds since 1970.
        let first: Int64
    }

    /// For each section its places, in order; the first is its beginning.
    private(set) var sections: [[Place]] = []

    /// How many intervals lie between two places.
    static let step: UInt64 = 1024

    /// Notes that a section begins at `offset`.
    mutating func beginSection(at offset: Int) {
        sections.append([Place(offset: offset, key: [], first: 0)])
    }

    /// Notes a place in the section at hand.
    mutating func add(_ place: Place) { sections[sections.count - 1].append(place) }
}

/// A partial that a task put aside, and its landmarks.
struct SpilledPartial {
    let file: any SpillFile
    let landmarks: PartialLandmarks
}
