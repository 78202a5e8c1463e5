internal import KeyedHashing
internal import Records

/// The keys of a run as one worker uses them.
///
/// The hashers of the ring are used by all workers, and each token holds its hasher and lets it go
/// again: workers that count the same references wait for each other longer than a token takes. So
/// each has hashers of its own, which share the protected memory of those of the ring.
struct WorkerKeys {
    private let ring: any KeyRing
    private var own: [CalendarMonth: TokenHasher] = [:]

    init(_ ring: any KeyRing) { self.ring = ring }

    /// The hasher of `month`, or nil when that month's key is destroyed or not to be had.
    mutating func hasher(for month: CalendarMonth) -> TokenHasher? {
        if let hasher = own[month] { return hasher }
        let hasher = ring.hasher(for: month).map { TokenHasher(sharing: $0) }
        own[month] = hasher
        return hasher
    }
}
