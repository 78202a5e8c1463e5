import GRDB
package import KeyedHashing
package import Records

/// A request of a person that was answered, whatever it asked for.
package struct SubjectRequestRecord: Sendable, Equatable {
    package enum Action: String, Sendable { case export, erase, rectify, restrict, lift }

    package let id: Int64
    package let action: Action
    package let request: PersonRequest
    package let requestedBy: String
    package let requested: EventTime

    /// The digest that the event `request-answered` carries as `content`.
    package var contentDigest: Digest256 {
        Digest256.of(
            Self.content(action, request, by: requestedBy, requested).bytes.span)
    }

    static func content(
        _ action: Action, _ request: PersonRequest, by person: String, _ time: EventTime
    ) -> CanonicalJSON {
        [
            "action": .text(action.rawValue), "by": .text(person),
            "request": request.content(["requested": time]),
        ]
    }
}

extension Ledger {
    /// Enters that a request was answered: when, by whom, in what role, with which references. The
    /// event says of it the action and a digest of the rest.
    @discardableResult
    package func note(
        _ action: SubjectRequestRecord.Action, _ request: PersonRequest, by person: String,
        time: EventTime
    ) throws(LedgerFault) -> Int64 {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO subject_requests (action, kind, subject, within, key_id, role,
                        identity_check, consent, requested_by, requested_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    action.rawValue, request.subject.kind.rawValue, request.subject.digest.hex,
                    request.within?.hex, try registryKeyID(db), request.roleName,
                    request.identityCheck, request.consent, person, time.milliseconds,
                ])
            let id = db.lastInsertedRowID
            let content = SubjectRequestRecord.content(action, request, by: person, time)
            try EventChain.append(
                "request-answered",
                [
                    "request": .integer(id), "action": .text(action.rawValue),
                    "role": .text(request.roleName), "content": content.digestHex,
                ], time: time, db)
            return id
        }
    }

    /// All requests in the order in which they were answered.
    package func subjectRequests() throws(LedgerFault) -> [SubjectRequestRecord] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM subject_requests ORDER BY id").map { row in
                guard let action = SubjectRequestRecord.Action(rawValue: row["action"]) else {
                    throw LedgerFault.refused("an action in the registry is unknown")
                }
                return SubjectRequestRecord(
                    id: row["id"], action: action, request: try Self.request(row),
                    requestedBy: row["requested_by"],
                    requested: EventTime(milliseconds: row["requested_ms"]))
            }
        }
    }
}
