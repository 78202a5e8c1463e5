internal import KeyedHashing
internal import Ledger
internal import Records

/// Raises, releases and lists the holds of a state.
enum HoldWork {
    static func raise(_ request: HoldRequest) throws(PipelineFailure) -> HoldListing {
        guard
            let session = try RegistrySession(
                pipeline: request.pipeline, now: request.now, creating: true,
                isConfined: request.isConfined)
        else { throw .storage("the state cannot be made") }
        let hold = try HoldMaking(session).hold(request)
        try refuseTaken(hold.name, session)
        do { try session.ledger.raise(hold, time: session.now) } catch {
            throw StateRegistry.failure(error)
        }
        return try listing(of: request.name, session, behind: "the hold is entered in the ledger")
    }

    private static func refuseTaken(
        _ name: String, _ session: RegistrySession
    ) throws(PipelineFailure) {
        let holds = try all(session)
        if holds.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
            throw .usage("--name: a hold has this name already; expected another one")
        }
    }

    static func release(
        pipeline: String, name: String, by person: String, now: String?, isConfined: Bool
    ) throws(PipelineFailure) -> HoldListing {
        _ = try checkedText(person, "--by")
        let session = try RegistrySession(
            pipeline: pipeline, now: now, creating: false, isConfined: isConfined)
        let known = try session.map { session throws(PipelineFailure) in try all(session) } ?? []
        guard let session,
            let hold = known.first(where: { $0.name.utf8.elementsEqual(name.utf8) })
        else { throw .usage("--name: expected the name of a hold, see `sluice hold list`") }
        guard hold.released == nil else { throw .usage("--name: this hold was released before") }
        do { try session.ledger.release(hold: name, by: person, time: session.now) } catch {
            throw StateRegistry.failure(error)
        }
        return try listing(of: name, session, behind: "the release is entered in the ledger")
    }

    static func list(
        pipeline: String, now: String?, isConfined: Bool
    ) throws(PipelineFailure) -> [HoldListing] {
        guard
            let session = try RegistrySession(
                pipeline: pipeline, now: now, creating: false, isConfined: isConfined)
        else { return [] }
        return try all(session).map { HoldListing($0, session) }
    }

    private static func all(_ session: RegistrySession) throws(PipelineFailure) -> [HoldRecord] {
        do { return try session.ledger.holds() } catch { throw StateRegistry.failure(error) }
    }

    /// The hold as it is after what `done` says: that is so, whether it can be read or not.
    private static func listing(
        of name: String, _ session: RegistrySession, behind done: String
    ) throws(PipelineFailure) -> HoldListing {
        let holds: [HoldRecord]
        do { holds = try all(session) } catch { throw error.behind(done) }
        guard let hold = holds.first(where: { $0.name.utf8.elementsEqual(name.utf8) })
        else { throw .internalFault("a hold that was just written is not there") }
        return HoldListing(hold, session)
    }
}

extension HoldListing {
    fileprivate init(_ record: HoldRecord, _ session: RegistrySession) {
        let hold = record.hold
        let now = session.now
        var notice: String?
        var citation: String?
        switch hold.ground {
        case .ownDecision(let date): notice = session.text(date)
        case .law(let text): citation = text
        }
        let state: State =
            record.released != nil
            ? .released
            : hold.end.map { $0 <= now } ?? false ? .ended : hold.start > now ? .waiting : .binding
        self.init(
            name: hold.name, state: state, ground: citation == nil ? "own-decision" : "law",
            notice: notice, citation: citation, reason: hold.reason, raisedBy: hold.raisedBy,
            raised: dateText(record.raised), start: session.text(hold.start),
            end: hold.end.map(session.text), released: record.released.map(dateText),
            releasedBy: record.releasedBy,
            subjects: hold.subjects.map { Subject($0, session) }, outputs: hold.outputs)
    }
}

extension HoldListing.Subject {
    fileprivate init(_ subject: HoldSubject, _ session: RegistrySession) {
        let (kind, value): (String, String?) =
            switch subject.match {
            case .subject(let hash): (hash.kind.rawValue, hash.digest.hex)
            case .network(let text): ("network", text)
            case .everybody: ("period", nil)
            }
        self.init(
            kind: kind, value: value, from: subject.from.map(session.text),
            until: subject.until.map(session.text))
    }
}
