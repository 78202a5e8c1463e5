/// A command about the keys of a pipeline's key store.
package struct KeysRequest: Sendable {
    /// The pipeline file.
    package var pipeline: String
    /// The clock: a date or RFC 3339 time; nil for the system's.
    package var now: String?
    /// Closes to the process, for good, all that the keys and those who use them are not about.
    package var isConfined = false

    package init(pipeline: String) { self.pipeline = pipeline }
}

/// The keys of a store, as `sluice keys list` tells them.
package struct KeyListReport: Sendable {
    /// How far a key's life has gone.
    package enum State: String, Sendable {
        case active, closing, destroyed
        /// The ledger knows the key, and the store has neither it nor a record of its destruction.
        case missing
    }

    /// One key.
    package struct Entry: Sendable {
        /// `yyyy-MM`.
        package var month: String
        package var keyID: String
        package var fingerprint: String
        package var state: State
        /// Since when it is in this state, RFC 3339 in UTC: first use, closing, destruction. Empty
        /// where this state's ledger does not know.
        package var since = ""
        /// The same as a day in the zone of the store.
        package var sinceDay = ""
        /// The run that used it first, or that destroyed it; empty where it is not known.
        package var run = ""
        /// How and why it was destroyed; empty while it lives.
        package var method = ""
        package var reason = ""
        /// Why it lives, as words and as sentences.
        package var codes: [String] = []
        package var reasons: [String] = []
        /// From when on it may die, RFC 3339 in UTC, as far as time alone decides.
        package var mayDieFrom = ""
        /// The same as a day in the zone of the store.
        package var mayDieDay = ""
    }

    /// A state that is registered with the store.
    package struct User: Sendable {
        /// The path of the state, or the name of a pipeline without one.
        package var place: String
        /// Why it could not be asked; empty when it could.
        package var fault: String
    }

    package var pipeline = ""
    /// The directory of the store.
    package var store = ""
    package var zone = ""
    package var isWrapped = false
    package var keys: [Entry] = []
    package var users: [User] = []
    /// Months whose key file lay beside its tombstone and was erased now.
    package var erasedAgainKeys: [String] = []

    package init() {}
}

/// What `sluice keys destroy` did.
package struct KeyDestroyReport: Sendable {
    package var key: DestroyedKey
    /// When, RFC 3339 in UTC, and by whom.
    package var time: String
    package var run: String
    package var reason: String
    /// True when it had been destroyed before: this is the earlier record.
    package var wasDestroyed: Bool
}

/// What `sluice keys forget` did.
package struct KeyForgetReport: Sendable {
    package var state: String
    package var store: String
}

/// What `sluice keys rewrap` did.
package struct KeyRewrapReport: Sendable {
    /// The directory of the store; empty when the pipeline uses no month keys.
    package var store: String
    /// How many keys of months, and of registries, have their new form.
    package var keys: Int
    package var registries: Int
    /// True when they are sealed now, false when they are plain.
    package var isSealed: Bool
    /// True when they had been sealed before.
    package var wasSealed: Bool
}
