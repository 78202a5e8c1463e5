internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Records
private import Synchronization

/// The month keys of one run: read from the store once, made on first need, kept for the run.
///
/// While it is in use no key of the store is destroyed.
final class RunRing: KeyRing {
    /// The most months that one run may make new keys for: more than fifty years.
    static let freshKeysMax = 600

    private enum Known: Sendable {
        case hasher(TokenHasher, KeyFingerprint)
        /// A key of a dry run: it lives in memory only.
        case passing(TokenHasher)
        case gone
    }

    /// Nil in a dry run over a store that is not there yet.
    let store: KeyStore?
    private let creating: Bool
    /// A month without a key is a fault: keys are made elsewhere.
    private let reading: Bool
    /// The printed names of the keys that earlier runs of the same state used.
    private let expected: [CalendarMonth: String]
    private let use: Mutex<FileLock?>
    private let known = Mutex<[CalendarMonth: Known]>([:])
    private let fresh = Mutex(0)
    private let failure = Mutex<KeyFault?>(nil)

    /// `creating` is false in a dry run: months without a key then get a passing one. A key of
    /// `expected` that is missing, or is another one, is a fault. With `reading` every month
    /// without a key is one.
    init(
        store: KeyStore?, creating: Bool, reading: Bool = false,
        expected: [CalendarMonth: String] = [:]
    ) throws(KeyFault) {
        self.store = store
        self.creating = creating
        self.reading = reading
        self.expected = expected
        use = Mutex(creating || reading ? try store?.lockForUse() : nil)
    }

    /// Lets others destroy keys: the run has made its last token.
    func release() { use.withLock { $0 = nil } }

    func hasher(for month: CalendarMonth) -> TokenHasher? {
        let entry = known.withLock { known -> Known in
            if let entry = known[month] { return entry }
            let entry = look(month)
            known[month] = entry
            return entry
        }
        switch entry {
        case .hasher(let hasher, _), .passing(let hasher): return hasher
        case .gone: return nil
        }
    }

    private func look(_ month: CalendarMonth) -> Known {
        do throws(KeyFault) {
            return try lookUp(month)
        } catch {
            failure.withLock { $0 = $0 ?? error }
            return .gone
        }
    }

    private func lookUp(_ month: CalendarMonth) throws(KeyFault) -> Known {
        let known = try store?.key(for: month, creatingIfMissing: false) ?? .missing
        switch known {
        case .alive(let key): return try use(key, month)
        case .destroyed: return .gone
        case .missing:
            if reading { throw .noKey(month: month.text) }
            guard let store, creating else { return try passing() }
            if expected[month] != nil { throw .noKey(month: month.text) }
            try countFresh()
            if case .alive(let key) = try store.key(for: month, creatingIfMissing: true) {
                return try use(key, month)
            }
            return .gone
        }
    }

    private func use(_ key: EpochKey, _ month: CalendarMonth) throws(KeyFault) -> Known {
        if let name = expected[month], !name.utf8.elementsEqual(key.id.text.utf8) {
            throw .otherKey(month: month.text)
        }
        return .hasher(key.tokens, key.fingerprint)
    }

    private func countFresh() throws(KeyFault) {
        let count = fresh.withLock { count -> Int in
            count += 1
            return count
        }
        if count > Self.freshKeysMax { throw .tooManyKeys(limit: Self.freshKeysMax) }
    }

    private func passing() throws(KeyFault) -> Known {
        do { return .passing(TokenHasher(key: try SecretKey.random(), epoch: nil)) } catch {
            throw .secret(error)
        }
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

extension RunRing {
    /// The months whose key had been destroyed when it was asked for, in order.
    var gone: [CalendarMonth] {
        known.withLock { known in
            known.sorted { $0.key < $1.key }.compactMap { month, entry in
                if case .gone = entry { month } else { nil }
            }
        }
    }
}

/// One random key for the time of a run without state: it lives in memory only and dies with it.
final class PassingRing: KeyRing {
    private let hasher: TokenHasher

    /// Names the key without telling anything about it.
    var keyID: KeyID { hasher.keyID }

    /// The key of a run that is dealt out to many processes.
    init(key: SecretKey) { hasher = TokenHasher(key: key, epoch: nil) }

    init() throws(PipelineFailure) {
        do { hasher = TokenHasher(key: try SecretKey.random(), epoch: nil) } catch {
            throw .keys("no random bytes are to be had")
        }
    }

    func hasher(for month: CalendarMonth) -> TokenHasher? { hasher }
}
