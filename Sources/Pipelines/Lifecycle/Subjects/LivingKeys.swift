internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Records

/// The month keys that still exist: with them the tokens of a known value can be made again.
struct LivingKeys: Sendable {
    /// The hashers of the living months, oldest first.
    private(set) var hashers: [TokenHasher] = []
    private(set) var living: [CalendarMonth] = []
    /// Months whose key is destroyed: tokens of then belong to nobody any more.
    private(set) var destroyed: [CalendarMonth] = []

    /// Reads the key store of a plan; a plan without one, or one that was never made, has no keys.
    init(_ plan: Plan) throws(PipelineFailure) {
        guard let access = KeyStoreAccess(plan: plan), try isPresent(access.path) else { return }
        let store = try access.open(creating: false)
        do {
            for listing in try store.epochs() {
                guard let month = listing.keyID.epoch?.month else { continue }
                switch try store.key(for: month, creatingIfMissing: false) {
                case .alive(let key):
                    hashers.append(key.tokens)
                    living.append(month)
                case .destroyed: destroyed.append(month)
                case .missing: break
                }
            }
        } catch {
            throw .keys("\(error)")
        }
    }

    /// Only the key of the month at `index`.
    func only(_ index: Int) -> LivingKeys {
        var one = self
        one.hashers = [hashers[index]]
        one.living = [living[index]]
        return one
    }
}
