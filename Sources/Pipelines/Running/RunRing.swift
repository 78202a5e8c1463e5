internal import Anonymization
internal import KeyedHashing
internal import Records
private import Synchronization

/// The month keys of one run: read from the store once, made on first need, kept for the run.
final class RunRing: KeyRing {
    private enum Known: Sendable {
        case hasher(TokenHasher, KeyFingerprint)
        case gone
    }

    private let store: KeyStore
    private let creating: Bool
    private let known = Mutex<[CalendarMonth: Known]>([:])
    private let failure = Mutex<KeyFault?>(nil)

    /// `creating` is false in a dry run: months without a key then have none.
    init(store: KeyStore, creating: Bool) {
        self.store = store
        self.creating = creating
    }

    func hasher(for month: CalendarMonth) -> TokenHasher? {
        let entry = known.withLock { known -> Known in
            if let entry = known[month] { return entry }
            let entry = look(month)
            known[month] = entry
            return entry
        }
        if case .hasher(let hasher, _) = entry { return hasher }
        return nil
    }

    private func look(_ month: CalendarMonth) -> Known {
        do {
            if case .alive(let key) = try store.key(for: month, creatingIfMissing: creating) {
                return .hasher(key.tokens, key.fingerprint)
            }
        } catch {
            failure.withLock { $0 = $0 ?? error }
        }
        return .gone
    }

    /// The first key that could not be read; the run must then fail.
    func check() throws(PipelineFailure) {
        if let fault = failure.withLock({ $0 }) { throw .keys("\(fault)") }
    }

    /// The keys used, in the order of their months.
    var used: [(id: KeyID, fingerprint: KeyFingerprint)] {
        known.withLock { known in
            known.sorted { $0.key < $1.key }.compactMap { _, entry in
                if case .hasher(let hasher, let fingerprint) = entry {
                    (hasher.keyID, fingerprint)
                } else {
                    nil
                }
            }
        }
    }
}

/// One random key for the time of a run without state: it lives in memory only and dies with it.
final class PassingRing: KeyRing {
    private let hasher: TokenHasher

    init() throws(PipelineFailure) {
        do { hasher = TokenHasher(key: try SecretKey.random(), epoch: nil) } catch {
            throw .keys("no random bytes are to be had")
        }
    }

    func hasher(for month: CalendarMonth) -> TokenHasher? { hasher }
}
