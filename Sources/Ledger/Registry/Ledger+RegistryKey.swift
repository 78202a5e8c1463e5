import GRDB
package import KeyedHashing
package import Records

/// The registry's key as the ledger remembers it.
package struct RegistryKeyRecord: Sendable, Equatable {
    /// `SubjectHasher.keyID`.
    package let id: String
    package let fingerprint: KeyFingerprint

    package init(id: String, fingerprint: KeyFingerprint) {
        self.id = id
        self.fingerprint = fingerprint
    }
}

extension Ledger {
    /// The key under which the hashes of the registry were made; nil before the first entry.
    package func registryKey() throws(LedgerFault) -> RegistryKeyRecord? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM registry_keys").map { row in
                RegistryKeyRecord(
                    id: row["id"],
                    fingerprint: KeyFingerprint(digest: try digest(row["fingerprint"])))
            }
        }
    }

    /// Remembers the registry's key. Noting it again changes nothing; another one is refused.
    package func note(
        registryKey key: RegistryKeyRecord, time: EventTime
    ) throws(LedgerFault) {
        try write { db in
            if let known = try Row.fetchOne(db, sql: "SELECT * FROM registry_keys") {
                let (id, fingerprint): (String, String) = (known["id"], known["fingerprint"])
                guard id.utf8.elementsEqual(key.id.utf8),
                    fingerprint.utf8.elementsEqual(key.fingerprint.text.utf8)
                else { throw LedgerFault.refused("the registry has another key") }
                return
            }
            try db.execute(
                sql: "INSERT INTO registry_keys (id, fingerprint, noted_ms) VALUES (?, ?, ?)",
                arguments: [key.id, key.fingerprint.text, time.milliseconds])
            try EventChain.append(
                "registry-key-made",
                ["key": .text(key.id), "fingerprint": .text(key.fingerprint.text)], time: time,
                db)
        }
    }
}

/// The name of the registry's key, for a row that holds a hash.
func registryKeyID(_ db: Database) throws -> String {
    guard let id = try String.fetchOne(db, sql: "SELECT id FROM registry_keys") else {
        throw LedgerFault.refused("the registry has no key yet")
    }
    return id
}

/// Reads a kind and a hash from the columns of a row.
func subject(_ row: Row, _ column: String = "subject") throws -> SubjectHash {
    guard let kind = SubjectKind(rawValue: row["kind"]) else {
        throw LedgerFault.refused("a kind in the registry is unknown")
    }
    return SubjectHash(kind: kind, digest: try digest(row[column]))
}

/// Reads a time from a column that may be empty.
func optionalTime(_ milliseconds: Int64?) -> EventTime? {
    milliseconds.map(EventTime.init(milliseconds:))
}

extension CanonicalJSON {
    /// A time in milliseconds, or null.
    static func time(_ time: EventTime?) -> CanonicalJSON {
        time.map { .integer($0.milliseconds) } ?? .null
    }

    /// A text, or null.
    static func optional(_ text: String?) -> CanonicalJSON { text.map { .text($0) } ?? .null }

    /// The digest of the written form: what an event keeps of a row whose words are not for ever.
    var digestHex: CanonicalJSON { .text(Digest256.of(bytes.span).hex) }
}
