package import KeyedHashing
package import Records

/// Why data is held.
package enum HoldGround: Sendable, Equatable {
    /// The company's own decision; the persons were told at `notice`.
    case ownDecision(notice: EventTime)
    /// A law or an order demands it.
    case law(citation: String)
}

/// What a hold binds.
package struct HoldSubject: Sendable, Equatable {
    /// Whose records.
    package enum Match: Sendable, Equatable {
        case subject(SubjectHash)
        /// Addresses in a network, written `192.0.2.0/24`.
        case network(String)
        /// Everybody's.
        case everybody
    }

    package var match: Match
    /// The time of the first event that is bound; nil: from the beginning.
    package var from: EventTime?
    /// Events of this time and later are not bound; nil: all.
    package var until: EventTime?

    package init(_ match: Match, from: EventTime? = nil, until: EventTime? = nil) {
        self.match = match
        self.from = from
        self.until = until
    }
}

/// A hold to be raised.
package struct NewHold: Sendable, Equatable {
    /// What people call it; no other hold has the name.
    package var name: String
    package var ground: HoldGround
    package var reason: String
    package var raisedBy: String
    /// From when it binds; for an own decision not before the notice.
    package var start: EventTime
    /// When it ends by itself; nil: when it is released.
    package var end: EventTime?
    package var subjects: [HoldSubject]
    /// Outputs that may keep held records readable.
    package var outputs: [String] = []

    package init(
        name: String, ground: HoldGround, reason: String, raisedBy: String, start: EventTime,
        end: EventTime? = nil, subjects: [HoldSubject], outputs: [String] = []
    ) {
        self.name = name
        self.ground = ground
        self.reason = reason
        self.raisedBy = raisedBy
        self.start = start
        self.end = end
        self.subjects = subjects
        self.outputs = outputs
    }

    /// What the event of the hold proves: every column of its rows.
    var content: CanonicalJSON {
        var members: [(name: String, value: CanonicalJSON)] = [
            ("name", .text(name)), ("reason", .text(reason)), ("by", .text(raisedBy)),
            ("start", .time(start)), ("end", .time(end)),
            ("outputs", .array(outputs.map { .text($0) })),
            ("subjects", .array(subjects.map(\.content))),
        ]
        switch ground {
        case .ownDecision(let notice): members.append(("notice", .time(notice)))
        case .law(let citation): members.append(("citation", .text(citation)))
        }
        return .object(members)
    }
}

extension HoldSubject {
    /// The word for the kind in the ledger.
    var kind: String {
        switch match {
        case .subject(let hash): hash.kind.rawValue
        case .network: "network"
        case .everybody: "period"
        }
    }

    /// The hash or the network.
    var subject: String? {
        switch match {
        case .subject(let hash): hash.digest.hex
        case .network(let text): text
        case .everybody: nil
        }
    }

    fileprivate var content: CanonicalJSON {
        [
            "kind": .text(kind), "subject": .optional(subject), "from": .time(from),
            "until": .time(until),
        ]
    }
}

/// A hold as the ledger remembers it.
package struct HoldRecord: Sendable, Equatable {
    package let id: Int64
    package let hold: NewHold
    package let raised: EventTime
    package let released: EventTime?
    package let releasedBy: String?

    package var name: String { hold.name }

    /// True when it binds in a run at `now`: started, not ended, and not released. It has started,
    /// too, when a run's clock was past its start once (`latest`): a clock that is set back lets
    /// nothing go.
    package func binds(at now: EventTime, latest: EventTime? = nil) -> Bool {
        released == nil && hold.start <= max(now, latest ?? now)
            && hold.end.map { now < $0 } ?? true
    }

    /// True when it binds at `now` or will do so later.
    package func mayBind(from now: EventTime) -> Bool {
        released == nil && hold.end.map { now < $0 } ?? true
    }

    /// The digest that the event `hold-raised` carries as `content`.
    package var contentDigest: Digest256 { Digest256.of(hold.content.bytes.span) }
}
