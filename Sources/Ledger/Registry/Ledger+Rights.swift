import GRDB
package import KeyedHashing
package import Records

/// What is the same for all requests of a person.
package struct PersonRequest: Sendable, Equatable {
    /// In what role the company answers.
    package enum Role: Sendable, Equatable {
        case controller
        /// For a customer, whose consent has this reference.
        case processor(consent: String)
    }

    package var subject: SubjectHash
    /// The only customer whose records a user's request reaches; nil: all.
    package var within: Digest256?
    package var role: Role
    /// The reference of the check of who asked.
    package var identityCheck: String

    package init(
        subject: SubjectHash, within: Digest256? = nil, role: Role, identityCheck: String
    ) {
        self.subject = subject
        self.within = within
        self.role = role
        self.identityCheck = identityCheck
    }

    var roleName: String { consent == nil ? "controller" : "processor" }

    var consent: String? {
        if case .processor(let consent) = role { consent } else { nil }
    }

    func content(_ dates: KeyValuePairs<String, EventTime?>) -> CanonicalJSON {
        .object(
            [
                ("kind", .text(subject.kind.rawValue)), ("subject", .text(subject.digest.hex)),
                ("within", .optional(within?.hex)), ("role", .text(roleName)),
                ("identity_check", .text(identityCheck)), ("consent", .optional(consent)),
            ] + dates.map { (name: $0.key, value: .time($0.value)) })
    }
}

/// An erasure as the ledger remembers it.
package struct ErasureRecord: Sendable, Equatable {
    package let id: Int64
    package let request: PersonRequest
    package let requested: EventTime
    /// Events of this time and later are not erased; nil: all are.
    package let until: EventTime?
    package let done: EventTime?
    /// The hold that blocked the last attempt.
    package let blockedBy: Int64?
    /// When to try again; nil when nothing blocks, or the hold has no end.
    package let retry: EventTime?
    /// What could not be searched in the store when somebody said that they had looked through it.
    package let storeSearched: Digest256?
    /// Which run looked through everything that was there; nil: it is to be looked through.
    package let looked: Looked?

    /// What was looked through, and what was not.
    package struct Looked: Sendable, Equatable {
        /// Parts and lists of this run and earlier ones were looked into, or left the subject out.
        package let run: Int64
        /// The digest of the pipeline file by which it looked.
        package let plan: Digest256
        /// The files that were not there.
        package let awaited: Set<String>
    }

    /// The digest that the event `erasure-requested` carries as `content`.
    package var contentDigest: Digest256 {
        Digest256.of(request.content(["requested": requested, "until": until]).bytes.span)
    }
}

/// A restriction as the ledger remembers it.
package struct RestrictionRecord: Sendable, Equatable {
    package let id: Int64
    package let request: PersonRequest
    package let from: EventTime
    package let lifted: EventTime?

    /// True until it is lifted, whatever a clock says that may have been set back since.
    package var isInForce: Bool { lifted == nil }

    /// The digest that the event `restriction-made` carries as `content`.
    package var contentDigest: Digest256 {
        Digest256.of(request.content(["from": from]).bytes.span)
    }
}

/// What stands for a subject where its value does not.
package struct SubjectToken: Hashable, Sendable {
    /// Where it is looked for.
    package enum Place: String, Sendable {
        /// In the subject's own fields of outputs.
        case record
        /// In the customer's field of outputs.
        case recordCustomer = "record-customer"
        /// The same where others become it, too: that may be the customer.
        case recordCustomerCopy = "record-customer-copy"
        /// In unpublished statistics: as the person, as the customer, in lists of distinct values.
        case person, customer, listed
        /// No token: a rule under which a field that names the subject is searched by what the
        /// others say, as its digest and the name of the field.
        case rule
    }

    package let place: Place
    package let text: String

    package init(_ place: Place, _ text: String) {
        self.place = place
        self.text = text
    }
}

extension Ledger {
    /// Enters an erasure with the tokens of its subject and returns its number. From now on every
    /// run leaves the subject's events before `until` (nil: all) out, done or not.
    @discardableResult
    package func requestErasure(
        _ request: PersonRequest, until: EventTime? = nil, tokens: Set<SubjectToken> = [],
        time: EventTime
    ) throws(LedgerFault) -> Int64 {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO erasures (kind, subject, within, key_id, role, identity_check,
                        consent, requested_ms, until_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    request.subject.kind.rawValue, request.subject.digest.hex,
                    request.within?.hex, try registryKeyID(db), request.roleName,
                    request.identityCheck, request.consent, time.milliseconds,
                    until?.milliseconds,
                ])
            let id = db.lastInsertedRowID
            try Self.insert(tokens, "erasure_id", id, db)
            let content = request.content(["requested": time, "until": until])
            try EventChain.append(
                "erasure-requested", ["erasure": .integer(id), "content": content.digestHex],
                time: time, db)
            return id
        }
    }

    private static func insert(
        _ tokens: Set<SubjectToken>, _ column: String, _ id: Int64, _ db: Database
    ) throws {
        for token in tokens {
            try db.execute(
                sql: "INSERT INTO subject_tokens (\(column), place, token) VALUES (?, ?, ?)",
                arguments: [id, token.place.rawValue, token.text])
        }
    }

    /// The tokens of an erasure that is not done.
    package func tokens(ofErasure id: Int64) throws(LedgerFault) -> Set<SubjectToken> {
        try tokens("erasure_id", id)
    }

    /// The tokens of a restriction that is not lifted.
    package func tokens(ofRestriction id: Int64) throws(LedgerFault) -> Set<SubjectToken> {
        try tokens("restriction_id", id)
    }

    private func tokens(_ column: String, _ id: Int64) throws(LedgerFault) -> Set<SubjectToken> {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT place, token FROM subject_tokens WHERE \(column) = ?",
                arguments: [id])
            return Set(
                rows.compactMap { row in
                    SubjectToken.Place(rawValue: row["place"]).map {
                        SubjectToken($0, row["token"])
                    }
                })
        }
    }

    /// Adds tokens to an erasure that is not done: keys may have been made since it was entered.
    package func add(
        _ tokens: Set<SubjectToken>, toErasure id: Int64
    ) throws(LedgerFault) {
        let new = tokens.subtracting(try self.tokens(ofErasure: id))
        if new.isEmpty { return }
        try write { db in
            try Self.insert(new, "erasure_id", id, db)
            // They may stand where nobody was found.
            try db.execute(
                sql: "UPDATE erasures SET looked_run_id = NULL, looked_plan = NULL WHERE id = ?",
                arguments: [id])
        }
    }

    /// Enters that somebody has looked through the store for the subject of an erasure; `limits`
    /// is the digest of what cannot be searched there.
    package func noteStoreSearched(
        forErasure id: Int64, limits: Digest256, time: EventTime
    ) throws(LedgerFault) {
        try write { db in
            try Self.change(
                """
                UPDATE erasures SET store_searched_ms = ?, store_searched_as = ? WHERE id = ?
                """,
                [time.milliseconds, limits.hex, id], event: "erasure-store-searched",
                ["erasure": .integer(id)], time, db)
        }
    }

    /// Takes back that the store was looked through for an erasure: it was dealt with by other
    /// rules since.
    static func forgetStoreSearch(forErasure id: Int64, time: EventTime, _ db: Database) throws {
        try change(
            "UPDATE erasures SET store_searched_ms = NULL, store_searched_as = NULL WHERE id = ?",
            [id], event: "erasure-store-unsearched", ["erasure": .integer(id)], time, db)
    }

    static func finish(erasure id: Int64, time: EventTime, _ db: Database) throws {
        try change(
            """
            UPDATE erasures SET done_ms = ?, blocked_by_hold_id = NULL, retry_ms = NULL
            WHERE id = ?
            """,
            [time.milliseconds, id], event: "erasure-done", ["erasure": .integer(id)], time, db)
        try db.execute(
            sql: "DELETE FROM subject_tokens WHERE erasure_id = ?", arguments: [id])
    }

    /// Says it once: as long as the same hold blocks, nothing changes.
    static func block(erasure: BlockedErasure, time: EventTime, _ db: Database) throws {
        let known = try Row.fetchOne(
            db, sql: "SELECT blocked_by_hold_id, retry_ms FROM erasures WHERE id = ?",
            arguments: [erasure.id])
        let (hold, retry): (Int64?, Int64?) = (known?["blocked_by_hold_id"], known?["retry_ms"])
        if hold == erasure.hold, retry == erasure.retry?.milliseconds { return }
        try change(
            """
            UPDATE erasures SET done_ms = NULL, blocked_by_hold_id = ?, retry_ms = ? WHERE id = ?
            """,
            [erasure.hold, erasure.retry?.milliseconds, erasure.id], event: "erasure-blocked",
            [
                "erasure": .integer(erasure.id), "hold": .integer(erasure.hold),
                "retry": .time(erasure.retry),
            ], time, db)
    }

    private static func change(
        _ sql: String, _ arguments: StatementArguments, event: String, _ payload: CanonicalJSON,
        _ time: EventTime, _ db: Database
    ) throws {
        try db.execute(sql: sql, arguments: arguments)
        guard db.changesCount == 1 else {
            throw LedgerFault.refused("the request is not there or not open")
        }
        try EventChain.append(event, payload, time: time, db)
    }

    /// All erasures in the order in which they were asked for.
    package func erasures() throws(LedgerFault) -> [ErasureRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM erasures ORDER BY id").map { row in
                ErasureRecord(
                    id: row["id"], request: try Self.request(row),
                    requested: EventTime(milliseconds: row["requested_ms"]),
                    until: optionalTime(row["until_ms"]), done: optionalTime(row["done_ms"]),
                    blockedBy: row["blocked_by_hold_id"], retry: optionalTime(row["retry_ms"]),
                    storeSearched: (row["store_searched_as"] as String?).flatMap {
                        Digest256(hex: $0)
                    }, looked: try looked(row, db))
            }
        }
    }

    private func looked(_ row: Row, _ db: Database) throws -> ErasureRecord.Looked? {
        guard let run: Int64 = row["looked_run_id"], let plan: String = row["looked_plan"] else {
            return nil
        }
        let erasure: Int64 = row["id"]
        let awaited = try String.fetchAll(
            db, sql: "SELECT path FROM awaited_files WHERE erasure_id = ?", arguments: [erasure])
        return ErasureRecord.Looked(
            run: run, plan: try digest(plan), awaited: Set(awaited.map(paths.absolute)))
    }

    /// Enters a restriction from `time` on and returns its number: new runs use the subject's
    /// records for nothing; what lies stored stays.
    @discardableResult
    package func restrict(
        _ request: PersonRequest, tokens: Set<SubjectToken> = [], time: EventTime
    ) throws(LedgerFault) -> Int64 {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO restrictions (kind, subject, within, key_id, role, identity_check,
                        consent, from_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    request.subject.kind.rawValue, request.subject.digest.hex,
                    request.within?.hex, try registryKeyID(db), request.roleName,
                    request.identityCheck, request.consent, time.milliseconds,
                ])
            let id = db.lastInsertedRowID
            try Self.insert(tokens, "restriction_id", id, db)
            try EventChain.append(
                "restriction-made",
                [
                    "restriction": .integer(id),
                    "content": request.content(["from": time]).digestHex,
                ], time: time, db)
            return id
        }
    }

    /// Lifts a restriction at `time`. Refused when it is not there or was lifted before.
    package func liftRestriction(_ id: Int64, time: EventTime) throws(LedgerFault) {
        try write { db in
            try Self.change(
                "UPDATE restrictions SET lifted_ms = ? WHERE id = ? AND lifted_ms IS NULL",
                [time.milliseconds, id], event: "restriction-lifted",
                ["restriction": .integer(id)], time, db)
            try db.execute(
                sql: "DELETE FROM subject_tokens WHERE restriction_id = ?", arguments: [id])
        }
    }

    /// All restrictions in the order in which they were made, lifted ones too.
    package func restrictions() throws(LedgerFault) -> [RestrictionRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM restrictions ORDER BY id").map { row in
                RestrictionRecord(
                    id: row["id"], request: try Self.request(row),
                    from: EventTime(milliseconds: row["from_ms"]),
                    lifted: optionalTime(row["lifted_ms"]))
            }
        }
    }

    static func request(_ row: Row) throws -> PersonRequest {
        let within: String? = row["within"]
        let consent: String? = row["consent"]
        return PersonRequest(
            subject: try subject(row), within: try within.map { try digest($0) },
            role: consent.map { .processor(consent: $0) } ?? .controller,
            identityCheck: row["identity_check"])
    }
}
